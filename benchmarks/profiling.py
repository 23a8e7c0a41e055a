"""Where the time of a load goes: functions of Python and statements of the server, step by step."""

from __future__ import annotations

import cProfile
import io
import pstats
import re
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from benchmarks.bench import Bench, World, timed
from benchmarks.product import STEPS, Installation
from benchmarks.walk import STUDY

#: What the server must be started with.
SETTINGS = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "10000"}
_MOST = 10
_WIDTH = 110
_STATEMENTS = """
select calls, total_exec_time + total_plan_time, rows, query from pg_stat_statements s
join pg_database d on d.oid = s.dbid where d.datname = current_database() order by 2 desc
"""


def profile(bench: Bench, world: World, route: str) -> str:
    """Load a study once, with every call and statement counted, and once more unchanged.

    :returns: the page, as Markdown. Seconds of Python include the profiler's own.
    """
    rows = sum(answer.rows for answer in world.answers)
    parts = [f"# Profile of a load: {rows:,} rows, {route}"]
    with bench.database() as url:
        place = Installation(url, bench.new_folder(), world.source, route)
        place.prepare()
        with place.engine() as engine:
            _server(engine, "create extension pg_stat_statements schema public")
            for title in ("", ", unchanged"):
                loads = place.discover(STUDY)
                for step in STEPS:
                    _server(engine, "select public.pg_stat_statements_reset()")
                    profiler = cProfile.Profile()
                    seconds, _ = timed(partial(profiler.runcall, place.do, step, loads))
                    parts.append(f"## {step}{title}: {seconds:.2f} s")
                    parts += [_functions(profiler), _statements(engine)]
    return "\n\n".join(parts) + "\n"


def _server(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def _functions(profiler: cProfile.Profile) -> str:
    stats = pstats.Stats(profiler, stream=io.StringIO())
    lines = ["| own s | with callees s | calls | function |", "|---|---|---|---|"]
    found = stats.get_stats_profile().func_profiles
    for name, item in sorted(found.items(), key=lambda pair: -pair[1].tottime)[:_MOST]:
        place = f"{Path(item.file_name).name}:{item.line_number} {name}" if item.line_number else name
        place = place.replace("|", "\\|")[:_WIDTH]
        lines.append(f"| {item.tottime:.2f} | {item.cumtime:.2f} | {item.ncalls} | `{place}` |")
    return "\n".join(lines)


def _statements(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        connection.exec_driver_sql("set search_path to public")
        found = connection.exec_driver_sql(_STATEMENTS).all()
    total = sum(row[1] for row in found) / 1000
    lines = [f"{sum(row[0] for row in found):,} statements, {total:.2f} s in the server:", ""]
    lines += ["| s | calls | rows | statement |", "|---|---|---|---|"]
    for calls, milliseconds, rows, query in found[:_MOST]:
        text = re.sub(r"\s+", " ", query).replace("|", "\\|")[:_WIDTH]
        lines.append(f"| {milliseconds / 1000:.2f} | {calls} | {rows:,} | `{text}` |")
    return "\n".join(lines)

"""The operations pages over what many runs recorded: how long a reader waits for each of them."""

from __future__ import annotations

import json
import statistics

from benchmarks import ops_world, scale_world
from benchmarks.bench import Bench
from benchmarks.figures import Goal
from benchmarks.part import Part
from benchmarks.product import set_environment
from include.warehouse import migrate
from include.warehouse.schema.engine import warehouse_engine

#: Studies, and versions of facts, by default; the goals are those of 1,500 and 5,000,000.
STUDIES, ROWS = 100, 30_000
_MEDIAN, _PERCENTILE = Goal(300), Goal(800)
#: How often a round requests each page.
_TIMES = 7


def _pages(bench: Bench) -> None:
    # Airflow's API server, which no other part needs, is imported here.
    from benchmarks import page_waits
    from operations.pages.study_files import LANDING
    from tests.support.pages import connection_to

    with bench.database() as url:
        migrate.upgrade(url)
        engine = warehouse_engine(url)
        facts = scale_world.fill(engine, bench.sizes.rows or ROWS)
        sizes = ops_world.fill(engine, bench.sizes.studies or STUDIES)
        bench.say(f"  {facts:,} versions of facts; " + ", ".join(f"{sizes[it]:,} {it}" for it in sizes))
        about = ops_world.subject(engine)
        landing = bench.new_folder()
        ops_world.land(landing, about.fetch)
        variables = {
            "AIRFLOW_CONN_WAREHOUSE_DEFAULT": json.dumps(connection_to(url)),
            f"AIRFLOW_VAR_{LANDING.upper()}": landing.as_uri(),
        }
        with set_environment(variables):
            wanted = list(page_waits.addresses(about))
            found = page_waits.requested(engine, wanted, bench.sizes.rounds * _TIMES)
        engine.dispose()
    for name, waits in found.items():
        bench.figure(name, "ms", waits.elapsed, _MEDIAN)
        bench.figure(f"{name}, p95", "ms", [waits.p95], _PERCENTILE)
        bench.figure(f"{name}, Python", "CPU ms", [statistics.mean(waits.python)])
        bench.figure(f"{name}, Postgres", "CPU ms", [statistics.mean(waits.server)])


PARTS = (Part("pages", "Every page of operations, as a viewer and as an operator", _pages),)

"""Other tools on the same rows: same source, same final tables, compared with the generated rows."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.bench import Bench, World, raw_copy, timed
from benchmarks.figures import RATIO, Goal
from benchmarks.generated import Answer, copy, create, type_of
from benchmarks.part import Part
from benchmarks.parts.loading import world
from benchmarks.product import STEPS, Installation
from benchmarks.rivals.environment import UnavailableError, python
from benchmarks.walk import STUDY
from include.sandbox.server.app import QUERY
from include.sources.endpoint import Kind
from include.sources.immport.endpoints import ENDPOINTS
from include.sql import identifier

SCHEMA = "rival"
_RUN = Path(__file__).parents[1] / "rivals" / "run.py"
_LONGEST_SECONDS = 1800
_SQLITE = "package into SQLite"


@dataclass(frozen=True)
class Rival:
    """A tool that is measured.

    :param label: its name in figures.
    :param makes_tables: it makes its tables itself, with types of its own choice.
    :param goal: how many times faster this project is to be.
    """

    name: str
    label: str
    makes_tables: bool = False
    goal: Goal | None = None


_RIVALS = (
    Rival("psycopg_copy", "psycopg 3 COPY alone"),
    Rival("pandas_copy", "pandas and COPY"),
    Rival("pandas_to_sql", "pandas and to_sql", goal=Goal(5, is_least=True)),
    Rival("dlt_merge", "dlt, merge", makes_tables=True, goal=Goal(10, is_least=True)),
    Rival("sling", "sling", makes_tables=True),
)


class RivalError(RuntimeError):
    """A rival could not load the rows, or loaded others."""


def _rivals(bench: Bench) -> None:
    place = world(bench)
    plain: list[float] = []
    seconds: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, list[float]] = defaultdict(list)
    try:
        interpreter = python(bench.kept)
    except UnavailableError as error:
        bench.results.left_out["rivals"] = str(error)
        return
    for number in range(bench.sizes.rounds):
        taken, mine = _product(bench, place)
        plain.append(taken)
        seconds["this project"].append(mine)
        for rival in _RIVALS:
            if rival.label in bench.results.left_out:
                continue
            try:
                done = _one(bench, interpreter, rival, place)
            except RivalError as error:
                bench.results.left_out[rival.label] = str(error)
                bench.say(f"  {rival.label}: not run: {error}")
                continue
            seconds[rival.label].append(done["seconds"])
            memory[rival.label].append(done["memory"] / 1e6)
        seconds[_SQLITE].append(_tables_into_sqlite(bench, interpreter, place))
        last = ", ".join(f"{name} {found[-1]:.2f}" for name, found in seconds.items())
        bench.say(f"  round {number + 1}: COPY {taken:.2f}, {last} s")
    for name, found in seconds.items():
        ratios = [one / copied for one, copied in zip(found, plain, strict=True)]
        bench.figure(f"HTTP to final tables, {name}", RATIO, ratios)
    for rival in _RIVALS:
        if rival.label in seconds and rival.label not in bench.results.left_out:
            pairs = zip(seconds[rival.label], seconds["this project"], strict=True)
            times = [other / mine for other, mine in pairs]
            bench.figure(f"faster than {rival.label}", "times", times, rival.goal)
            bench.figure(f"memory above imports, {rival.label}", "MB", memory[rival.label])


def _tables_into_sqlite(bench: Bench, interpreter: Path, place: World) -> float:
    """Seconds of the package's tables into SQLite.

    :raises RivalError: a table has not as many rows as its file has lines below the header.
    """
    client, headers = place.source.client, {"authorization": f"Bearer {place.source.api_key}"}
    files = client.get(place.source.target(ENDPOINTS["manifest"], place.study), headers=headers).json()
    (uuid,) = (item["fileUUID"] for item in files if item["fileName"] == f"{place.study}-DR51_Tab.zip")
    package = client.get(f"{QUERY}/drs/download/s3/{uuid}", headers=headers).json()["url"]
    order = {"package": package, "headers": {}}
    folder = bench.new_folder()
    done = _run(folder, interpreter, "rimmport", order)
    database = sqlite3.connect(folder / "immport.sqlite")
    with zipfile.ZipFile(io.BytesIO(client.get(package).content)) as archive:
        for name in archive.namelist():
            lines = archive.read(name).count(b"\n") - 1 if name.endswith(".txt") else -1
            if lines < 0:
                continue
            (rows,) = database.execute(f'select count(*) from "{Path(name).stem.lower()}"').fetchone()
            if rows != lines:
                raise RivalError(f"{name}: {rows} rows in SQLite, {lines} in the package")
    database.close()
    return float(done["seconds"])


def _product(bench: Bench, place: World) -> tuple[float, float]:
    """Seconds of a raw COPY, and of this project from HTTP to the star."""
    with bench.database() as url:
        mine = Installation(url, bench.new_folder(), place.source)
        mine.prepare()
        with mine.engine() as engine:
            plain = raw_copy(engine, place.answers)
        loads = mine.discover(STUDY)
        return plain, sum(timed(partial(mine.do, step, loads))[0] for step in STEPS)


def _one(bench: Bench, interpreter: Path, rival: Rival, place: World) -> dict[str, Any]:
    """Let a rival load the study.

    :raises RivalError: it failed, or its tables hold other rows than were generated.
    """
    with bench.database() as url:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        if not rival.makes_tables:
            with engine.begin() as connection:
                for answer in place.answers:
                    create(connection, SCHEMA, answer, typed=True)
        else:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"create schema {SCHEMA}")
        done = _run(bench.new_folder(), interpreter, rival.name, _order(place, url))
        _require_equal(engine, rival, place.answers)
        return done


def _run(folder: Path, interpreter: Path, name: str, order: dict[str, Any]) -> dict[str, Any]:
    file = folder / "order.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({**order, "folder": str(file.parent)}))
    command = [str(interpreter), str(_RUN), name, str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST_SECONDS)
    if ran.returncode:
        raise RivalError((ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"])[-1][:300])
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def _order(place: World, url: sa.URL) -> dict[str, Any]:
    names = {"host": url.host, "port": url.port, "dbname": url.database, "user": url.username}
    dsn = " ".join(f"{key}={value}" for key, value in {**names, "password": url.password}.items())
    return {
        "source": place.source.url,
        "headers": {"authorization": f"Bearer {place.source.api_key}"},
        "schema": SCHEMA,
        "dsn": dsn,
        "url": url.render_as_string(hide_password=False),
        # Not every driver knows all of libpq's parameters.
        "uri": url.set(drivername="postgresql", query={"sslmode": "disable"}).render_as_string(
            hide_password=False
        ),
        "tables": [_table(place, answer) for answer in place.answers],
    }


def _table(place: World, answer: Answer) -> dict[str, Any]:
    endpoint = answer.endpoint
    return {
        "name": endpoint.table,
        "path": place.source.target(endpoint, place.study),
        "key": list(endpoint.key_columns),
        "columns": [
            {"field": field.name, "name": field.column, "type": type_of(endpoint, field.column)}
            for field in endpoint.fields
        ],
    }


def _require_equal(engine: sa.Engine, rival: Rival, answers: Iterable[Answer]) -> None:
    with engine.begin() as connection:
        for answer in answers:
            table = create(connection, "raw", answer, typed=True)
            copy(connection, table, answer)
            generated = f"select {', '.join(_columns(answer, None))} from {table}"
            there = _there(connection, answer) if rival.makes_tables else None
            loaded = f"select {', '.join(_columns(answer, there))} from {SCHEMA}.{answer.endpoint.table}"
            count = f"select (select count(*) from ({generated}) g), (select count(*) from ({loaded}) l)"
            expected, found = connection.exec_driver_sql(count).one()
            if expected != found:
                raise RivalError(f"{answer.endpoint.name}: {found} rows instead of {expected}")
            for one, other in ((generated, loaded), (loaded, generated)):
                differing = f"select * from ({one} except {other}) x limit 1"
                if rows := connection.exec_driver_sql(differing).all():
                    raise RivalError(f"{answer.endpoint.name}: rows differ, such as {rows[0]}"[:2000])


def _there(connection: sa.Connection, answer: Answer) -> set[str]:
    columns = "select column_name from information_schema.columns where table_schema = %s and table_name = %s"
    return set(connection.exec_driver_sql(columns, (SCHEMA, answer.endpoint.table)).scalars())


def _columns(answer: Answer, there: set[str] | None) -> list[str]:
    """Columns of an answer with the types that they are to have; one that a tool left out is null."""
    found = []
    for field in answer.endpoint.fields:
        kind = "jsonb" if field.kind is Kind.LIST else type_of(answer.endpoint, field.column)
        value = f"{identifier(field.column)}::text" if there is None or field.column in there else "null"
        found.append(f"{value}::{kind}")
    return found


PARTS = (
    Part(
        "rivals",
        "Other tools that bring the same answers into Postgres, each compared with the generated rows",
        _rivals,
    ),
)

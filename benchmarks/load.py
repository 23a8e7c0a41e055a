"""Times the steps of loading one study, interleaved with a plain COPY of the same rows."""

from __future__ import annotations

import argparse
import io
import logging
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from include.landing.zone import Fetch, Landing, Manifest
from include.local.postgres import EmbeddedPostgres
from include.local.server import Server
from include.pipeline import run_ledger
from include.quality import gate
from include.sources.immport.endpoints import SERVED
from include.sources.release import Release
from include.warehouse import migrate
from include.warehouse.load import publish, stage_study
from include.warehouse.model.registry import FACTS
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.ops_tables import LOAD
from tests.support.sandbox import RunningSandbox, running_sandbox

STUDY, RELEASE = "SDY1001", "DR51"
T = TypeVar("T")


class Clock:
    """Seconds and rows of each step, round by round."""

    def __init__(self) -> None:
        self.rounds: dict[str, list[tuple[float, int]]] = defaultdict(list)

    def time(self, name: str, rows: int, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        result = work()
        self.rounds[name].append((time.perf_counter() - started, rows))
        return result

    def per_row(self, name: str) -> list[float]:
        return [seconds / max(rows, 1) for seconds, rows in self.rounds[name]]


def land(sandbox: RunningSandbox, landing: Landing, fetch_id: str) -> Manifest:
    """Fetch one study over HTTP, as extract does, one endpoint after the other."""
    fetch, landed = Fetch(STUDY, RELEASE, fetch_id), []
    for endpoint in SERVED.values():
        path, parameters = endpoint.request(STUDY)
        with httpx.stream(
            "GET",
            sandbox.query + path,
            params=parameters,
            headers=sandbox.headers,
            timeout=600,
            trust_env=False,
        ) as answer:
            landed.append(landing.receive(fetch, endpoint, parameters, answer.iter_bytes()))
    return landing.write_manifest(fetch, landed, source=sandbox.url, release_date=None, started_at="")


def new_load(engine: sa.Engine, manifest: Manifest) -> int:
    values = {
        "study_accession": STUDY,
        "release_version": RELEASE,
        "release_key": Release.parse(RELEASE).key,
        "fetch_id": manifest.fetch_id,
        "state": "extracted",
    }
    with engine.begin() as connection:
        return int(connection.execute(sa.insert(LOAD).values(values).returning(LOAD.c.load_id)).scalar_one())


def about(load_id: int) -> gate.JudgedLoad:
    return gate.JudgedLoad(load_id, STUDY, RELEASE, Release.parse(RELEASE).key)


def stage_load(engine: sa.Engine, load_id: int, landing: Landing, manifest: Manifest) -> int:
    with engine.begin() as connection:
        return stage_study.stage(connection, load_id, landing, manifest)


def publish_load(engine: sa.Engine, load_id: int) -> publish.Published:
    work = publish.Publication(load_id, STUDY, RELEASE, None, Release.parse(RELEASE).key)
    return publish.publish_study(engine, work, run_ledger.load(engine, load_id).fence)


def fact_texts(engine: sa.Engine) -> Iterator[tuple[str, bytes]]:
    """The rows of every fact as COPY writes them."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for fact in FACTS:
            text = io.BytesIO()
            with driver.cursor() as cursor:
                cursor.copy_expert(f"copy history.{fact.relation} to stdout", text)
            yield fact.relation, text.getvalue()


def plain_copy(engine: sa.Engine, texts: list[tuple[str, bytes]]) -> None:
    """COPY the same rows into logged tables of the same types, without keys."""
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        for relation, text in texts:
            connection.exec_driver_sql(f"create table plain_{relation} (like history.{relation})")
            with driver.cursor() as cursor:
                cursor.copy_expert(f"copy plain_{relation} from stdin", io.BytesIO(text))
            connection.exec_driver_sql(f"drop table plain_{relation}")


def one_round(clock: Clock, server: Server, sandbox: RunningSandbox, landing: Landing, number: int) -> None:
    url = server.ensure_database(f"bench_{number}")
    migrate.upgrade(url)
    engine = warehouse_engine(url)
    started = time.perf_counter()
    manifest = land(sandbox, landing, f"round-{number}")
    clock.rounds["land"].append((time.perf_counter() - started, manifest.rows))
    rows = manifest.rows
    load_id = new_load(engine, manifest)
    clock.time("stage", rows, lambda: stage_load(engine, load_id, landing, manifest))
    clock.time("check", rows, lambda: gate.judge(engine, about(load_id)))
    clock.time("publish", rows, lambda: publish_load(engine, load_id))
    texts = list(fact_texts(engine))
    facts = sum(text.count(b"\n") for _, text in texts)
    clock.time("COPY", facts, lambda: plain_copy(engine, texts))
    again = new_load(engine, manifest)
    stage_load(engine, again, landing, manifest)
    gate.judge(engine, about(again))
    published = clock.time("publish, unchanged", rows, lambda: publish_load(engine, again))
    if published.rows_written:
        raise SystemExit(f"the unchanged study wrote {published.rows_written} rows")
    engine.dispose()
    server.drop_database(f"bench_{number}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="result rows per assay of the study")
    parser.add_argument("--rounds", type=int, default=3, help="times each step is measured")
    options = parser.parse_args()
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations as gx  # not a part of any step

    console, clock = Console(), Clock()
    with tempfile.TemporaryDirectory(prefix="immport-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres")
        with postgres.running() as server, running_sandbox(studies=1, rows=options.rows) as sandbox:
            for number in range(options.rounds):
                one_round(clock, server, sandbox, Landing(f"{folder}/landing"), number)
                console.print(f"round {number + 1} of {options.rounds} done")
        postgres.remove()
    table = Table(title=f"{options.rows} rows per assay, Great Expectations {gx.__version__}")
    for name in ("step", "rows", "seconds", "rows/s", "x COPY", "x COPY, range"):
        table.add_column(name, justify="left" if name == "step" else "right")
    for name in ("COPY", "land", "stage", "check", "publish", "publish, unchanged"):
        rounds = clock.rounds[name]
        ratios = [
            mine / plain for mine, plain in zip(clock.per_row(name), clock.per_row("COPY"), strict=True)
        ]
        table.add_row(
            name,
            f"{rounds[0][1]:,}",
            f"{statistics.median(seconds for seconds, _ in rounds):.2f}",
            f"{1 / statistics.median(clock.per_row(name)):,.0f}",
            f"{statistics.median(ratios):.1f}",
            f"{min(ratios):.1f} - {max(ratios):.1f}",
        )
    console.print(table)


if __name__ == "__main__":
    main()

"""Times one large answer requested in parts, behind a source that does not manage it whole.

A study of so many MBAA rows, a sandbox that times out above a limit (504, or silence): rows, parts, seconds,
and the memory a process takes beyond its imports, beside an undivided fetch of the same rows; JSON and TSV;
and staging both.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from immport_provider.hooks.immport import ImmPortHook
from include.landing.zone import Fetch, Landing, Manifest
from include.pipeline import run_ledger
from include.pipeline.answers import land_answer
from include.pipeline.batch_runner import StepContext
from include.pipeline.run_ledger import Step
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.release import Release
from include.warehouse.load import stage_study
from include.warehouse.model.registry import IMMPORT_MODEL
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.ops_tables import FORMAT_VERDICT, LOAD
from tests.support.sandbox import ROOT, RunningSandbox

STUDY, RELEASE, MBAA = "SDY1001", "DR51", ENDPOINTS["mbaa"]
MODES = ("whole json", "whole tsv", "parts json", "parts tsv")


def peak() -> int:
    """Most memory this process has ever had, bytes. `ru_maxrss` would begin with that of its parent."""
    text = Path("/proc/self/status").read_text()
    (kilobytes,) = (line.split()[1] for line in text.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024


def land(order: dict[str, Any]) -> dict[str, Any]:
    """Land the answer in this process, which does nothing else."""
    import httpx  # noqa: F401 - what a task has imported before its first answer
    import tenacity  # noqa: F401 - what a task has imported before its first answer

    engine, before = warehouse_engine(sa.make_url(os.environ["BENCH_WAREHOUSE"])), peak()
    tools = StepContext(engine, Landing(order["landing"]), "bench")
    load = run_ledger.load(engine, order["load_id"])
    expected = land_answer.Expected(order["rows"], "an undivided answer") if order["rows"] else None
    with ImmPortHook() as hook:
        context = land_answer.Context(
            tools, hook, load, Fetch(STUDY, RELEASE, load.fetch_id), Step(engine, 0)
        )
        for name in ("arm", "plannedVisit", "demographic", "experiment"):
            land_answer.land(context, ENDPOINTS[name])
        started = time.perf_counter()
        parts = land_answer.land(context, MBAA, expected)
        seconds = time.perf_counter() - started
        landed, base = context.landed.values(), hook.settings.base
        tools.landing.write_manifest(context.fetch, landed, source=base, release_date=None, started_at="")
    return {
        "rows": sum(part.rows for part in parts),
        "parts": len(parts),
        "form": {part.form for part in parts}.pop(),
        "seconds": seconds,
        "received": sum(part.size_bytes for part in parts),
        "memory": peak() - before,
    }


def in_a_process(engine: sa.Engine, sandbox: RunningSandbox, order: dict[str, Any]) -> dict[str, Any]:
    extra = {"timeout": 600, "split_above_rows": 10**9, "max_answer_mb": 10**5}
    connection = {"conn_type": "immport", "host": sandbox.url, "password": sandbox.api_key, "extra": extra}
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.split", json.dumps(order)],
        env={
            **os.environ,
            "AIRFLOW_CONN_IMMPORT_DEFAULT": json.dumps(connection),
            "BENCH_WAREHOUSE": engine.url.render_as_string(hide_password=False),
        },
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def new_load(engine: sa.Engine, fetch_id: str) -> int:
    values = {
        "scope": STUDY,
        "release_version": RELEASE,
        "release_key": Release.parse(RELEASE).key,
        "fetch_id": fetch_id,
        "state": "extracted",
    }
    with engine.begin() as connection:
        return int(connection.execute(sa.insert(LOAD).values(values).returning(LOAD.c.load_id)).scalar_one())


def decide(engine: sa.Engine, sandbox: RunningSandbox, form: str) -> None:
    """As if TSV had been compared before."""
    verdict = {
        "source": sandbox.url.removeprefix("http://"),
        "endpoint": MBAA.name,
        "is_equal": form == "tsv",
        "header": "\t".join(MBAA.names),
        "rows_compared": 0,
    }
    with engine.begin() as connection:
        connection.execute(sa.delete(FORMAT_VERDICT))
        connection.execute(sa.insert(FORMAT_VERDICT).values(verdict))


def stage_seconds(engine: sa.Engine, load_id: int, landing: Landing, manifest: Manifest) -> float:
    started = time.perf_counter()
    with engine.begin() as connection:
        stage_study.stage(connection, IMMPORT_MODEL, load_id, landing, manifest)
    return time.perf_counter() - started


def measure(
    engine: sa.Engine, sandbox: RunningSandbox, folder: str, rows: int, limit: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Land and stage the answer in every mode.

    :param limit: rows above which the source answers 504, where parts are to be requested.
    :raises RuntimeError: rows are missing.
    """
    landing = Landing(f"{folder}/landing")
    for mode in MODES:
        how, form = mode.split()
        sandbox.clear_faults()
        if how == "parts":
            sandbox.fault("mbaa", "504", above_rows=limit)
        decide(engine, sandbox, form)
        name = mode.replace(" ", "-")
        load_id = new_load(engine, name)
        order = {"landing": f"{folder}/landing", "load_id": load_id, "rows": rows}
        found = in_a_process(engine, sandbox, order)
        if found["rows"] != rows:
            raise RuntimeError(f"{mode}: {found['rows']} rows of {rows}")
        manifest = landing.read_manifest(Fetch(STUDY, RELEASE, name))
        found["staged"] = stage_seconds(engine, load_id, landing, manifest)
        yield mode, found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.split", description=__doc__)
    parser.add_argument("order", help="which load to land, as JSON; the benchmark calls this")
    order = parser.parse_args().order
    logging.disable(logging.INFO)
    sys.stdout.write(json.dumps(land(json.loads(order))) + "\n")


if __name__ == "__main__":
    main()

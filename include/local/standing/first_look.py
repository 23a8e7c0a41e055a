"""The first loads of the standing system, started through Airflow so that its page shows a living system.

Only a system that loads from the sandbox begins by itself. Its DAGs are switched on as Airflow gets to know
them; one that somebody switched off stays off. With the real ImmPort a person decides what is loaded.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from rich.console import Console

from immport_provider.dag_names import RELEASE
from immport_provider.source_switch import SWITCH, dag_id, switched_on
from include.local.options import LocalError
from include.local.paths import Paths
from include.local.progress import announced
from include.local.standing.accounts import OPERATOR, ensure_passwords
from include.local.standing.airflow_api import AirflowApi
from include.local.standing.state import SystemState
from include.warehouse.model.registry import SOURCES

#: How long Airflow may take to get to know the DAGs and to start what is due; it takes seconds when idle.
RUNS_WITHIN_SECONDS = 300
_POLL_SECONDS = 0.5
#: As many runs are looked at, the newest first.
_RUNS = 20


def switched_on_environment() -> dict[str, str]:
    """The setting by which Airflow switches each DAG on when it gets to know it, and never again."""
    return {"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False"}


def begin_to_load(console: Console, paths: Paths, state: SystemState) -> None:
    """Start the first loads of a system that loads from the sandbox, and say where to see them.

    What was started or done before is not started again; with the real ImmPort nothing is.

    :raises LocalError: they could not be started; the system runs all the same.
    """
    if state.sandbox is None:
        return
    password = ensure_passwords(paths.airflow)[OPERATOR.name]
    try:
        with announced(console, "First loads"), AirflowApi(state.address, OPERATOR.name, password) as api:
            at_work = ensure_runs(api, first_loads(api, os.environ))
    except LocalError as error:
        raise LocalError(
            f"the system runs, but its first loads did not begin; make up tries again: {error}"
        ) from error
    for dag, run in at_work.items():
        console.print(f"{dag} runs now: {run_page(state.address, dag, run)}", soft_wrap=True)


def first_loads(api: AirflowApi, environment: Mapping[str, str]) -> list[str]:
    """The DAGs that load a source, studies first: the order in which their runs get the machine.

    :param environment: of Airflow's processes, where the variable that switches sources off may stand.
    :raises LocalError: the variable names a source that is not declared.
    """
    named = environment.get(f"AIRFLOW_VAR_{SWITCH.upper()}")
    if named is None and (row := api.get(f"/variables/{SWITCH}")):
        named = row["value"]
    try:
        others = switched_on((model.source for model in SOURCES.values()), named)
    except ValueError as error:
        raise LocalError(str(error)) from error
    return [RELEASE, *map(dag_id, others)]


def ensure_runs(api: AirflowApi, dags: Sequence[str]) -> dict[str, str]:
    """Have a run of each DAG that did its work, or is about to: one that failed is followed by another.

    A DAG that was just switched on needs none: the scheduler starts the run that was due last. One that
    somebody switched off stays off. Called again, this starts nothing twice.

    :returns: ids of the runs that are on their way, by DAG.
    :raises LocalError: a DAG does not become known, or Airflow refuses a run.
    """
    deadline = time.monotonic() + RUNS_WITHIN_SECONDS
    found = {dag: run for dag in dags if (run := _first_run(api, dag, deadline))}
    return {dag: str(run["dag_run_id"]) for dag, run in found.items() if run["state"] != "success"}


def run_page(address: str, dag: str, run: str) -> str:
    """Address of the page of a run."""
    return f"{address}/dags/{dag}/runs/{quote(run, safe='')}"


def _first_run(api: AirflowApi, dag: str, deadline: float) -> dict[str, Any] | None:
    """A run that is good; a new one where all before failed, or none is due; None for a DAG that is off."""
    while time.monotonic() < deadline:
        # The DAG before its runs: with a run that is due, the scheduler moves the date to the next one.
        if known := api.get(f"/dags/{dag}"):
            if known["is_paused"]:
                return None
            answer = api.get(f"/dags/{dag}/dagRuns", order_by="-run_after", limit=_RUNS)
            runs = answer["dag_runs"] if answer else []
            if good := [run for run in runs if run["state"] != "failed"]:
                return dict(good[0])
            if runs or not _is_due(known):
                return api.post(f"/dags/{dag}/dagRuns", {"logical_date": None, "conf": {}})
        time.sleep(_POLL_SECONDS)
    raise LocalError(f"Airflow started no run of {dag} in {RUNS_WITHIN_SECONDS} s{_import_errors(api)}")


def _is_due(dag: Mapping[str, Any]) -> bool:
    run_after = dag["next_dagrun_run_after"]
    return run_after is not None and datetime.fromisoformat(run_after) <= datetime.now(UTC)


def _import_errors(api: AirflowApi) -> str:
    errors = (api.get("/importErrors") or {}).get("import_errors", [])
    return "".join(f"\n{error['filename']}: {error['stack_trace'].strip()}" for error in errors)

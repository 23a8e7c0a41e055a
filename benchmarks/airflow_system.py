"""A standing Airflow for the time of a benchmark: API server, scheduler with LocalExecutor, DAG processor."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from benchmarks.product import Installation
from include.local.airflow import AirflowSetUp, airflow_environment, server_environment
from include.local.ports import HOST, free_port
from include.local.processes import end_marked, last_lines, mark, spawn
from include.local.standing.accounts import ADMIN, ensure_passwords

_SERVICES = {
    "api-server": ["airflow", "api-server"],
    "scheduler": ["airflow", "scheduler", "--skip-serve-logs"],
    "dag-processor": ["airflow", "dag-processor"],
}
_STARTED_WITHIN_SECONDS, _RUN_WITHIN_SECONDS = 300, 3 * 3600
_POLL_SECONDS = 0.5


class AirflowError(RuntimeError):
    """Airflow did not start, or a run did not end as it should."""


@dataclass(frozen=True)
class DagRun:
    """A run that succeeded.

    :param seconds: from its start to its end as Airflow has them.
    :param tasks: task instances.
    """

    seconds: float
    tasks: int


@dataclass(frozen=True)
class Airflow:
    """A running Airflow."""

    client: httpx.Client
    folder: Path

    def run(self, dag: str, **params: Any) -> DagRun:
        """Run a DAG to its end.

        :raises AirflowError: it failed, or takes too long.
        """
        made = self.client.post(f"/api/v2/dags/{dag}/dagRuns", json={"logical_date": None, "conf": params})
        run = f"/api/v2/dags/{dag}/dagRuns/{made.raise_for_status().json()['dag_run_id']}"
        deadline = time.monotonic() + _RUN_WITHIN_SECONDS
        while (state := (answer := self.client.get(run).raise_for_status().json())["state"]) != "success":
            if state == "failed" or time.monotonic() > deadline:
                raise AirflowError(f"{dag} {state}: {last_lines(self.folder / 'scheduler.log')}")
            time.sleep(_POLL_SECONDS)
        begun, ended = (datetime.fromisoformat(answer[name]) for name in ("start_date", "end_date"))
        tasks = self.client.get(f"{run}/taskInstances", params={"limit": 1}).raise_for_status().json()
        return DagRun((ended - begun).total_seconds(), int(tasks["total_entries"]))


@contextlib.contextmanager
def running_airflow(place: Installation, metadata: sa.URL, workers: int) -> Iterator[Airflow]:
    """Start Airflow for an installation, with its DAGs switched on when a run needs one.

    :param metadata: a database for Airflow itself.
    :param workers: tasks that run at once.
    :raises AirflowError: it does not become healthy.
    """
    home, port = place.folder / "airflow", free_port()
    home.mkdir()
    password = ensure_passwords(home)[ADMIN.name]
    environment = airflow_environment(
        home,
        metadata_url=metadata.set(query={}).render_as_string(hide_password=False),
        warehouse=place.database,
        immport=place.source.connection(**place.extra),
        landing=place.landing,
    )
    environment |= server_environment(home, port) | {
        "AIRFLOW__CORE__PARALLELISM": str(workers),
        # A run of the schedule, begun as soon as the DAG is switched on, would load what is to be measured.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    }
    marked = mark(place.folder, "bench")
    try:
        AirflowSetUp.begin(environment, marked, home / "migrate.log").finish()
        for name, command in _SERVICES.items():
            spawn(command, marked, home / f"{name}.log", environment)
        with httpx.Client(base_url=f"http://{HOST}:{port}", timeout=60, trust_env=False) as client:
            _sign_in(client, password)
            yield Airflow(client, home)
    finally:
        end_marked(marked)


def _sign_in(client: httpx.Client, password: str) -> None:
    """Wait until the DAGs are known, switch them on, and let the client be their admin."""
    deadline = time.monotonic() + _STARTED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            answer = client.post("/auth/token", json={"username": ADMIN.name, "password": password})
            if answer.is_success:
                client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
                on = client.patch(f"/api/v2/dags/{Installation.dag_id}", json={"is_paused": False})
                if on.is_success:
                    return
        time.sleep(_POLL_SECONDS)
    raise AirflowError(f"Airflow was not ready within {_STARTED_WITHIN_SECONDS} s")

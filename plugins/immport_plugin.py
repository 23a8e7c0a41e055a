"""The plugin of this project: whichever part of Airflow starts with a database says which pools are missing.

A scheduler never starts a task whose pool is missing, and nothing fails: the run just never ends. Set-up
makes the pools (`python -m immport_provider.pools`); the plugin changes nothing in Airflow's database.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

log = logging.getLogger(__name__)

MAKE_POOLS = "python -m immport_provider.pools makes it"


@hookimpl
def on_starting(component: object) -> None:
    """Check the pools when a scheduler, triggerer or DAG processor starts; a task has no database."""
    from airflow.jobs.job import Job

    from immport_provider import pools

    if isinstance(component, Job):
        for name in pools.missing():
            log.error("the pool %s is missing, its tasks are never started: %s", name, MAKE_POOLS)


@hookimpl
def on_dag_run_success(dag_run: Any, msg: str) -> None:
    """Put the summary of the run into its note."""
    from immport_provider import run_notes

    run_notes.note(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: Any, msg: str) -> None:
    """Put the summary of the run into its note."""
    from immport_provider import run_notes

    run_notes.note(dag_run)


class ImmPortPlugin(AirflowPlugin):
    """Listens for starting parts of Airflow."""

    name = "immport"
    listeners = [sys.modules[__name__]]  # noqa: RUF012 - as Airflow declares it

"""The plugin of this project: whichever part of Airflow starts with a database makes the missing pools.

A scheduler never starts a task whose pool is missing, and nothing fails: the run just never ends.
"""

from __future__ import annotations

import sys

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


@hookimpl
def on_starting(component: object) -> None:
    """Make the pools when a scheduler, triggerer or DAG processor starts; a task has no database."""
    from airflow.jobs.job import Job

    from immport_provider import pools

    if isinstance(component, Job):
        pools.ensure()


class ImmPortPlugin(AirflowPlugin):
    """Listens for starting parts of Airflow."""

    name = "immport"
    listeners = [sys.modules[__name__]]  # noqa: RUF012 - as Airflow declares it

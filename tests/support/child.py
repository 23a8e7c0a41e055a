"""What a forked process of a test does. Everything heavy is imported here, once, before it forks."""

from __future__ import annotations

import functools
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import great_expectations
import great_expectations.expectations
import sqlalchemy as sa
from airflow import settings
from airflow.dag_processing import bundles, dagbag
from airflow.models import dagrun
from airflow.sdk import DAG
from airflow.sdk.execution_time import supervisor, task_runner
from starlette.testclient import TestClient

from dags import (
    immport_backfill,
    immport_export,
    immport_files,
    immport_release,
    immport_sources,
    warehouse_alert_drill,
    warehouse_alerts,
    warehouse_dry_run,
    warehouse_upkeep,
)
from immport_provider.hooks import retries
from immport_provider.hooks.files import downloads
from immport_provider.hooks.immport import ImmPortHook
from include.pipeline import (
    discover,
    extract,
    report,
    run_ledger,
    steps,
)
from include.pipeline.downloads import file_selection
from include.sources.immport import listing

if TYPE_CHECKING:
    from tests.support.runs import Kill, Order

_AT_ONCE = timedelta(0)
DAGS = {
    module.dag.dag_id: module.dag
    for module in (
        immport_backfill,
        immport_export,
        immport_files,
        immport_release,
        warehouse_alert_drill,
        warehouse_alerts,
        warehouse_dry_run,
        warehouse_upkeep,
    )
} | {name: dag for name, dag in vars(immport_sources).items() if isinstance(dag, DAG)}


# Airflow's in-process API builds its routes at its first start, which takes longer than a run.
with TestClient(supervisor.in_process_api_server().app):
    pass


def is_ready() -> None:
    """Nothing: that it was called shows that all is imported and made."""


def release(order: Order) -> None:
    """Run a DAG to its end, without waiting between tries; how it ended goes to a file."""
    os.environ.update(order.environment)
    prepare(order.log, order.kills)
    if order.metadata is not None:
        os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{order.metadata}"
        settings.configure_vars()
        settings.dispose_orm(do_log=False)
        settings.configure_orm()
    dag = DAGS[order.dag]
    for task in dag.tasks:
        task.retries, task.retry_delay, task.retry_exponential_backoff = order.retries, _AT_ONCE, False
    ended = dag.test(run_conf=order.params)
    tasks = {
        f"{item.task_id}[{item.map_index}]" if item.map_index >= 0 else item.task_id: str(item.state)
        for item in ended.get_task_instances()
    }
    order.result.write_text(
        json.dumps({"run_id": f"{dag.dag_id}/{ended.run_id}", "state": str(ended.state), "tasks": tasks})
    )


def call(target: str, log: Path, kills: tuple[Kill, ...], arguments: dict[str, Any]) -> None:
    """Call `module:function` with arguments."""
    prepare(log, kills)
    _resolve(target)(**arguments)


def prepare(log: Path, kills: tuple[Kill, ...]) -> None:
    """Write to a log of its own, never wait, die where the kills say."""
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    # Neither the hook's waits between tries nor those of `dag.test` for tasks to become ready.
    time.sleep = lambda seconds: None
    (ImmPortHook.__init__.__kwdefaults__ or {})["sleep"] = time.sleep
    for item in kills:
        arm(item)


def arm(kill: Kill) -> None:
    """Let the process die, or run another action of the kill, at a call or at a statement within it."""
    place, _, name = kill.target.rpartition(":" if "." not in kill.target.partition(":")[2] else ".")
    owner = _resolve(place)
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0
    strike = functools.partial(_resolve(kill.action), **kill.arguments)

    @functools.wraps(real)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls != kill.call:
            return real(*args, **kwargs)
        if kill.statement is not None:
            return _counting(kill.statement, strike, real, *args, **kwargs)
        if not kill.after:
            strike()
        answer = real(*args, **kwargs)
        if kill.after:
            strike()
        return answer

    setattr(owner, name, wrapped)


def _resolve(target: str) -> Any:
    """What `module:function` or `module:Class` names, or a module."""
    module, _, path = target.partition(":")
    return functools.reduce(getattr, path.split(".") if path else (), importlib.import_module(module))


def _counting(
    last: int, strike: Callable[[], Any], real: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    sent = 0

    def count(*_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent > last:
            strike()

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        return real(*args, **kwargs)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)


def meet(places: list[tuple[str, bool]]) -> None:
    """Meet another process at each of these named pipes in turn: one reads, the other writes."""
    for place, reads in places:
        os.close(os.open(place, os.O_RDONLY if reads else os.O_WRONLY))


def assign(target: str, value: Any) -> None:
    """Give `module:NAME` another value."""
    module, _, name = target.partition(":")
    setattr(importlib.import_module(module), name, value)


def die() -> None:
    """End at once, as a machine that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)

"""What the process that all runs are forked from does once: everything that each would do again."""

from __future__ import annotations

import atexit
import gc
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
from airflow import settings
from airflow.sdk.execution_time import supervisor
from airflow.utils import db

from tests.support.child import DAGS
from tests.support.disk import wait_for_no_disk


def _prepare() -> None:
    """Make Airflow's metadata database, keep a copy, and run a DAG, which fails for want of connections.

    Airflow builds its routes, serializes DAGs and compiles its statements at a process's first run.
    """
    db.initdb()
    engine = settings.engine
    assert engine is not None
    database = Path(str(engine.url.database))
    # Not a copy of the file: the newest pages may lie in its write-ahead log.
    with (
        closing(sqlite3.connect(database)) as full,
        closing(sqlite3.connect(database.with_name("pristine.db"))) as kept,
    ):
        full.backup(kept)
    for task in (dag := DAGS["immport_release"]).tasks:
        task.retries = 0
    dag.test()
    _let_go()
    engine.dispose()
    still_open = [item.path for item in psutil.Process().open_files() if item.path.startswith(str(database))]
    assert still_open == [], f"a fork would share {still_open}"


def _let_go() -> None:
    """End what the run has left: neither a thread nor a connection may pass through a fork."""
    api: Any = supervisor.in_process_api_server()
    loop = api.transport.app.loop
    loop.call_soon_threadsafe(loop.stop)
    del api.transport  # the next run makes another
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(10)
            assert not thread.is_alive(), f"{thread} is left"
    session: Any = settings.Session
    session.remove()
    gc.collect()


wait_for_no_disk()
_prepare()
atexit.register(os._exit, 0)  # Airflow would wait at the end for the loop that has ended already

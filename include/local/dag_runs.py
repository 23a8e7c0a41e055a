"""Runs of DAGs without any Airflow server, each in a process of its own, with progress on the terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console

from include.local.options import LocalError
from include.local.processes import last_lines, spawn
from include.local.progress import Progress, read_state

_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class DagRuns:
    """What the runs of a demo share.

    :param marked: mark of the processes, by which they are found and ended.
    :param logs: folder of their logs.
    """

    engine: sa.Engine
    console: Console
    environment: Mapping[str, str]
    marked: str
    logs: Path

    def ids(self) -> list[str]:
        """Runs that the warehouse knows, oldest first."""
        with self.engine.connect() as connection:
            return list(connection.scalars(sa.text("SELECT run_id FROM ops.run ORDER BY started_at")))

    def state(self, run_id: str) -> str:
        """How a run ended: success, partial, failed, or running where it was killed."""
        with self.engine.connect() as connection:
            statement = sa.text("SELECT state FROM ops.run WHERE run_id = :run")
            return str(connection.scalar(statement, {"run": run_id}))

    def run(self, dag: str, title: str, conf: Mapping[str, Any] | None = None) -> str:
        """Run a DAG that loads studies, showing its steps. How it ended is for the report to say.

        :param title: what it brings, such as a release; names the log, too.
        :raises LocalError: it never began; the message ends with the log's last lines.
        """
        log = self.logs / f"demo-{title.replace(' ', '-')}.log"
        self.console.print(f"[bold]{title}[/]  [dim]log: {log}[/]", soft_wrap=True)
        before = set(self.ids())
        started = time.monotonic()
        arguments = ["--conf", json.dumps(conf)] if conf else []
        process = spawn(["airflow", "dags", "test", dag, *arguments], self.marked, log, self.environment)
        with Progress(self.console, title) as progress:
            while True:
                has_ended = process.poll() is not None
                runs = [run for run in self.ids() if run not in before]
                progress.show(read_state(self.engine, runs))
                if has_ended:
                    break
                time.sleep(_POLL_SECONDS)
        if not runs:
            raise LocalError(f"{dag} did not begin to load {title}. The end of {log}:\n{last_lines(log, 30)}")
        word = "ended" if process.returncode == 0 else "failed"
        self.console.print(f"  {dag} {word} after {time.monotonic() - started:.0f} s")
        return runs[-1]

"""What forked processes do beside runs: publish without Airflow, crash a server."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil

from include.landing.zone import Landing
from include.local.postgres import EmbeddedPostgres
from include.pipeline import run_ledger, steps
from include.pipeline.batch_runner import StepContext
from include.warehouse.schema.engine import warehouse_engine


class Silent(run_ledger.Step):
    """A step that is written down nowhere."""

    def __init__(self) -> None:
        self.state, self.rows, self.message = "done", 0, None


def publish(url: str, landing: str, load_id: int) -> None:
    """Publish one checked load; runs in a process of its own."""
    engine = warehouse_engine(url)
    tools = StepContext(engine, Landing(landing), "torture")
    steps.publish(tools, run_ledger.load(engine, load_id), Silent())


def crash_server(home: str) -> None:
    """Stop the Postgres server of a home at once, as a power cut would, and start it again."""
    postgres = EmbeddedPostgres(Path(home))
    server = psutil.Process(int((postgres.data / "postmaster.pid").read_text().split()[0]))
    server.send_signal(signal.SIGQUIT)
    server.wait(60)
    postgres.start()

"""A publish without Airflow, in a process that may be killed."""

from __future__ import annotations

from include.landing import Landing
from include.pipeline import records, steps
from include.warehouse.connect import warehouse_engine


class Silent(records.Step):
    """A step that is written down nowhere."""

    def __init__(self) -> None:
        self.state, self.rows, self.message = "done", 0, None


def publish(url: str, landing: str, load_id: int) -> None:
    """Publish one checked load; runs in a process of its own."""
    engine = warehouse_engine(url)
    tools = steps.Tools(engine, Landing(landing), "torture")
    steps.publish(tools, records.load(engine, load_id), Silent())

"""The trigger of what follows loads: it looks whether runs still load, until none does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BaseHook
from airflow.triggers.base import BaseTrigger, TriggerEvent

from immport_provider.dag_names import BACKFILL, loading_dag

POLL_SECONDS = 5.0


def loading_dags() -> list[str]:
    """The DAGs whose runs change the star."""
    from include.warehouse.model.registry import SOURCES

    return [BACKFILL, *map(loading_dag, SOURCES)]


class LoadsEndedTrigger(BaseTrigger):
    """Fires once: when no run loads, or when the time is over.

    :param warehouse_conn_id: Airflow connection of type `postgres`.
    :param deadline: until when to wait, ISO 8601.
    :param poll_seconds: from one look to the next.
    """

    def __init__(self, warehouse_conn_id: str, deadline: str, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()
        self.warehouse_conn_id = warehouse_conn_id
        self.deadline = deadline
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("warehouse_conn_id", "deadline", "poll_seconds")
        kind = f"{type(self).__module__}.{type(self).__name__}"
        return kind, {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        import sqlalchemy as sa

        from include.pipeline.star_change import at_work
        from include.warehouse.schema.engine import warehouse_engine, warehouse_url

        url = warehouse_url(await BaseHook.aget_connection(self.warehouse_conn_id))
        engine, deadline = warehouse_engine(url, poolclass=sa.NullPool), datetime.fromisoformat(self.deadline)
        while (left := (deadline - datetime.now(UTC)).total_seconds()) > 0:
            try:
                if not await asyncio.to_thread(at_work, engine, loading_dags()):
                    yield TriggerEvent({"status": "no run loads"})
                    return
            except sa.exc.OperationalError as error:
                self.log.warning("the warehouse does not answer: %s", type(error).__name__)
            await asyncio.sleep(min(self.poll_seconds, left))
        yield TriggerEvent({"status": "runs still load, and the time to wait is over"})

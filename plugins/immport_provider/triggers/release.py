"""The trigger of the release sensor: it requests the listing until there is a newer release."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from include.sources.release import Release


class ImmPortReleaseTrigger(BaseTrigger):
    """Fires once: with the release that is newer, when the time is over, or when waiting cannot help.

    :param immport_conn_id: Airflow connection of type `immport`; the key is not used.
    :param than: the release that the new one must be newer than, such as `DR58`; any will do when empty.
    :param poll_seconds: from one look to the next.
    :param deadline: until when to wait, ISO 8601.
    """

    def __init__(self, immport_conn_id: str, than: str | None, poll_seconds: float, deadline: str) -> None:
        super().__init__()
        self.immport_conn_id = immport_conn_id
        self.than = than
        self.poll_seconds = poll_seconds
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("immport_conn_id", "than", "poll_seconds", "deadline")
        kind = f"{type(self).__module__}.{type(self).__name__}"
        return kind, {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from immport_provider.hooks.listing_client import list_studies
        from include.sources.errors import ImmPortError, RetriableError

        than = Release.parse(self.than) if self.than else None
        deadline = datetime.fromisoformat(self.deadline)
        while True:
            pause = self.poll_seconds
            try:
                listing = await list_studies(self.immport_conn_id)
                newest = listing.newest_plausible(datetime.now(UTC).date())
                if newest is not None and (than is None or newest > than):
                    yield TriggerEvent({"status": "released", "release": str(newest)})
                    return
                self.log.info("%s is the newest release, waiting for one after %s", newest, than)
            except RetriableError as error:
                pause = max(pause, error.retry_after or 0)
                self.log.warning("%s; next request in %.0f s", error, pause)
            except ImmPortError as error:
                yield TriggerEvent({"status": "failed", "error": str(error)})
                return
            left = (deadline - datetime.now(UTC)).total_seconds()
            if left <= 0:
                yield TriggerEvent({"status": "late"})
                return
            await asyncio.sleep(min(pause, left))

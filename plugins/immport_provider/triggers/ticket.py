"""The trigger of the ticket sensor: it requests the status until it is another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

#: Questions in a row that a ticket may not be known, before it is lost.
_MOST_UNKNOWN = 3


class ImmPortTicketTrigger(BaseTrigger):
    """Fires once: with another status, when the time is over, or when waiting cannot help.

    :param upload_conn_id: Airflow connection of type `immport_upload`.
    :param service: `upload` or `batch_updater`.
    :param ticket: number of the ticket.
    :param seen: the status that is known; empty for none.
    :param poll_seconds: from one question to the next; None for what the connection says.
    :param deadline: until when to wait, ISO 8601.
    """

    def __init__(
        self,
        upload_conn_id: str,
        service: str,
        ticket: str,
        seen: str,
        poll_seconds: float | None,
        deadline: str,
    ) -> None:
        super().__init__()
        self.upload_conn_id = upload_conn_id
        self.service = service
        self.ticket = ticket
        self.seen = seen
        self.poll_seconds = poll_seconds
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("upload_conn_id", "service", "ticket", "seen", "poll_seconds", "deadline")
        kind = f"{type(self).__module__}.{type(self).__name__}"
        return kind, {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from immport_provider.hooks.submission.upload import ImmPortUploadHook
        from include.sources.errors import ImmPortError, RetriableError, UnknownTicketError
        from include.submission.service.services import SERVICES

        deadline, service = datetime.fromisoformat(self.deadline), SERVICES[self.service]
        unknown = 0
        try:
            hook = await ImmPortUploadHook.connected(self.upload_conn_id)
        except ImmPortError as error:
            yield self._event("failed", error=str(error))
            return
        with hook:
            while True:
                pause = self.poll_seconds or hook.upload_settings.status_seconds
                try:
                    status = await asyncio.to_thread(hook.status, service, self.ticket, 1)
                    unknown = 0
                    if status != self.seen:
                        yield self._event("seen", word=status)
                        return
                except UnknownTicketError as error:
                    unknown += 1
                    if unknown == _MOST_UNKNOWN:
                        yield self._event("lost", error=str(error))
                        return
                except RetriableError as error:
                    pause = max(pause, error.retry_after or 0)
                    self.log.warning("%s; next question in %.0f s", error, pause)
                except ImmPortError as error:
                    yield self._event("failed", error=str(error))
                    return
                left = (deadline - datetime.now(UTC)).total_seconds()
                if left <= 0:
                    yield self._event("late")
                    return
                await asyncio.sleep(min(pause, left))

    def _event(self, status: str, **more: str) -> TriggerEvent:
        return TriggerEvent({"status": status, "deadline": self.deadline, **more})

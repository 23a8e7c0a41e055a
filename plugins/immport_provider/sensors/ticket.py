"""The sensor that follows a ticket to its end, without a worker's slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout

from immport_provider.operators.submission.base import SubmittingOperator

if TYPE_CHECKING:
    import sqlalchemy as sa
    from airflow.sdk import Context

    from include.pipeline.submissions.ledger import SentTicket, Submission

#: How long a ticket may take.
TIMEOUT = timedelta(hours=12)
#: What the trigger may be late by: it ends by itself.
_GRACE = timedelta(minutes=5)


class ImmPortTicketSensor(SubmittingOperator, BaseSensorOperator):
    """Follow the ticket of a submission through every status, then keep ImmPort's reports. Returns the last.

    The triggerer waits and gives back each new status, which is recorded. A ticket that stays fails the task
    when the time is over; a later run goes on with the same ticket.

    :param is_stored: the ticket under which it is stored; else the one under which it is validated.
    :param poke_interval: from one question to the next; None for what the connection says.
    :param timeout: how long to wait, 12 hours by default.
    """

    def __init__(
        self,
        *,
        is_stored: bool = False,
        poke_interval: timedelta | float | None = None,
        timeout: timedelta | float = TIMEOUT,
        **kwargs: Any,
    ) -> None:
        given: dict[str, Any] = {} if poke_interval is None else {"poke_interval": poke_interval}
        super().__init__(timeout=timeout, **given, **kwargs)
        self.is_stored = is_stored
        self.poll_seconds = self.poke_interval if given else None
        #: The run has that time, too.
        self.longest_wait = timedelta(seconds=self.timeout) + _GRACE

    def perform(self, context: Context) -> str | None:
        from include.submission.service.statuses import TicketPhase, phase_of

        engine = self.engine()
        found = self._found(engine)
        if found is None:
            self.log.info("there is no ticket: nothing was sent to be validated")
            return None
        submission, ticket = found
        if phase_of(ticket.status or "") is not TicketPhase.WAITING:
            return self._conclude(context, engine, submission, ticket, ticket.status or "")
        self._wait(ticket, datetime.now(UTC) + timedelta(seconds=self.timeout))
        return None

    def resume(self, context: Context, event: dict[str, Any]) -> str | None:
        """Go on with what the trigger found.

        :raises AirflowSensorTimeout: the ticket stays where it is.
        :raises AirflowFailException: ImmPort refuses the package or the question, or lost the ticket.
        """
        done: str | None = self.judged(self._go_on, context, event)
        return done

    def _go_on(self, context: Context, event: dict[str, Any]) -> str | None:
        from include.pipeline.submissions import follow
        from include.pipeline.submissions.errors import LostTicketError
        from include.submission.service.statuses import TicketPhase

        engine = self.engine()
        found = self._found(engine)
        if found is None:
            raise LookupError("the ticket that was waited for has no row")
        submission, ticket = found
        if event["status"] == "lost":
            raise LostTicketError(f"{submission.package}: {event['error']} (ticket {ticket.number})")
        if event["status"] == "failed":
            raise AirflowFailException(event["error"])
        if event["status"] == "late":
            raise AirflowSensorTimeout(
                f"the ticket {ticket.number} is still {ticket.status} after"
                f" {timedelta(seconds=self.timeout)}: ask ImmPort, then clear this task"
            )
        status = event["word"]
        self.log.info("ticket %s: %s", ticket.number, status)
        if follow.see(engine, ticket, status) is not TicketPhase.WAITING:
            return self._conclude(context, engine, submission, ticket, status)
        self._wait(ticket, datetime.fromisoformat(event["deadline"]), status)
        return None

    def _found(self, engine: sa.Engine) -> tuple[Submission, SentTicket] | None:
        from include.pipeline.submissions import ledger

        submission, service = self.of_submission(engine), self.of_service()
        purpose = service.store_purpose if self.is_stored else service.validate_purpose
        ticket = ledger.newest_ticket(engine, submission.submission_id, purpose)
        return None if ticket is None or ticket.number is None else (submission, ticket)

    def _conclude(
        self, context: Context, engine: sa.Engine, submission: Submission, ticket: SentTicket, status: str
    ) -> str:
        from include.pipeline.submissions import follow
        from include.submission.service.statuses import phase_of

        with self.hook(context, engine) as hook:
            text = follow.conclude(engine, hook, submission, ticket, phase_of(status))
        self.log.info("%s", text)
        return status

    def _wait(self, ticket: SentTicket, deadline: datetime, seen: str | None = None) -> None:
        from immport_provider.triggers.ticket import ImmPortTicketTrigger

        trigger = ImmPortTicketTrigger(
            self.upload_conn_id,
            self.service,
            ticket.number or "",
            seen or ticket.status or "",
            self.poll_seconds,
            deadline.isoformat(),
        )
        left = max(deadline - datetime.now(UTC), timedelta()) + _GRACE
        self.defer(trigger=trigger, method_name="resume", timeout=left)

"""Follows tickets to their end: every status that is seen, and the reports."""

from __future__ import annotations

import sqlalchemy as sa

from include.pipeline.submissions import ledger
from include.pipeline.submissions.errors import RejectedError
from include.pipeline.submissions.ledger import SentTicket, Submission
from include.sources.errors import UnknownTicketError
from include.submission.service.answers import ReportLine, report_lines
from include.submission.service.client import SubmissionClient
from include.submission.service.statuses import TicketPhase, phase_of


def see(engine: sa.Engine, ticket: SentTicket, status: str) -> TicketPhase:
    """Record a status. Returns whether the ticket is at its end."""
    phase = phase_of(status)
    ledger.see_status(engine, ticket, status, is_end=phase is not TicketPhase.WAITING)
    return phase


def conclude(
    engine: sa.Engine,
    client: SubmissionClient,
    submission: Submission,
    ticket: SentTicket,
    phase: TicketPhase,
) -> str:
    """Keep the reports of a ticket at its end. Returns what became of it, in words.

    :raises RejectedError: ImmPort refuses the package.
    :raises ImmPortError: a report did not come.
    """
    service, number = submission.service, ticket.number or ""
    try:
        lines = client.summary(service, number).lines
    except UnknownTicketError:
        lines = []
    try:
        report = client.database_report(service, number)
    except UnknownTicketError:  # only what ended well has one
        report = None
    if not service.is_of_templates:
        # Of a validated file of changes, the summary says that it was validated and no more.
        known = {_content(line) for line in lines}
        lines += [line for line in report_lines(report or "") if _content(line) not in known]
    ledger.keep_lines(engine, ticket, lines)
    ledger.update_ticket(engine, ticket, database_report=report)
    is_stored = ticket.purpose == service.store_purpose
    is_good = phase is TicketPhase.ACCEPTED
    ends = (ledger.REJECTED, ledger.STORED) if is_stored else (ledger.INVALID, ledger.VALID)
    # What a run that is started again concludes anew does not undo a decision.
    before = None if is_stored else ledger.BEFORE_DECISION
    ledger.set_state(engine, submission.submission_id, ends[is_good], only_from=before)
    errors = [line for line in lines if line.error]
    if not is_good:
        first = "; ".join(f"{line.file_name} line {line.line}: {line.error}" for line in errors[:3])
        raise RejectedError(
            f"{submission.package}: ticket {number} ended with {len(errors)} errors"
            + (f", such as {first}" if first else "")
        )
    return f"{submission.package}: ticket {number} {ends[True]}, {len(lines)} lines of the summary"


def _content(line: ReportLine) -> tuple[object, ...]:
    """What a line says, in whichever report: a text has 0 for no line."""
    return line.line or 0, line.status, line.description, line.error

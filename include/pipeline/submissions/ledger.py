"""The record of submissions: a row per content and workspace, and one per ticket before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.pipeline.submissions.errors import SubmissionBusyError
from include.submission.findings import ValidationFinding
from include.submission.service.answers import ReportLine
from include.submission.service.services import SERVICES, SubmissionService
from include.warehouse.schema.submission_tables import SUBMISSION, SUBMISSION_LINE, SUBMISSION_TICKET

#: States of a submission.
CHECKED, REFUSED, VALIDATING, VALID, INVALID = "checked", "refused", "validating", "valid", "invalid"
APPROVED, DECLINED, STORING, STORED, REJECTED = "approved", "declined", "storing", "stored", "rejected"
#: States of a ticket.
SENDING, KNOWN, TURNED_DOWN, NOT_RECEIVED = "sending", "known", "refused", "not received"
#: Purpose under which lines of the check here are kept.
CHECK = "check"
#: Lines of one report that are kept.
MOST_LINES = 100_000
_LOCK = "submission"


@dataclass(frozen=True)
class CheckedPackage:
    """What is known of a package before it is sent."""

    service: SubmissionService
    workspace_id: int
    workspace: str
    content_digest: str
    package: str
    place: str
    notes: str
    is_offline: bool
    files: int
    size_bytes: int
    rows: int
    errors: int
    warnings: int
    declaration: str


@dataclass(frozen=True)
class Submission:
    """A package on its way to one workspace."""

    submission_id: int
    service: SubmissionService
    workspace_id: int
    content_digest: str
    package: str
    place: str
    notes: str
    is_offline: bool
    state: str

    def sent_as(self, ticket: SentTicket) -> str:
        """Name of the file as it is sent: another one for each purpose and attempt."""
        stem, dot, suffix = self.package.rpartition(".")
        return f"{stem}-w{self.workspace_id}-{ticket.purpose}-{ticket.attempt}{dot}{suffix}"


@dataclass(frozen=True)
class SentTicket:
    """A ticket, or the attempt to get one.

    :ivar number: None until it is known.
    :ivar is_requested: its validation was requested.
    """

    submission_id: int
    purpose: str
    attempt: int
    state: str
    number: str | None
    status: str | None
    sent_at: datetime
    is_requested: bool


def register(
    engine: sa.Engine, run_id: str, checked: CheckedPackage, findings: Iterable[ValidationFinding]
) -> Submission:
    """Record a package that was checked; the same content for the same workspace has one row."""
    values = {
        **{name: value for name, value in vars(checked).items() if name != "service"},
        "service": checked.service.name,
        "run_id": run_id,
        "state": REFUSED if checked.errors else CHECKED,
    }
    new = upsert(SUBMISSION).values(values)
    kept = {"service", "workspace_id", "content_digest", "state", "package"}
    begins = sa.case(
        (SUBMISSION.c.state.in_((CHECKED, REFUSED)), new.excluded.state), else_=SUBMISSION.c.state
    )
    changed = {name: new.excluded[name] for name in values if name not in kept}
    write = new.on_conflict_do_update(
        constraint="submission_content_key", set_={**changed, "state": begins, "changed_at": sa.func.now()}
    ).returning(SUBMISSION.c.submission_id)
    with engine.begin() as connection:
        number = connection.execute(write).scalar_one()
        _replace_lines(connection, (number, CHECK, 0), map(_line_of_check, findings))
    return submission(engine, number)


def submission(engine: sa.Engine, submission_id: int) -> Submission:
    """One submission by its number."""
    with engine.connect() as connection:
        row = connection.execute(
            sa.select(SUBMISSION).where(SUBMISSION.c.submission_id == submission_id)
        ).one()
    return Submission(
        row.submission_id, SERVICES[row.service], row.workspace_id, row.content_digest, row.package,
        row.place, row.notes or "", row.is_offline, row.state,
    )  # fmt: skip


#: States before a person decides.
BEFORE_DECISION = (CHECKED, REFUSED, VALIDATING, VALID, INVALID)


def set_state(
    engine: sa.Engine,
    submission_id: int,
    state: str,
    decided_by: str | None = None,
    only_from: Sequence[str] | None = None,
) -> None:
    """Write the state of a submission, and who decided it, if a person did.

    :param only_from: states that it is changed from; from any other it is not.
    """
    decided = {} if decided_by is None else {"decided_by": decided_by, "decided_at": sa.func.now()}
    change = sa.update(SUBMISSION).where(SUBMISSION.c.submission_id == submission_id)
    if only_from is not None:
        change = change.where(SUBMISSION.c.state.in_(only_from))
    with engine.begin() as connection:
        connection.execute(change.values(state=state, changed_at=sa.func.now(), **decided))


@contextmanager
def sending_alone(engine: sa.Engine, submission_id: int) -> Iterator[None]:
    """Be the only process that sends a submission.

    :raises SubmissionBusyError: another one is.
    """
    key = {"name": _LOCK, "number": submission_id}
    # A session of its own: the lock goes with it, whatever becomes of this process.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        taken = sa.text("select pg_try_advisory_lock(hashtextextended(:name, :number))")
        if not connection.scalar(taken, key):
            raise SubmissionBusyError(f"submission {submission_id} is being sent by another run")
        try:
            yield
        finally:
            connection.execute(sa.text("select pg_advisory_unlock(hashtextextended(:name, :number))"), key)


def newest_ticket(engine: sa.Engine, submission_id: int, purpose: str) -> SentTicket | None:
    """The newest attempt to send a submission under a purpose; None before the first."""
    of = (SUBMISSION_TICKET.c.submission_id == submission_id, SUBMISSION_TICKET.c.purpose == purpose)
    newest = sa.select(SUBMISSION_TICKET).where(*of).order_by(SUBMISSION_TICKET.c.attempt.desc()).limit(1)
    with engine.connect() as connection:
        row = connection.execute(newest).one_or_none()
    return None if row is None else _ticket(row)


def begin(engine: sa.Engine, submission_id: int, purpose: str, attempt: int, run_id: str) -> SentTicket:
    """Write that a package is about to be sent: committed before its first byte is."""
    values = {
        "submission_id": submission_id, "purpose": purpose, "attempt": attempt, "state": SENDING,
        "run_id": run_id,
    }  # fmt: skip
    new = sa.insert(SUBMISSION_TICKET).values(values).returning(SUBMISSION_TICKET)
    with engine.begin() as connection:
        return _ticket(connection.execute(new).one())


def update_ticket(engine: sa.Engine, ticket: SentTicket, **values: object) -> None:
    """Change the row of a ticket."""
    with engine.begin() as connection:
        connection.execute(sa.update(SUBMISSION_TICKET).where(*_is(ticket)).values(values))


def know(engine: sa.Engine, ticket: SentTicket, number: str, status: str, found_by: str) -> SentTicket:
    """Write the number of a ticket and its first status, both or neither."""
    values = {
        "state": KNOWN,
        "ticket_number": number,
        "found_by": found_by,
        "status": status,
        "statuses": [status],
        "answered_at": sa.func.now(),
        "error": None,
    }
    change = sa.update(SUBMISSION_TICKET).where(*_is(ticket)).values(values).returning(SUBMISSION_TICKET)
    with engine.begin() as connection:
        return _ticket(connection.execute(change).one())


def see_status(engine: sa.Engine, ticket: SentTicket, status: str, *, is_end: bool) -> None:
    """Add a status to those that were seen, unless it is the last one."""
    seen = SUBMISSION_TICKET.c.statuses
    is_new = SUBMISSION_TICKET.c.status.is_distinct_from(status)
    added = sa.case((is_new, seen + sa.cast([status], seen.type)), else_=seen)
    ended = {"ended_at": sa.func.now()} if is_end else {}
    update_ticket(engine, ticket, status=status, statuses=added, **ended)


def keep_lines(engine: sa.Engine, ticket: SentTicket, lines: Iterable[ReportLine]) -> None:
    """Keep the lines of ImmPort's summary, in place of those of an earlier one."""
    rows: Iterator[dict[str, object]] = (
        {
            "file_name": line.file_name,
            "line_number": line.line,
            "status": line.status,
            "description": line.description,
            "error": line.error,
        }
        for line in lines
    )
    with engine.begin() as connection:
        _replace_lines(connection, (ticket.submission_id, ticket.purpose, ticket.attempt), rows)


def last_number(engine: sa.Engine) -> str | None:
    """The newest ticket number that any submission was given: from there on others are looked for."""
    known = SUBMISSION_TICKET.c.ticket_number
    newest = sa.select(known).where(known.is_not(None)).order_by(SUBMISSION_TICKET.c.answered_at.desc())
    with engine.connect() as connection:
        return connection.scalar(newest.limit(1))


def is_known_number(engine: sa.Engine, number: str) -> bool:
    """Whether a submission has this ticket."""
    with engine.connect() as connection:
        known = sa.select(SUBMISSION_TICKET.c.attempt).where(SUBMISSION_TICKET.c.ticket_number == number)
        return connection.scalar(known) is not None


def _ticket(row: sa.Row[tuple[object, ...]]) -> SentTicket:
    return SentTicket(
        row.submission_id, row.purpose, row.attempt, row.state, row.ticket_number, row.status, row.sent_at,
        row.requested_at is not None,
    )  # fmt: skip


def _is(ticket: SentTicket) -> tuple[sa.ColumnElement[bool], ...]:
    columns = SUBMISSION_TICKET.c
    return (
        columns.submission_id == ticket.submission_id,
        columns.purpose == ticket.purpose,
        columns.attempt == ticket.attempt,
    )


def _line_of_check(finding: ValidationFinding) -> dict[str, object]:
    where = ", ".join(part for part in (finding.column, finding.value) if part)
    return {
        "file_name": finding.file,
        "line_number": finding.line,
        "status": finding.severity,
        "description": f"{where}: {finding.fix}" if finding.fix else where,
        "error": finding.message,
    }


def _replace_lines(
    connection: sa.Connection, key: tuple[int, str, int], rows: Iterable[dict[str, object]]
) -> None:
    columns = (SUBMISSION_LINE.c.submission_id, SUBMISSION_LINE.c.purpose, SUBMISSION_LINE.c.attempt)
    is_of = [column == value for column, value in zip(columns, key, strict=True)]
    connection.execute(sa.delete(SUBMISSION_LINE).where(*is_of))
    named = dict(zip((column.name for column in columns), key, strict=True))
    kept = [{**named, "position": at, **row} for at, row in enumerate(islice(rows, MOST_LINES))]
    if kept:
        connection.execute(sa.insert(SUBMISSION_LINE), kept)

"""What a person is shown before a package is stored."""

from __future__ import annotations

import re

import sqlalchemy as sa

from include.pipeline.submissions import comparison
from include.pipeline.submissions.comparison import ChangeOutcome
from include.pipeline.submissions.errors import NotAllowedError
from include.pipeline.submissions.ledger import Submission
from include.warehouse.schema.submission_tables import SUBMISSION, SUBMISSION_LINE, SUBMISSION_TICKET

#: Changes that the question shows; the operations page has all.
MOST_SHOWN = 20
#: Characters of a value that it shows.
_LONGEST = 60
#: Characters that Markdown reads.
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|<>~-])")


def question(engine: sa.Engine, submission: Submission, page: str = "") -> str:
    """The facts of a submission in Markdown; of files of changes, what they change in the star.

    :param page: address of the page with all changes.
    :raises NotAllowedError: files of changes were not compared: a person would decide blindly.
    """
    with engine.connect() as connection:
        row = connection.execute(
            sa.select(SUBMISSION).where(SUBMISSION.c.submission_id == submission.submission_id)
        ).one()
        tickets = connection.execute(
            sa.select(SUBMISSION_TICKET)
            .where(SUBMISSION_TICKET.c.submission_id == submission.submission_id)
            .order_by(SUBMISSION_TICKET.c.sent_at)
        ).all()
    facts = {
        "Workspace": f"{row.workspace} ({row.workspace_id})",
        "Service": submission.service.title,
        "Package": row.place,
        "Content": f"{row.files:,} files, {row.rows:,} rows, {row.size_bytes:,} bytes",
        "SHA-256": row.content_digest,
        "Check here": f"{row.errors:,} errors, {row.warnings:,} warnings",
        "Notes": row.notes or "none",
    }
    for ticket in tickets:
        said = f"{ticket.ticket_number}: {ticket.status}"
        if errors := _errors(engine, ticket):
            said += f", its reports name {errors:,} errors"
        facts[f"{ticket.purpose}, attempt {ticket.attempt}"] = said
    if submission.is_offline:
        facts["Way"] = "offline: only a ticket is requested, and ImmPort has validated nothing yet"
    body = "\n".join(f"- **{_plain(name)}**: {_plain(value)}" for name, value in facts.items())
    return body if submission.service.is_of_templates else f"{body}\n\n{_changes(engine, submission, page)}"


def _errors(engine: sa.Engine, ticket: sa.Row[tuple[object, ...]]) -> int:
    """Lines of ImmPort's reports of a ticket that name an error."""
    lines = SUBMISSION_LINE.c
    wanted = sa.select(sa.func.count()).where(
        lines.submission_id == ticket.submission_id,
        lines.purpose == ticket.purpose,
        lines.attempt == ticket.attempt,
        lines.error.is_not(None),
    )
    with engine.connect() as connection:
        return int(connection.scalar(wanted) or 0)


def _changes(engine: sa.Engine, submission: Submission, page: str) -> str:
    """What would change in the star: counts, and the first values."""
    found = comparison.kept(engine, submission.submission_id)
    if found is None:
        raise NotAllowedError(f"{submission.package} was not compared with the star: run the task compare")
    text = f"Against the star as of {_plain(found.release)}: {_plain(found.in_words())}."
    changes = comparison.first_changes(engine, submission.submission_id, MOST_SHOWN)
    if changes:
        text += "\n\n| table | record | column | in the star | new |\n|---|---|---|---|---|\n"
        text += "\n".join(f"| {' | '.join(map(_cell, _values(row)))} |" for row in changes)
    left = found.of(ChangeOutcome.CHANGED) + found.of(ChangeOutcome.BLANK) - len(changes)
    if left > 0:
        text += f"\n\nAnd {left:,} more."
    return f"{text}\n\nAll of them: {page}" if page else text


def _values(row: sa.Row[tuple[object, ...]]) -> tuple[str | None, ...]:
    return row.table_name, row.record, row.column_name, row.star_value, row.new_value


def _cell(value: str | None) -> str:
    text = " ".join((value or "").split())
    return _plain(f"{text[:_LONGEST]}..." if len(text) > _LONGEST else text) or "(nothing)"


def _plain(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _MARKS.sub(r"\\\1", " ".join(str(text).split()))

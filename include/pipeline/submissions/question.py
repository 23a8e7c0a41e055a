"""What a person is shown before a package is stored."""

from __future__ import annotations

import re

import sqlalchemy as sa

from include.pipeline.submissions.ledger import Submission
from include.warehouse.schema.submission_tables import SUBMISSION, SUBMISSION_TICKET

#: Characters that Markdown reads.
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|<>~-])")


def question(engine: sa.Engine, submission: Submission) -> str:
    """The facts of a submission in Markdown."""
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
        facts[f"{ticket.purpose}, attempt {ticket.attempt}"] = f"{ticket.ticket_number}: {ticket.status}"
    if submission.is_offline:
        facts["Way"] = "offline: only a ticket is requested, and ImmPort has validated nothing yet"
    return "\n".join(f"- **{_plain(name)}**: {_plain(value)}" for name, value in facts.items())


def _plain(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _MARKS.sub(r"\\\1", " ".join(str(text).split()))

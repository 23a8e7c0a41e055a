"""The tables of submissions: packages on their way to ImmPort, their tickets, lines of reports."""

from __future__ import annotations

import sqlalchemy as sa

from include.sources.foreign import LONGEST_KEY, LONGEST_TEXT
from include.warehouse.schema.foreign_types import CleanText

# With the tables below it holds all but those of `ops_tables`.
from include.warehouse.schema.marker_tables import metadata

#: Characters of a report that are kept.
LONGEST_REPORT = 1_000_000


def _text(name: str, comment: str, *, required: bool = False, key: bool = False) -> sa.Column:
    kind = CleanText(LONGEST_KEY if key else LONGEST_TEXT)
    return sa.Column(name, kind, nullable=not (required or key), primary_key=key, comment=comment)


def _number(name: str, comment: str, *, required: bool = False, key: bool = False) -> sa.Column:
    return sa.Column(
        name,
        sa.BigInteger,
        nullable=not (required or key),
        primary_key=key,
        autoincrement=False,
        comment=comment,
    )


def _time(name: str, comment: str, *, default: bool = False) -> sa.Column:
    stamp = sa.DateTime(timezone=True)
    return sa.Column(name, stamp, server_default=sa.func.now() if default else None, comment=comment)


SUBMISSION = sa.Table(
    "submission", metadata,
    sa.Column("submission_id", sa.BigInteger, sa.Identity(), primary_key=True,
              comment="Number of the submission"),
    _text("service", "upload or batch_updater", required=True),
    _number("workspace_id", "Workspace that it goes to", required=True),
    _text("content_digest", "SHA-256 of names and content of its files", required=True),
    _text("workspace", "Name of the workspace"),
    _text("package", "Name of the zip file as it is sent", required=True),
    _text("place", "Where the lab has the package", required=True),
    _text("notes", "Notes that are sent with it"),
    sa.Column("is_offline", sa.Boolean, nullable=False,
              comment="Its files come to ImmPort on another way than this"),
    _number("files", "Files in it", required=True),
    _number("size_bytes", "Size of the zip file", required=True),
    _number("rows", "Rows of its templates", required=True),
    _number("errors", "Errors that the check here found", required=True),
    _number("warnings", "Warnings of the check here", required=True),
    _text("declaration", "Templates it was checked by, with their digest"),
    _text("state", "checked, refused, validating, valid, invalid, approved, declined, storing, stored or"
          " rejected", required=True),
    _text("decided_by", "Who allowed or declined to have it stored"),
    _time("decided_at", "When"),
    _text("run_id", "Run that worked on it last", required=True),
    _time("created_at", "When it was checked first", default=True),
    _time("changed_at", "When the state last changed", default=True),
    sa.UniqueConstraint("service", "workspace_id", "content_digest", name="submission_content_key"),
    schema="ops",
    comment="Packages on their way to a workspace of ImmPort: one row per content, service and workspace",
)  # fmt: skip

SUBMISSION_TICKET = sa.Table(
    "submission_ticket", metadata,
    _number("submission_id", "Submission", key=True),
    _text("purpose", "What ImmPort was to make of it, such as validateData or uploadData", key=True),
    _number("attempt", "Which time it was sent under this purpose, from 1", key=True),
    _text("state", "sending, known, refused or not received; sending for longer is an answer that was lost",
          required=True),
    _text("ticket_number", "Number that ImmPort gave it; null until it is known"),
    _text("found_by", "How the number is known: answer, lookup or person"),
    _text("status", "Last status"),
    sa.Column("statuses", sa.ARRAY(CleanText(LONGEST_KEY)), nullable=False, server_default="{}",
              comment="All statuses that were seen, in their order"),
    _text("error", "Why it was refused, or how the answer was lost"),
    _time("sent_at", "When sending began", default=True),
    _time("answered_at", "When the number was known"),
    _time("requested_at", "When validation of the ticket was requested"),
    _time("ended_at", "When the last status was seen"),
    sa.Column("database_report", CleanText(LONGEST_REPORT), comment="ImmPort's report of what was stored"),
    _text("run_id", "Run that sent it", required=True),
    sa.UniqueConstraint("ticket_number", name="submission_ticket_number_key"),
    schema="ops",
    comment="Tickets of submissions: the row is there before anything is sent, so that nothing is sent twice",
)  # fmt: skip

SUBMISSION_LINE = sa.Table(
    "submission_line", metadata,
    _number("submission_id", "Submission", key=True),
    _text("purpose", "Purpose of the ticket; check for the check here", key=True),
    _number("attempt", "Attempt of the ticket; 0 for the check here", key=True),
    _number("position", "Place in the report, from 0", key=True),
    _text("file_name", "File of the package"),
    _number("line_number", "Line of the file"),
    _text("status", "Status of the line; of the check here, error or warning", required=True),
    _text("description", "What is said of it"),
    _text("error", "What is wrong"),
    schema="ops",
    comment="Lines of reports: of ImmPort's summaries, and of the check here",
)  # fmt: skip

SUBMISSION_COMPARISON = sa.Table(
    "submission_comparison", metadata,
    _number("submission_id", "Submission", key=True),
    _text("table_name", "ImmPort's table, as the file names it", key=True),
    _text("column_name", "Column that is given values", key=True),
    _text("outcome", "changed, same, blank, not in the star, several records or not compared", key=True),
    _number("value_count", "Values of which this was found", required=True),
    _text("relation", "Relation of the star that was compared; null where it has none"),
    _text("release_version", "Newest release of the star at that time", required=True),
    _time("compared_at", "When", default=True),
    schema="ops",
    comment="What files of changes would change, against the star: a row per table, column and outcome",
)  # fmt: skip

SUBMISSION_CHANGE = sa.Table(
    "submission_change", metadata,
    _number("submission_id", "Submission", key=True),
    _number("position", "Place in the files, from 0", key=True),
    _text("file_name", "File of changes"),
    _number("line_number", "Line of the file"),
    _text("table_name", "ImmPort's table, as the file names it", required=True),
    _text("record", "Columns that find the record, with their values", required=True),
    _text("column_name", "Column that is given a value", required=True),
    _text("star_value", "Value in the star"),
    _text("new_value", "Value that it is given"),
    _text("outcome", "changed, blank, not in the star, several records or not compared", required=True),
    schema="ops",
    comment="Values that files of changes would change, or that could not be compared with the star",
)  # fmt: skip

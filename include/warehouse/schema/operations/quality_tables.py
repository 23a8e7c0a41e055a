"""The tables of quality: what checks and audits found, and what was not published."""

from __future__ import annotations

import sqlalchemy as sa

from include.warehouse.schema.foreign_types import CleanJson
from include.warehouse.schema.operations.columns import number, ops, scope, source, text, time

RESULT = ops(
    "result", "Outcome of every expectation of every load",
    number("load_id", "Load", key=True),
    text("endpoint", "Endpoint", key=True),
    text("check_id", "Stable name of the check", key=True),
    text("severity", "critical withholds the scope, endpoint the endpoint, row quarantines rows, value"
         " quarantines values, warning is reported", required=True),
    sa.Column("success", sa.Boolean, nullable=False, comment="Whether the expectation was met"),
    number("unexpected_rows", "Rows that broke it"),
    text("detail", "What was found"),
    # Of millions, the few that pages list and count.
    sa.Index(
        "result_finding_idx", "load_id",
        postgresql_include=["endpoint", "check_id", "severity", "success", "unexpected_rows"],
        postgresql_where=sa.text("not success or check_id = 'quarantine_share'"),
    ),
    schema="quality",
)  # fmt: skip
QUARANTINE = ops(
    "quarantine", "Rows that were not published, with the rule they broke",
    sa.Column("quarantine_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number"),
    number("load_id", "Load", required=True),
    source(),
    scope(),
    text("release_version", "Release", required=True),
    text("endpoint", "Endpoint", required=True),
    number("row_number", "Position of the row in the answer, from 1", required=True),
    text("rule", "Checks that the row broke, with commas between", required=True),
    sa.Column("row", CleanJson, comment="The row as received"),
    time("quarantined_at", "When", default=True),
    sa.Index("quarantine_load_idx", "load_id", "endpoint", "row_number"),
    # A line of a package that is not a row has the number of the line.
    sa.Index("quarantine_row_key", "load_id", "endpoint", "row_number", unique=True,
             postgresql_where=sa.text("rule <> 'package_line'")),
    schema="quality",
)  # fmt: skip
QUARANTINED_VALUE = ops(
    "quarantined_value", "Values that could not be read, of rows that were published without them",
    sa.Column("value_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number"),
    number("load_id", "Load", required=True),
    source(),
    scope(),
    text("release_version", "Release", required=True),
    text("endpoint", "Endpoint", required=True),
    number("row_number", "Position of the row in the answer, from 1", required=True),
    text("field", "Column of the staged row", required=True),
    text("rule", "Check that the value broke", required=True),
    sa.Column("key", CleanJson, nullable=False, comment="The key of the row, as received"),
    text("value", "The value as received", required=True),
    time("quarantined_at", "When", default=True),
    sa.Index("quarantined_value_load_idx", "load_id", "endpoint", "field", "row_number"),
    schema="quality",
)  # fmt: skip
QUARANTINE_GROUP = ops(
    "quarantine_group", "How many rows and values of a load are quarantined, by rule, field and value:"
    " counted when its checks were recorded",
    sa.Column("group_id", sa.BigInteger, sa.Identity(), primary_key=True, comment="Number"),
    number("load_id", "Load", required=True),
    source(),
    scope(),
    text("kind", "row or value", required=True),
    text("endpoint", "Endpoint", required=True),
    text("rule", "Check that the value broke; of a row the checks, with commas between", required=True),
    text("field", "Column of the staged row; null for rows"),
    text("value", "The value as received; null for rows"),
    number("items", "How many rows or values", required=True),
    sa.Index("quarantine_group_load_idx", "load_id"),
    schema="quality",
)  # fmt: skip
AUDIT = ops(
    "audit", "What the audit of the whole warehouse found, per check and table",
    text("run_id", "Run", key=True),
    text("check_id", "Stable name of the check", key=True),
    text("relation", "Table that it checked", key=True),
    text("severity", "critical fails the run, warning is only reported", required=True),
    number("failed_rows", "Rows that broke it; 0 when none did", required=True),
    text("detail", "What a row that breaks it is", required=True),
    sa.Column("sample", CleanJson, comment="The first of those rows, by their keys"),
    time("checked_at", "When", default=True),
    sa.Index("audit_failed_idx", "run_id", "check_id", "relation",
             postgresql_where=sa.text("failed_rows > 0")),
    schema="quality",
)  # fmt: skip
CONTENT = ops(
    "content",
    "Rows and digest of each scope in each table after its last publish, for the audit to compare",
    number("scope_key", "Scope: the key that leads the table's own", key=True),
    text("relation", "Table of history", key=True),
    number("load_id", "Load that was published last with a change; null for what an audit found first"),
    number("rows", "Rows of the scope in the table, all versions", required=True),
    sa.Column("digest", sa.Numeric, nullable=False, comment="Sum of the hashes of these rows"),
    time("recorded_at", "When", default=True),
)  # fmt: skip

"""The tables of what holds for all runs: settings, and what was found out about services."""

from __future__ import annotations

import sqlalchemy as sa

from include.warehouse.schema.operations.columns import number, ops, text, time

FORMAT_VERDICT = ops(
    "format_verdict", "Whether an endpoint's TSV equals its JSON, compared once on a small answer",
    text("source", "Host that answered", key=True),
    text("endpoint", "Endpoint", key=True),
    sa.Column("is_equal", sa.Boolean, nullable=False, comment="Every cell agreed"),
    text("header", "Header line of the TSV; another one makes the verdict void", required=True),
    number("rows_compared", "Rows of the answer that was compared", required=True),
    text("detail", "The first difference, or why the verdict became void"),
    time("proven_at", "When", default=True),
)  # fmt: skip
CIRCUIT = ops(
    "circuit", "Hosts that failed repeatedly: while a circuit is open, no requests are sent",
    text("host", "Host and port", key=True),
    text("state", "closed, open or half-open", required=True),
    number("failures", "Failures in a row", required=True),
    time("opened_at", "When it was opened"),
    number("openings", "Openings in a row without an answer between", required=True, default=0),
    text("error", "The last failure"),
    text("endpoint", "Endpoint of the last failure"),
    text("scope", "Scope of the last failure"),
)  # fmt: skip
SETTING = ops(
    "setting", "Facts about the installation",
    text("name", "Name", key=True),
    text("value", "Value", required=True),
)  # fmt: skip

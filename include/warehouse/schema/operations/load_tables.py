"""The tables of what loads received, captured and changed."""

from __future__ import annotations

import sqlalchemy as sa

from include.sources.foreign import LONGEST_KEY
from include.warehouse.schema.foreign_types import CleanText
from include.warehouse.schema.operations.columns import number, ops, scope, source, text, time

STAGED = ops(
    "staged", "Rows staged per endpoint of a load, counted again before they are published",
    number("load_id", "Load", key=True),
    text("endpoint", "Endpoint", key=True),
    number("rows_received", "Rows in the answer", required=True),
    number("rows_staged", "Rows in the staging table", required=True),
    sa.Column("is_known", sa.Boolean, nullable=False, server_default=sa.true(),
              comment="The load provides the endpoint; otherwise its earlier rows stay valid"),
    number("pieces", "Parts in which it was requested; 0 for none, 1 for a whole answer",
           required=True, default=1),
    number("rows_expected", "Rows according to an independent count"),
    text("expected_from", "Source of that count: the release's table counts, an undivided answer"),
    text("note", "Remarks: why nothing was requested, why in parts"),
    text("refused", "Error with which the source refused the answer for good; the load goes on without it"),
    text("withheld", "Critical checks for which the gate withheld the endpoint alone: its tables stay as"
         " they are; null for none"),
    text("content_digest", "Digest of its rows, of an answer as it was received, by which a later load sees"
         " that they are the same; null for none"),
)  # fmt: skip
VALIDATOR = ops(
    "validator",
    "What sources said of the version of an answer: while they say the same, it is not fetched again",
    number("load_id", "Load", key=True),
    text("endpoint", "Endpoint", key=True),
    text("form", "Form in which its answer was landed", required=True),
    text("etag", "ETag as sent"),
    text("last_modified", "Last-Modified as sent"),
)  # fmt: skip
PACKAGE_TABLE = ops(
    "package_table", "Tables of the package of a load, unread ones included",
    number("load_id", "Load", key=True),
    text("table_name", "Table, as the package names it", key=True),
    number("rows", "Rows in it", required=True),
    text("read_for", "Endpoints whose rows are made of it; null for an unread table"),
    number("conflicts",
           "Keys under which it has rows that differ, of a table that is read by key: the first is read"),
)  # fmt: skip
PACKAGE_SAMPLE = ops(
    "package_sample", "A few rows of each table of a package, as digests: the same rows at every release",
    number("load_id", "Load", key=True),
    text("table_name", "Table, by its name in current packages", key=True),
    sa.Column("header", sa.ARRAY(CleanText(LONGEST_KEY)), nullable=False,
              comment="Names of the header line, in lower case"),
    sa.Column("keys", sa.ARRAY(sa.BigInteger), nullable=False, comment="Digest of the key of each row"),
    sa.Column("cells", sa.ARRAY(sa.BigInteger, dimensions=2), nullable=False,
              comment="For each name of the header, the digest of each row's value; null for an empty one"),
)  # fmt: skip
UNREPORTED = ops(
    "unreported_column", "Columns that a load did not report: their earlier values stay",
    number("load_id", "Load", key=True),
    text("endpoint", "Endpoint", key=True),
    text("column_name", "Column of its rows", key=True),
    text("reason", "Why: the route never has it, or this answer or package does not", required=True),
)  # fmt: skip
DRIFT = ops(
    "drift", "Keys an answer lacked, had beyond those declared, or had twice in one object",
    number("load_id", "Load", key=True),
    text("endpoint", "Endpoint", key=True),
    text("field", "Key of the answer", key=True),
    text("kind", "missing, unknown or repeated", key=True),
    number("rows", "Rows concerned", required=True),
)  # fmt: skip
CAPTURE = ops(
    "capture", "Releases at which a scope was captured whole: before the first, nothing is known",
    source(key=True),
    scope(key=True),
    sa.Column("release_key", sa.Integer, primary_key=True, autoincrement=False, comment="Release key"),
    text("kind", "full or withdrawn", required=True),
    text("reason", "Of a withdrawal: withdrawn, restricted or moved, and how that is known"),
    sa.Column("lacks", sa.ARRAY(CleanText()),
              comment="Tables of the star, and columns as table.column, that no"
              " load of the scope at the release provided; null of a withdrawal"),
    text("marker_vocabulary", "Vocabulary that the markers of cytometry are read with as of the release"),
    number("load_id", "Load that captured it", required=True),
    time("captured_at", "When", default=True),
)  # fmt: skip
LEDGER = ops(
    "ledger", "Loads whose publish was committed: a second publish of one changes nothing",
    number("load_id", "Load", key=True),
    source(),
    scope(),
    sa.Column("release_key", sa.Integer, nullable=False, comment="Release key"),
    time("published_at", "When", default=True),
    number("facts_added", "Rows of facts that were not there", required=True, default=0),
    number("facts_corrected", "Rows of facts that were there with other values", required=True, default=0),
    number("facts_withdrawn", "Rows of facts that are no longer there", required=True, default=0),
)  # fmt: skip
RELEASE_CHANGE = ops(
    "release_change", "What publishing a load changed, per table of the star",
    number("load_id", "Load", key=True),
    text("relation", "Table of the star", key=True),
    number("added", "Rows that were not there", required=True),
    number("corrected", "Rows that were there with other values", required=True),
    number("withdrawn", "Rows that are no longer there", required=True),
    number("unchanged", "Rows that did not change", required=True),
    number("distinct_keys",
           "Keys among the staged rows it was made of; null where the load does not provide the table"),
)  # fmt: skip

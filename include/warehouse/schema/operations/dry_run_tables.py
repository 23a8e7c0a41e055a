"""The tables of what dry runs found."""

from __future__ import annotations

import sqlalchemy as sa

from include.warehouse.schema.operations.columns import number, ops, scope, source, text, time

#: State of a load that a dry run makes and removes.
DRY_RUN_STATE = "dry run"

DRY_RUN = ops(
    "dry_run", "What a dry run of a replay found of each scope and release; nothing of it was published",
    text("run_id", "Run", key=True),
    source(key=True),
    scope(key=True),
    text("release_version", "Release that is landed", key=True),
    sa.Column("release_key", sa.Integer, nullable=False, comment="Release key"),
    text("fetch_id", "Name of the fetch in the landing zone that is staged", required=True),
    text("state", "planned, on hold, or how a replay would end: published, unchanged or failed",
         required=True),
    text("reason", "Why it is on hold or would fail; or which endpoints the gate would withhold"),
    number("expected_rows", "Rows the scope is expected to have"),
    number("load_id", "Load that its quarantine was compared with: the newest that was checked at the"
           " release; null for none"),
    *(
        number(f"{kind}_{name}", meaning.format(kind), required=True, default=0)
        for kind in ("rows", "values")
        for name, meaning in (
            ("earlier", "Quarantined {} of that load"),
            ("now", "Quarantined {} of the dry run"),
            ("passed", "Of the earlier ones, the {} that a replay would publish"),
            ("refused", "Quarantined {} of the dry run that are none of the earlier ones"),
        )
    ),
    time("counted_at", "When it was counted; null until then"),
    sa.Index("dry_run_scope_idx", "source", "scope"),
)  # fmt: skip
DRY_RUN_RULE = ops(
    "dry_run_rule", "What a dry run found of each rule that rows or values break, then or now",
    text("run_id", "Run", key=True),
    source(key=True),
    scope(key=True),
    text("release_version", "Release that is landed", key=True),
    text("endpoint", "Endpoint", key=True),
    # One of two words: seven long texts would be more than an index takes.
    text("kind", "row or value", key=True, longest=100),
    text("rule", "Check that they break", key=True),
    number("earlier", "Rows or values that broke it when the load was checked", required=True),
    number("now", "Rows or values that break it in the dry run", required=True),
    number("passed", "Of the earlier ones, what a replay would publish", required=True),
    number("refused", "Of those now, what is not in quarantine", required=True),
)  # fmt: skip
DRY_RUN_CHANGE = ops(
    "dry_run_change", "What the replay of a dry run would change, per table of the star",
    text("run_id", "Run", key=True),
    source(key=True),
    scope(key=True),
    text("release_version", "Release that is landed", key=True),
    text("relation", "Table of the star", key=True),
    number("added", "Rows that are not there", required=True),
    number("corrected", "Rows that are there with other values", required=True),
    number("withdrawn", "Rows that would no longer be there", required=True),
    number("unchanged", "Rows that would not change", required=True),
)  # fmt: skip

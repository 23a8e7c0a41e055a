"""How a dry run ended: in a line for the note of the run, and in tables for a log or a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from include.pipeline.report import RunSummary
from include.pipeline.run_ledger import finish_run
from include.sql import sql_file

_SQL = "include.pipeline.dry_run.sql"
#: Lines of a table in a log; `ops.dry_run_rule` has all.
_SHOWN = 50
_OF_RULE = ("scope", "release_version", "endpoint", "kind", "rule", "earlier", "now", "passed", "refused")
_OF_CHANGE = ("relation", "added", "corrected", "withdrawn", "unchanged")
_COUNTS = ("rows_earlier", "rows_passed", "rows_refused", "left_over")


def finish(engine: sa.Engine, run_id: str) -> RunSummary:
    """Sum up what was counted and close the record of the run.

    What a replay would not publish is a finding; a scope that was not counted is a failure of the dry run.
    """
    with engine.connect() as connection:
        totals = _rows(connection, "summary", run_id)[0]
        changes = _rows(connection, "changes", run_id)
        reasons = _rows(connection, "not_published", run_id)
        rules = _rows(connection, "rules", run_id)
    left = totals["left_over"]
    state = "failed" if not totals["scopes"] else "partial" if left else "success"
    finish_run(engine, run_id, state)
    lines = [f"{state}: {sentence(totals, changes)}"]
    lines += [f"{row['scope']} {row['release_version']}: {row['state']}: {row['reason']}" for row in reasons]
    lines += _table(rules, _OF_RULE)
    lines += _table(changes, _OF_CHANGE)
    counts = {name: int(totals[name]) for name in _COUNTS}
    return RunSummary(state, counts, "\n".join(lines))


def sentence(totals: sa.RowMapping, changes: Sequence[sa.RowMapping]) -> str:
    """A dry run in a sentence that names no scope: Airflow shows it to all its users."""
    parts = [f"would now pass: {totals['rows_passed']} of {totals['rows_earlier']} rows"]
    if totals["values_earlier"] or totals["values_refused"]:
        parts[0] += f" and {totals['values_passed']} of {totals['values_earlier']} values"
    newly = {kind: totals[f"{kind}_refused"] for kind in ("rows", "values")}
    refused = [f"{count} {kind}" for kind, count in newly.items() if count]
    parts.append(f"newly refused: {' and '.join(refused) or 'none'}")
    if totals["earlier_releases"]:
        parts.append(
            f"at earlier releases {totals['earlier_passed']} of {totals['earlier_quarantined']} rows"
        )
    sums = {name: sum(row[name] for row in changes) for name in ("added", "corrected", "withdrawn")}
    parts.append(f"rows of the star: {', '.join(f'{count} {name}' for name, count in sums.items())}")
    ends = [(name, totals[name]) for name in ("published", "unchanged", "failed", "on_hold")]
    ends.append(("not counted", totals["left_over"]))
    ended = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in ends if count)
    return "; ".join([*parts, f"scopes: {ended or 'none'}"])


def _rows(connection: sa.Connection, name: str, run_id: str) -> Sequence[sa.RowMapping]:
    return connection.execute(sa.text(sql_file(_SQL, name)), {"run": run_id}).mappings().all()


def _table(rows: Sequence[sa.RowMapping], names: Sequence[str]) -> Iterator[str]:
    """Rows with tabs between their values, below their names."""
    if not rows:
        return
    yield "\t".join(names)
    for row in rows[:_SHOWN]:
        yield "\t".join(_text(row[name]) for name in names)
    if len(rows) > _SHOWN:
        yield f"and {len(rows) - _SHOWN} more"


def _text(value: Any) -> str:
    return "" if value is None else str(value)

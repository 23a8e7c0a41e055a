"""How a run ended: the summary for its log, the report for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from include.pipeline import run_ledger
from include.sources.immport.source import IMMPORT
from include.sources.source import Source
from include.warehouse.model.registry import SOURCES
from include.warehouse.views.value_functions import DEFAULT_POLICY

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

#: Rows of an answer that are shown; the others are counted.
_SHOWN = 12
#: Name of the count of studies that wait for a person or for a later run.
ON_HOLD = "on hold"
#: A column of texts up to this length is never broken into lines.
_NARROW = 24

_ENDS = """
select w.source, w.scope, w.release_version, w.action, w.reason, l.state, l.error,
    nullif(l.run_id, w.run_id) as taken_by
from ops.work w left join ops.load l on l.load_id = w.load_id
where w.run_id = :run order by length(w.scope), w.scope, w.release_version
"""
_STEPS = """
select s.step, count(*) filter (where s.state = 'done') as done,
    count(*) filter (where s.state = 'failed') as failed,
    count(*) filter (where s.state = 'skipped') as skipped,
    coalesce(sum(s.rows), 0)::bigint as rows,
    coalesce(sum(extract(epoch from s.ended_at - s.started_at)), 0)::float as seconds
from ops.step s where s.run_id = :run
group by s.step order by min(s.step_id)
"""
_CHANGES = """
select c.relation, sum(c.added)::bigint as added, sum(c.corrected)::bigint as corrected,
    sum(c.withdrawn)::bigint as withdrawn, sum(c.unchanged)::bigint as unchanged
from ops.release_change c join ops.work w on w.load_id = c.load_id
where w.run_id = :run and (c.relation like 'fact%' or w.source <> 'immport') group by c.relation
having sum(c.added + c.corrected + c.withdrawn + c.unchanged) > 0 order by c.relation
"""
_CHECKS = """
select count(*) filter (where r.success) as passed,
    count(*) filter (where not r.success and r.severity = 'warning') as warnings,
    count(*) filter (where not r.success and r.severity = 'row') as rows_failed,
    count(*) filter (where not r.success and r.severity = 'critical') as critical
from ops.work w join ops.load l on l.load_id = w.load_id
join quality.result r on r.load_id = coalesce(l.same_as, l.load_id) where w.run_id = :run
"""
_QUARANTINED = """
select l.scope as study, l.release_version as release, q.endpoint, q.rule,
    q.items as rows, l.state = 'published' as is_published
from ops.work w
join ops.load l on l.load_id = w.load_id
join quality.quarantine_group q on q.load_id = coalesce(l.same_as, l.load_id) and q.kind = 'row'
where w.run_id = :run order by length(l.scope), 1, 2, 3, 4
"""
_UNREADABLE = """
select l.scope as study, l.release_version as release, v.endpoint, v.field, sum(v.items)::bigint as rows
from ops.work w
join ops.load l on l.load_id = w.load_id
join quality.quarantine_group v on v.load_id = coalesce(l.same_as, l.load_id) and v.kind = 'value'
where w.run_id = :run group by 1, 2, 3, 4 order by length(l.scope), 1, 2, 3, 4
"""
_WITHHELD = """
select w.scope as study, w.release_version as release, s.endpoint, s.withheld
from ops.staged s join ops.work w on w.load_id = s.load_id
where w.run_id = :run and s.withheld is not null order by length(w.scope), 1, 2, 3
"""
_QUARANTINED_ROWS = """
select coalesce(sum(q.items), 0)::bigint from ops.work w
join ops.load l on l.load_id = w.load_id
join quality.quarantine_group q on q.load_id = coalesce(l.same_as, l.load_id) and q.kind = 'row'
where w.run_id = :run
"""
_UNCHANGED = """
select f.release_version as since, l.scope as study from ops.work w
join ops.load l on l.load_id = w.load_id and l.state = 'published'
join ops.load f on f.load_id = l.same_as
where w.run_id = :run order by f.release_key, length(l.scope), l.scope
"""
_DRIFT = """
select d.endpoint, d.field, d.kind, sum(d.rows)::bigint as rows
from ops.drift d join ops.work w on w.load_id = d.load_id
where w.run_id = :run group by d.endpoint, d.field, d.kind order by 1, 2
"""


@dataclass(frozen=True)
class RunSummary:
    """How a run ended: `success`, `partial` (some studies failed or are on hold) or `failed`."""

    state: str
    counts: dict[str, int]
    text: str


def finish(engine: sa.Engine, run_id: str) -> RunSummary:
    """Compare the work list of the run with what was done, and finalise its record.

    Work without a final state counts as failed: a run succeeds only when every item has ended.
    """
    with engine.connect() as connection:
        rows = connection.execute(sa.text(_ENDS), {"run": run_id}).all()
        discovered = connection.scalar(
            sa.text("select listed is not null from ops.run where run_id = :run"), {"run": run_id}
        )
        quarantined = connection.execute(sa.text(_QUARANTINED), {"run": run_id}).all()
        same = _unchanged(connection.execute(sa.text(_UNCHANGED), {"run": run_id}).all())
    counts = dict.fromkeys(("loaded", "unchanged", "withdrawn", "failed", ON_HOLD), 0)
    problems: dict[str, list[str]] = {}
    for row in rows:
        ended = row.state == run_ledger.PUBLISHED
        if row.action == "keep":
            counts["unchanged"] += 1
        elif row.action == "plan":
            counts["planned"] = counts.get("planned", 0) + 1
        elif row.action == "hold":
            counts[ON_HOLD] += 1
            problems.setdefault(row.reason, []).append(row.scope)
        elif row.taken_by:
            counts["superseded"] = counts.get("superseded", 0) + 1
            if not ended:
                reason = f"superseded: run {row.taken_by} has taken it over"
                problems.setdefault(reason, []).append(row.scope)
        elif ended:
            counts["loaded" if row.action == "load" else "withdrawn"] += 1
        else:
            counts["failed"] += 1
            name = f"{row.scope} {row.release_version}"
            problems.setdefault(row.error or "was not finished", []).append(name)
    state = "success"
    if not discovered:
        state, problems = "failed", {"nothing was decided": ["discovery did not finish"]}
    elif problems:
        state = "partial" if counts["loaded"] + counts["withdrawn"] + counts["unchanged"] else "failed"
    run_ledger.finish_run(engine, run_id, state)
    totals = ", ".join(f"{number} {name}" for name, number in counts.items())
    reasons = (f"{_some(names)}: {reason}" for reason, names in problems.items())
    missing = (_missing(row) for row in quarantined if row.is_published)
    return RunSummary(state, counts, "\n".join([f"{state}: {totals}", *reasons, *missing, *same]))


def _unchanged(rows: Iterable[Any]) -> list[str]:
    """Published studies that landed what they had landed before, by the release that they are the same since.

    :param rows: `since` and `study` of each, in the order of the releases.
    """
    studies: dict[str, list[str]] = {}
    for row in rows:
        studies.setdefault(row.since, []).append(row.study)
    return [
        f"{_some(names)}: unchanged since {since}, not staged or checked again"
        for since, names in studies.items()
    ]


def _missing(row: Any) -> str:
    """Rows that the star of a published study lacks."""
    return (
        f"{row.study} {row.release}: published without {row.rows} rows of {row.endpoint}, quarantined by"
        f" {row.rule}"
    )


def _some(names: list[str]) -> str:
    """The first names, and the number of the others."""
    left = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {left} more" if left > 0 else "")


def print_report(engine: sa.Engine, run_ids: list[str], console: Console) -> int:
    """Print the report of some runs, then two answers from the star. Returns the exit status."""
    status = 0
    for run_id in run_ids:
        status |= _print_run(engine, run_id, console)
    title = f"HAI geometric mean fold rise by arm and strain, policy for censored values: {DEFAULT_POLICY}"
    _print_answer(engine, console, title, "hai_fold_rise")
    _print_answer(engine, console, "What the newest releases changed, scope by scope", "release_change")
    return status


def query(name: str) -> str:
    """The text of one of the warehouse's queries."""
    return files("include.warehouse").joinpath(f"queries/{name}.sql").read_text()


def _read(engine: sa.Engine, statement: str, run_id: str | None = None) -> pd.DataFrame:
    import pandas as pd

    with engine.connect() as connection:
        parameters = {"run": run_id} if run_id else None
        return pd.read_sql(sa.text(statement), connection, params=parameters)


def _print_run(engine: sa.Engine, run_id: str, console: Console) -> int:
    run = _read(engine, "select * from ops.run where run_id = :run", run_id)
    if run.empty:
        console.print(f"[red]{run_id}: nothing was recorded, the run did not begin[/red]")
        return 1
    record: dict[str, Any] = run.iloc[0].to_dict()
    ends = _read(engine, _ENDS, run_id)
    source = SOURCES[ends["source"].iloc[0] if len(ends) else IMMPORT.name].source
    colour = {"success": "green", "partial": "yellow"}.get(record["state"], "red")
    console.rule(f"{record['newest_release'] or 'replay'}: [{colour}]{record['state']}[/{colour}]")
    if record["note"]:
        console.print(f"[yellow]{record['note']}[/yellow]", highlight=False)
    _print_ends(ends, source, console)
    changes = _read(engine, _CHANGES, run_id)
    if ends["action"].isin(["load", "withdraw"]).any():
        if not changes.empty:
            _print_table(changes, console, f"Rows per {'fact' if source is IMMPORT else 'table'}")
        for line in _unchanged(_read(engine, _UNCHANGED, run_id).itertuples()):
            console.print(f"  {line}", markup=False, highlight=False)
        checks = _read(engine, _CHECKS, run_id).iloc[0]
        rows = int(_read(engine, _QUARANTINED_ROWS, run_id).iloc[0, 0])
        console.print(
            f"Checks: {checks.passed} passed; failed: {checks.critical} critical,"
            f" {checks.rows_failed} of rows, {checks.warnings} warnings. Quarantined rows: {rows}.",
            highlight=False,
        )
        quarantined = _read(engine, _QUARANTINED, run_id)
        for row in quarantined[quarantined["is_published"].astype(bool)].itertuples():
            console.print(f"  {_missing(row)}", style="yellow", markup=False, highlight=False)
        for row in _read(engine, _UNREADABLE, run_id).itertuples():
            found = f"{row.rows} values of {row.field} cannot be read: their text is in quarantine"
            console.print(
                f"  {row.study} {row.release} {row.endpoint}: {found}", markup=False, highlight=False
            )
        for row in _read(engine, _WITHHELD, run_id).itertuples():
            reason = f"withheld, its tables stay as they were: {row.withheld}"
            console.print(
                f"  {row.study} {row.release} {row.endpoint}: {reason}",
                style="yellow", markup=False, highlight=False,
            )  # fmt: skip
    drift = _read(engine, _DRIFT, run_id)
    if not drift.empty:
        _print_table(drift, console, "Keys that answers lacked, or had beyond those declared")
    steps = _read(engine, _STEPS, run_id)
    if not steps.empty:
        steps["rows/s"] = (steps["rows"] / steps["seconds"].clip(lower=0.001)).round().astype(int)
        steps["seconds"] = steps["seconds"].round(2)
        _print_table(steps, console, "Steps")
    return 0 if record["state"] == "success" else 1


def _print_ends(ends: pd.DataFrame, source: Source, console: Console) -> None:
    done = ends["state"] == run_ledger.PUBLISHED
    loaded, withdrawn = done & (ends["action"] == "load"), done & (ends["action"] == "withdraw")
    kept, on_hold = ends["action"] == "keep", ends["action"] == "hold"
    failed = ~(done | kept | on_hold)
    names = source.scope.plural.capitalize()
    console.print(
        f"{names}: {loaded.sum()} loaded, {kept.sum()} unchanged, {withdrawn.sum()} withdrawn,"
        f" {failed.sum()} failed, {on_hold.sum()} on hold.",
        highlight=False,
    )
    for (action, reason), group in ends.groupby(["action", "reason"], sort=False):
        console.print(f"  {action} {_some(list(group['scope']))} ({reason})", highlight=False)
    for row in ends[failed].itertuples():
        console.print(f"  [red]{row.scope}: {row.error or 'was not finished'}[/red]", highlight=False)
    if kept.all() and len(ends):
        console.print(f"[green]Nothing changed at {source.title}: no row was written.[/green]")


def _print_answer(engine: sa.Engine, console: Console, title: str, name: str) -> None:
    answer = _read(engine, query(name))
    if answer.empty:
        console.print(f"{title}: the star holds no rows for it.", highlight=False)
        return
    left = len(answer) - _SHOWN
    _print_table(answer.head(_SHOWN), console, f"{title} ({name}.sql)")
    if left > 0:
        console.print(f"  ... and {left} more rows", highlight=False)


def _print_table(frame: pd.DataFrame, console: Console, title: str) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", header_style="")
    for name, kind in frame.dtypes.items():
        is_number = kind.kind in "if"
        is_short = is_number or frame[name].astype(str).str.len().max() <= _NARROW
        table.add_column(
            str(name), justify="right" if is_number else "left", overflow="fold", no_wrap=is_short
        )
    for row in frame.astype(object).where(frame.notna(), "").itertuples(index=False):
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row))
    console.print(table)

"""What a dry run finds of one scope at one release: read before all is taken back, recorded after that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from include.pipeline.run_ledger import FAILED, PUBLISHED, Load
from include.sql import sql_file
from include.warehouse.schema.ops_tables import DRY_RUN, DRY_RUN_CHANGE, DRY_RUN_RULE, RELEASE_CHANGE

#: A replay would publish it, and finds that it landed what it had landed before.
UNCHANGED = "unchanged"
_SQL = "include.pipeline.dry_run.sql"
_COUNTS = ("earlier", "now", "passed", "refused")
_CHANGES = ("relation", "added", "corrected", "withdrawn", "unchanged")


@dataclass
class ReplayForecast:
    """A scope at a release.

    :param load: the load of the dry run.
    :param failed: why a replay would not publish it; None while nothing speaks against it.
    :param withheld: endpoints that the gate would withhold, with why.
    :param rows: rows staged.
    :param compared: load that its quarantine is compared with; None for none.
    :param totals: columns of `ops.dry_run` with the sums of the quarantine.
    :param rules: rows of `ops.dry_run_rule`, without what names the scope.
    :param changes: rows of `ops.dry_run_change`, likewise.
    """

    load: Load
    failed: str | None = None
    withheld: tuple[str, ...] = ()
    rows: int = 0
    compared: int | None = None
    totals: dict[str, int] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def state(self) -> str:
        """How a replay would end."""
        if self.failed is not None:
            return FAILED
        return PUBLISHED if self.load.same_as is None else UNCHANGED


def read_quarantine(connection: sa.Connection, found: ReplayForecast) -> None:
    """Read what it quarantines beside what the load before did: after its gate, before it is published."""
    load = found.load
    compared = sa.text(sql_file(_SQL, "compared_load"))
    before = connection.execute(compared, {"load": load.load_id}).one_or_none()
    found.compared = None if before is None else before.load_id
    given = {
        "now": load.same_as or load.load_id,
        "before": found.compared,
        "same_rows": bool(before and before.has_same_rows),
        "is_refused": found.failed is not None,
    }
    for row in connection.execute(sa.text(sql_file(_SQL, "quarantine")), given).mappings():
        if row["rule"] is None:
            found.totals |= {f"{row['kind']}s_{name}": row[name] for name in _COUNTS}
        else:
            found.rules.append(dict(row))


def read_changes(connection: sa.Connection, found: ReplayForecast) -> None:
    """Read what publishing it changed, once all releases of the scope are published."""
    if found.failed is not None:
        # It passed its gate and cannot be published: nothing of it gets out of the quarantine.
        found.totals |= dict.fromkeys(("rows_passed", "values_passed"), 0)
        found.rules = [row | {"passed": 0} for row in found.rules]
        return
    changed = sa.select(*(RELEASE_CHANGE.c[name] for name in _CHANGES))
    changed = changed.where(RELEASE_CHANGE.c.load_id == found.load.load_id)
    rows = connection.execute(changed).mappings()
    found.changes = [dict(row) for row in rows if any(row[name] for name in _CHANGES[1:])]


def record(engine: sa.Engine, run_id: str, findings: Iterable[ReplayForecast]) -> None:
    """Write down what was found. A second time changes nothing."""
    with engine.begin() as connection:
        for found in findings:
            load = found.load
            names = {"source": load.source, "scope": load.scope, "release_version": load.release}
            key = {"run_id": run_id, **names}
            for table, rows in ((DRY_RUN_RULE, found.rules), (DRY_RUN_CHANGE, found.changes)):
                mine = [table.c[name] == value for name, value in key.items()]
                connection.execute(sa.delete(table).where(*mine))
                if rows:
                    connection.execute(sa.insert(table), [key | row for row in rows])
            ended = sa.update(DRY_RUN).where(*(DRY_RUN.c[name] == value for name, value in key.items()))
            connection.execute(
                ended.values(
                    state=found.state,
                    reason=found.failed or "; ".join(found.withheld) or None,
                    load_id=found.compared,
                    counted_at=sa.func.now(),
                    **found.totals,
                )
            )

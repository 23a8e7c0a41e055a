"""What people are alerted to, brought about in a warehouse's tables of operations, and mended again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from include.alerts.events import KnownKey, Observed, WatchedSource
from include.quality import quarantine_groups
from include.warehouse.schema.ops_tables import (
    ALERT,
    ALERT_DELIVERY,
    AUDIT,
    DRIFT,
    LOAD,
    QUARANTINE,
    RELEASE_CHANGE,
    RESULT,
    RUN,
    STAGED,
    WORK,
)

#: A time that is over, and from which on everything of a test happens.
HOUR = timedelta(hours=1)
_NUMBERS = itertools.count(1)


@dataclass
class Operations:
    """The tables of operations of one warehouse, as runs would leave them.

    :ivar keys: the keys whose end is known.
    """

    engine: sa.Engine
    keys: tuple[KnownKey, ...] = ()

    def run(
        self, state: str = "success", dag: str = "immport_release", hours_ago: float = 1, **values: Any
    ) -> str:
        """A run that began so long ago and, unless it is running, ended a minute later. Returns its key."""
        key, began = f"{dag}/{next(_NUMBERS)}", datetime.now(UTC) - hours_ago * HOUR
        ended = None if state == "running" else began + timedelta(minutes=1)
        self.add(RUN, run_id=key, dag_id=dag, started_at=began, ended_at=ended, state=state, **values)
        return key

    def work(
        self,
        run: str,
        state: str = "published",
        *,
        action: str = "load",
        scope: str = "SDY1",
        release: str = "DR51",
        source: str = "immport",
        error: str | None = None,
        reason: str = "why",
        **load: Any,
    ) -> int:
        """A decision of a run, and the load that carries it out in a state. Returns the load's number."""
        about = {"source": source, "scope": scope, "release_version": release}
        number: int | None = None
        if action in {"load", "withdraw"}:
            number = self.add(
                LOAD, **about, release_key=int(release.strip("DR") or 0) * 10_000,
                fetch_id="f", state=state, error=error, run_id=run, **load,
            )  # fmt: skip
        self.add(WORK, run_id=run, **about, action=action, reason=reason, load_id=number)
        return number or 0

    def staged(self, load: int, rows: int, *, quarantined: int = 0, withheld: str | None = None) -> None:
        """Rows of a load, so many of them quarantined."""
        self.add(
            STAGED, load_id=load, endpoint="elisa", rows_received=rows, rows_staged=rows, withheld=withheld
        )
        for number in range(quarantined):
            self.add(
                QUARANTINE, load_id=load, scope="SDY1", release_version="DR51", endpoint="elisa",
                row_number=number + 1, rule="is_number:valueReported", row={},
            )  # fmt: skip
        if quarantined:
            # As the gate counts them.
            self.add(
                RESULT, load_id=load, endpoint="elisa", check_id="quarantine_share", severity="critical",
                success=True, unexpected_rows=quarantined,
            )  # fmt: skip
        with self.engine.begin() as connection:
            quarantine_groups.count(connection, load)

    def change(self, load: int, **values: int) -> None:
        """What publishing a load changed in a fact."""
        counts = {"added": 0, "corrected": 0, "withdrawn": 0, "unchanged": 0, **values}
        self.add(RELEASE_CHANGE, load_id=load, relation="fact_elisa", **counts)

    def drift(self, load: int, *fields: str) -> None:
        """Keys that an answer of a load had beyond those declared."""
        for name in fields:
            self.add(DRIFT, load_id=load, endpoint="elisa", field=name, kind="unknown", rows=5)

    def audit(self, relation: str = "fact_elisa", failed: int = 0) -> str:
        """An audit that ended just now. Returns the run's key."""
        run = self.run("failed" if failed else "success", "warehouse_upkeep", 0)
        self.add(
            AUDIT, run_id=run, check_id="one_key", relation=relation, severity="critical", failed_rows=failed,
            detail="a natural key with several surrogate keys", checked_at=datetime.now(UTC),
        )  # fmt: skip
        return run

    def key(self, **left: float) -> None:
        """The only key, with so much time left."""
        ends = datetime.now(UTC) + timedelta(**left)
        self.keys = (KnownKey("immport_default", "immport", ends),)

    def clear(self) -> None:
        """Empty every table that these methods and an evaluation fill."""
        tables = (ALERT, ALERT_DELIVERY, AUDIT, DRIFT, LOAD, QUARANTINE, RELEASE_CHANGE, RUN, STAGED, WORK)
        with self.engine.begin() as connection:
            for table in tables:
                connection.execute(sa.delete(table))

    def add(self, table: sa.Table, **values: Any) -> int:
        """A row of a table. Returns the first column of its key, where that is a number."""
        key = next(iter(table.primary_key.columns))
        statement = sa.insert(table).values(**values).returning(key)
        with self.engine.begin() as connection:
            number = connection.execute(statement).scalar_one()
        return number if isinstance(number, int) else 0

    def observed(self, **limits: Any) -> Observed:
        """What an evaluation knows beside these tables."""
        from include.alerts.events import AlertLimits

        sources = (
            WatchedSource("immport", "immport_release", 48),
            WatchedSource("vocabularies", "immport_vocabularies", 336),
        )
        return Observed(sources, self.keys, AlertLimits(**limits))


def _failed(ops: Operations) -> None:
    run = ops.run("partial")
    for scope in ("SDY1", "SDY2", "SDY3"):
        ops.work(run, "failed", scope=scope, error=f"ServerError: elisa: {scope}: HTTP 503 after 4 tries")
    ops.work(run, "failed", scope="SDY4", error="CheckFailedError: results_kept of elisa")


def _loaded(ops: Operations) -> None:
    run = ops.run(hours_ago=0.5)
    for scope in ("SDY1", "SDY2", "SDY3", "SDY4"):
        ops.work(run, scope=scope)


def _on_hold(ops: Operations) -> None:
    ops.work(ops.run("partial"), action="hold", reason="no longer listed; 3 of 5 studies are gone at once")


def _withdrawn(ops: Operations) -> None:
    ops.work(ops.run(hours_ago=0.5), action="withdraw")


def _regressed(ops: Operations) -> None:
    ops.staged(ops.work(ops.run(hours_ago=30), release="DR50"), 1000, quarantined=2)
    ops.staged(ops.work(ops.run()), 1000, quarantined=40)


def _better(ops: Operations) -> None:
    ops.staged(ops.work(ops.run(hours_ago=0.5), release="DR52"), 1000, quarantined=1)


def _fell(ops: Operations) -> None:
    ops.change(ops.work(ops.run(hours_ago=30), release="DR50"), added=100)
    ops.change(ops.work(ops.run()), withdrawn=30, unchanged=70)


def _rose(ops: Operations) -> None:
    ops.change(ops.work(ops.run(hours_ago=0.5), release="DR52"), added=30, unchanged=70)


def _drifted(ops: Operations) -> None:
    ops.drift(ops.work(ops.run(hours_ago=30), release="DR50"), "known")
    ops.drift(ops.work(ops.run()), "known", "newField")


def _as_before(ops: Operations) -> None:
    ops.drift(ops.work(ops.run(hours_ago=0.5), release="DR52"), "known")


def _listed(ops: Operations) -> None:
    run = ops.run("partial", hours_ago=25, newest_release="DR51")
    ops.work(run, scope="SDY1")
    ops.work(run, "failed", scope="SDY2", error="ServerError: HTTP 503")
    ops.work(run, scope="SDY3", release="DR50", action="keep")


def _listed_and_loaded(ops: Operations) -> None:
    run = ops.run(newest_release="DR51")
    ops.work(run, scope="SDY1", action="keep")
    ops.work(run, scope="SDY2")


#: How the event of each type that a query finds comes about, and how its cause goes.
SCENARIOS: dict[str, tuple[Callable[[Operations], object], Callable[[Operations], object]]] = {
    "scope_failed": (_failed, _loaded),
    "scope_on_hold": (_on_hold, _withdrawn),
    "audit_failed": (lambda ops: ops.audit(failed=3), lambda ops: ops.audit()),
    "run_failed": (
        lambda ops: ops.run("failed", "immport_export", note="StorageError: /srv cannot be written"),
        lambda ops: ops.run("success", "immport_export", 0.5),
    ),
    "key_expiring": (lambda ops: ops.key(days=2), lambda ops: ops.key(days=30)),
    "release_not_loaded": (_listed, _listed_and_loaded),
    "freshness_overdue": (lambda ops: ops.run(hours_ago=49), lambda ops: ops.run()),
    "quality_regressed": (_regressed, _better),
    "volume_fell": (_fell, _rose),
    "drift_seen": (_drifted, _as_before),
}

"""Publishing: one scope of a source at one release into history, in one transaction.

Readers see the scope as it was or as it is. An attempt that another one has superseded is refused
(`include.warehouse.load.fence`); a load published before, even if the answer to COMMIT was lost, is a no-op.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.sources.immport.source import IMMPORT
from include.sources.release import OPEN
from include.sql import literal
from include.warehouse.load import (
    carry_forward,
    content_digests,
    fence,
    scd2,
    surrogate_keys,
    transform,
    unchanged,
)
from include.warehouse.load.publication import Publication, account, add_up
from include.warehouse.load.scd2 import Capture, Change
from include.warehouse.load.staged_load import StagedLoad, prove_checked
from include.warehouse.load.staging_cleanup import drop_staging
from include.warehouse.load.transform import Incoming
from include.warehouse.markers import readings
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.schema.ops_tables import (
    CAPTURE,
    LEDGER,
    RELEASE_CHANGE,
    SCOPES,
)

#: First half of the advisory lock of a scope; the second is the hash of its source and its own name.
SCOPE_LOCK = 7_318_002
#: A stalled publish ends itself, and is tried again.
TRANSACTION_TIMEOUT = "30min"


#: The plans that a publish needs: it joins many staged rows to few members, in the order in which they are
#: written, by hashes that fit into memory.
PLANNING = {
    "work_mem": "64MB",
    "enable_mergejoin": "off",
    "join_collapse_limit": "1",
    "default_statistics_target": "10",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}


@dataclass(frozen=True)
class Published:
    """What a publish did.

    :param was_known: an earlier attempt had already committed it.
    :param unchanged: since when the scope is what it is, where nothing was staged for that.
    """

    changes: tuple[Change, ...]
    was_known: bool = False
    unchanged: str | None = None

    @property
    def rows_written(self) -> int:
        return sum(item.added + item.corrected + item.withdrawn for item in self.changes)


def publish_load(engine: sa.Engine, work: Publication, attempt: int) -> Published:
    """Publish a checked load, or withdraw a scope.

    :param attempt: the fence of the load as the caller took or read it.
    :raises SupersededError: a newer attempt has taken over the load.
    :raises StagingLostError: staging is not what was checked: stage and check the load again.
    :raises PublishRefusedError: the load was not checked, or its gate is closed.
    :raises CollapsedError: what would be written has not a row for each key that was staged.
    :raises OverlapError: two versions of a row would be valid at one release.
    """
    try:
        with engine.begin() as connection:
            return publish_in(connection, work, attempt)
    except sa.exc.OperationalError:
        # The answer to COMMIT may be lost while the commit is not: the ledger knows.
        known = _known(engine, work.load_id)
        if known is None:
            raise
        return known


def lock_scope(connection: sa.Connection, source: str, scope: str) -> None:
    """Wait until nobody else publishes the scope, and be the one until the end of the transaction."""
    lock = sa.text("select pg_advisory_xact_lock(:space, hashtext(:scope))")
    connection.execute(lock, {"space": SCOPE_LOCK, "scope": f"{source} {scope}"})


def _known(engine: sa.Engine, load_id: int) -> Published | None:
    with engine.connect() as connection:
        return _from_ledger(connection, load_id)


def _from_ledger(connection: sa.Connection, load_id: int) -> Published | None:
    if connection.scalar(sa.select(LEDGER.c.load_id).where(LEDGER.c.load_id == load_id)) is None:
        return None
    rows = connection.execute(sa.select(RELEASE_CHANGE).where(RELEASE_CHANGE.c.load_id == load_id)).mappings()
    changes = (Change(**{k: v for k, v in row.items() if k != "load_id"}) for row in rows)
    return Published(tuple(changes), was_known=True)


def publish_in(connection: sa.Connection, work: Publication, attempt: int) -> Published:
    """The same within a transaction of the caller, who ends it: a dry run takes all of it back."""
    limits = {"transaction_timeout": TRANSACTION_TIMEOUT, "lock_timeout": fence.LOCK_TIMEOUT}
    settings = (f"set local {name} = {literal(value)}" for name, value in {**limits, **PLANNING}.items())
    connection.exec_driver_sql("; ".join(settings))
    lock_scope(connection, work.source, work.scope)
    known = _from_ledger(connection, work.load_id)
    if known is not None:
        drop_staging(connection, work.model, work.load_id)  # a run that came late has staged it once more
        return known
    fence.hold(connection, work.load_id, attempt)
    fresh = upsert(SCOPES).values(source=work.source, scope=work.scope, state="new")
    connection.execute(fresh.on_conflict_do_nothing())
    earlier = unchanged.confirmed(connection, work.model, work.load_id, work.scope, work.release)
    if earlier is not None:
        changes = unchanged.changes(connection, earlier)
        account(connection, work, changes)
        _read_markers(connection, work)
        return Published(changes, unchanged=earlier.summary)
    if not work.is_withdrawal:
        prove_checked(connection, work.model, work.load_id, f"{work.scope} {work.release}")
    timeline = _Timeline.read(connection, work)
    if work.is_withdrawal:
        rows = transform.prepare_nothing(connection, work.model, timeline.scope_key)
    else:
        load = StagedLoad.read(connection, work.model, work.load_id)
        kept = unchanged.kept(connection, load, timeline.scope_key)
        rows = transform.prepare(connection, load, work.scope, timeline.scope_key, timeline.capture, kept)
    changes = _write(connection, work, rows, timeline)
    account(connection, work, changes)
    _read_markers(connection, work)
    drop_staging(connection, work.model, work.load_id)
    return Published(changes)


def _read_markers(connection: sa.Connection, work: Publication) -> None:
    """Read the markers of a study that have not been read yet, by the vocabularies of its captures."""
    if work.source == IMMPORT.name and not work.is_withdrawal:
        readings.read_missing(connection, work.scope)


@dataclass(frozen=True)
class _Timeline:
    """Where a publication lies among the captures of its scope."""

    work: Publication
    scope_key: int
    is_repeated: bool
    later: tuple[carry_forward.Later, ...]

    @classmethod
    def read(cls, connection: sa.Connection, work: Publication) -> _Timeline:
        at_it = sa.select(CAPTURE.c.load_id).where(
            work.of(CAPTURE) & (CAPTURE.c.release_key == work.release_key)
        )
        return cls(
            work,
            surrogate_keys.of_scope(connection, work.model, work.scope),
            connection.scalar(at_it) is not None,
            carry_forward.later_captures(connection, work.source, work.scope, work.release_key),
        )

    def capture(self, table: Dimension | Fact) -> Capture:
        return Capture(
            scope_key=self.scope_key,
            release=self.work.release_key,
            following=carry_forward.following(table, self.later),
            is_repeated=self.is_repeated,
            load_id=self.work.load_id,
            next_capture=self.later[0].release if self.later else OPEN,
        )


def _write(
    connection: sa.Connection, work: Publication, rows: Incoming, timeline: _Timeline
) -> tuple[Change, ...]:
    later = timeline.later
    changes, written = [], []
    for table in work.model.tables:
        keys = rows.keys.get(table)
        if table not in rows.tables:
            changes.append(rows.kept.get(table) or Change(table.relation, distinct_keys=keys))
            continue
        capture = timeline.capture(table)
        if table in rows.holding:
            change = scd2.write(connection, table, capture, has_quarantined=table in rows.quarantined)
        else:
            change = Change(table.relation, added=rows.written.get(table, 0))
        changes.append(replace(change, distinct_keys=keys))
        if later and carry_forward.fill(connection, table, rows.scope_key, later):
            for item in later:
                scd2.merge(connection, table, capture, item.release)
        if later:
            scd2.prove(connection, table, rows.scope_key)
        if later or not change.is_nothing:
            written.append(table.relation)
    content_digests.record(connection, work.model, rows.scope_key, work.load_id, written)
    if later:
        _recount(connection, work, rows, later[0].release)
    return tuple(changes)


def _recount(connection: sa.Connection, work: Publication, rows: Incoming, following: int) -> None:
    """What the next capture changed is now what differs from this one, not from the one before."""
    found = sa.select(CAPTURE.c.load_id).where(work.of(CAPTURE) & (CAPTURE.c.release_key == following))
    load_id = connection.scalar(found)
    for table in rows.tables:
        change = scd2.compare(connection, table, rows.scope_key, work.release_key, following)
        of_next = (RELEASE_CHANGE.c.load_id == load_id) & (RELEASE_CHANGE.c.relation == table.relation)
        names = ("added", "corrected", "withdrawn", "unchanged")
        counts = {name: getattr(change, name) for name in names}
        connection.execute(sa.update(RELEASE_CHANGE).where(of_next).values(counts))
    if load_id is not None:
        add_up(connection, load_id)

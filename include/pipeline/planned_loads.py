"""The loads that do the work of a run: new ones, and interrupted ones that go on where they were."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from include.pipeline.run_ledger import EXTRACTED, FAILED, OPEN_STATES, PLANNED, Load
from include.pipeline.work_decisions import Action, WorkDecision
from include.sources.release import Release
from include.sources.remote_files import RemoteFile
from include.warehouse.load import fence
from include.warehouse.load.fence import Attempt
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import CAPTURE, LOAD, SCOPES
from include.warehouse.schema.scopes import of_scope

#: How long after the decision a run still resumes an interrupted load.
RESUME_WITHIN = timedelta(days=1)


#: Name of a source, and of a scope of it.
Partition = tuple[str, str]


@dataclass
class WarehouseScopes:
    """What the warehouse has of scopes, read once for all that a work list plans loads of. Each is identified
    by the name of its source and its own.

    :param unfinished: scopes with a load that has not ended.
    :param captured: release key of the newest capture by scope.
    :param states: rows of `ops.scope` by scope.
    """

    unfinished: set[Partition]
    captured: dict[Partition, int]
    states: dict[Partition, sa.Row]

    @classmethod
    def read(cls, connection: sa.Connection, partitions: Iterable[Partition]) -> WarehouseScopes:
        """Read it, of these scopes."""
        known = cls(set(), {}, {})
        scopes: dict[str, list[str]] = {}
        for source, scope in sorted(set(partitions)):
            scopes.setdefault(source, []).append(scope)
        for source, names in scopes.items():
            known._add(connection, source, names)
        return known

    def _add(self, connection: sa.Connection, source: str, scopes: list[str]) -> None:
        named = sa.any_(sa.literal(scopes, sa.ARRAY(sa.Text)))

        def of(table: sa.Table) -> sa.ColumnElement[bool]:
            return (table.c.source == source) & (table.c.scope == named)

        is_open = LOAD.c.state.in_(OPEN_STATES) & of(LOAD)
        newest = sa.select(CAPTURE.c.scope, sa.func.max(CAPTURE.c.release_key).label("newest"))
        newest = newest.where(of(CAPTURE)).group_by(CAPTURE.c.scope)
        open_scopes = connection.scalars(sa.select(LOAD.c.scope).where(is_open))
        self.unfinished.update((source, scope) for scope in open_scopes)
        self.captured |= {(source, row.scope): row.newest for row in connection.execute(newest)}
        states = connection.execute(sa.select(SCOPES).where(of(SCOPES)))
        self.states |= {(source, row.scope): row for row in states}


def load_for(
    connection: sa.Connection,
    run: Attempt,
    item: WorkDecision,
    replayed: str | None,
    package: RemoteFile | None = None,
    *,
    known: WarehouseScopes | None = None,
) -> tuple[int, bool]:
    """The load that does the work: one that was interrupted goes on where it was.

    Not if that was long ago: its answers would be of two moments, and ImmPort curates without a release.

    :param known: what the warehouse has of the scope, where it was read already; kept up to date.
    """
    known = known or WarehouseScopes.read(connection, [(item.source, item.scope)])
    if replayed is not None:
        return new_load(connection, run, item, replayed, EXTRACTED, known=known), False
    if (item.source, item.scope) in known.unfinished:
        interrupted = _interrupted(connection, run, item, package)
        if interrupted is not None:
            return interrupted, True
    fetch_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    return new_load(connection, run, item, fetch_id, PLANNED, package, known=known), False


def _interrupted(
    connection: sa.Connection, run: Attempt, item: WorkDecision, package: RemoteFile | None
) -> int | None:
    """The load that goes on, if there is one; those that are too old for it end."""
    is_open = of_scope(LOAD, item.source, item.scope) & LOAD.c.state.in_(OPEN_STATES)
    too_old = is_open & (LOAD.c.created_at < sa.func.now() - RESUME_WITHIN)
    _give_up(connection, run, too_old, "interrupted, and not resumed in time")
    interrupted: int | None = connection.scalar(
        sa.select(sa.func.max(LOAD.c.load_id)).where(
            is_open,
            # Its files may have shown a later release than the listing states.
            (LOAD.c.release_version == item.release) | sa.literal(item.release == item.listed),
            LOAD.c.release_date.is_not_distinct_from(item.release_date),
            LOAD.c.listed_version.is_not_distinct_from(item.listed),
            LOAD.c.file_uuid.is_not_distinct_from(package.uuid if package else None),
            LOAD.c.fetch_id != "withdrawal",
        )
    )
    if interrupted is not None:
        fence.take_over(connection, interrupted, run)
        # A crash may have emptied its staging: what was landed is staged and checked again.
        restart = sa.update(LOAD).where(LOAD.c.load_id == interrupted, LOAD.c.state != PLANNED)
        connection.execute(restart.values(state=EXTRACTED, changed_at=sa.func.now()))
    return interrupted


def _give_up(connection: sa.Connection, run: Attempt, which: sa.ColumnElement[bool], why: str) -> None:
    """End open loads, also where an older attempt is still at work on one."""
    for load_id in connection.scalars(sa.select(LOAD.c.load_id).where(which).order_by(LOAD.c.load_id)).all():
        fence.take_over(connection, load_id, run)
        ended = {"state": FAILED, "error": why, "changed_at": sa.func.now()}
        connection.execute(sa.update(LOAD).where(LOAD.c.load_id == load_id).values(ended))


def new_load(
    connection: sa.Connection,
    run: Attempt,
    item: WorkDecision,
    fetch_id: str,
    state: str,
    package: RemoteFile | None = None,
    *,
    known: WarehouseScopes | None = None,
) -> int:
    """Plan a load of its own. Open loads that it replaces end; `known` as of `load_for`."""
    known = known or WarehouseScopes.read(connection, [(item.source, item.scope)])
    is_of_its_release = state == EXTRACTED or package is not None
    key = _valid_from(known, item, is_of_its_release=is_of_its_release)
    # What was decided last holds: no load of an earlier decision is published over it.
    is_replaced = LOAD.c.release_key == key
    if item.action is Action.WITHDRAW:
        is_replaced = LOAD.c.release_key >= _key(item)
    elif not is_of_its_release and SOURCES[item.source].source.is_dated_by_fetch:
        is_replaced = LOAD.c.release_key <= key  # what was fetched before is no longer what there is
    if (item.source, item.scope) in known.unfinished:
        is_open = of_scope(LOAD, item.source, item.scope) & LOAD.c.state.in_(OPEN_STATES)
        _give_up(connection, run, is_open & is_replaced, f"superseded: run {run.run_id} decided anew")
    known.unfinished.add((item.source, item.scope))
    statement = sa.insert(LOAD).values(
        source=item.source,
        scope=item.scope,
        run_id=run.run_id,
        fence=run.number,
        release_key=key,
        file_uuid=package.uuid if package else None,
        release_version=item.release,
        release_date=item.release_date,
        listed_version=item.listed,
        fetch_id=fetch_id,
        state=state,
    )
    return int(connection.execute(statement.returning(LOAD.c.load_id)).scalar_one())


def move(engine: sa.Engine, load: Load, release: Release) -> Load:
    """Let a planned load be of another release: what its source says now is of that one.

    :raises SupersededError: a newer attempt has taken the load.
    """
    moved = WorkDecision(
        load.scope, str(release), load.release_date, Action.LOAD, "", 0, load.listed_version, load.source
    )
    with engine.begin() as connection:
        key = _valid_from(
            WarehouseScopes.read(connection, [(moved.source, moved.scope)]), moved, is_of_its_release=False
        )
        values = {"release_version": moved.release, "release_key": key, "changed_at": sa.func.now()}
        fence.hold(connection, load.load_id, load.fence)
        connection.execute(sa.update(LOAD).where(LOAD.c.load_id == load.load_id).values(**values))
    return replace(load, release=moved.release, release_key=key)


def _valid_from(known: WarehouseScopes, item: WorkDecision, *, is_of_its_release: bool) -> int:
    """Release key at which a load becomes valid: that of its release, with one exception.

    A scope can vanish, come back, or move while no new release appears. What the release contained
    before must stay as it was: the change comes just after the scope's newest capture, or replaces that one.

    :param is_of_its_release: what is loaded is that very release, a replay or a package, and not what the
        source happens to say today.
    """
    key = _key(item)
    newest = known.captured.get((item.source, item.scope), 0)
    if item.action is Action.WITHDRAW:
        return max(key, newest + 1)
    recorded = known.states.get((item.source, item.scope))
    if is_of_its_release or recorded is None:
        return key
    if recorded.state == "withdrawn":
        return max(key, newest + 1)
    return max(key, newest) if recorded.release_version == item.release else key


def _key(item: WorkDecision) -> int:
    """Position of its release on the line of its source."""
    return SOURCES[item.source].source.line.parse(item.release).key

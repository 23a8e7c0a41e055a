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
from include.warehouse.schema.ops_tables import CAPTURE, LOAD, STUDY

#: How long after the decision a run still resumes an interrupted load.
RESUME_WITHIN = timedelta(days=1)


@dataclass
class WarehouseStudies:
    """What the warehouse has of studies, read once for all that a work list plans loads of.

    :param unfinished: studies with a load that has not ended.
    :param captured: release key of the newest capture by study.
    :param studies: rows of `ops.study` by study.
    """

    unfinished: set[str]
    captured: dict[str, int]
    studies: dict[str, sa.Row]

    @classmethod
    def read(cls, connection: sa.Connection, studies: Iterable[str]) -> WarehouseStudies:
        """Read it, of these studies."""
        named = sa.any_(sa.literal(sorted(studies), sa.ARRAY(sa.Text)))
        is_open = LOAD.c.state.in_(OPEN_STATES) & (LOAD.c.study_accession == named)
        newest = sa.select(CAPTURE.c.study_accession, sa.func.max(CAPTURE.c.release_key).label("newest"))
        newest = newest.where(CAPTURE.c.study_accession == named).group_by(CAPTURE.c.study_accession)
        rows = connection.execute(sa.select(STUDY).where(STUDY.c.study_accession == named))
        return cls(
            set(connection.scalars(sa.select(LOAD.c.study_accession).where(is_open))),
            {row.study_accession: row.newest for row in connection.execute(newest)},
            {row.study_accession: row for row in rows},
        )


def load_for(
    connection: sa.Connection,
    run: Attempt,
    item: WorkDecision,
    replayed: str | None,
    package: RemoteFile | None = None,
    *,
    known: WarehouseStudies | None = None,
) -> tuple[int, bool]:
    """The load that does the work: one that was interrupted goes on where it was.

    Not if that was long ago: its answers would be of two moments, and ImmPort curates without a release.

    :param known: what the warehouse has of the study, where it was read already; kept up to date.
    """
    known = known or WarehouseStudies.read(connection, [item.study])
    if replayed is not None:
        return new_load(connection, run, item, replayed, EXTRACTED, known=known), False
    if item.study in known.unfinished:
        interrupted = _interrupted(connection, run, item, package)
        if interrupted is not None:
            return interrupted, True
    fetch_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    return new_load(connection, run, item, fetch_id, PLANNED, package, known=known), False


def _interrupted(
    connection: sa.Connection, run: Attempt, item: WorkDecision, package: RemoteFile | None
) -> int | None:
    """The load that goes on, if there is one; those that are too old for it end."""
    is_open = (LOAD.c.study_accession == item.study) & LOAD.c.state.in_(OPEN_STATES)
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
    known: WarehouseStudies | None = None,
) -> int:
    """Plan a load of its own. Open loads that it replaces end; `known` as of `load_for`."""
    known = known or WarehouseStudies.read(connection, [item.study])
    is_of_its_release = state == EXTRACTED or package is not None
    key = _valid_from(known, item, is_of_its_release=is_of_its_release)
    # What was decided last holds: no load of an earlier decision is published over it.
    is_replaced = LOAD.c.release_key == key
    if item.action is Action.WITHDRAW:
        is_replaced = LOAD.c.release_key >= Release.parse(item.release).key
    if item.study in known.unfinished:
        is_open = (LOAD.c.study_accession == item.study) & LOAD.c.state.in_(OPEN_STATES)
        _give_up(connection, run, is_open & is_replaced, f"superseded: run {run.run_id} decided anew")
    known.unfinished.add(item.study)
    statement = sa.insert(LOAD).values(
        study_accession=item.study,
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
    moved = WorkDecision(load.study, str(release), load.release_date, Action.LOAD, "", 0, load.listed_version)
    with engine.begin() as connection:
        key = _valid_from(WarehouseStudies.read(connection, [load.study]), moved, is_of_its_release=False)
        values = {"release_version": moved.release, "release_key": key, "changed_at": sa.func.now()}
        fence.hold(connection, load.load_id, load.fence)
        connection.execute(sa.update(LOAD).where(LOAD.c.load_id == load.load_id).values(**values))
    return replace(load, release=moved.release, release_key=key)


def _valid_from(known: WarehouseStudies, item: WorkDecision, *, is_of_its_release: bool) -> int:
    """Release key at which a load becomes valid: that of its release, with one exception.

    A study can vanish, come back, or move while no new release appears. What the release contained
    before must stay as it was: the change comes just after the study's newest capture, or replaces that one.

    :param is_of_its_release: what is loaded is that very release, a replay or a package, and not what the
        source happens to say today.
    """
    key = Release.parse(item.release).key
    newest = known.captured.get(item.study, 0)
    if item.action is Action.WITHDRAW:
        return max(key, newest + 1)
    recorded = known.studies.get(item.study)
    if is_of_its_release or recorded is None:
        return key
    if recorded.state == "withdrawn":
        return max(key, newest + 1)
    return max(key, newest) if recorded.release_version == item.release else key

"""Discovery: ask the source what there is, write the work list of the run."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.landing.zone import Landing
from include.pipeline.release_file_changes import ReleaseFileProbe, refused_answers, with_release_files
from include.pipeline.run_ledger import (
    EXTRACTED,
    FAILED,
    OPEN_STATES,
    PLANNED,
    PUBLISHED,
    RETRACTED,
    Load,
    note_run,
)
from include.pipeline.work_decisions import (
    RESTRICTED,
    Action,
    Listed,
    LoadPolicy,
    Restricted,
    WarehouseStudy,
    WorkDecision,
    batches,
    decide,
    withheld,
)
from include.sources.listing import Listing
from include.sources.plausible import doubt
from include.sources.release import Release
from include.sources.remote_files import RemoteFile
from include.warehouse.access import study_visibility
from include.warehouse.load import fence, retract
from include.warehouse.load.fence import Attempt, SupersededError
from include.warehouse.schema.ops_tables import CAPTURE, LOAD, STUDY, WORK

#: How long after it was decided an interrupted load is gone on with.
RESUME_WITHIN = timedelta(days=1)
#: Advisory lock of whoever writes a work list.
WORK_LOCK = 7_318_004


def retract_after(engine: sa.Engine, run: Attempt, last: Release, policy: LoadPolicy) -> str | None:
    """Remove what was published at releases after `last`, of the studies that the run is for.

    :returns: what the run removed, in this attempt or an earlier one; None for nothing.
    :raises SupersededError: a newer attempt works on one of these loads.
    """
    for study in retract.studies_after(engine, last):
        if policy.wants(study):
            retract.retract(engine, study, last, run)
    gone = sa.select(LOAD.c.study_accession, LOAD.c.release_version).where(
        LOAD.c.run_id == run.run_id, LOAD.c.state == RETRACTED
    )
    with engine.connect() as connection:
        names = [f"{row.study_accession} {row.release_version}" for row in connection.execute(gone)]
    return f"retracted as after {last}: {', '.join(sorted(set(names)))}" if names else None


def from_listing(
    engine: sa.Engine,
    run: Attempt,
    listing: Listing,
    policy: LoadPolicy,
    restricted: Restricted,
    look: ReleaseFileProbe,
) -> list[WorkDecision]:
    """Compare a listing with the warehouse and write the work list.

    :param restricted: studies that the source restricts.
    :param look: how to ask for the release files of studies that the listing shows unchanged.
    """
    today = datetime.now(UTC).date()
    listed = [
        Listed(
            item.accession,
            str(item.release),
            item.release_date,
            item.expected_rows,
            doubt(item.release, item.release_date, today),
        )
        for item in listing.studies
    ]
    # A release that cannot be is not the newest either: what is compared with that would be settled for ever.
    newest = max((Release.parse(item.release) for item in listed if not policy.doubts(item)), default=None)
    incomplete = None if listing.complete else listing.reason or "unknown"
    # At once, and also where the withdrawal waits for a person to approve.
    restricted, waiting = _hide(engine, run, restricted)
    held = [replace(item, is_waiting=item.study in waiting) for item in held_studies(engine)]
    decisions = decide(listed, held, policy, incomplete=incomplete, restricted=restricted)
    decisions = with_release_files(engine, run.run_id, decisions, held, newest, look)
    note_run(
        engine,
        run.run_id,
        newest_release=str(newest) if newest else None,
        listed=len(listed),
        is_complete=listing.complete,
    )
    _write(engine, run, decisions, {})
    return decisions


def _hide(engine: sa.Engine, run: Attempt, restricted: Restricted) -> tuple[Restricted, frozenset[str]]:
    """Hide what the list names, whether or not all of it is known. Returns what is known of restricted
    studies, and those hidden until two runs did not find them on it."""
    with engine.begin() as connection:
        waiting = study_visibility.waiting(connection)
        if restricted.unknown is None and not restricted.studies and waiting:
            names = ", ".join(sorted(waiting))
            unknown = f"the source's list of restricted studies is empty, {names} would be opened by it alone"
            restricted = replace(restricted, unknown=unknown)
        study_visibility.hide(connection, restricted.studies, RESTRICTED)
        if restricted.unknown is None:
            study_visibility.show(connection, restricted.studies, run.run_id)
        return restricted, study_visibility.waiting(connection)


def from_landing(
    engine: sa.Engine,
    run: Attempt,
    landing: Landing,
    policy: LoadPolicy,
    until: Release | None,
    notes: Iterable[str | None] = (),
) -> list[WorkDecision]:
    """Write a work list of what was fetched before: nothing is asked of the source.

    :param until: newest release to replay; None for all.
    :param notes: what else a person should know of the run.
    """
    decisions, fetches = [], {}
    ended = _fetches(engine, [PUBLISHED, RETRACTED])
    today = datetime.now(UTC).date()
    # Of several fetches of one study at one release the last one counts.
    newest = {(item.study, item.release): item for item in landing.manifests()}
    for (study, release), manifest in newest.items():
        if not policy.wants(study) or (until is not None and Release.parse(release) > until):
            continue
        day = date.fromisoformat(manifest.release_date) if manifest.release_date else None
        state = None if policy.force else ended.get(manifest.fetch_id)
        listed = Listed(study, release, day, doubt=doubt(Release.parse(release), day, today))
        if state is not None:
            action, reason = Action.KEEP, f"already {state} from fetch {manifest.fetch_id}"
        elif policy.doubts(listed):
            action, reason = Action.HOLD, withheld(listed)
        else:
            action, reason = Action.LOAD, f"replay of fetch {manifest.fetch_id}"
        decisions.append(WorkDecision(study, release, day, action, reason, manifest.rows))
        fetches[study, release] = manifest.fetch_id
    note = "; ".join(filter(None, [*notes, "replay of the landing zone"]))
    note_run(engine, run.run_id, listed=len(decisions), is_complete=False, note=note)
    _write(engine, run, decisions, fetches)
    return decisions


def held_studies(engine: sa.Engine) -> list[WarehouseStudy]:
    """Studies that were published here, whether or not they still are."""
    statement = sa.select(STUDY).where(STUDY.c.state.in_(["current", "withdrawn"]))
    with engine.connect() as connection:
        refused = refused_answers(connection)
        return [
            WarehouseStudy(
                row.study_accession,
                row.state,
                row.release_version,
                row.release_date,
                row.listed_version,
                row.reason,
                refused=refused.get(row.study_accession, ()),
            )
            for row in connection.execute(statement).all()
        ]


def _fetches(engine: sa.Engine, states: list[str]) -> dict[str, str]:
    """States of loads by their fetch; of several loads of one fetch, that of the last one."""
    loads = sa.select(LOAD.c.fetch_id, LOAD.c.state).where(LOAD.c.state.in_(states)).order_by(LOAD.c.load_id)
    with engine.connect() as connection:
        return {row.fetch_id: row.state for row in connection.execute(loads)}


def write_packages(
    engine: sa.Engine, run: Attempt, decisions: Iterable[tuple[WorkDecision, RemoteFile | None]]
) -> None:
    """Write a work list that names the package of each load."""
    pairs = list(decisions)
    packages = {(item.study, item.release): file for item, file in pairs if file is not None}
    _write(engine, run, [item for item, _ in pairs], {}, packages)


def _write(
    engine: sa.Engine,
    run: Attempt,
    decisions: list[WorkDecision],
    fetches: Mapping[tuple[str, str], str],
    packages: Mapping[tuple[str, str], RemoteFile] | None = None,
) -> None:
    """Write the work list. What it decides to load or to withdraw is taken over from the runs before."""
    with engine.begin() as connection:
        # One list after the other: the second sees the loads of the first.
        connection.exec_driver_sql(f"set local lock_timeout = '{fence.LOCK_TIMEOUT}'")
        connection.execute(sa.text("select pg_advisory_xact_lock(:lock)"), {"lock": WORK_LOCK})
        for item in decisions:
            load_id, action, reason = None, item.action, item.reason
            package = (packages or {}).get((item.study, item.release))
            try:
                if action is Action.LOAD:
                    fetch_id = fetches.get((item.study, item.release))
                    load_id, resumed = _load(connection, run, item, fetch_id, package)
                    reason = f"{reason}; resumes load {load_id}" if resumed else reason
                elif action is Action.WITHDRAW:
                    load_id = _new_load(connection, run, item, "withdrawal", PLANNED)
            except SupersededError as error:  # this attempt waited while a later run decided
                load_id, action, reason = None, Action.HOLD, str(error)
            values = {
                "run_id": run.run_id,
                "study_accession": item.study,
                "release_version": item.release,
                "action": action.value,
                "reason": reason,
                "load_id": load_id,
                "expected_rows": item.expected_rows,
                "expected_bytes": package.size_bytes if package else None,
            }
            statement = upsert(WORK).values(values)
            key = [WORK.c.run_id, WORK.c.study_accession, WORK.c.release_version]
            connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values))


def _load(
    connection: sa.Connection,
    run: Attempt,
    item: WorkDecision,
    replayed: str | None,
    package: RemoteFile | None = None,
) -> tuple[int, bool]:
    """The load that does the work: one that was interrupted goes on where it was.

    Not if that was long ago: its answers would be of two moments, and ImmPort curates without a release.
    """
    if replayed is not None:
        return _new_load(connection, run, item, replayed, EXTRACTED), False
    is_open = (LOAD.c.study_accession == item.study) & LOAD.c.state.in_(OPEN_STATES)
    too_old = is_open & (LOAD.c.created_at < sa.func.now() - RESUME_WITHIN)
    _give_up(connection, run, too_old, "interrupted, and not resumed in time")
    interrupted = connection.scalar(
        sa.select(sa.func.max(LOAD.c.load_id)).where(
            is_open,
            # It may have turned out to be of a later release than the listing tells.
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
        return interrupted, True
    fetch_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    return _new_load(connection, run, item, fetch_id, PLANNED, package), False


def _give_up(connection: sa.Connection, run: Attempt, which: sa.ColumnElement[bool], why: str) -> None:
    """End open loads, also where an older attempt is still at work on one."""
    for load_id in connection.scalars(sa.select(LOAD.c.load_id).where(which).order_by(LOAD.c.load_id)).all():
        fence.take_over(connection, load_id, run)
        ended = {"state": FAILED, "error": why, "changed_at": sa.func.now()}
        connection.execute(sa.update(LOAD).where(LOAD.c.load_id == load_id).values(ended))


def _new_load(
    connection: sa.Connection,
    run: Attempt,
    item: WorkDecision,
    fetch_id: str,
    state: str,
    package: RemoteFile | None = None,
) -> int:
    is_of_its_release = state == EXTRACTED or package is not None
    key = _valid_from(connection, item, is_of_its_release=is_of_its_release)
    # What was decided last holds: no load of an earlier decision is published over it.
    is_replaced = LOAD.c.release_key == key
    if item.action is Action.WITHDRAW:
        is_replaced = LOAD.c.release_key >= Release.parse(item.release).key
    is_open = (LOAD.c.study_accession == item.study) & LOAD.c.state.in_(OPEN_STATES)
    _give_up(connection, run, is_open & is_replaced, f"superseded: run {run.run_id} decided anew")
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
        key = _valid_from(connection, moved, is_of_its_release=False)
        values = {"release_version": moved.release, "release_key": key, "changed_at": sa.func.now()}
        fence.hold(connection, load.load_id, load.fence)
        connection.execute(sa.update(LOAD).where(LOAD.c.load_id == load.load_id).values(**values))
    return replace(load, release=moved.release, release_key=key)


def work_of(
    engine: sa.Engine, run_id: str, rows: int, most: int, least: int
) -> tuple[list[list[int]], list[int]]:
    """Loads of a run as batches, and its withdrawals, as the work list has them."""
    order = (sa.func.length(WORK.c.study_accession), WORK.c.study_accession, LOAD.c.load_id)
    statement = sa.select(WORK, LOAD.c.release_version.label("release")).join(
        LOAD, LOAD.c.load_id == WORK.c.load_id
    )
    with engine.connect() as connection:
        work = connection.execute(statement.where(WORK.c.run_id == run_id).order_by(*order)).all()
    loads = sorted(
        (row for row in work if row.action == Action.LOAD), key=lambda row: Release.parse(row.release)
    )
    sizes = {row.load_id: row.expected_rows or 0 for row in loads}
    studies = {row.load_id: row.study_accession for row in loads}
    withdrawals = [row.load_id for row in work if row.action == Action.WITHDRAW]
    return (batches(sizes, studies, rows=rows, most=most, least=least) if loads else []), withdrawals


def _valid_from(connection: sa.Connection, item: WorkDecision, *, is_of_its_release: bool) -> int:
    """Release key at which a load becomes valid: that of its release, with one exception.

    A study can vanish, come back, or move while no new release appears. What the release held before
    must stay as it was: the change comes just after the study's newest capture, or replaces that one.

    :param is_of_its_release: what is loaded is that very release, a replay or a package, and not what the
        source happens to say today.
    """
    key = Release.parse(item.release).key
    captured = sa.select(sa.func.max(CAPTURE.c.release_key)).where(CAPTURE.c.study_accession == item.study)
    newest = connection.scalar(captured) or 0
    if item.action is Action.WITHDRAW:
        return max(key, newest + 1)
    held = connection.execute(sa.select(STUDY).where(STUDY.c.study_accession == item.study)).one_or_none()
    if is_of_its_release or held is None:
        return key
    if held.state == "withdrawn":
        return max(key, newest + 1)
    return max(key, newest) if held.release_version == item.release else key

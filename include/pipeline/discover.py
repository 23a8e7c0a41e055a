"""Discovery: request the source's listing, write the work list of the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

import sqlalchemy as sa

from include.landing.zone import Landing
from include.pipeline import work_list
from include.pipeline.load_policy import LoadPolicy
from include.pipeline.release_file_changes import ReleaseFileProbe, refused_answers, with_release_files
from include.pipeline.run_ledger import PUBLISHED, RETRACTED, note_run
from include.pipeline.work_decisions import (
    RESTRICTED,
    Action,
    Listed,
    Restricted,
    WarehouseStudy,
    WorkDecision,
    decide,
    withheld,
)
from include.sources.immport.listing import Listing
from include.sources.immport.source import IMMPORT
from include.sources.plausible import doubt
from include.sources.release import Dated, Release
from include.sources.source import Source
from include.warehouse.access import study_visibility
from include.warehouse.load import retract
from include.warehouse.load.fence import Attempt
from include.warehouse.schema.ops_tables import LOAD, SCOPES
from include.warehouse.schema.scopes import of_immport


def retract_after(engine: sa.Engine, run: Attempt, last: Release, policy: LoadPolicy) -> str | None:
    """Remove what was published at releases after `last`, of the studies that the run is for.

    :returns: what the run removed, in this attempt or an earlier one; None for nothing.
    :raises SupersededError: a newer attempt works on one of these loads.
    """
    for study in retract.studies_after(engine, last):
        if policy.wants(study):
            retract.retract(engine, study, last, run)
    gone = sa.select(LOAD.c.scope, LOAD.c.release_version).where(
        of_immport(LOAD), LOAD.c.run_id == run.run_id, LOAD.c.state == RETRACTED
    )
    with engine.connect() as connection:
        names = [f"{row.scope} {row.release_version}" for row in connection.execute(gone)]
    return f"retracted as after {last}: {', '.join(sorted(set(names)))}" if names else None


def from_listing(
    engine: sa.Engine,
    run: Attempt,
    listing: Listing,
    policy: LoadPolicy,
    restricted: Restricted,
    probe: ReleaseFileProbe,
) -> list[WorkDecision]:
    """Compare a listing with the warehouse and write the work list.

    :param restricted: studies that the source restricts.
    :param probe: how to request the release files of studies that the listing shows unchanged.
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
    newest = max(
        (Release.parse(item.release) for item in listed if not policy.doubts(item.doubt)), default=None
    )
    incomplete = None if listing.complete else listing.reason or "unknown"
    # At once, and also where the withdrawal waits for a person to approve.
    restricted, waiting = _hide(engine, run, restricted)
    loaded = [replace(item, is_waiting=item.study in waiting) for item in warehouse_studies(engine)]
    decisions = decide(listed, loaded, policy, incomplete=incomplete, restricted=restricted)
    decisions = with_release_files(engine, run.run_id, decisions, loaded, newest, probe)
    note_run(
        engine,
        run.run_id,
        newest_release=str(newest) if newest else None,
        listed=len(listed),
        is_complete=listing.complete,
    )
    work_list.write(engine, run, decisions, {})
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
    until: Dated | None,
    notes: Iterable[str | None] = (),
    source: Source = IMMPORT,
) -> list[WorkDecision]:
    """Write a work list of what was fetched before: nothing is requested from the source.

    :param until: newest release to replay; None for all.
    :param notes: what else a person should know of the run.
    """
    decisions = landed(engine, landing, policy, until, source)
    note = "; ".join(filter(None, [*notes, "replay of the landing zone"]))
    note_run(engine, run.run_id, listed=len(decisions), is_complete=False, note=note)
    fetches = {(item.scope, item.release): fetch_id for item, fetch_id in decisions}
    work_list.write(engine, run, [item for item, _ in decisions], fetches)
    return [item for item, _ in decisions]


def landed(
    engine: sa.Engine, landing: Landing, policy: LoadPolicy, until: Dated | None, source: Source
) -> list[tuple[WorkDecision, str]]:
    """What a replay does with each landed scope at each release, and the fetch that it reads.

    :param until: as of `from_landing`.
    :raises LandingError: a manifest cannot be read.
    """
    ended = _fetches(engine, source, [PUBLISHED, RETRACTED])
    # Of several fetches of one scope at one release the last one counts.
    scopes: list[str | None] = [*sorted(policy.studies)] or [None]
    found = (item for scope in scopes for item in landing.manifests(scope, source))
    decisions = []
    for (scope, release), manifest in {(item.scope, item.release): item for item in found}.items():
        at = source.line.parse(release)
        if not policy.wants(scope) or (until is not None and at.key > until.key):
            continue
        day = date.fromisoformat(manifest.release_date) if manifest.release_date else None
        state = None if policy.force else ended.get((scope, manifest.fetch_id))
        listed = Listed(scope, release, day, doubt=_doubt(at, day))
        if state is not None:
            action, reason = Action.KEEP, f"already {state} from fetch {manifest.fetch_id}"
        elif policy.doubts(listed.doubt):
            action, reason = Action.HOLD, withheld(listed)
        else:
            action, reason = Action.LOAD, f"replay of fetch {manifest.fetch_id}"
        decided = WorkDecision(scope, release, day, action, reason, manifest.rows, source=source.name)
        decisions.append((decided, manifest.fetch_id))
    return decisions


def warehouse_studies(engine: sa.Engine) -> list[WarehouseStudy]:
    """Studies that were published here, whether or not they still are."""
    statement = sa.select(SCOPES).where(of_immport(SCOPES), SCOPES.c.state.in_(["current", "withdrawn"]))
    with engine.connect() as connection:
        refused = refused_answers(connection)
        return [
            WarehouseStudy(
                row.scope,
                row.state,
                row.release_version,
                row.release_date,
                row.listed_version,
                row.reason,
                refused=refused.get(row.scope, ()),
            )
            for row in connection.execute(statement).all()
        ]


def _doubt(release: Dated, day: date | None) -> str | None:
    """Why a release cannot be, where its numbers say that."""
    return doubt(release, day, datetime.now(UTC).date()) if isinstance(release, Release) else None


def _fetches(engine: sa.Engine, source: Source, states: list[str]) -> dict[tuple[str, str], str]:
    """States of loads by scope and fetch; of several loads of one fetch, that of the last one."""
    ended = (LOAD.c.source == source.name) & LOAD.c.state.in_(states)
    loads = sa.select(LOAD.c.scope, LOAD.c.fetch_id, LOAD.c.state).where(ended).order_by(LOAD.c.load_id)
    with engine.connect() as connection:
        return {(row.scope, row.fetch_id): row.state for row in connection.execute(loads)}

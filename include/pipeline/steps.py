"""The steps of a load: extract, stage, check, publish, withdraw. Each can be killed and run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from immport_provider.errors import CredentialError, RetriableError
from include.landing import Fetch, Landed, Landing
from include.pipeline import records
from include.pipeline.records import CHECKED, EXTRACTED, FAILED, Load, Step
from include.quality import gate
from include.sources.immport import ENDPOINTS, STUDY_ENDPOINTS
from include.sources.release import Release
from include.warehouse import publish as publishing
from include.warehouse import stage as staging
from include.warehouse.publish import Publication, StagingLostError

if TYPE_CHECKING:
    from immport_provider.hooks.immport import ImmPortHook


class ReleaseMovedError(RuntimeError):
    """The study was released anew while it was fetched: the answers belong to two releases."""


class CheckFailedError(RuntimeError):
    """Critical checks failed: the study is not published."""


@dataclass(frozen=True)
class Tools:
    """What the steps work with.

    :param accept_vanished: a person accepts that many results of a study are gone.
    """

    engine: sa.Engine
    landing: Landing
    run_id: str
    accept_vanished: bool = False


def extract(tools: Tools, hook: ImmPortHook, load: Load, step: Step) -> None:
    """Land every answer of a study. What an interrupted try landed is not fetched again."""
    fetch = Fetch(load.study, load.release, load.fetch_id)
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    if not tools.landing.is_complete(fetch):
        # Nothing else can be fetched with that key, whichever task of the run learned it first.
        if refused := records.refused_credentials(tools.engine, tools.run_id):
            raise CredentialError(f"not asked for, credentials were refused: {refused}")
        landed = tools.landing.partial(fetch)
        for endpoint in _fetch_order():
            if endpoint.name not in landed:
                landed[endpoint.name] = hook.fetch(
                    endpoint,
                    load.study,
                    lambda chunks, endpoint=endpoint: tools.landing.receive(  # type: ignore[misc]
                        fetch, endpoint, endpoint.request(load.study)[1], chunks
                    ),
                )
            rows = sum(item.rows for item in landed.values())
            step.progress(rows, f"{endpoint.name}, {len(landed)} of {len(ENDPOINTS)} endpoints")
        _same_release(tools.landing, load, landed["study"])
        tools.landing.write_manifest(
            fetch,
            landed.values(),
            source=hook.settings.base,
            release_date=load.release_date.isoformat() if load.release_date else None,
            started_at=started,
        )
    manifest = tools.landing.read_manifest(fetch)
    for item in manifest.landed:
        records.note_drift(tools.engine, load.load_id, item)
    step.rows = manifest.rows
    size = sum(item.size_bytes for item in manifest.landed)
    step.message = f"{len(manifest.landed)} endpoints, {size / 1e6:.1f} MB"
    records.set_state(tools.engine, load.load_id, EXTRACTED)


def _fetch_order() -> list:
    """The study itself comes last: it tells whether the release moved while the rest was fetched."""
    study = STUDY_ENDPOINTS[0]
    return [*(item for item in ENDPOINTS.values() if item is not study), study]


def _same_release(landing: Landing, load: Load, landed: Landed) -> None:
    for row in landing.rows(landed, ENDPOINTS["study"]):
        told = row.get("latestDataReleaseVersion")
        if told is not None and Release.parse(str(told)) != Release.parse(load.release):
            raise ReleaseMovedError(
                f"{load.name}: the study is at {told} now; the next run loads it as that release"
            )


def stage(tools: Tools, load: Load, step: Step) -> None:
    """Copy the landed answers into staging tables."""
    manifest = tools.landing.read_manifest(Fetch(load.study, load.release, load.fetch_id))
    with tools.engine.begin() as connection:
        step.rows = staging.stage(connection, load.load_id, tools.landing, manifest)
        records.set_state(connection, load.load_id, records.STAGED)


def check(tools: Tools, load: Load, step: Step) -> None:
    """Run the checks of a staged load.

    :raises CheckFailedError: a critical check failed.
    """
    about = gate.Load(load.load_id, load.study, load.release)
    outcome = gate.judge(tools.engine, about, accept_vanished=tools.accept_vanished)
    step.rows = outcome.rows
    passed = outcome.expectations - outcome.failed
    step.message = f"{passed} of {outcome.expectations} checks passed, {outcome.quarantined} rows set aside"
    if outcome.critical:
        raise CheckFailedError(f"{load.name}: {'; '.join(outcome.critical)}")
    records.set_state(tools.engine, load.load_id, CHECKED)


def publish(tools: Tools, load: Load, step: Step) -> None:
    """Publish a checked load. Staging that a crash emptied is made and checked again."""
    work = _publication(load)
    fence = publishing.take_fence(tools.engine, load.study)
    try:
        done = publishing.publish(tools.engine, work, fence)
    except StagingLostError:
        stage(tools, load, step)
        check(tools, load, step)
        done = publishing.publish(tools.engine, work, fence)
    _tell(done, step)


def withdraw(tools: Tools, load: Load, step: Step) -> None:
    """Close everything a study has: it is no longer shared."""
    work = _publication(load, is_withdrawal=True)
    done = publishing.publish(tools.engine, work, publishing.take_fence(tools.engine, load.study))
    _tell(done, step)


def _publication(load: Load, *, is_withdrawal: bool = False) -> Publication:
    day = None if is_withdrawal else load.release_date
    return Publication(load.load_id, load.study, load.release, day, load.release_key, is_withdrawal)


def _tell(done: publishing.Published, step: Step) -> None:
    step.rows = done.rows_written
    added, corrected, withdrawn, unchanged = (
        sum(getattr(item, name) for item in done.changes)
        for name in ("added", "corrected", "withdrawn", "unchanged")
    )
    step.message = f"+{added} ~{corrected} -{withdrawn} ={unchanged}"
    if done.was_known:
        step.skip(f"already published: {step.message}")


@dataclass(frozen=True)
class BatchOutcome:
    """Loads that failed for good, and those worth another try, with why."""

    failed: dict[str, str]
    retriable: dict[str, str]


#: What may succeed when it is tried again in some minutes.
_LATER = (RetriableError, sa.exc.OperationalError)


def run_batch(
    tools: Tools,
    load_ids: list[int],
    name: str,
    *,
    needs: str,
    ends: str,
    work: Callable[[Load, Step], None],
    is_last_try: bool,
) -> BatchOutcome:
    """Do one step for each load of a batch; a load that fails does not stop the others.

    :param needs: state a load must have reached; others failed before and are passed over.
    :param ends: state the step ends in; a load that has reached it is passed over.
    :param is_last_try: a failure that would be worth another try is final.
    """
    outcome = BatchOutcome({}, {})
    for load_id in load_ids:
        load = records.load(tools.engine, load_id)
        if load.has_reached(ends) or not load.has_reached(needs):
            continue
        try:
            with records.step(tools.engine, tools.run_id, load, name) as step:
                work(load, step)
        except CredentialError as error:
            outcome.failed[load.name] = str(error)
            records.set_state(tools.engine, load_id, FAILED, f"{name}: {error}")
        except _LATER as error:
            outcome.retriable[load.name] = records.brief(error)
            if is_last_try:
                records.set_state(tools.engine, load_id, FAILED, f"{name}: {records.brief(error)}")
        except Exception as error:  # noqa: BLE001 - recorded with the load; the other studies go on
            outcome.failed[load.name] = records.brief(error)
            records.set_state(tools.engine, load_id, FAILED, f"{name}: {records.brief(error)}")
    return outcome

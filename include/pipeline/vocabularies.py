"""The load of the vocabularies: fetch all, land them, publish what changed in one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.landing.manifest import VocabularyFetch
from include.landing.zone import Landed, Landing, Manifest
from include.pipeline.circuit_breaker import STUDIES
from include.pipeline.verdict import may_pass
from include.sources.errors import AccessError, ImmPortError, RequestError, RetriableError
from include.sources.immport.lookups import LOOKUP_ENDPOINTS
from include.warehouse.load import publish_vocabularies
from include.warehouse.load.publish_vocabularies import VocabularyChange
from include.warehouse.schema.ops_tables import VOCABULARY_FETCH

if TYPE_CHECKING:
    from include.sources.client import SourceClient
    from include.sources.endpoint import Endpoint

_BY_NAME = {item.name: item for item in LOOKUP_ENDPOINTS}


def fetch_of(run_id: str) -> VocabularyFetch:
    """The fetch of a run: another try of the run goes on with it."""
    return VocabularyFetch(fetch_id=re.sub(r"[^A-Za-z0-9._+-]", "-", run_id)[:120])


def land(
    landing: Landing, hook: SourceClient, fetch: VocabularyFetch, *, is_last_try: bool = False
) -> Manifest:
    """Land every vocabulary, except those that an interrupted try has landed.

    One that cannot be had leaves the others alone: the manifest says why nothing was received of it.

    :param is_last_try: one whose error may pass is given up, too.
    :raises ImmPortError: one could not be fetched, and may be later; or several in a row, or none at all.
    :raises LandingError: the landing zone cannot be written.
    """
    if landing.is_complete(fetch):
        return landing.read_manifest(fetch)
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    landed = landing.partial(fetch)
    missing: dict[str, ImmPortError] = {}
    in_a_row = 0

    def receive(endpoint: Endpoint, chunks: Iterator[bytes]) -> Landed:
        return landing.receive(fetch, endpoint, {}, chunks)

    for endpoint in LOOKUP_ENDPOINTS:
        if endpoint.name in landed and landed[endpoint.name].path:
            continue
        try:
            landed[endpoint.name] = hook.vocabulary(
                endpoint,
                lambda chunks, endpoint=endpoint: receive(endpoint, chunks),  # type: ignore[misc]
            )
            in_a_row = 0
        except (RequestError, AccessError, RetriableError) as error:
            missing[endpoint.name] = error
            in_a_row = in_a_row + 1 if may_pass(error) else 0
            if in_a_row >= STUDIES:  # it is not this vocabulary: the service is down
                raise
    for name, problem in missing.items():
        if len(missing) == len(LOOKUP_ENDPOINTS) or (may_pass(problem) and not is_last_try):
            raise problem
        landed[name] = landing.leave_out(fetch, _BY_NAME[name], f"not received: {problem}")
    return landing.write_manifest(
        fetch, landed.values(), source=hook.settings.base, release_date=None, started_at=started
    )


def missing(manifest: Manifest) -> dict[str, str]:
    """Vocabularies that could not be had, and why."""
    return {item.endpoint: item.note or "" for item in manifest.landed if not item.path}


def publish(
    engine: sa.Engine, landing: Landing, manifest: Manifest, run_id: str
) -> dict[str, VocabularyChange]:
    """Publish a fetch whole or not at all. One that is not newer than the warehouse's terms changes nothing.

    :raises LandingError: landed bytes are missing or no longer those received.
    """
    at = datetime.fromisoformat(manifest.finished_at)
    changes: dict[str, VocabularyChange] = {}
    with engine.begin() as connection:
        newest = publish_vocabularies.newest(connection)
        known = sa.select(sa.func.max(VOCABULARY_FETCH.c.fetched_at))
        last = connection.scalar(known)
        if any(time is not None and time >= at for time in (newest, last)):
            return {}
        for endpoint in LOOKUP_ENDPOINTS:
            landed = manifest.of(endpoint.name)
            change = publish_vocabularies.publish(connection, endpoint, landing.rows(landed, endpoint), at)
            changes[endpoint.name] = change
            connection.execute(
                upsert(VOCABULARY_FETCH).values(
                    fetch_id=manifest.fetch_id,
                    vocabulary=endpoint.name,
                    run_id=run_id,
                    fetched_at=at,
                    rows_received=change.received,
                    rows_dropped=change.dropped,
                    added=change.added,
                    corrected=change.corrected,
                    withdrawn=change.withdrawn,
                    unchanged=change.unchanged,
                    note=_note(landed, change),
                )
            )
    return changes


def _note(landed: Landed, change: VocabularyChange) -> str | None:
    notes = [landed.note] if landed.note else []
    notes += [f"{count} rows without {name}" for name, count in landed.missing_keys.items()]
    notes += [f"{count} rows with the unknown key {name}" for name, count in landed.unknown_keys.items()]
    notes += [f"{count} rows with the key {name} twice" for name, count in landed.repeated_keys.items()]
    if change.unstorable:
        notes.append(f"left out, as Postgres cannot hold it: {change.unstorable}")
    if change.received == change.dropped:
        notes.append("no terms received: those of the warehouse stay")
    return "; ".join(notes) or None

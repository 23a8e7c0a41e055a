"""The load of the vocabularies: fetch all, land them, publish what changed in one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.landing import Landed, Landing, Manifest
from include.manifest import VocabularyFetch
from include.sources.lookups import LOOKUP_ENDPOINTS
from include.warehouse import vocabulary
from include.warehouse.ops_tables import VOCABULARY_FETCH
from include.warehouse.vocabulary import Change

if TYPE_CHECKING:
    from immport_provider.hooks.immport import ImmPortHook
    from include.sources.model import Endpoint


def fetch_of(run_id: str) -> VocabularyFetch:
    """The fetch of a run: another try of the run goes on with it."""
    return VocabularyFetch(fetch_id=re.sub(r"[^A-Za-z0-9._+-]", "-", run_id)[:120])


def land(landing: Landing, hook: ImmPortHook, fetch: VocabularyFetch) -> Manifest:
    """Land every vocabulary, except those that an interrupted try has landed.

    :raises ImmPortError: one could not be fetched.
    :raises LandingError: the landing zone cannot be written.
    """
    if landing.is_complete(fetch):
        return landing.read_manifest(fetch)
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    landed = landing.partial(fetch)

    def receive(endpoint: Endpoint, chunks: Iterator[bytes]) -> Landed:
        return landing.receive(fetch, endpoint, {}, chunks)

    for endpoint in LOOKUP_ENDPOINTS:
        if endpoint.name not in landed:
            landed[endpoint.name] = hook.vocabulary(
                endpoint,
                lambda chunks, endpoint=endpoint: receive(endpoint, chunks),  # type: ignore[misc]
            )
    return landing.write_manifest(
        fetch, landed.values(), source=hook.settings.base, release_date=None, started_at=started
    )


def publish(engine: sa.Engine, landing: Landing, manifest: Manifest, run_id: str) -> dict[str, Change]:
    """Publish a fetch whole or not at all. One that is not newer than what is held changes nothing.

    :raises LandingError: landed bytes are missing or no longer those received.
    """
    at = datetime.fromisoformat(manifest.finished_at)
    changes: dict[str, Change] = {}
    with engine.begin() as connection:
        held = vocabulary.newest(connection)
        known = sa.select(sa.func.max(VOCABULARY_FETCH.c.fetched_at))
        last = connection.scalar(known)
        if any(time is not None and time >= at for time in (held, last)):
            return {}
        for endpoint in LOOKUP_ENDPOINTS:
            landed = manifest.of(endpoint.name)
            change = vocabulary.publish(connection, endpoint, landing.rows(landed, endpoint), at)
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


def _note(landed: Landed, change: Change) -> str | None:
    notes = [f"{count} rows without {name}" for name, count in landed.missing_keys.items()]
    notes += [f"{count} rows with the unknown key {name}" for name, count in landed.unknown_keys.items()]
    notes += [f"{count} rows with the key {name} twice" for name, count in landed.repeated_keys.items()]
    if change.received == change.dropped:
        notes.append("no terms received: those held stay")
    return "; ".join(notes) or None

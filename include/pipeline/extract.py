"""Extract: land everything a load needs, by the API or as a package. It can be killed and run again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from immport_provider.errors import CredentialError
from include.landing import Fetch, Landed, Landing
from include.pipeline import records
from include.pipeline.batch import Tools
from include.pipeline.records import EXTRACTED, Load, Step
from include.sources.immport import ENDPOINTS, STUDY_ENDPOINTS
from include.sources.release import Release

if TYPE_CHECKING:
    from immport_provider.hooks.immport import ImmPortHook


class ReleaseMovedError(RuntimeError):
    """The study was released anew while it was fetched: the answers belong to two releases."""


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
    # The release of its files may be a later one than the study tells.
    listed = Release.parse(load.listed_version or load.release)
    for row in landing.rows(landed, ENDPOINTS["study"]):
        told = row.get("latestDataReleaseVersion")
        if told is not None and Release.parse(str(told)) != listed:
            raise ReleaseMovedError(
                f"{load.name}: the study is at {told} now; the next run loads it as that release"
            )

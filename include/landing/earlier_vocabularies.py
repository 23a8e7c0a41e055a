"""Vocabularies that were landed all together, before each was a scope of its own, made ready for a replay.

python -m include.landing file:///srv/landing

Of each such fetch, every vocabulary gets a manifest where a replay looks for it. The answers stay where they
lie, as they were received; nothing is removed, and a second call changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import ObjectStoragePath

from include.landing.manifest import FORMAT, Fetch, Landed, LandingError, Manifest
from include.landing.reading import MANIFEST
from include.landing.zone import Landing
from include.sources.immport.vocabularies import TERM, VOCABULARIES
from include.sources.release import EPOCH, FetchTime


class EarlierVocabularies(Landing):
    """The fetches of a landing zone that brought all vocabularies together."""

    def adopt(self) -> int:
        """Write the manifests that are missing; their number.

        :raises LandingError: a manifest cannot be read or written.
        """
        return sum(self._write(manifest) for manifest in self._manifests())

    def _write(self, manifest: Manifest) -> bool:
        fetch = Fetch(manifest.scope, manifest.release, manifest.fetch_id, VOCABULARIES)
        if self.is_complete(fetch):
            return False
        self._write_json(self.root / fetch.path / MANIFEST, asdict(manifest))
        self._arrivals.settle()
        return True

    def _manifests(self) -> Iterator[Manifest]:
        """One for each vocabulary that a fetch received, oldest first. Each fetch has a second of its own, as
        the upgrade of a warehouse gives it."""
        found = [self._read(path) for path in self.root.glob(f"{VOCABULARIES.name}/*/{MANIFEST}")]
        last = -1
        for fetch in sorted(found, key=lambda item: datetime.fromisoformat(item["finished_at"])):
            finished = FetchTime.of(datetime.fromisoformat(fetch["finished_at"]))
            last = max(finished.key, last + 1)
            release = str(FetchTime(EPOCH + timedelta(seconds=last)))
            for item in map(Landed.read, fetch["landed"]):
                if item.path:
                    landed = replace(item, endpoint=TERM.name, scope=item.endpoint)
                    yield _manifest(fetch, release, item.endpoint, landed)

    def _read(self, path: ObjectStoragePath) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(path.read_text())
            if found["format"] != FORMAT:
                raise LandingError(f"{path}: format {found['format']}, this version reads {FORMAT}")
            datetime.fromisoformat(found["finished_at"]).astimezone(UTC)
        except (ValueError, TypeError, KeyError) as error:
            raise LandingError(f"{path}: not a manifest: {error}") from error
        return found


def _manifest(fetch: dict[str, Any], release: str, scope: str, landed: Landed) -> Manifest:
    times = fetch["started_at"], fetch["finished_at"]
    source = VOCABULARIES.name
    return Manifest(
        fetch["source"], scope, release, None, fetch["fetch_id"], *times, (landed,), source_name=source
    )

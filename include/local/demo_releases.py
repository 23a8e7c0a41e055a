"""Which releases of the sandbox `make demo` loads and `make up` begins with, and what is not loaded of them.

The warehouse itself remembers: the newest release that it was fed from, and for each release the run that was
to load it. A release is loaded once everything is done that its run decided, by that run or by a later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from include.sources.immport.source import IMMPORT
from include.sources.release import Release

#: Names in ops.setting. What studies say of their release does not show it: a release may only withdraw some.
_SERVED, _RUN_OF = "demo_release", "demo_run/"

#: Releases at which studies were published, by whatever run.
_PUBLISHED = sa.text(
    "SELECT DISTINCT release_version FROM ops.load WHERE source = :source AND state = 'published'"
)
#: What a run decided, and neither it nor a later one did. A study on hold is settled by any later decision.
_LEFT = sa.text("""
    SELECT w.scope AS study, coalesce(l.release_version, w.release_version) AS release, w.action,
           CASE w.action WHEN 'hold' THEN w.reason ELSE coalesce(l.error, 'was not finished') END AS reason
    FROM ops.work w
    JOIN ops.run r ON r.run_id = w.run_id
    LEFT JOIN ops.load l ON l.load_id = w.load_id
    WHERE w.run_id = :run AND w.action IN ('load', 'withdraw', 'hold')
      AND l.state IS DISTINCT FROM 'published'
      AND NOT EXISTS (
          SELECT FROM ops.load done
          WHERE done.source = w.source and done.scope = w.scope AND done.state = 'published'
            AND done.release_version = coalesce(l.release_version, w.release_version)
            AND (done.fetch_id = 'withdrawal') = (w.action = 'withdraw'))
      AND NOT (w.action <> 'load' AND EXISTS (
          SELECT FROM ops.work later JOIN ops.run lr ON lr.run_id = later.run_id
          WHERE later.source = w.source and later.scope = w.scope AND lr.started_at > r.started_at
            AND later.action <> 'hold'))
    ORDER BY length(w.scope), w.scope
""")


@dataclass(frozen=True)
class Left:
    """A study that a release's run was to load or withdraw, and why that was not done."""

    study: str
    release: str
    action: str
    reason: str


class Releases:
    """The releases of a world and what its warehouse holds of them."""

    def __init__(self, engine: sa.Engine, served: Sequence[str], *, everything: bool) -> None:
        self._engine = engine
        self._names = wanted(served, everything=everything)

    @property
    def last_served(self) -> str | None:
        """The release this warehouse was last fed from; parts of it may have been loaded.

        A run against a sandbox of another command notes nothing, so what is published counts, too.
        """
        with self._engine.connect() as connection:
            fed = set(connection.scalars(_PUBLISHED, {"source": IMMPORT.name}))
        return max(fed | set(filter(None, [self._setting(_SERVED)])), key=Release.parse, default=None)

    def due(self) -> list[str]:
        """Releases to load as the newest one, in order: none is older than the last one served."""
        last = self.last_served
        return [name for name in self._names if last is None or Release.parse(name) >= Release.parse(last)]

    def first(self) -> str:
        """The release that a source serves when it begins: never an older one than was served before."""
        return next(iter(self.due()), self._names[-1])

    def overdue(self) -> dict[str, list[Left]]:
        """Older releases that are not loaded whole, and what is missing of each."""
        due = set(self.due())
        return {name: left for name in self._names if name not in due and (left := self.left(name))}

    def left(self, release: str) -> list[Left]:
        """What is missing of a release: nothing when it is loaded, or when it was never begun."""
        run = self._setting(_RUN_OF + release)
        with self._engine.connect() as connection:
            return [Left(**row) for row in connection.execute(_LEFT, {"run": run}).mappings()] if run else []

    def note_served(self, release: str) -> None:
        """Note a release before anything of it is loaded: after it, none older may follow."""
        self._note(_SERVED, release)

    def note_run(self, release: str, run_id: str) -> None:
        """Note the run that is to load a release; a rerun counts in place of the one before."""
        self._note(_RUN_OF + release, run_id)

    def _setting(self, name: str) -> str | None:
        with self._engine.connect() as connection:
            statement = sa.text("SELECT value FROM ops.setting WHERE name = :name")
            return connection.scalar(statement, {"name": name})

    def _note(self, name: str, value: str) -> None:
        note = sa.text(
            "INSERT INTO ops.setting (name, value) VALUES (:name, :value)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        with self._engine.begin() as connection:
            connection.execute(note, {"name": name, "value": value})


def wanted(served: Sequence[str], *, everything: bool) -> list[str]:
    """The releases that a demo loads, in order: all, or the last two."""
    ordered = sorted(served, key=Release.parse)
    return ordered if everything else ordered[-2:]

"""The warehouse as monitors see it: read in a few statements, without the name of any study.

It is read from the views of the schema `monitor`, so that any role of those who watch runs can read it; what
a role may not see is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from include.sql import sql_file
from include.warehouse.schema.revision import newest_revision

_SQL = "include.telemetry.sql"


@dataclass(frozen=True)
class SourceState:
    """A source that a run has looked at.

    :param available: newest release that the newest run saw; None where it saw none.
    :param loaded: newest release of which something was published.
    :param succeeded_at: end of the last run that ended well, UTC.
    :param scopes: number of scopes by state.
    :param failures: scopes whose newest load failed; `held` those that the newest run holds.
    """

    available: str | None
    loaded: str | None
    succeeded_at: datetime | None
    scopes: Mapping[str, int]
    failures: int
    held: int


@dataclass(frozen=True)
class RunState:
    """The newest run of a DAG."""

    state: str
    started_at: datetime
    ended_at: datetime | None
    succeeded_at: datetime | None


@dataclass(frozen=True)
class CallState:
    """What was called of an endpoint at a host, by all runs.

    :param refused_at: when credentials were refused last.
    """

    source: str
    host: str
    endpoint: str
    calls: int
    retries: int
    errors: int
    refusals: int
    size: int
    milliseconds: int
    answered_at: datetime | None
    refused_at: datetime | None


@dataclass(frozen=True)
class Quarantined:
    """What was quarantined of what is published now."""

    source: str
    endpoint: str
    row_count: int
    value_count: int


@dataclass(frozen=True)
class CircuitState:
    """The circuit of a host that has failed."""

    host: str
    state: str
    openings: int


@dataclass(frozen=True)
class WarehouseState:
    """What monitors see.

    :param revision: schema revision; None where there is no warehouse that monitors can read.
    :param expected: the revision of this code.
    :param key_expires_at: end of the API key that a run used last; None when none was used or is known.
    :param audit_findings: critical checks that found rows in the newest audit.
    """

    revision: str | None
    expected: str | None
    sources: Mapping[str, SourceState] = field(default_factory=dict)
    runs: Mapping[str, RunState] = field(default_factory=dict)
    calls: Sequence[CallState] = ()
    quarantined: Sequence[Quarantined] = ()
    circuits: Sequence[CircuitState] = ()
    key_expires_at: datetime | None = None
    audit_findings: int = 0

    @property
    def is_current(self) -> bool:
        """Whether the warehouse is at the schema revision of this code."""
        return self.revision is not None and self.revision == self.expected


def read_state(connection: sa.Connection) -> WarehouseState:
    """The state of a warehouse; of one at another schema revision, that alone.

    :param connection: of a role that reads the schema `monitor`.
    """
    expected = newest_revision()
    is_there = connection.scalar(sa.text("select to_regclass('monitor.revision') is not null"))
    revision = connection.scalar(sa.text("select version_num from monitor.revision")) if is_there else None
    state = WarehouseState(revision, expected)
    if not state.is_current:
        return state
    once = _rows(connection, "warehouse")[0]
    return WarehouseState(
        revision,
        expected,
        _sources(connection),
        {row.dag_id: RunState(*row[1:]) for row in _rows(connection, "runs")},
        [CallState(*row) for row in _rows(connection, "calls")],
        [Quarantined(*row) for row in _rows(connection, "quarantined")],
        [CircuitState(*row) for row in _rows(connection, "circuits")],
        once.key_expires_at,
        once.audit_findings,
    )


def _sources(connection: sa.Connection) -> dict[str, SourceState]:
    scopes: dict[str, dict[str, int]] = {}
    for row in _rows(connection, "scopes"):
        scopes.setdefault(row.source, {})[row.state] = row.scopes
    failures = {row.source: row.failures for row in _rows(connection, "failures")}
    return {
        row.source: SourceState(
            row.available,
            row.loaded,
            row.succeeded_at,
            scopes.get(row.source, {}),
            failures.get(row.source, 0),
            row.held,
        )
        for row in _rows(connection, "sources")
    }


def _rows(connection: sa.Connection, name: str) -> Sequence[sa.Row]:
    return connection.execute(sa.text(sql_file(_SQL, name))).all()

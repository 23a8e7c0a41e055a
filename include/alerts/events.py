"""Events of the declared types: found by their queries, recorded once, resolved when their cause is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.alerts.declared import ALERT_TYPE, ALERT_TYPES, AlertType
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import ALERT, ALERT_DELIVERY

#: What happened longer ago is not an event any more, such as all that an upgrade finds at once.
RECENT = timedelta(days=7)
#: Days before the end of a key at which people are alerted, and the end itself.
KEY_DAYS = (7, 3, 1, 0)
#: Advisory lock of an evaluation: of two at once, the second sees what the first recorded.
ALERTS_LOCK = 7_318_010
#: Types whose events say why a run failed.
EXPLAINING = [item.name for item in ALERT_TYPES if item.explains_run]
RUN_FAILED, RUN_LATE, DRILL = (ALERT_TYPE[name] for name in ("run_failed", "run_late", "drill"))
#: Makes the path of a page: its name, and its query.
PagePath = Callable[..., str]


@dataclass(frozen=True)
class KnownKey:
    """A key of a connection that has an end."""

    conn_id: str
    source: str
    expires_at: datetime


@dataclass(frozen=True)
class WatchedSource:
    """A source that is switched on.

    :param dag_id: the DAG that compares it with the warehouse.
    :param freshness_hours: hours after which it is overdue; None where it has no schedule.
    """

    source: str
    dag_id: str
    freshness_hours: float | None


@dataclass(frozen=True)
class AlertLimits:
    """From where on something is an event.

    :param release_hours: hours from the first listing of a release until it should be loaded.
    :param quality_points: percentage points by which the share of quarantined rows may rise.
    :param volume_percent: per cent of a table's rows by which it may fall.
    :param least_rows: rows that a table must have had for its fall to count.
    """

    release_hours: int = 24
    quality_points: float = 1.0
    volume_percent: float = 10.0
    least_rows: int = 50


@dataclass(frozen=True)
class Observed:
    """What an evaluation knows beside the warehouse."""

    sources: tuple[WatchedSource, ...] = ()
    keys: tuple[KnownKey, ...] = ()
    limits: AlertLimits = field(default_factory=AlertLimits)

    def parameters(self) -> dict[str, Any]:
        """Parameters of the queries."""
        sources = [
            {
                "source": item.source,
                "dag_id": item.dag_id,
                "freshness_hours": item.freshness_hours,
                "has_releases": not SOURCES[item.source].source.is_dated_by_fetch,
            }
            for item in self.sources
        ]
        keys = [
            {"conn_id": item.conn_id, "source": item.source, "expires_at": item.expires_at.isoformat()}
            for item in self.keys
        ]
        tables = [
            {"relation": relation, "source": model.source.name}
            for model in SOURCES.values()
            for table in model.tables
            for relation in (table.relation, getattr(table, "key_table", None))
            if relation
        ]
        return {
            "sources": json.dumps(sources),
            "keys": json.dumps(keys),
            "tables": json.dumps(tables),
            "key_days": list(KEY_DAYS),
            "explaining": EXPLAINING,
            "release_hours": self.limits.release_hours,
            "quality_points": self.limits.quality_points,
            "volume_percent": self.limits.volume_percent,
            "least_rows": self.limits.least_rows,
        }


@dataclass(frozen=True)
class AlertEvent:
    """Something that people are alerted to.

    :param subject: what identifies it among the events of its type.
    """

    alert_type: AlertType
    subject: str
    cause: str
    source: str | None = None
    scopes: tuple[str, ...] = ()
    release_version: str | None = None
    run_id: str | None = None
    happened_at: datetime | None = None

    @property
    def key(self) -> str:
        """Identifies the event; every message about it carries it."""
        return f"{self.alert_type.name}/{self.subject}"


def evaluate(engine: sa.Engine, observed: Observed, routes: Iterable[str], page_path: PagePath) -> list[str]:
    """Find the events that are true now: record new ones, resolve those that are not true any more.

    :param routes: names of the routes that exist; each gets a message about every new event.
    :returns: the keys of the new events.
    :raises sqlalchemy.exc.DBAPIError: the warehouse cannot be read or written.
    """
    routes, parameters, new = list(routes), observed.parameters(), []
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ALERTS_LOCK)))
        now: datetime = connection.execute(sa.select(sa.func.now())).scalar_one()
        for declared in ALERT_TYPES:
            if (query := declared.query) is None:
                continue
            rows = connection.execute(sa.text(query), parameters).mappings().all()
            found = [_event(declared, row) for row in rows]
            _resolve(connection, declared, found)
            known = _open_again(connection, found)
            for event in found:
                is_recent = event.happened_at is None or event.happened_at > now - RECENT
                if event.key not in known and is_recent and _record(connection, event, routes, page_path):
                    new.append(event.key)
    return new


def report(engine: sa.Engine, event: AlertEvent, routes: Iterable[str], page_path: PagePath) -> bool:
    """Record an event that was met, not found, with a message for each route; False for a known one."""
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ALERTS_LOCK)))
        return _record(connection, event, list(routes), page_path)


def is_explained_run(engine: sa.Engine, run_id: str) -> bool:
    """Whether an event of a run is recorded that says why it failed."""
    is_explained = ALERT.c.alert_type.in_([*EXPLAINING, RUN_FAILED.name])
    explaining = sa.select(ALERT.c.alert_id).where(ALERT.c.run_id == run_id, is_explained)
    with engine.connect() as connection:
        return connection.execute(explaining.limit(1)).first() is not None


def resolve(engine: sa.Engine, key: str) -> None:
    """Resolve an event by its key."""
    with engine.begin() as connection:
        one = sa.update(ALERT).where(ALERT.c.event_key == key, ALERT.c.resolved_at.is_(None))
        connection.execute(one.values(resolved_at=sa.func.now()))


def _event(declared: AlertType, row: Mapping[Any, Any]) -> AlertEvent:
    return AlertEvent(
        declared,
        row["subject"],
        row["cause"],
        row["source"],
        tuple(row["scopes"]),
        row["release_version"],
        row["run_id"],
        row["happened_at"],
    )


def _resolve(connection: sa.Connection, declared: AlertType, found: list[AlertEvent]) -> None:
    keys = [event.key for event in found]
    gone = sa.update(ALERT).where(
        ALERT.c.alert_type == declared.name, ALERT.c.resolved_at.is_(None), ALERT.c.event_key.not_in(keys)
    )
    connection.execute(gone.values(resolved_at=sa.func.now()))


def _open_again(connection: sa.Connection, found: list[AlertEvent]) -> set[str]:
    """Keep the scopes of known events current, open one whose cause is back. Returns the known keys."""
    known: set[str] = set()
    for event in found:
        again = sa.update(ALERT).where(ALERT.c.event_key == event.key)
        again = again.values(scopes=list(event.scopes), resolved_at=None).returning(ALERT.c.event_key)
        known.update(connection.scalars(again))
    return known


def _record(connection: sa.Connection, event: AlertEvent, routes: list[str], page_path: PagePath) -> bool:
    page, query = event.alert_type.page_of(event.source, list(event.scopes))
    values = {
        "event_key": event.key,
        "alert_type": event.alert_type.name,
        "severity": event.alert_type.severity.value,
        "source": event.source,
        "scopes": list(event.scopes),
        "release_version": event.release_version,
        "run_id": event.run_id,
        "cause": event.cause,
        "to_do": event.alert_type.to_do,
        "link": page_path(page, **query),
        "happened_at": event.happened_at or sa.func.now(),
    }
    statement = upsert(ALERT).values(values).on_conflict_do_nothing(index_elements=[ALERT.c.event_key])
    number = connection.execute(statement.returning(ALERT.c.alert_id)).scalar()
    if number is None:
        return False
    if routes:
        planned = [{"alert_id": number, "route": route} for route in routes]
        connection.execute(sa.insert(ALERT_DELIVERY), planned)
    return True

"""A warehouse in which runs have recorded something of everything that monitors see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from include.warehouse.schema.ops_tables import (
    AUDIT,
    CALL,
    CIRCUIT,
    LOAD,
    QUARANTINE,
    RESULT,
    RUN,
    SCOPES,
    WORK,
)
from tests.support.warehouse import Warehouse

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def run(connection: sa.Connection, run_id: str, state: str, ended: datetime, **more: Any) -> None:
    started = {"started_at": ended - HOUR, "ended_at": ended, "state": state}
    connection.execute(
        sa.insert(RUN).values(run_id=run_id, dag_id=run_id.partition("/")[0], **started, **more)
    )


def load(connection: sa.Connection, scope: str, release: str, state: str) -> int:
    values = {"scope": scope, "release_version": f"DR{release}", "release_key": int(release) * 10_000}
    statement = sa.insert(LOAD).values(fetch_id="f", state=state, **values)
    return int(connection.execute(statement.returning(LOAD.c.load_id)).scalar_one())


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Two runs of ImmPort, the newer of them with a failed and a held study."""
    with warehouse.engine.begin() as connection:
        key = {"key_expires_at": NOW + timedelta(days=3)}
        run(connection, "immport_release/1", "success", NOW - 30 * HOUR, newest_release="DR50", **key)
        run(connection, "immport_release/2", "partial", NOW - 6 * HOUR, newest_release="DR51", **key)
        first = load(connection, "SDY1", "50", "published")
        load(connection, "SDY1", "51", "failed")
        load(connection, "SDY2", "50", "failed")
        load(connection, "SDY2", "51", "published")
        for scope, action in (("SDY1", "load"), ("SDY2", "load"), ("SDY3", "hold")):
            about = {"source": "immport", "scope": scope, "release_version": "DR51", "reason": "because"}
            connection.execute(sa.insert(WORK).values(run_id="immport_release/2", action=action, **about))
        connection.execute(
            sa.insert(WORK).values(
                run_id="immport_release/1", scope="SDY4", release_version="DR50", action="hold", reason="x"
            )
        )
        states = {"SDY1": "current", "SDY2": "current", "SDY3": "withdrawn"}
        for scope, state in states.items():
            connection.execute(sa.insert(SCOPES).values(source="immport", scope=scope, state=state))
        broken = {"load_id": first, "scope": "SDY1", "release_version": "DR50", "endpoint": "hai"}
        for number, rule in ((1, "package_line"), (2, "key")):
            connection.execute(sa.insert(QUARANTINE).values(row_number=number, rule=rule, **broken))
        counted = {"check_id": "quarantine_share", "severity": "critical", "success": True}
        connection.execute(
            sa.insert(RESULT).values(load_id=first, endpoint="hai", unexpected_rows=2, **counted)
        )
        counts = {"retries": 1, "errors": 2, "refusals": 1, "bytes": 500, "milliseconds": 1500}
        for number in (1, 2):
            connection.execute(
                sa.insert(CALL).values(
                    run_id=f"immport_release/{number}", step="extract", source="immport", host='h"\\:1',
                    endpoint="hai", calls=10, slowest_milliseconds=900, answered_at=NOW, **counts,
                )
            )  # fmt: skip
        connection.execute(sa.insert(CIRCUIT).values(host="h:1", state="open", failures=3, openings=1))
        for number, rows in ((1, 5), (2, 0)):
            found = {"check_id": "c", "relation": "fact_hai", "severity": "critical", "detail": "d"}
            at = NOW + timedelta(minutes=number)
            connection.execute(
                sa.insert(AUDIT).values(run_id=f"u/{number}", failed_rows=rows, checked_at=at, **found)
            )
    return warehouse

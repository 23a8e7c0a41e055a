"""What one step of one load was, and what a step called, as measurements of the declared metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from include.pipeline.call_record import Caller, Counts
from include.telemetry import metrics
from include.telemetry.metrics import Measurement, Metric
from include.warehouse.schema.ops_tables import (
    QUARANTINE,
    QUARANTINED_VALUE,
    RELEASE_CHANGE,
    RESULT,
    STAGED,
    STEP,
)

_CHANGES = ("added", "corrected", "withdrawn", "unchanged")


def of_step(connection: sa.Connection, number: int) -> list[Measurement]:
    """What a step that has ended was, from its record.

    :param number: `ops.step.step_id`.
    """
    seconds = sa.func.extract("epoch", STEP.c.ended_at - STEP.c.started_at).label("seconds")
    row = connection.execute(sa.select(STEP, seconds).where(STEP.c.step_id == number)).one()
    tags = {"step": row.step, "source": row.source}
    found = [
        Measurement(metrics.DURATION, float(row.seconds or 0), {**tags, "state": row.state}),
        Measurement(metrics.ROWS, row.rows or 0, tags),
        Measurement(metrics.FAILURES, int(row.state == "failed"), tags),
    ]
    details = _DETAILS.get(row.step)
    # What a load left that was not staged, checked or published now was reported when it was.
    if details is not None and row.load_id is not None and row.state in ("done", "failed"):
        found += details(connection, row.source, row.load_id)
    return [item for item in found if item.value or item.metric is metrics.DURATION]


def of_calls(caller: Caller, counts: Counts) -> list[Measurement]:
    """What a step called."""
    found = []
    for (host, endpoint), count in counts.items():
        tags = {"step": caller.step, "source": caller.source, "host": host, "endpoint": endpoint}
        values = {
            metrics.SENT: count.calls,
            metrics.RETRIES: count.retries,
            metrics.ERRORS: count.errors,
            metrics.REFUSALS: count.refusals,
            metrics.BYTES: count.size,
            metrics.CALLING: round(count.seconds * 1000),
        }
        found += [Measurement(metric, value, tags) for metric, value in values.items() if value]
    return found


def _staged(connection: sa.Connection, source: str, load_id: int) -> Iterator[Measurement]:
    for row in connection.execute(sa.select(STAGED).where(STAGED.c.load_id == load_id)):
        tags = {"source": source, "endpoint": row.endpoint}
        yield Measurement(metrics.RECEIVED, row.rows_received, tags)
        yield Measurement(metrics.STAGED, row.rows_staged, tags)


def _checked(connection: sa.Connection, source: str, load_id: int) -> Iterator[Measurement]:
    of_row = sa.func.count(sa.distinct(QUARANTINE.c.row_number))
    for table, metric, count in (
        (QUARANTINE, metrics.QUARANTINED, of_row),
        (QUARANTINED_VALUE, metrics.VALUES, sa.func.count()),
    ):
        yield from _by_endpoint(connection, source, load_id, table, metric, count)
    failed = sa.select(RESULT.c.severity, sa.func.count()).where(
        RESULT.c.load_id == load_id, ~RESULT.c.success
    )
    for severity, number in connection.execute(failed.group_by(RESULT.c.severity)):
        yield Measurement(metrics.CHECKS, number, {"source": source, "severity": severity})


def _by_endpoint(
    connection: sa.Connection,
    source: str,
    load_id: int,
    table: sa.Table,
    metric: Metric,
    count: sa.ColumnElement[Any],
) -> Iterator[Measurement]:
    rows = sa.select(table.c.endpoint, count).where(table.c.load_id == load_id).group_by(table.c.endpoint)
    for endpoint, number in connection.execute(rows):
        yield Measurement(metric, number, {"source": source, "endpoint": endpoint})


def _published(connection: sa.Connection, source: str, load_id: int) -> Iterator[Measurement]:
    for row in connection.execute(sa.select(RELEASE_CHANGE).where(RELEASE_CHANGE.c.load_id == load_id)):
        for change in _CHANGES:
            tags = {"source": source, "relation": row.relation, "change": change}
            yield Measurement(metrics.PUBLISHED, getattr(row, change), tags)


_DETAILS = {"stage": _staged, "check": _checked, "publish": _published, "withdraw": _published}

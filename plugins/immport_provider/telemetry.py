"""Metrics of each step, by Airflow's own facility: StatsD or OpenTelemetry, as its section `[metrics]` says.

Nothing is queried or sent while it names neither. No metric fails a step.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from include.pipeline.call_record import Caller, Counts
    from include.telemetry.metrics import Measurement

log = logging.getLogger(__name__)

_SWITCHES = ("statsd_on", "otel_on", "statsd_datadog_enabled")


def is_on() -> bool:
    """Whether Airflow sends metrics."""
    from airflow.sdk.configuration import conf

    return any(conf.getboolean("metrics", name, fallback=False) for name in _SWITCHES)


def report_step(engine: sa.Engine, number: int) -> None:
    """Send the metrics of a step that has ended.

    :param number: `ops.step.step_id`.
    """
    import sqlalchemy as sa

    from include.telemetry.measurements import of_step

    if not is_on():
        return
    try:
        with engine.connect() as connection:
            found = of_step(connection, number)
    except sa.exc.SQLAlchemyError as error:
        log.warning("step %d: its metrics are not sent: %s", number, type(error).__name__)
        return
    emit(found)


def report_calls(caller: Caller, counts: Counts) -> None:
    """Send the metrics of the calls of a step."""
    from include.telemetry.measurements import of_calls

    if is_on():
        emit(of_calls(caller, counts))


def emit(measurements: Iterable[Measurement]) -> None:
    """Send measurements to where Airflow sends its own."""
    from airflow.sdk.observability import stats

    from include.telemetry.metrics import MetricKind

    for item in measurements:
        # StatsD takes no name with a colon or a blank, and the tags become part of it.
        tags = {
            name: stats.normalize_name_for_stats(value, log_warning=False)
            for name, value in item.tags.items()
        }
        if item.metric.kind is MetricKind.TIMER:
            stats.timing(item.metric.name, timedelta(seconds=item.value), tags=tags)
        else:
            stats.incr(item.metric.name, int(item.value), tags=tags)

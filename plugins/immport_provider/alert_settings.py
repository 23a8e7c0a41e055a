"""What an evaluation of alerts knows beside the warehouse: limits of Airflow variables, sources, keys."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import BaseHook, Variable
from airflow.sdk.exceptions import AirflowNotFoundException

from immport_provider.hooks.source_clients import CLIENTS
from immport_provider.source_switch import SWITCH, dag_id, schedule, switched_on
from include.alerts.events import AlertLimits, KnownKey, Observed, WatchedSource
from include.sources.immport.source import IMMPORT
from include.warehouse.model.registry import SOURCES

log = logging.getLogger(__name__)

#: Prefix of the variables: `immport_alert_release_hours` and so on.
PREFIX = "immport_alert_"
#: A source is overdue after so many intervals of its schedule.
_INTERVALS = 2


class AlertSettingError(ValueError):
    """A variable of alerts does not have a value that it can have."""


def observed() -> Observed:
    """What to evaluate with.

    :raises AlertSettingError: a variable has a wrong value.
    :raises UnknownSourceError: so has the variable that switches sources on.
    """
    return Observed(tuple(_sources()), tuple(_keys()), limits())


def limits() -> AlertLimits:
    """From where on something is an event.

    :raises AlertSettingError: a variable has a wrong value.
    """
    default = AlertLimits()
    return AlertLimits(
        release_hours=int(_number("release_hours", default.release_hours)),
        quality_points=_number("quality_points", default.quality_points),
        volume_percent=_number("volume_percent", default.volume_percent),
        least_rows=int(_number("least_rows", default.least_rows)),
    )


def _number(name: str, default: float) -> float:
    text: str | None = Variable.get(PREFIX + name, default=None)
    return default if text is None or not text.strip() else _positive(name, text)


def _positive(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 < number < 1e6:
        raise AlertSettingError(f"the variable {PREFIX}{name} is not a number above 0: {value!r}")
    return number


def _sources() -> Iterator[WatchedSource]:
    sources = [item.source for item in SOURCES.values()]
    hours = _freshness()
    named: str | None = Variable.get(SWITCH, default=None)
    on = [IMMPORT, *switched_on(sources, named)]
    if strange := sorted(hours.keys() - {item.name for item in sources} - {""}):
        raise AlertSettingError(f"the variable {PREFIX}freshness_hours names {', '.join(strange)}: no source")
    for source in on:
        limit = hours.get(source.name, hours.get(""))
        yield WatchedSource(source.name, dag_id(source), limit or _default_hours(schedule(source)))


def _freshness() -> dict[str, float]:
    """Hours by source; under "" those of all that are not named."""
    text: str | None = Variable.get(f"{PREFIX}freshness_hours", default=None)
    if text is None or not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if not isinstance(value, dict):
        value = {"": value}
    return {name: _positive("freshness_hours", hours) for name, hours in value.items()}


def _default_hours(cron: str | None) -> float | None:
    """Two intervals of a schedule; none without a schedule."""
    if cron is None:
        return None
    from croniter import croniter

    times = croniter(cron, datetime.now(UTC))
    first, second = times.get_next(datetime), times.get_next(datetime)
    interval: timedelta = second - first
    return _INTERVALS * interval.total_seconds() / 3600


def _keys() -> Iterator[KnownKey]:
    """The API keys whose end is known."""
    from immport_provider.hooks.settings import read_settings

    conn_id = CLIENTS["immport"].connection
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return
    try:
        key = read_settings(connection).key
    except ValueError as error:  # names the field; a run of that source fails for it
        log.warning("the end of the key of %s is not known: %s", conn_id, error)
        return
    if key is not None and key.expires_at is not None:
        yield KnownKey(conn_id, IMMPORT.name, key.expires_at)

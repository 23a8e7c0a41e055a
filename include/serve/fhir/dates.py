"""Times that a search requests, as an interval: a day written without its hour is all of that day.

>>> str(interval("_lastUpdated", "ge2024").start)
'2024-01-01 00:00:00+00:00'
>>> str(interval("_lastUpdated", "2024-02").end)
'2024-03-01 00:00:00+00:00'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from include.serve.fhir.outcome import FhirError

_VALUE = re.compile(r"(eq|ge|gt|le|lt|sa|eb)?(\d{4})(?:-(\d\d)(?:-(\d\d)(T.+)?)?)?", re.ASCII)


@dataclass(frozen=True)
class Interval:
    """From a time on and before another; null is without end."""

    start: datetime | None = None
    end: datetime | None = None

    def within(self, other: Interval) -> Interval:
        """What both have in common."""
        starts = [item for item in (self.start, other.start) if item]
        ends = [item for item in (self.end, other.end) if item]
        return Interval(max(starts, default=None), min(ends, default=None))


def interval(name: str, value: str) -> Interval:
    """The interval that a value such as `ge2024-01-31` means.

    :param name: of the parameter, for the error.
    :raises FhirError: 400, it is not a time.
    """
    found = _VALUE.fullmatch(value)
    try:
        if found is None:
            raise ValueError(value)
        prefix, year, month, day, time = found.groups()
        start, end = _bounds(int(year), month, day, time)
    except (ValueError, OverflowError) as error:
        message = f"{name} is not a date with a prefix among eq, ge, gt, le, lt, sa, eb: {value[:50]!r}"
        raise FhirError(400, "value", message) from error
    match prefix:
        case "ge":
            return Interval(start)
        case "gt" | "sa":
            return Interval(end)
        case "le":
            return Interval(None, end)
        case "lt" | "eb":
            return Interval(None, start)
    return Interval(start, end)


def _bounds(year: int, month: str | None, day: str | None, time: str | None) -> tuple[datetime, datetime]:
    """The first moment that is meant, and the first one after."""
    if time is not None:
        given = f"{year:04}-{month}-{day}{time}"
        moment = datetime.fromisoformat(given)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        width = timedelta(seconds=1) if moment.microsecond == 0 else timedelta(milliseconds=1)
        return moment, moment + width
    start = datetime(year, int(month or 1), int(day or 1), tzinfo=UTC)
    if day:
        return start, start + timedelta(days=1)
    if month:
        return start, datetime(year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
    return start, datetime(year + 1, 1, 1, tzinfo=UTC)

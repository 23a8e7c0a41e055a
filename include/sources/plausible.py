"""Which data releases can be: a number or a date far ahead is a slip of the source, and would stay for ever.

A release that is loaded is the newest from then on, and nothing before it is taken for news.
"""

from __future__ import annotations

from datetime import date, timedelta

from include.sources.release import Release

#: A release that was, and its day: later ones are counted from it.
_KNOWN, _KNOWN_ON = Release(58), date(2025, 10, 30)
#: Releases of a year, at most: ImmPort makes about five. And as many more for good measure.
_PER_YEAR = 12
#: How far ahead a release may be announced.
_ANNOUNCED = timedelta(days=31)


def doubt(release: Release, day: date | None, today: date) -> str | None:
    """Why a release cannot be by today; None if it can."""
    years = max(0.0, (today - _KNOWN_ON).days / 365)
    newest = Release(_KNOWN.major + int(_PER_YEAR * (years + 1)))
    if release > newest:
        return f"{release} cannot be by {today}, {newest} is as far as can be expected"
    if day is not None and day > today + _ANNOUNCED:
        return f"{release} of {day} lies in the future"
    return None

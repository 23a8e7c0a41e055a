"""The days of releases as ImmPort announced them, for packages from before the warehouse, without dates."""

from __future__ import annotations

from datetime import date

from include.sources.release import Release

#: From ImmPort's release notes and what its API says of studies. Not every release is known.
_ANNOUNCED = """
DR18 2016-03-18  DR33 2020-01-29  DR44 2022-06-22  DR48 2023-05-31  DR49 2023-08-25  DR49.1 2023-09-28
DR49.2 2023-10-26  DR50 2023-12-15  DR50.1 2024-01-25  DR50.2 2024-02-29  DR51 2024-03-28
DR51.1 2024-04-25  DR58 2025-10-30  DR62 2026-03-26  DR63 2026-04-30
"""
_WORDS = _ANNOUNCED.split()
ANNOUNCED: dict[Release, date] = {
    Release.parse(name): date.fromisoformat(day) for name, day in zip(_WORDS[::2], _WORDS[1::2], strict=True)
}

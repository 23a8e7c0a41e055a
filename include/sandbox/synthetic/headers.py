"""The header line of each table of a Tab package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("headers.tsv")

#: Columns that no package at hand shows, as a package of today must have them: ImmPort's API answers from
#: them. `RESULT_TOTAL_RECS` is a column of DR16.
LATER = {
    "arm_2_subject": ("SUBJECT_LOCATION", "MAX_SUBJECT_AGE_IN_YEARS", "MIN_SUBJECT_AGE_IN_YEARS"),
    "arm_or_cohort": ("TYPE_PREFERRED", "TYPE_REPORTED"),
    "expsample": ("RESULT_TOTAL_RECS",),
    "program": ("SHORT_NAME",),
}
#: Tables that no package at hand has, for the same reason.
LATER_TABLES = ("mass_spectrometry_result", "study_2_condition_or_disease")


@cache
def headers() -> dict[str, tuple[str, ...]]:
    """Column names by table: those of DR25, and those of `LATER`."""
    lines = (line.split("\t") for line in _FILE.read_text().splitlines())
    return {table: tuple(names.split()) for table, names in lines}

"""What each check looks for, in words: for who reads its name on a page or in a report.

>>> meaning("reference:armAccession", "warning")
'rows name an armAccession that its own endpoint does not have'
"""

from __future__ import annotations

from include.quality.checks import LONGEST_KEY, Severity
from include.quality.totals import ENOUGH_ROWS, MAX_QUARANTINED, MAX_VANISHED
from include.warehouse.load.package.package_findings import PACKAGE_LINE
from include.warehouse.load.stage_answers import ENCODABLE
from include.warehouse.model.registry import SOURCES

#: The name of a check, up to its first colon -> what breaks it. The gap `{of}` takes the rest of the name.
MEANINGS = {
    "agrees": "rows state another pair of {of} than the rows that describe these",
    "answer_received": "the source refused the answer for good",
    "columns_in_place": "columns of the package hold what other columns held at another release",
    "declared_missing": "experiment samples declare results of a kind, and no result of that kind came",
    "declared_results": "experiment samples have another number of results than the source declares",
    ENCODABLE: "rows hold characters that Postgres cannot store",
    "home": "members are described by another scope already{of}",
    "key_consistent": "several rows have one key and different values",
    "key_length": f"the {{of}} is longer than {LONGEST_KEY} bytes",
    "key_present": "rows lack their {of}",
    "key_unique": "rows were sent more than once; they are published once",
    "not_empty": "no row came of what every scope must have",
    PACKAGE_LINE: "lines of a package's table are not rows",
    "quarantine_share": f"more than {MAX_QUARANTINED:.0%} of the rows would be quarantined (of fewer than"
    f" {ENOUGH_ROWS} rows, more than {MAX_QUARANTINED * ENOUGH_ROWS:.0f} rows)",
    "reference": "rows name an {of} that its own endpoint does not have",
    "refused": "rows have a value in {of} by which the source marks what is not a row",
    "results_kept": f"more than {MAX_VANISHED:.0%} of the results known at the last release are gone{{of}}",
    "row_consistent": "rows of one {of} differ in what the star keeps of it",
    "row_count": "rows were lost between two steps",
    "rows_agree": "a table of the package that is read by key has rows that differ under one",
    "rows_expected": "another number of rows came than the release counts",
    "split_whole": "the parts of an answer are not proven to be the whole",
    "stated_rows": "another number of rows came than the source states",
    "type": "values of {of} are not of their type",
    "unexpected_empty": "no row came where the release counts some",
    "vocabulary": "values of {of} are not on the source's closed list",
}
#: Names of scopes: a check of that name looks for rows of another scope.
_SCOPES = {model.source.scope.name for model in SOURCES.values()}
#: Names of which a part may be missing: what stands before it.
_BEFORE = {"home": ": ", "results_kept": ": "}


def meaning(check_id: str, severity: str) -> str:
    """What breaks a check, in words. Of a name that is not known, the name.

    :param severity: as recorded; what a check of a vocabulary is called depends on it.
    """
    name, _, of = check_id.partition(":")
    if name in _SCOPES and severity in (Severity.CRITICAL, Severity.ENDPOINT):
        return f"rows are of another {name.replace('_', ' ')} than the one requested ({of})"
    if name not in MEANINGS:
        return check_id
    described = of.replace(":", " and ")
    return MEANINGS[name].format(of=f"{_BEFORE.get(name, '')}{described}" if described else "")


def meanings(rule: str, severity: str) -> str:
    """What breaks any of several checks, whose names stand with commas between."""
    return "; ".join(meaning(check_id, severity) for check_id in rule.split(", "))

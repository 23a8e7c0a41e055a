"""Every check has a meaning in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from include.quality import totals
from include.quality.checks import checks
from include.quality.meanings import MEANINGS, meaning, meanings
from include.warehouse.load.staging_tables import StagedTables
from include.warehouse.model.registry import SOURCES

CHECKS = {
    (check.check_id, check.severity.value)
    for model in SOURCES.values()
    for endpoint in model.source.endpoints.values()
    for check in checks(model, endpoint, StagedTables(1, frozenset(model.source.endpoints)), "SDY1", 1)
}
#: Checks that are no expectation of an endpoint: named where they are made.
FINDINGS = {
    name
    for file in Path(totals.__file__).parent.glob("*.py")
    for name in re.findall(
        r"(?:Finding\(|_check_id\()\s*(?:[^,()]+(?:\([^()]*\))?[^,()]*,\s*)?\"(\w+)\"", file.read_text()
    )
}


def test_every_check_of_an_endpoint_has_a_meaning() -> None:
    assert len(CHECKS) > 100
    for check_id, severity in CHECKS:
        said = meaning(check_id, severity)
        assert said != check_id, check_id
        assert "{" not in said, check_id


def test_every_finding_beside_them_has_a_meaning() -> None:
    assert {"quarantine_share", "home", "results_kept", "split_whole", "answer_received"} <= FINDINGS
    assert set(MEANINGS) >= FINDINGS


@pytest.mark.parametrize(
    ("check_id", "severity", "said"),
    [
        ("vocabulary:gender", "warning", "values of gender are not on the source's closed list"),
        ("vocabulary:name", "critical", "rows are of another vocabulary than the one requested (name)"),
        ("home:dim_x", "critical", "members are described by another scope already: dim_x"),
        ("home", "critical", "members are described by another scope already"),
        ("of_tomorrow:x", "warning", "of_tomorrow:x"),
    ],
)
def test_a_name_is_read_with_its_severity(check_id: str, severity: str, said: str) -> None:
    assert meaning(check_id, severity) == said


def test_a_row_may_break_several() -> None:
    assert meanings("key_unique, type:value", "row") == (
        "rows were sent more than once; they are published once; values of value are not of their type"
    )

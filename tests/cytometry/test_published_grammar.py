"""Every literal of the published grammar is read as it says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from include.cytometry.gating import read_definition
from include.cytometry.gating_grammar import CUTTING_VALUES, PREFIXES, SEPARATORS, SIGNS, SUFFIXES, is_ignored
from tests.support.cytometry import PUBLISHED, needs_published, small_vocabulary

pytestmark = needs_published
NAMES = small_vocabulary().names("human")


def gating() -> dict[str, dict[str, Any]]:
    if not PUBLISHED.is_dir():
        return {}
    categories = json.loads((PUBLISHED / "grammar.json").read_text())["gating"]
    return {category["name"]: category for category in categories}


GATING = gating()


def literals(category: str) -> list[str]:
    """The patterns of a category and of the alternatives it has, in their order."""
    alternatives = GATING[category]["alternatives_in_order"] if GATING else []
    return [literal for name in alternatives for literal in GATING[name]["literals"]]


def plain(pattern: str) -> str:
    """A pattern of a text as the text; one or more blanks are one."""
    return re.sub(r"\\(.)", r"\1", pattern.replace(" +", " "))


def test_prefixes_are_the_published_ones() -> None:
    published = [plain(re.sub(r"^\^\((.*)\)\(\.\+\)\$$", r"\1", literal)) for literal in literals("prefix")]
    assert [prefix for prefix in published if "Qd+" not in prefix] == list(PREFIXES)
    assert [prefix for prefix in published if "Qd+" in prefix] == ["Qd+: ", "Qd+:", "nQd+: "]


def test_suffixes_are_the_published_ones() -> None:
    published = [re.sub(r"^\^\(\.\+\)\((.*)\)\$$", r"\1", literal) for literal in literals("suffix")]
    assert list(map(plain, published)) == list(SUFFIXES)


def test_values_and_separators_are_the_published_ones() -> None:
    assert sorted(map(plain, literals("expression_value"))) == sorted(SIGNS)
    assert list(map(plain, literals("population_separator"))) == list(SEPARATORS.values())
    cutting = list(map(plain, literals("expression_value_as_separators")))
    assert {*CUTTING_VALUES} - {*cutting} == {"+-", "+~"}
    assert {*cutting} <= {*CUTTING_VALUES}


IGNORED = ["Intact  cells", "Intact singlets", "intact singlets", "viable singlets", "Singlets", "singlets"]
IGNORED += ["Singlet", "singlet", "Lymph", "Nonbasophils", "a1-17b", "1-17", "R16:- + - +", "x+ -", "+ + +"]
NOT_IGNORED = [
    "Intactcells",
    "INTACT cells",
    "singletsx",
    "lymph",
    "CD4+",
    "CD4 +",
    "x- +y",
    "1-7",
    "+ -",
    "- + x",
]


@pytest.mark.parametrize("text", [*IGNORED, *NOT_IGNORED])
def test_what_is_ignored_is_what_the_patterns_match(text: str) -> None:
    matches = any(re.match(pattern, text) for pattern in literals("ignore_patterns"))
    assert matches == is_ignored(text) == (text in IGNORED)


@pytest.mark.parametrize(("text", "count"), [
    ("CD3,56,19,14+", 4), ("CD3+14-", 2), ("either CXCR5dim or PD1dim", 2), ("CD14nCD16n_CD86_pP", 3),
    ("(IFN-g) minus (IFN-g Ki67 positive)", 3),
])  # fmt: skip
def test_a_special_pattern_is_matched_where_the_published_one_is(text: str, count: int) -> None:
    assert sum(bool(re.match(pattern, text)) for pattern in literals("special_patterns")) == 1
    found = read_definition(text, NAMES)
    assert (len(found.elements), found.unknown) == (count, [])

"""Every literal of the published grammar is read as it says."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.cytometry import gating_elements, header_markers
from include.cytometry.gating import read_definition
from include.cytometry.gating_grammar import CUTTING_VALUES, PREFIXES, SEPARATORS, SIGNS, SUFFIXES, is_ignored
from tests.support.cytometry import PUBLISHED, needs_published, small_vocabulary

pytestmark = needs_published
NAMES = small_vocabulary().names("human")


def categories(part: str) -> dict[str, dict[str, Any]]:
    """The categories of a part of the grammar by their names."""
    if not PUBLISHED.is_dir():
        return {}
    return {
        category["name"]: category for category in json.loads((PUBLISHED / "grammar.json").read_text())[part]
    }


HEADER, GATING = categories("header"), categories("gating")


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


@given(
    st.lists(st.sampled_from(["+", "-", " ", "1-17", "R16:", "Lymph", "singlets", "viable", "x"])).map(
        "".join
    )
)
def test_any_text_is_ignored_where_a_pattern_matches(text: str) -> None:
    assert is_ignored(text) == any(re.match(pattern, text) for pattern in literals("ignore_patterns"))


def captured(patterns: Sequence[str], text: str) -> re.Match[str] | None:
    """The first match of several patterns."""
    return next((match for pattern in patterns if (match := re.match(pattern, text))), None)


def tokens(text: str) -> list[str]:
    """What the published patterns make of a subcomponent, one after the other: case 5 precedes case 3."""
    pattern = {name: category.get("literals", [""]) for name, category in HEADER.items()}
    if captured(pattern["specialCase2"], text):
        return [f"CD{text[place : place + 2]}" for place in (2, 4, 6)]
    if captured(pattern["specialCase5"], text):
        return re.findall("CD[0-9]+", text)
    for name in ("specialCase3", "specialCase4"):
        if match := captured(pattern[name], text):
            return [match[1]]
    if captured(pattern["cdMarkerPattern"], text):
        return [text]
    match = captured(pattern["markerPatterns"], text)
    return [match[1] if match else text]


WORDS = st.sampled_from(["CD", "Cd", "Di", "V", "CCR", "(", ")", "1", "23", "a", "B", "x"])


@given(st.lists(WORDS, min_size=1).map("".join))
def test_a_subcomponent_is_read_as_the_published_patterns_do(text: str) -> None:
    assert list(header_markers._markers(text)) == tokens(text)


@given(st.lists(st.sampled_from(["HLA", "-", "DR", "Dr", "A*2", "x", "PE"]), min_size=1).map("".join))
def test_an_hla_name_is_found_where_the_published_patterns_find_it(text: str) -> None:
    match = captured(HEADER["hlaPatterns"]["literals"], text)
    start, end = header_markers._hla(text)
    assert text[start:end] == (match[1] if match else "")
    assert not match or match.start(1) == start


@given(st.lists(st.sampled_from(["CD", " ", "-", "1", "23", "x"])).map("".join))
def test_what_stands_after_cd_is_dropped_wherever_the_published_pattern_finds_it(text: str) -> None:
    left = text
    while match := re.match(HEADER["preProcessingPattern1"]["literals"][0], left):
        left = left[: match.start(2)] + left[match.end(2) :]
    assert header_markers._GAP_AFTER_CD.sub("CD", text) == left


def remainders(text: str) -> list[str]:
    """What the published patterns leave of an element without a prefix, a suffix, or both."""
    rests = [text, *(match[2] for pattern in literals("prefix") if (match := re.match(pattern, text)))]
    pairs = ((rest, pattern) for rest in rests for pattern in literals("suffix"))
    return rests + [match[1] for rest, pattern in pairs if (match := re.match(pattern, rest))]


PARTS = [
    "CD14",
    "IL-2",
    "x",
    "high",
    " ",
    "+",
    "-",
    *(prefix for prefix in PREFIXES if len(prefix) < 10),
    *SUFFIXES,
]


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("".join).map(str.strip).filter(bool))
def test_an_element_is_known_where_the_published_patterns_leave_a_marker(text: str) -> None:
    markers = [
        rest.strip(" ").removesuffix(value).rstrip(" ")
        for rest in remainders(text)
        for value in ("", *SIGNS)
        if rest.strip(" ").endswith(value)
    ]
    is_known = any(NAMES.find(marker) for marker in markers)
    assert (gating_elements._known(text, NAMES) is not None) == is_known

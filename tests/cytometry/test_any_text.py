"""Both parsers with any text: they never fail, and take time in proportion to the text."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import include.cytometry
from include.cytometry.gating import NONE, read_definition
from include.cytometry.gating_grammar import PREFIXES, SEPARATORS, SIGNS, SUFFIXES
from include.cytometry.header_markers import joined, read_text
from include.cytometry.vocabulary import Names
from tests.support.cytometry import small_vocabulary

VOCABULARY = small_vocabulary()
HUMAN = VOCABULARY.names("human")
#: What texts of the field are made of.
PARTS = [
    *(name for names in (HUMAN.analytes, HUMAN.others) for name in names),
    *PREFIXES, *SUFFIXES, *SEPARATORS.values(), *SIGNS, " ", "  ", "\n", "µ", "_", "(", ")", ",", "12", "3",
    "n", "p", "CD", "Cd", "cd", "HLA-", "either ", " or ", " minus ", "Dump", "PE", "1-17", "Di", "V", "CCR",
]  # fmt: skip
TEXTS = st.one_of(st.lists(st.sampled_from(PARTS), max_size=12).map("".join), st.text(max_size=60))
SPECIES = st.sampled_from(["human", "mouse", "Rattus norvegicus"]).map(VOCABULARY.names)
FOLDER = str(Path(include.cytometry.__file__).parent)


@given(TEXTS, SPECIES)
def test_any_pns_has_a_result(text: str, names: Names) -> None:
    values = read_text(text, names)
    assert len({value.text for value in values}) == len(values)
    assert all(value.text for value in values)
    if not any(value.marker for value in values):
        assert joined(values) == text
    for value in values:
        assert value.marker is None or value.marker.preferred == value.text


@given(TEXTS, SPECIES)
def test_any_definition_has_a_result(text: str, names: Names) -> None:
    found = read_definition(text, names)
    assert all(item.reported.strip() for item in found.elements)
    assert (found.preferred == NONE) == (not found.elements or bool(found.unknown))
    for item in found.elements:
        assert (item.marker is None) == (item.preferred == "")
        assert item.sign in ("", *SIGNS.values())


#: A text of about a length, by what makes it hard: what is sought again and again, and not found.
HARD: dict[str, Callable[[int], str]] = {
    "one word": lambda length: "x" * length,
    "blanks": lambda length: "a" + " " * length + "b",
    "CD": lambda length: "CD" * (length // 2),
    "CD3": lambda length: "CD3" * (length // 3),
    "numbers": lambda length: "CD" + "3" * length,
    "CD and numbers": lambda length: "CD3" + "-19" * (length // 3),
    "open parentheses": lambda length: "(CD" * (length // 3),
    "parentheses": lambda length: "(CD" * (length // 6) + "3" + ")" * (length // 6),
    "HLA": lambda length: "HLA-" * (length // 4),
    "other markers": lambda length: "mono" * (length // 4),
    "underscores": lambda length: "a_" * (length // 2),
    "slashes": lambda length: "CD3/" * (length // 4),
    "numbers and commas": lambda length: "CD3" + ",4" * (length // 2),
    "numbers, commas and a sign": lambda length: "CD3" + ",4" * (length // 2) + "+",
    "names and commas": lambda length: "a,1," * (length // 4),
    "numbers and signs": lambda length: "CD3+" + "4-" * (length // 2),
    "numbers and signs, no end": lambda length: "CD3+" + "4-" * (length // 2) + "x",
    "signs": lambda length: "+-" * (length // 2),
    "signs and blanks": lambda length: "x" + " +" * (length // 2),
    "signs, blanks and a letter": lambda length: "x" + " -" * (length // 2) + "y",
    "known and values": lambda length: "CD4+" * (length // 4),
    "unknown and values": lambda length: "Xy+" * (length // 3),
    "values and blanks": lambda length: "CD4 +" + " " * length + "CD8-",
    "no end": lambda length: "CD4+" * (length // 4) + "x",
    "n and p": lambda length: "CD4n" * (length // 4),
    "n and p, no capital": lambda length: "CD4" + "n" * length,
    "either": lambda length: "either " * (length // 7) + "a or b",
    "or": lambda length: "either a" + " or a" * (length // 5),
    "either or": lambda length: "either a or " * (length // 12) + "b",
    "minus": lambda length: "(a) minus (" + "a " * (length // 2) + "positive)",
    "blanks before positive": lambda length: "(a) minus (b" + " " * length + "c" + " " * length + "negative)",
    "live": lambda length: "CD4" + " live" * (length // 5),
    "blanks before live": lambda length: "CD4" + " " * length + "live",
    "and": lambda length: "a and" * (length // 5),
    "prefixes": lambda length: "n" * length + "CD4",
    "ignored": lambda length: "Intact" + " " * length + "cells",
}  # fmt: skip


def steps(work: Callable[[], object]) -> int:
    """Lines of the package that are executed."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("make", HARD.values(), ids=HARD)
@pytest.mark.parametrize("read", [read_text, read_definition])
def test_twice_the_text_takes_twice_the_steps(
    read: Callable[[str, Names], object], make: Callable[[int], str]
) -> None:
    once, twice = (steps(lambda length=length: read(make(length), HUMAN)) for length in (600, 1200))  # type: ignore[misc]  # its type cannot be inferred
    assert twice <= 2.2 * once + 100


@pytest.mark.long
@pytest.mark.parametrize("make", HARD.values(), ids=HARD)
@pytest.mark.parametrize("read", [read_text, read_definition])
def test_a_long_text_is_read(read: Callable[[str, Names], object], make: Callable[[int], str]) -> None:
    """Steps within regular expressions are not counted: one that takes the square would take minutes here."""
    read(make(300_000), HUMAN)

"""Text and its bytes: what is read is written back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.submission.templates.grid import Grid, read_text, write_text
from include.submission.templates.layout import read_document
from tests.submission.declared import TEMPLATES, needs_templates, template, templates
from tests.submission.draft import draft

_CELL = st.text(st.characters(exclude_characters="\t\n\r\0", exclude_categories=["Cs"]), max_size=5)
_LINES = st.lists(st.lists(_CELL, min_size=1, max_size=4), max_size=6)


@given(
    lines=_LINES,
    newlines=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=6, max_size=6),
    is_ended=st.booleans(),
    has_mark=st.booleans(),
)
def test_any_text_in_utf_8_is_written_back_byte_for_byte(
    lines: list[list[str]], newlines: list[str], is_ended: bool, has_mark: bool
) -> None:
    ends = newlines[: len(lines)]
    text = "".join("\t".join(line) + end for line, end in zip(lines, ends, strict=True))
    if lines and not is_ended:
        text = text.removesuffix(ends[-1])
    data = (b"\xef\xbb\xbf" if has_mark else b"") + text.encode()
    assert write_text(read_text(data)) == data


@needs_templates
def test_the_real_example_is_written_back_byte_for_byte() -> None:
    data = (TEMPLATES / "basic_study_design.txt").read_bytes()
    grid = read_text(data)
    assert grid.notes == []
    assert write_text(grid) == data


@needs_templates
def test_what_the_real_example_says() -> None:
    document = read_document(
        read_text((TEMPLATES / "basic_study_design.txt").read_bytes()), "example", templates()
    )
    assert (document.template, document.version, document.level) == (
        template("basic_study_design"),
        "3.20",
        "Standard",
    )
    rows = {rows.table.name: rows for rows in document.tables}
    assert {name: len(found.rows) for name, found in rows.items()} == {
        "study": 1,
        "study_categorization": 1,
        "arm_or_cohort": 2,
        "study_personnel": 1,
        "planned_visit": 2,
        "inclusion_exclusion": 2,
        "study_2_protocol": 1,
        "study_file": 0,
        "study_link": 0,
        "study_pubmed": 0,
    }
    study, visits = rows["study"], rows["planned_visit"]
    at = study.at("Actual Start Date")
    assert at is not None
    assert (study.rows[0][at], study.place(0, at)) == ("06-Feb-2005", (22, 1))
    assert [slot.name for slot in study.slots if slot.column is None] == ["Type", "Condition Studied"]
    assert visits.rows[1] == ["example human study v2", "example human study v2", "2", "10", "", "", ""]
    assert document.notes == []


@needs_templates
def test_a_text_of_latin_1_loses_nothing() -> None:
    package = draft("protocols")
    grid = read_text("a\tKörper\nb\tc\n".encode("latin-1"))
    assert grid.lines == [["a", "Körper"], ["b", "c"]]
    assert [(note.rule, note.line, note.cell) for note in grid.notes] == [("encoding", 1, 1)]
    assert package.names == ("protocols",)


def test_one_foreign_byte_does_not_change_other_lines() -> None:
    grid = read_text("größe\t1\n".encode() + b"K\xf6rper\n" + b"\x81\n")
    assert grid.lines == [["größe", "1"], ["Körper"], ["\x81"]]
    assert [note.line for note in grid.notes] == [2, 3]


@pytest.mark.parametrize("cell", ["a\tb", "a\nb", "a\rb"])
def test_what_text_cannot_say_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        write_text(Grid([["fine"], [cell]]))

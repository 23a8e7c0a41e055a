"""Rules about a file as a whole: encodings, first lines, header lines, blocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from include.submission.templates.grid import NotATextError, read_text
from tests.submission.declared import needs_templates
from tests.submission.draft import draft

pytestmark = needs_templates
Change = Callable[[str], str]


def _swap(first: str, second: str) -> Change:
    """Exchange two neighbours in a header line and in all rows below."""

    def change(text: str) -> str:
        lines = [line.split("\t") for line in text.split("\n")]
        at = next(number for number, line in enumerate(lines) if first in line)
        one, other = lines[at].index(first), lines[at].index(second)
        for line in lines[at:]:
            if len(line) > other:
                line[one], line[other] = line[other], line[one]
        return "\n".join("\t".join(line) for line in lines)

    return change


def _without(name: str) -> Change:
    def change(text: str) -> str:
        lines = [line.split("\t") for line in text.split("\n")]
        at = next(number for number, line in enumerate(lines) if name in line)
        place = lines[at].index(name)
        for line in lines[at:]:
            if len(line) > place:
                del line[place]
        return "\n".join("\t".join(line) for line in lines)

    return change


def _twice(name: str) -> Change:
    def change(text: str) -> str:
        lines = [line.split("\t") for line in text.split("\n")]
        at = next(number for number, line in enumerate(lines) if name in line)
        place = lines[at].index(name)
        for line in lines[at:]:
            if len(line) > place:
                line.insert(place, line[place])
        return "\n".join("\t".join(line) for line in lines)

    return change


def _without_first(text: str) -> str:
    head, rest = text.split("\nColumn Name\t")
    return head + "\n" + rest.replace("\n\t", "\n")


def _without_header(text: str) -> str:
    return re.sub(r"\nColumn Name\t[^\n]*\n[^\0]*", "\n", text)


def _without_block(name: str) -> Change:
    return lambda text: re.sub(rf"\n\n{name}\n.*?(?=\n\n|\Z)", "", text, flags=re.DOTALL)


def _sub(pattern: str, replacement: str) -> Change:
    def change(text: str) -> str:
        found, count = re.subn(pattern, replacement, text, count=1)
        assert count == 1
        return found

    return change


@pytest.mark.parametrize(
    ("name", "change", "rule", "line", "column", "fix"),
    [
        ("protocols", _sub("^protocols", "protocolls"), "template_unknown", 1, None, "protocols"),
        ("protocols", _sub("3.20", "3.19"), "schema_version", 1, None, "use the template of 3.20"),
        ("protocols", _sub("3.20", "3.9"), "schema_version", 1, None, ...),
        ("protocols", _sub("3.20", "3.36"), "schema_newer", 1, None, ...),
        ("basic_study_design", _sub("Standard", "Gold"), "validation_level", None, None, "Standard"),
        ("protocols", _without_header, "header_missing", 2, None, None),
        ("protocols", _without_first, "first_column", 3, None, ...),
        (
            "protocols",
            _sub("\n\tprotocol protocols 1", "\nx\tprotocol protocols 1"),
            "first_column",
            5,
            None,
            ...,
        ),
        ("protocols", _without("Name"), "column_missing", 3, "Name", None),
        ("protocols", _without("Description"), "column_left_out", 3, "Description", None),
        ("protocols", _sub("\tDescription\t", "\tDescriptions\t"), "column_unknown", 3, None, "Description"),
        ("protocols", _twice("Description"), "column_repeated", 3, "Description", ...),
        ("protocols", _swap("Name", "Description"), "column_order", 3, "Name", ...),
        (
            "protocols",
            _sub("\tFile Name\t", "\tFile  name\t"),
            "column_spelling",
            3,
            "File Name",
            "File Name",
        ),
        ("elisa", _without("Result Separator Column"), "separator", 3, "Result Separator Column", None),
        (
            "protocols",
            _sub("\n\t(.*) 1\t(.*)\n$", r"\n\t\1 1\t\2\t\tbeyond\n"),
            "cells_beyond",
            5,
            None,
            None,
        ),
        ("protocols", _sub(r"(\nColumn Name[^\n]*\n)[^\0]*", r"\1"), "rows_missing", None, None, ...),
        ("basic_study_design", _without_block("arm_or_cohort"), "block_missing", None, None, ...),
        (
            "basic_study_design",
            _sub("\nResearch Focus\t[^\n]*", "\nResearch Focus\t"),
            "block_empty",
            24,
            None,
            None,
        ),
        (
            "basic_study_design",
            _sub("\nstudy_link\n", "\nstudy_links\n"),
            "block_unknown",
            59,
            None,
            "study_link",
        ),
        ("study_design_edit", lambda text: text + "\nstudy_link\n", "block_repeated", 75, None, ...),
        (
            "basic_study_design",
            _sub("(\nResearch Focus\t)([^\n]*)", r"\1\2\1Autoimmune"),
            "block_rows",
            25,
            None,
            None,
        ),
        ("protocols", lambda text: "\ufeff" + text, "byte_order_mark", 1, None, None),
        ("protocols", lambda text: text.replace("\n", "\r"), "line_ends", 1, None, ...),
        ("protocols", _sub("1 Name", '"1, Name"'), "quotes", 5, "Name", "1, Name"),
        (
            "protocols",
            lambda text: text.replace("protocols\tSchema", "Schema", 1),
            "not_a_template",
            1,
            None,
            None,
        ),
    ],
)
def test_a_file_of_another_shape(
    tmp_path: Path, name: str, change: Change, rule: str, line: int | None, column: str | None, fix: object
) -> None:
    package = draft(name)
    package.edit(name, lambda data: change(data.decode()).encode())
    found = package.write(tmp_path / "package")
    # Without its header or its rows nothing names the files any more.
    rest = [finding for finding in found if finding.rule != "file_unnamed"]
    if rule == "not_a_template":
        rest = [finding for finding in rest if finding.rule != "package_empty"]
    if rule == "quotes":
        rest = [finding for finding in rest if finding.rule != "whitespace"]
    assert [(finding.rule, finding.line, finding.column) for finding in rest] == [(rule, line, column)]
    if fix is ...:
        assert rest[0].fix
    else:
        assert rest[0].fix == fix


def test_bytes_of_latin_1_are_named_with_line_and_column(tmp_path: Path) -> None:
    package = draft("protocols")
    package.put("protocols", "Description", "Blutprobe der Körpergröße")
    package.edit("protocols", lambda data: data.decode().encode("latin-1"))
    [finding] = package.write(tmp_path / "package")
    assert (finding.rule, finding.line, finding.column) == ("encoding", 5, "Description")
    assert finding.value == "Blutprobe der Körpergröße"
    assert "0xf6" in finding.message


def test_text_that_excel_calls_unicode_is_named(tmp_path: Path) -> None:
    package = draft("protocols")
    package.edit("protocols", lambda data: data.decode().encode("utf-16"))
    [finding] = package.write(tmp_path / "package")
    assert (finding.rule, finding.line) == ("encoding", 1)
    assert "UTF-16" in finding.message


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_ends_of_lines_are_clean(tmp_path: Path, newline: str) -> None:
    package = draft("protocols", "basic_study_design")
    for name in package.names:
        package.edit(name, lambda data: data.replace(b"\n", newline.encode()))
    assert package.write(tmp_path / "package") == []


def test_a_line_break_in_a_cell_is_named(tmp_path: Path) -> None:
    package = draft("protocols")
    package.replace("protocols", "1 Description", '"first\nsecond"')
    found = package.write(tmp_path / "package")
    assert ("line_break", 5, "Description") in {
        (finding.rule, finding.line, finding.column) for finding in found
    }


def test_bytes_that_are_no_text_are_no_template(tmp_path: Path) -> None:
    with pytest.raises(NotATextError):
        read_text(b"a\0b")
    package = draft("protocols", "treatments")
    package.edit("treatments", lambda data: b"\0" + data)
    [finding] = package.write(tmp_path / "package")
    assert (finding.rule, finding.file) == ("not_a_template", "treatments.txt")


def test_a_level_is_accepted_where_it_stands(tmp_path: Path) -> None:
    package = draft("protocols")
    package.replace("protocols", "\nColumn Name", "\nValidation Level\tHIPC\nColumn Name")
    package.replace("protocols", "edit this column", "edit this column\tWhat a protocol is.")
    assert package.write(tmp_path / "package") == []


def test_a_header_without_the_name_of_the_first_column_is_accepted(tmp_path: Path) -> None:
    package = draft("protocols")
    package.replace("protocols", "\nColumn Name\t", "\n\t")
    assert package.write(tmp_path / "package") == []


def test_blocks_may_leave_the_first_column_to_immport(tmp_path: Path) -> None:
    package = draft("basic_study_design", "study_design_edit")
    for name in package.names:
        package.edit(name, lambda data: re.sub(rb"\n(?=[^\n])(?!Please|Valid|Column)", b"\n\t", data))
    assert package.write(tmp_path / "package") == []


def test_a_note_in_the_first_column_is_not_a_row(tmp_path: Path) -> None:
    package = draft("protocols")
    package.edit("protocols", lambda data: data + b"checked by me\n")
    [finding] = package.write(tmp_path / "package")
    assert (finding.rule, finding.line, finding.value) == ("first_column", 6, "checked by me")


def test_values_beside_each_other_are_rows_of_a_block_of_pairs(tmp_path: Path) -> None:
    package = draft("basic_study_design")
    rows = package.made["basic_study_design"].rows["study_2_condition_or_disease"]
    one, other = (row[0] for row in rows)
    label = "Condition Reported"
    package.replace(
        "basic_study_design", f"{label}\t{one}\n{label}\t{other}\n", f"{label}\t{one}\tnone such\n"
    )
    [finding] = package.write(tmp_path / "package")
    assert (finding.rule, finding.column, finding.value) == ("preferred", label, "none such")

"""Workbooks as labs fill them in: what Excel made something else of is recognised and named."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from include.submission.checks.records import read_known_ids
from include.submission.findings import ValidationFinding
from include.submission.templates.grid import Grid, read_text, write_text
from include.submission.templates.workbooks import WorkbookError, number_text, read_workbook, write_workbook
from include.submission.templates.writer import filled_template
from tests.submission.declared import check, needs_templates, template, vocabularies
from tests.submission.generated import make, write_package


def _book(grid: Grid, change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook as Excel has one, with cells that were changed."""
    book = openpyxl.load_workbook(io.BytesIO(write_workbook(grid, "page")))
    if change is not None:
        change(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _find(folder: Path, name: str, column: str, value: object) -> list[ValidationFinding]:
    """Findings of a template as a workbook, with a cell of the last row that Excel holds as it does."""
    made = make(template(name), vocabularies())
    written = write_package(folder, [template(name)], vocabularies())
    (folder / template(name).file_name).unlink()
    grid = filled_template(template(name), made.rows)
    is_compound = template(name).is_compound
    at = 1 if is_compound else grid.lines[2].index(column)

    def change(page: Any) -> None:
        row = next(n for n, line in enumerate(grid.lines, start=1) if line[0] == column) if is_compound else 5
        page.cell(row, at + 1).value = value

    (folder / f"{Path(template(name).file_name).stem}.xlsx").write_bytes(_book(grid, change))
    return check(folder, read_known_ids(written.known)).findings


@needs_templates
@pytest.mark.parametrize(
    ("name", "column", "value", "expected"),
    [
        ("biosamples", "Study Time Collected", 7, None),
        ("biosamples", "Study Time Collected", 7.0, None),
        ("biosamples", "Study Time Collected", 1e5, None),
        ("biosamples", "Study Time Collected", True, ("excel_boolean", "number")),
        ("biosamples", "Study Time Collected", datetime.datetime(2005, 2, 6), ("excel_date", "number")),
        ("mbaa_results", "MFI", 12, None),
        ("mbaa_results", "Comments", datetime.datetime(2005, 3, 1), ("excel_date",)),
        ("mbaa_results", "Comments", "#REF!", ("excel_error",)),
        ("mbaa_results", "Comments", "two\nlines", ("line_break",)),
        ("protocols", "User Defined ID", 7, ("excel_number",)),
        ("protocols", "User Defined ID", 1e5, ("excel_number",)),
        ("basic_study_design", "Actual Start Date", datetime.datetime(2005, 2, 6), None),
        ("basic_study_design", "Actual Start Date", datetime.datetime(2005, 2, 6, 12), ("date",)),
        ("treatments", "Use Treatment?", True, ("excel_boolean", "vocabulary")),
    ],
)
def test_what_excel_made_of_a_value(
    tmp_path: Path, name: str, column: str, value: object, expected: tuple[str, ...] | None
) -> None:
    found = _find(tmp_path / "package", name, column, value)
    assert tuple(finding.rule for finding in found) == (expected or ())
    assert all(finding.column == column for finding in found)


@needs_templates
def test_a_formula_without_a_result_is_named(tmp_path: Path) -> None:
    [finding] = _find(tmp_path / "package", "protocols", "Description", "=A1&B1")
    assert (finding.rule, finding.line, finding.column) == ("excel_formula", 5, "Description")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1, "1"),
        (-0.5, "-0.5"),
        (1e5, "100000"),
        (1e-7, "0.0000001"),
        (0.1 + 0.2, "0.3"),
        (123456789012345678, "123456789012345678"),
        (1e21, "1000000000000000000000"),
    ],
)
def test_a_number_is_written_without_excels_traces(value: float, text: str) -> None:
    assert number_text(value) == text


def test_a_text_that_looks_like_something_else_stays_text() -> None:
    grid = Grid([["=1+1", "1-Mar", "007", "TRUE", "1E+05", " a ", "", "#N/A"]])
    [back] = read_workbook(write_workbook(grid, "a[b]"))
    assert back.lines == [["=1+1", "1-Mar", "007", "TRUE", "1E+05", " a ", "", "#N/A"]]
    assert back.typed == {}


@needs_templates
def test_a_workbook_becomes_the_text_that_it_came_from() -> None:
    grid = filled_template(template("elisa"), make(template("elisa"), vocabularies()).rows)
    [back] = read_workbook(write_workbook(read_text(write_text(grid)), "elisa"))
    stripped = [
        line[: len(line) - next((n for n, c in enumerate(reversed(line)) if c), 0)] for line in grid.lines
    ]
    assert back.lines == stripped


def test_hidden_pages_and_empty_ends_are_left_out() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["a", None])
    page.cell(9, 9).value = ""
    hidden = book.create_sheet("lists")
    hidden.append(["b"])
    hidden.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    assert [grid.lines for grid in read_workbook(out.getvalue())] == [[["a"]]]


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_not_a_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(WorkbookError):
        read_workbook(data)


def test_a_damaged_workbook_is_refused() -> None:
    data = bytearray(write_workbook(Grid([["a"] * 50] * 50), "page"))
    for at in range(60, 400):
        data[at] ^= 0xFF
    with pytest.raises(WorkbookError):
        read_workbook(bytes(data))


def test_a_workbook_that_would_grow_beyond_measure_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (100 << 20))
    with pytest.raises(WorkbookError, match="grows"):
        read_workbook(out.getvalue())


def test_a_character_that_a_workbook_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        write_workbook(Grid([["a\x01"]]), "page")

"""A valid package of each template, made from its declaration, has no finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.submission.checks.records import read_known_ids
from include.submission.templates.grid import Grid, read_text, write_text
from include.submission.templates.layout import is_template, read_document
from include.submission.templates.workbooks import read_workbook, write_workbook
from include.submission.templates.writer import PAIRS, WrongRowError, blank_template, filled_template
from tests.submission.declared import NAMES, check, needs_templates, template, templates, vocabularies
from tests.submission.generated import make, write_package

pytestmark = needs_templates


@pytest.mark.parametrize("name", NAMES)
def test_a_package_of_one_template_is_clean(tmp_path: Path, name: str) -> None:
    written = write_package(tmp_path / "package", [template(name)], vocabularies())
    validation = check(written.folder, read_known_ids(written.known))
    assert validation.findings == []
    assert validation.templates == [(name, validation.rows)]
    assert validation.rows >= 2


def test_a_package_of_all_templates_is_clean_without_a_workspace(tmp_path: Path) -> None:
    written = write_package(tmp_path / "package", list(templates()), vocabularies())
    validation = check(written.folder)
    assert validation.findings == []
    assert len(validation.templates) == 61
    assert written.known.read_text() == ""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_workbook", [False, True], ids=["text", "workbook"])
def test_a_written_template_is_read_back(name: str, is_workbook: bool) -> None:
    made = make(template(name), vocabularies(), count=3)
    grid = filled_template(template(name), made.rows)
    back = _written_and_read(grid, is_workbook)
    assert is_template(back)
    document = read_document(back, "file", templates())
    assert document.template is template(name)
    assert (document.name, document.version) == (name, template(name).schema_version)
    assert document.notes == []
    assert {rows.table.name: rows.rows for rows in document.tables} == made.rows
    for rows in document.tables:
        assert tuple(slot.column for slot in rows.slots) == rows.table.columns
        assert (rows.places is not None) == (name == "basic_study_design" and rows.table.name in PAIRS)
        for number, row in enumerate(rows.rows):
            for at, value in enumerate(row):
                line, cell = rows.place(number, at)
                assert [*back.lines[line - 1], ""][cell] == value


def _written_and_read(grid: Grid, is_workbook: bool) -> Grid:
    if not is_workbook:
        return read_text(write_text(grid))
    [back] = read_workbook(write_workbook(grid, "template"))
    assert back.typed == {}
    return back


@pytest.mark.parametrize("name", NAMES)
def test_a_blank_template_is_read_back(name: str) -> None:
    document = read_document(read_text(write_text(blank_template(template(name)))), "file", templates())
    assert [rows.table for rows in document.tables] == list(template(name).tables)
    assert all(rows.rows == [] for rows in document.tables)


def test_results_may_repeat_in_groups(tmp_path: Path) -> None:
    elisa = template("elisa")
    made = make(elisa, vocabularies())
    results = [made.rows["elisa"][0][at] for at, column in enumerate(elisa.columns) if column.is_result]
    made.rows["elisa"][0] += results * 2
    grid = filled_template(elisa, made.rows)
    [rows] = read_document(grid, "file", templates()).tables
    assert [slot.group for slot in rows.slots] == [0] * len(elisa.columns) + [1] * 4 + [2] * 4
    written = write_package(tmp_path / "package", [elisa], vocabularies(), {"elisa": made})
    assert check(written.folder, read_known_ids(written.known)).findings == []


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(WrongRowError, match="protocols: a row of 2 values, 5 columns"):
        filled_template(template("protocols"), {"protocols": [["a", "b"]]})
    with pytest.raises(WrongRowError, match="no table elisa"):
        filled_template(template("protocols"), {"elisa": []})

"""Templates as Excel workbooks: what labs really have. Cells that Excel made something else of are named.

A cell of a workbook has a type. Text is taken as it is; a date, a number, a boolean, an error or a formula is
written as text and its type noted, for it depends on the column whether that is wrong: a date in a column of
dates is right, one in a column of gene symbols was MARCH1.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from include.submission.templates.grid import Grid
from include.submission.zip_safety import READ_ERRORS, check_growth

#: Excel keeps 15 digits of a number, and shows a larger one with an exponent.
MOST_DIGITS = 15
_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?")
_FORMULA = re.compile(rb"<f[ >/]")


class WorkbookError(ValueError):
    """The bytes are not a workbook that can be read."""


def read_workbook(data: bytes) -> list[Grid]:
    """The grids of a workbook's pages, in their order; without trailing empty lines and cells.

    :raises WorkbookError: it is not an XLSX workbook, is damaged, or would grow beyond measure.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_growth(archive)
            has_formulas = any(
                _FORMULA.search(archive.read(name)) for name in archive.namelist() if "worksheets/" in name
            )
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(data), read_only=True) if has_formulas else None
        return [
            _grid(page, formulas[page.title] if formulas else None)
            for page in book.worksheets
            if page.sheet_state == "visible"
        ]
    except (*READ_ERRORS, InvalidFileException, LookupError, TypeError, AttributeError, SyntaxError) as error:
        raise WorkbookError(f"not a workbook that can be read: {error}") from error


def write_workbook(grid: Grid, title: str) -> bytes:
    """A workbook of one page, all of whose cells are text: Excel leaves them as they are.

    :raises ValueError: a cell holds a character that a workbook cannot hold.
    """
    book = Workbook(write_only=True)
    page = book.create_sheet(re.sub(r"[\[\]:*?/\\]", "_", title)[:31])
    for line in grid.lines:
        page.append([_text_cell(page, value) for value in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text_cell(page: Any, value: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(page)
    # Set before the value: a text that begins with = would become a formula.
    cell.data_type = "s"
    cell._value = value or None
    if cell._value is None:
        cell.data_type = "n"
    elif openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.search(value):
        raise ValueError(f"a character that a workbook cannot hold: {value[:60]!r}")
    cell.number_format = "@"
    return cell


def _grid(page: Any, formulas: Any) -> Grid:
    grid = Grid([])
    rows: Iterator[Any] = page.iter_rows()
    other: Iterator[Any] = formulas.iter_rows() if formulas is not None else iter(())
    for number, row in enumerate(rows, start=1):
        texts = [_text(cell, grid, number, at) for at, cell in enumerate(row)]
        for at, cell in enumerate(next(other, ())):
            if cell.data_type == "f":
                grid.note_type("formula", number, at)
        while texts and not texts[-1]:
            texts.pop()
        grid.lines.append(texts or [""])
    while grid.lines and grid.lines[-1] == [""]:
        grid.lines.pop()
    return grid


def _text(cell: Any, grid: Grid, line: int, at: int) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        if cell.data_type == "e":
            grid.note_type("error", line, at)
        return value
    if isinstance(value, bool):
        grid.note_type("boolean", line, at)
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        grid.note_type("number", line, at)
        return number_text(value)
    grid.note_type("date", line, at)
    return _date_text(value)


def number_text(value: float) -> str:
    """A number of Excel without its traces: 1 for 1.0, 100000 for 1E+05, and no digits that it never had."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**MOST_DIGITS:
        value = int(value)
    if isinstance(value, int):
        return str(value)
    # What was typed as 0.1 + 0.2 is stored as 0.30000000000000004; Excel shows and keeps 15 digits.
    return format(Decimal(f"{value:.{MOST_DIGITS}g}"), "f")


def _date_text(value: object) -> str:
    """As ImmPort writes dates, 06-Feb-2005; a time of day and a duration as Python writes them."""
    if isinstance(value, datetime.datetime):
        text = f"{value:%d}-{_MONTHS[value.month - 1]}-{value:%Y}"
        return text if value.time() == datetime.time() else f"{text} {value:%H:%M:%S}"
    return str(value)


#: In English, whatever the machine's language is.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

"""Values of a table, column by column: required ones, and what is wrong with each distinct one."""

from __future__ import annotations

from include.submission.checks.values import BOOLEANS, Breach, ValueChecks
from include.submission.findings import Reporter
from include.submission.templates.declarations import TemplateColumn
from include.submission.templates.grid import Grid
from include.submission.templates.layout import TableRows

#: Rules about values that are none: whether they are identifiers of records is not looked up.
_UNUSABLE = {"character", "line_break", "excel_error", "length"}


def check_columns(rows: TableRows, grid: Grid, checks: ValueChecks, report: Reporter) -> dict[int, set[str]]:
    """Report every value that its column does not allow.

    :returns: by slot, the values that cannot be identifiers.
    """
    groups = _filled_groups(rows)
    unusable: dict[int, set[str]] = {}
    for at, column in rows.present():
        if column.required:
            _check_required(rows, at, column, groups.get(rows.slots[at].group), report)
        if grid.typed:
            _check_typed(rows, at, column, grid, report)
        unusable[at] = _check_values(rows, at, column, checks, report)
    return unusable


def report_cells(rows: list[TableRows], grid: Grid, report: Reporter) -> None:
    """Report what the reader noted about cells and lines, by the names of their columns."""
    for note in grid.notes:
        column = None
        if note.line is not None and note.cell is not None:
            column = _column_at(rows, note.line, note.cell)
        report.add(note.rule, note.message, line=note.line, column=column, value=note.value, fix=note.fix)


def _column_at(tables: list[TableRows], line: int, cell: int) -> str | None:
    """Name of the column that a cell belongs to."""
    rows = next((rows for rows in reversed(tables) if line >= rows.header_line), None)
    if rows is None:
        return None
    for row in rows.places or ():
        if (line, cell) in row:
            return rows.slots[row.index((line, cell))].name
    at = cell - rows.first
    return rows.slots[at].name if rows.places is None and 0 <= at < len(rows.slots) else None


def _filled_groups(rows: TableRows) -> dict[int, list[bool]]:
    """By further group of results, which rows have any value of it: the others leave out the whole group."""
    slots: dict[int, list[int]] = {}
    for at, slot in enumerate(rows.slots):
        if slot.group:
            slots.setdefault(slot.group, []).append(at)
    return {
        group: [any(row[at].strip() for at in places) for row in rows.rows] for group, places in slots.items()
    }


def _check_required(
    rows: TableRows, at: int, column: TemplateColumn, needed: list[bool] | None, report: Reporter
) -> None:
    for number, row in enumerate(rows.rows):
        if not row[at].strip() and (needed is None or needed[number]):
            report.add("required", "a value is required", line=rows.line(number, at), column=column.name)


def _check_values(
    rows: TableRows, at: int, column: TemplateColumn, checks: ValueChecks, report: Reporter
) -> set[str]:
    values = rows.values(at)
    broken: dict[str, list[Breach]] = {}
    for value in dict.fromkeys(values):
        if value and (found := list(checks.breaches(column, value))):
            broken[value] = found
    for number, value in enumerate(values if broken else ()):
        for breach in broken.get(value, ()):
            line, fix = rows.line(number, at), breach.fix
            report.add(breach.rule, breach.message, line=line, column=column.name, value=value, fix=fix)
    return {value for value, found in broken.items() if any(breach.rule in _UNUSABLE for breach in found)}


def _check_typed(rows: TableRows, at: int, column: TemplateColumn, grid: Grid, report: Reporter) -> None:
    """What Excel holds instead of text, where the column cannot mean it."""
    for kind in grid.typed:
        for number, row in enumerate(rows.rows):
            line, cell = rows.place(number, at)
            if grid.is_typed(kind, line, cell) and (breach := _typed(kind, column, row[at])):
                fix = breach.fix
                report.add(breach.rule, breach.message, line=line, column=column.name, value=row[at], fix=fix)


def _typed(kind: str, column: TemplateColumn, text: str) -> Breach | None:
    if kind == "date" and column.json_data_type != "date":
        return Breach("excel_date", "Excel holds a date here", "enter the value as text")
    if kind == "boolean":
        return Breach("excel_boolean", "Excel holds TRUE or FALSE here", BOOLEANS[text])
    if kind == "formula" and not text:
        return Breach("excel_formula", "a formula whose result is not stored", "open and save it in Excel")
    if kind == "number" and (column.references or column.combined_column or column.defines):
        message = "Excel holds the identifier as a number: leading zeros and digits beyond 15 are lost"
        return Breach("excel_number", message, "format the column as text")
    return None

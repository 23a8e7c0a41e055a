"""Packages of upload templates made from a star: read back, completed, compared."""

from __future__ import annotations

from pathlib import Path

from include.serve.upload_templates.package import PACKAGE, StudyPackage
from include.submission.findings import ValidationFinding
from include.submission.templates.declarations import TemplateColumn
from include.submission.templates.grid import Grid, read_text, write_text
from include.submission.templates.layout import TemplateDocument, read_document
from include.submission.templates.roles import ACCESSION_PREFIXES
from include.submission.templates.workbooks import read_workbook
from tests.submission.declared import check, templates, vocabularies

#: Times that a package is completed: a value that is filled in may ask for another one.
_ROUNDS = 4


def documents(place: Path) -> list[TemplateDocument]:
    """The templates of a package, by the project's reader."""
    return [
        read_document(_grid(path), path.name, templates()) for path in sorted((place / PACKAGE).iterdir())
    ]


def _grid(path: Path) -> Grid:
    if path.suffix == ".xlsx":
        [grid] = read_workbook(path.read_bytes())
        return grid
    return read_text(path.read_bytes())


def rows_of(place: Path) -> dict[str, list[list[str]]]:
    """By table (of a compound template with its block), the rows of a package that have a value."""
    found = {}
    for document in documents(place):
        assert document.template is not None
        for rows in document.tables:
            name = document.template.name
            key = f"{name}/{rows.table.name}" if document.template.is_compound else name
            if rows.rows:
                found[key] = rows.rows
    return found


def same_rows(done: StudyPackage) -> bool:
    """Whether a package, read back, has every cell of the rows that were read from the star, and no other."""
    written = {one.origin.table: _without_blanks(one.rows) for one in done.study.tables}
    back = {table: _without_blanks(rows) for table, rows in rows_of(done.place).items()}
    return back == written


def _without_blanks(rows: list[list[str]]) -> list[list[str]]:
    """Rows without blank cells at their ends, which stand for groups of results that a row does not have."""
    return [row[: max((at for at, value in enumerate(row, start=1) if value), default=0)] for row in rows]


def as_dicts(place: Path, table: str) -> list[dict[str, str]]:
    """Rows of a table by column; of results in groups, a dictionary per group."""
    name, _, block = table.partition("/")
    [document] = [one for one in documents(place) if one.template and one.template.name == name]
    [rows] = [one for one in document.tables if one.table.name == (block or name)]
    found = []
    for row in rows.rows:
        groups: dict[int, dict[str, str]] = {}
        for slot, value in zip(rows.slots, row, strict=True):
            is_result = slot.column is not None and slot.column.is_result
            groups.setdefault(slot.group if is_result else -1, {})[slot.name] = value
        about = groups.pop(-1, {})
        filled = [group for group in groups.values() if any(group.values())]
        found += [{**about, **group} for group in filled or [next(iter(groups.values()), {})]]
    return found


def complete(done: StudyPackage) -> list[ValidationFinding]:
    """Fill what the report asks for, and nothing else; the errors that the validator then has."""
    requested = {(gap.template.partition("/")[0], gap.column) for gap in done.gaps if gap.is_required}
    folder = done.place / PACKAGE
    errors: list[ValidationFinding] = []
    for number in range(_ROUNDS):
        errors = [finding for finding in check(folder).findings if finding.is_error]
        for finding in errors:
            # What is filled in may ask for more: only what was written is the report's matter.
            assert number or (finding.template, finding.column or "") in requested, finding
            _fill(folder, finding)
        if not errors:
            break
    return errors


def _fill(folder: Path, finding: ValidationFinding) -> None:
    if finding.rule == "file_missing":
        (folder / str(finding.value)).write_bytes(b"content")
        return
    path = folder / finding.file
    grid = read_text(path.read_bytes())
    document = read_document(grid, finding.file, templates())
    for rows in document.tables:
        for row in range(len(rows.rows)):
            for slot, column in rows.present():
                line, place = rows.place(row, slot)
                present = grid.lines[line - 1]
                value = present[place] if place < len(present) else ""
                if line == finding.line and column.name == finding.column and value == (finding.value or ""):
                    present += [""] * (place + 1 - len(present))
                    present[place] = _value(folder, column, finding)
    path.write_bytes(write_text(grid))


def _value(folder: Path, column: TemplateColumn, finding: ValidationFinding) -> str:
    if finding.fix and finding.rule not in {"required", "vocabulary"}:
        return finding.fix
    if column.controlled or column.preferred:
        return vocabularies()[column.controlled or column.preferred or ""].terms[0]
    if column.references:
        return f"{ACCESSION_PREFIXES[column.references]}1"
    if column.names_files:
        name = f"{finding.template} {finding.line}.dat"
        (folder / name).write_bytes(b"content")
        return name
    return {"number": "1", "positive": "1", "date": "06-Feb-2005"}.get(column.json_data_type, "a value")

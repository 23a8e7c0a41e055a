"""Whether a file has the shape of its template: version, blocks, columns, the lines that are ImmPort's."""

from __future__ import annotations

import difflib
import itertools

from include.submission.findings import Reporter
from include.submission.templates.declarations import SEPARATOR, Template, TemplateColumn, Templates
from include.submission.templates.layout import Slot, TableRows, TemplateDocument, spelled

LEVELS = ("Standard", "HIPC")
#: Blocks that describe the study itself, once.
SINGLE_BLOCKS = {"study", "study_categorization"}


def check_structure(document: TemplateDocument, templates: Templates, report: Reporter) -> None:
    """Report what is wrong with lines, blocks and columns, all of it."""
    template = document.template
    if template is None:
        _unknown(document, templates, report)
        return
    _check_head(document, template, report)
    for note in document.notes:
        report.add(note.rule, note.message, line=note.line, value=note.value, fix=note.fix)
    if template.is_compound:
        _check_blocks(document, template, report)
    for rows in document.tables:
        if rows.slots:
            _check_columns(rows, report, template.is_compound)
            _check_cells(rows, report)
    if not template.is_compound and document.tables and not document.tables[0].rows:
        report.add(
            "rows_missing", "the template has no rows", fix="fill it in, or leave it out of the package"
        )


def _unknown(document: TemplateDocument, templates: Templates, report: Reporter) -> None:
    known = {template.name.casefold(): template.name for template in templates}
    close = difflib.get_close_matches(document.name.casefold(), known, n=1)
    message = f"{document.name or 'nothing'} is not one of the {len(templates)} templates"
    report.add(
        "template_unknown", message, line=1, value=document.name, fix=known[close[0]] if close else None
    )


def _check_head(document: TemplateDocument, template: Template, report: Reporter) -> None:
    version, declared = document.version or "", template.schema_version
    if version != declared:
        is_newer = _number(version) > _number(declared)
        message = f"the template is of schema version {version}, the declaration of {declared}"
        fix = "check it by a newer declaration" if is_newer else f"use the template of {declared}"
        rule = "schema_newer" if is_newer else "schema_version"
        report.add(rule, message, line=1, value=version, fix=fix)
    if document.level is not None and document.level.casefold() not in [level.casefold() for level in LEVELS]:
        message = f"the validation level is {' or '.join(LEVELS)}"
        report.add("validation_level", message, value=document.level, fix=LEVELS[0])


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isascii() and part.isdigit() else -1 for part in version.split("."))


def _check_blocks(document: TemplateDocument, template: Template, report: Reporter) -> None:
    seen: dict[str, TableRows] = {}
    for rows in document.tables:
        name, line = rows.table.name, rows.header_line
        if name in seen:
            message = f"the block {name} stands in line {seen[name].header_line}, too"
            report.add("block_repeated", message, line=line, value=name, fix="put its rows into one block")
            continue
        seen[name] = rows
        filled = [row for row in rows.rows if any(cell.strip() for cell in row)]
        if rows.table.is_required and not filled:
            report.add("block_empty", f"the block {name} must have rows", line=line, value=name)
        if name in SINGLE_BLOCKS and len(filled) > 1 and template.name == "basic_study_design":
            message = f"the block {name} describes one record, not {len(filled)}"
            report.add("block_rows", message, line=rows.lines[1], value=name)
    for table in template.tables:
        if table.is_required and table.name not in seen:
            message = f"the block {table.name} is missing"
            report.add(
                "block_missing", message, value=table.name, fix=f"add a line {table.name} and its rows"
            )


def _check_columns(rows: TableRows, report: Reporter, is_block: bool) -> None:
    line = rows.header_line
    # Blocks of compound templates begin in the first column.
    if rows.first == 0 and not is_block:
        message = "the first column, Column Name, is missing: ImmPort would skip the first value of each row"
        report.add("first_column", message, line=line, fix="insert an empty column named Column Name")
    meant: set[str] = set()
    for at, slot in enumerate(rows.slots):
        where = rows.line(0, at) if rows.places else line
        if slot.column is None:
            meant |= _check_unknown(rows, slot, where, report)
        else:
            _check_known(rows, at, slot.column, where, report)
    _check_present(rows, meant, report)
    _check_order(rows, report)


def _check_unknown(rows: TableRows, slot: Slot, line: int, report: Reporter) -> set[str]:
    """Report a name that is none; the column probably meant, which is then not reported as missing."""
    present = {other.column.name for other in rows.slots if other.column}
    known = {spelled(name): name for name in rows.table.key if name not in present}
    close = difflib.get_close_matches(spelled(slot.name), known, n=1, cutoff=0.8)
    meant = known[close[0]] if close else None
    message = f"the template has no column {slot.name!r}" if slot.name else "a column without a name"
    report.add("column_unknown", message, line=line, value=slot.name, fix=meant)
    return {meant} if meant else set()


def _check_known(rows: TableRows, at: int, column: TemplateColumn, line: int, report: Reporter) -> None:
    slot = rows.slots[at]
    if slot.name != column.name:
        message, fix = f"the column is named {column.name!r}", column.name
        report.add("column_spelling", message, line=line, column=column.name, value=slot.name, fix=fix)
    if any(other.column is column and other.group == slot.group for other in rows.slots[:at]):
        message = f"the column {column.name} stands twice"
        report.add("column_repeated", message, line=line, column=column.name, fix="remove one of them")


def _check_present(rows: TableRows, meant: set[str], report: Reporter) -> None:
    present = {(slot.column, slot.group) for slot in rows.slots}
    groups = {slot.group for slot in rows.slots}
    for column in rows.table.columns:
        for group in groups if column.is_result else {0}:
            if (column, group) in present or column.name in meant:
                continue
            which = f" in the results' group {group + 1}" if group else ""
            if column.is_separator:
                message = f"the column {SEPARATOR} must stand before the results"
                report.add("separator", message, line=rows.header_line, column=column.name)
            elif column.required or column.conditional_required:
                message = f"the required column {column.name} is missing{which}"
                report.add("column_missing", message, line=rows.header_line, column=column.name)
            else:
                message = f"the optional column {column.name} is missing{which}"
                report.add("column_left_out", message, line=rows.header_line, column=column.name)


def _check_order(rows: TableRows, report: Reporter) -> None:
    place = {id(column): at for at, column in enumerate(rows.table.columns)}
    found: list[tuple[int, TemplateColumn]] = [
        (slot.group * len(place) + place[id(slot.column)], slot.column) for slot in rows.slots if slot.column
    ]
    for (before, _), (after, column) in itertools.pairwise(found):
        if before > after:
            message = f"the column {column.name} stands elsewhere in ImmPort's template"
            fix = "use the template's order"
            report.add("column_order", message, line=rows.header_line, column=column.name, fix=fix)
            return


def _check_cells(rows: TableRows, report: Reporter) -> None:
    width = len(rows.slots)
    for row, line in zip(rows.rows, rows.lines, strict=True):
        if len(row) > width and (beyond := [cell for cell in row[width:] if cell.strip()]):
            message = f"{len(beyond)} values beyond the last column"
            report.add("cells_beyond", message, line=line, value=beyond[0])

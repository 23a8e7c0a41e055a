"""Where the rows of a template stand in its lines: header lines, blocks, the empty first column, results."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from include.submission.templates.declarations import Template, TemplateColumn, Templates, TemplateTable
from include.submission.templates.grid import CellNote, Grid

#: First cells of the lines that belong to ImmPort.
FIRST_COLUMN, DO_NOT_EDIT = "Column Name", "Please do not delete or edit this column"
VERSION, LEVEL = "Schema Version", "Validation Level"

_VERSION = re.compile(rf"{VERSION}\s+(\S+)", re.IGNORECASE)
#: Lines in which the header is looked for.
_PREAMBLE = 10


@dataclass(frozen=True)
class Slot:
    """One place of a header line.

    :ivar name: as it is written there.
    :ivar column: what the template declares by that name.
    :ivar group: which of the repeated groups of results it belongs to, from 0.
    """

    name: str
    column: TemplateColumn | None
    group: int = 0


@dataclass
class TableRows:
    """Rows of a table of a template, as they stand in a file.

    :ivar header_line: line with the names of columns; of a block of pairs, its first line.
    :ivar first: cells of a line before its first value: 1 with the empty first column.
    :ivar rows: cells by slot; a row may be longer than the header, never shorter.
    :ivar lines: line of each row.
    :ivar places: of a block of pairs, whose rows stand in a column: line and place in it, by row and slot.
    """

    table: TemplateTable
    header_line: int
    first: int
    slots: list[Slot]
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    places: list[list[tuple[int, int]]] | None = None

    def line(self, row: int, slot: int) -> int:
        return self.lines[row] if self.places is None else self.places[row][slot][0]

    def place(self, row: int, slot: int) -> tuple[int, int]:
        """Line, from 1, and place in it, from 0, of a value."""
        return (self.lines[row], slot + self.first) if self.places is None else self.places[row][slot]

    def at(self, name: str) -> int | None:
        """The slot of a column, the first one where it is repeated; None where the header lacks it."""
        wanted = (at for at, slot in enumerate(self.slots) if slot.column and slot.column.name == name)
        return next(wanted, None)

    def values(self, slot: int) -> list[str]:
        return [row[slot] for row in self.rows]

    def present(self) -> list[tuple[int, TemplateColumn]]:
        """Slots with a column that is declared, but the pseudo column."""
        return [(at, s.column) for at, s in enumerate(self.slots) if s.column and not s.column.is_separator]


@dataclass
class TemplateDocument:
    """A file that is a filled template.

    :ivar file: its name in the package.
    :ivar name: the template's name, as the first line has it.
    :ivar version: schema version of the first line.
    :ivar level: validation level, where a line names one.
    :ivar template: the declared template; None when there is none of that name.
    :ivar notes: what was noticed about lines as a whole.
    """

    file: str
    grid: Grid
    name: str
    version: str | None
    level: str | None = None
    template: Template | None = None
    tables: list[TableRows] = field(default_factory=list)
    notes: list[CellNote] = field(default_factory=list)


def is_template(grid: Grid) -> bool:
    """Whether the first line is that of a template: a name, then the schema version."""
    first = grid.lines[0] if grid.lines else []
    return len(first) > 1 and _VERSION.fullmatch(first[1].strip().strip('"')) is not None


def read_document(grid: Grid, file: str, templates: Templates) -> TemplateDocument:
    """Find the rows of a grid whose first line is a template's."""
    first = [cell.strip().strip('"') for cell in grid.lines[0]]
    found = _VERSION.fullmatch(first[1])
    document = TemplateDocument(file, grid, first[0], found[1] if found else None)
    document.template = templates.find(first[0])
    for line in grid.lines[1:_PREAMBLE]:
        if line[0].strip().casefold() == LEVEL.casefold():
            document.level = line[1].strip() if len(line) > 1 else ""
            break
    if document.template is None:
        return document
    if document.template.is_compound:
        _read_blocks(document, document.template)
    else:
        _read_table(document, document.template.tables[0])
    return document


def _read_table(document: TemplateDocument, table: TemplateTable) -> None:
    lines = document.grid.lines
    names = {spelled(name) for name in table.key}
    for at, line in enumerate(lines[1:_PREAMBLE], start=1):
        head = line[0].strip().casefold()
        known = sum(spelled(cell) in names for cell in line)
        if head in (DO_NOT_EDIT.casefold(), LEVEL.casefold()):
            continue
        if (head == FIRST_COLUMN.casefold() and known) or known * 2 > len(_filled(line)) > 0:
            rows = _header(table, line, at + 1)
            document.tables.append(rows)
            _fill(document, rows, range(at + 1, len(lines)))
            return
    document.notes.append(CellNote(2, None, "header_missing", "no line names the template's columns"))


def _header(table: TemplateTable, line: Sequence[str], number: int) -> TableRows:
    first = int(line[0].strip().casefold() in ("", FIRST_COLUMN.casefold()))
    cells = [cell.strip() for cell in line[first:]]
    while cells and not cells[-1]:
        cells.pop()
    return TableRows(table, number, first, slots_of(table, cells))


def slots_of(table: TemplateTable, names: Sequence[str]) -> list[Slot]:
    """What each place of a header line is. Results follow the pseudo column, and may repeat in groups."""
    described = {spelled(column.name): column for column in reversed(table.columns) if not column.is_result}
    results = {spelled(column.name): column for column in reversed(table.columns) if column.is_result}
    slots: list[Slot] = []
    is_result, group, seen = False, 0, set[str]()
    for name in names:
        key = spelled(name)
        # Without the pseudo column, a name that only results have, or a second one, begins the results.
        if results and not is_result and key in results and (key not in described or key in seen):
            is_result, seen = True, set()
        column = (results if is_result else described).get(key)
        if is_result and key in results and key in seen:
            group, seen = group + 1, set()
        seen.add(key)
        slots.append(Slot(name, column, group if is_result else 0))
        if column is not None and column.is_separator:
            is_result, seen = True, set()
    return slots


def _fill(document: TemplateDocument, rows: TableRows, numbers: Iterator[int] | range) -> None:
    """Take lines, numbered from 0, for rows; those without any value are none."""
    width = len(rows.slots)
    lines = document.grid.lines
    for number in numbers:
        line = lines[number]
        if not any(line) or not "".join(line).strip():
            continue
        if rows.first and line[0].strip():
            message = f"the first column is ImmPort's own and stays empty; it holds {line[0][:60]!r}"
            fix = "move the row's values one column to the right, or empty the cell"
            note = CellNote(number + 1, 0, "first_column", message, line[0], fix)
            document.notes.append(note)
            if not "".join(line[1:]).strip():
                continue
        cells = line[rows.first :]
        if len(cells) < width:
            cells = cells + [""] * (width - len(cells))
        rows.rows.append(cells)
        rows.lines.append(number + 1)


def _read_blocks(document: TemplateDocument, template: Template) -> None:
    """Blocks stand one below the other, each under its name: pairs of label and value, or header and rows."""
    lines = document.grid.lines
    tables = {table.name.casefold(): table for table in template.tables}
    starts: list[tuple[int, TemplateTable | None]] = []
    for at in range(1, len(lines)):
        filled = _filled(lines[at])
        name = filled[0].casefold() if len(filled) == 1 else ""
        if name in tables and _begins_block(lines, at, tables[name]):
            starts.append((at, tables[name]))
        elif name and _looks_like_block(lines, at, [*tables]):
            close = difflib.get_close_matches(name, tables, n=1)
            message = f"{template.name} has no block {filled[0]}"
            note = CellNote(at + 1, 0, "block_unknown", message, filled[0], close[0] if close else None)
            document.notes.append(note)
            starts.append((at, None))
    ends = [start for start, _ in starts[1:]] + [len(lines)]
    for (start, table), end in zip(starts, ends, strict=False):
        if table is not None:
            _read_block(document, table, start, end)


def _begins_block(lines: list[list[str]], at: int, table: TemplateTable) -> bool:
    """Whether a line is a block's name, not a value of the block before: next to a blank line or a header."""
    if not _filled(lines[at - 1]):
        return True
    below = _filled(lines[at + 1]) if at + 1 < len(lines) else []
    return bool(below) and spelled(below[0]) in {spelled(name) for name in table.key}


def _looks_like_block(lines: list[list[str]], at: int, names: Sequence[str]) -> bool:
    word = _filled(lines[at])[0]
    reserved = (FIRST_COLUMN.casefold(), DO_NOT_EDIT.casefold(), LEVEL.casefold())
    if _filled(lines[at - 1]) or word.casefold() in reserved or not re.fullmatch(r"\w+", word):
        return False
    return bool(difflib.get_close_matches(word.casefold(), names, n=1)) or "_" in word


def _read_block(document: TemplateDocument, table: TemplateTable, start: int, end: int) -> None:
    lines = document.grid.lines
    filled = [at for at in range(start + 1, end) if _filled(lines[at])]
    if not filled:
        document.tables.append(TableRows(table, start + 1, 0, []))
        return
    if _is_pairs(table, [lines[at] for at in filled]):
        document.tables.append(_pairs(table, [(at + 1, lines[at]) for at in filled]))
        return
    rows = _header(table, lines[filled[0]], filled[0] + 1)
    document.tables.append(rows)
    _fill(document, rows, iter(filled[1:]))


def _is_pairs(table: TemplateTable, lines: list[list[str]]) -> bool:
    """Whether a block has a label and a value per line, not a header line: later lines have labels, too."""
    names = {spelled(name) for name in table.key}
    head = [spelled(cell) for cell in _filled(lines[0])]
    if sum(cell in names for cell in head) > 1:
        return False
    labels = sum(spelled(_filled(line)[0]) in names for line in lines[1:])
    return labels > 0 or (len(head) > 1 and head[0] in names)


def _pairs(table: TemplateTable, lines: list[tuple[int, list[str]]]) -> TableRows:
    """Rows of a block of pairs: a label that repeats, or a further value beside one, is of another row."""
    first = 0 if all(line[0].strip() for _, line in lines) else 1
    labels: list[str] = []
    found: list[tuple[int, int, str, tuple[int, int]]] = []
    times: dict[str, int] = {}
    for number, line in lines:
        cells = line[first:]
        label = cells[0].strip()
        key = spelled(label)
        if key not in times:
            labels.append(label)
            times[key] = 0
        slot = [spelled(name) for name in labels].index(key)
        values = cells[1:] or [""]
        while len(values) > 1 and not values[-1].strip():
            values.pop()
        for at, value in enumerate(values, start=first + 1):
            found.append((times[key], slot, value, (number, at)))
            times[key] += 1
    count = max((row for row, *_ in found), default=-1) + 1
    rows = TableRows(table, lines[0][0], first, slots_of(table, labels))
    rows.rows = [[""] * len(labels) for _ in range(count)]
    rows.places = [[(lines[0][0], first + 1)] * len(labels) for _ in range(count)]
    for row, slot, value, place in found:
        rows.rows[row][slot] = value
        rows.places[row][slot] = place
    kept = [at for at, row in enumerate(rows.rows) if any(cell.strip() for cell in row)]
    rows.rows, rows.places = [rows.rows[at] for at in kept], [rows.places[at] for at in kept]
    rows.lines = [min(line for line, _ in row) for row in rows.places]
    return rows


def _filled(line: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in line if cell.strip()]


def spelled(name: str) -> str:
    """A column's name for comparison: in any case, whatever its blanks."""
    return " ".join(name.split()).casefold()

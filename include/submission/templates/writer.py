"""Templates as ImmPort gives them: header lines, the empty first column, blocks; empty or with rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from include.submission.templates.declarations import Template, TemplateTable
from include.submission.templates.grid import Grid
from include.submission.templates.layout import DO_NOT_EDIT, FIRST_COLUMN, LEVEL, VERSION

#: Blocks of basic_study_design that are written as pairs of a label and a value, one below the other.
PAIRS = {"study", "study_categorization", "study_2_condition_or_disease", "study_2_protocol"}
#: The template whose blocks may be pairs.
_WITH_PAIRS = "basic_study_design"


class WrongRowError(ValueError):
    """A row that does not fit its template; the message names the template and what does not fit."""


#: Values of a row in the order of the table's columns, those of further groups of results after them.
TemplateRow = Sequence[str]


def blank_template(template: Template) -> Grid:
    """A template without rows."""
    return filled_template(template, {})


def filled_template(
    template: Template, rows: Mapping[str, Sequence[TemplateRow]], level: str = "Standard"
) -> Grid:
    """A template with rows.

    :param rows: by table (the template's own name, or a block), its rows: as many values as columns. In a
        table with results, further groups of results may follow: the header line repeats their columns.
    :param level: validation level that a compound template names.
    :raises WrongRowError: a table that the template does not have, or a row of another length.
    """
    if unknown := rows.keys() - {table.name for table in template.tables}:
        raise WrongRowError(f"{template.name} has no table {', '.join(sorted(unknown))}")
    lines = [[template.name, f"{VERSION} {template.schema_version}"], [DO_NOT_EDIT]]
    if not template.is_compound:
        table = template.tables[0]
        lines += _table(template, table, rows.get(table.name, ()))
        return Grid(lines)
    lines += [[LEVEL, level], [FIRST_COLUMN]]
    for table in template.tables:
        found = rows.get(table.name, ())
        is_pairs = template.name == _WITH_PAIRS and table.name in PAIRS
        lines += [[""], [table.name], *(_pairs if is_pairs else _block)(template, table, found)]
    return Grid(lines)


def _table(template: Template, table: TemplateTable, rows: Sequence[TemplateRow]) -> list[list[str]]:
    results = [column.name for column in table.columns if column.is_result]
    groups = max((_groups(template, table, row, len(results)) for row in rows), default=1)
    header = [*table.key, *results * (groups - 1)]
    return [[FIRST_COLUMN, *header], *(["", *row, *[""] * (len(header) - len(row))] for row in rows)]


def _groups(template: Template, table: TemplateTable, row: TemplateRow, results: int) -> int:
    """How many groups of results a row has."""
    further = len(row) - len(table.columns)
    if further and (not results or further < 0 or further % results):
        raise WrongRowError(f"{template.name}: a row of {len(row)} values, {len(table.columns)} columns")
    return 1 + (further // results if results else 0)


def _block(template: Template, table: TemplateTable, rows: Sequence[TemplateRow]) -> list[list[str]]:
    for row in rows:
        _groups(template, table, row, 0)
    return [list(table.key), *map(list, rows)]


def _pairs(template: Template, table: TemplateTable, rows: Sequence[TemplateRow]) -> list[list[str]]:
    """One row below the other: a label that repeats begins a new one."""
    for row in rows:
        _groups(template, table, row, 0)
    blank = [""] * len(table.columns)
    return [list(pair) for row in rows or [blank] for pair in zip(table.key, row, strict=True)]

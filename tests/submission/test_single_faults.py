"""Every column of every template: one fault in a valid package gives its finding, and no other.

The faults follow from the declarations: required values, types, widths, vocabularies, references.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from include.submission.checks.records import KnownIds, read_known_ids
from include.submission.templates.declarations import Template, TemplateColumn, TemplateTable
from include.submission.templates.roles import roles_of
from tests.submission.declared import NAMES, check, needs_templates, template, templates, vocabularies
from tests.submission.generated import Made, make, write_package

pytestmark = needs_templates
#: Values that other rows of the same template name: changed, they would be missed there, too.
_NAMED_BELOW = {"period"}


@dataclass(frozen=True)
class Fault:
    """A value in place of a valid one.

    :ivar row: which row of the table: the last one, which no other row depends on.
    """

    table: TemplateTable
    column: TemplateColumn
    place: int
    row: int
    rule: str
    value: str

    @property
    def name(self) -> str:
        return f"{self.table.name}: {self.column.name}: {self.rule}"


def faults(template: Template, made: Made) -> Iterator[Fault]:
    """All faults that the template's declaration knows."""
    for table in template.tables:
        row = len(made.rows[table.name]) - 1
        for place, column in enumerate(table.columns):
            if not column.is_separator:
                value = made.rows[table.name][row][place]
                for rule, wrong in _faults(table, column, value):
                    yield Fault(table, column, place, row, rule, wrong)


def _faults(table: TemplateTable, column: TemplateColumn, value: str) -> Iterator[tuple[str, str]]:
    roles = roles_of(table)
    is_identifier = column.combined_column or column.defines is not None
    # A row of one value, which is empty, is none: the block may then be empty, which is another rule.
    if column.defines not in _NAMED_BELOW and len(table.columns) > 1:
        if column.required:
            yield "required", ""
        elif column.conditional_required and roles.owners:
            yield "required_if_new", ""
    kind = column.json_data_type
    if column.is_number:
        yield "number", "twelve"
    elif kind == "number":
        yield "number_reported", "<10"
    elif kind == "positive":
        yield "whole_number", "0"
    elif kind == "date":
        yield "date", "2005-02-06"
    if column.controlled:
        yield "vocabulary", "no such term"
        if value.swapcase() != value:
            yield "spelling", value.swapcase()
    if column.preferred:
        yield "preferred", "no such term"
    if column.references and not column.combined_column:
        yield "reference", "no such record"
    if column.names_files:
        yield "file_missing", value
    elif column.width and not is_identifier and kind == "string":
        yield "length", "x" * (column.width + 1)
    if not is_identifier:
        yield "whitespace", f"{value} "
    if not column.controlled and kind in {"string", "array"} and not is_identifier and not column.names_files:
        yield "character", f"{value}\x07"
        yield "excel_error", "#REF!"


def plant(folder: Path, template: Template, made: Made, fault: Fault) -> KnownIds:
    """Write the package with one fault; what the workspace must know for it."""
    changed = copy.deepcopy(made)
    if fault.rule == "file_missing":
        changed.files.remove(fault.value)
    else:
        changed.rows[fault.table.name][fault.row][fault.place] = fault.value
        if fault.column.names_files and not fault.value:
            changed.files.discard(made.rows[fault.table.name][fault.row][fault.place])
    for file in folder.iterdir() if folder.exists() else ():
        file.unlink()
    return read_known_ids(write_package(folder, [template], vocabularies(), {template.name: changed}).known)


#: In `make test`, a template of each kind but compound, which has most columns; in `make test-long`, all.
_QUICK = {
    "protocols",
    "treatments",
    "mbaa_results",
    "elisa_results",
    "standardcurves",
    "elisa",
    "rna_sequencing",
    "subjecthumans",
    "immuneexposure",
    "labtests",
    "assessments",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in _QUICK else pytest.mark.long) for name in NAMES]
)
def test_each_fault_gives_exactly_its_finding(tmp_path: Path, name: str) -> None:
    made = make(template(name), vocabularies())
    wrong = []
    planted = list(faults(template(name), made))
    for fault in planted:
        known = plant(tmp_path / "package", template(name), made, fault)
        found = check(tmp_path / "package", known).findings
        expected = [(name, fault.column.name, fault.rule)]
        if [(finding.template, finding.column, finding.rule) for finding in found] != expected:
            wrong.append((fault.name, [(finding.column, finding.rule, finding.value) for finding in found]))
            continue
        [finding] = found
        line = Path(tmp_path / "package" / finding.file).read_text().split("\n")[(finding.line or 0) - 1]
        assert fault.value in line, fault.name
    assert wrong == []
    assert len(planted) > len(template(name).columns)


def test_all_columns_have_faults() -> None:
    planted = [fault for found in templates() for fault in faults(found, make(found, vocabularies()))]
    assert len(planted) > 3_000
    assert {fault.rule for fault in planted} == {
        "character",
        "date",
        "excel_error",
        "file_missing",
        "length",
        "number",
        "number_reported",
        "preferred",
        "reference",
        "required",
        "required_if_new",
        "spelling",
        "vocabulary",
        "whitespace",
        "whole_number",
    }

"""Which records a template's rows describe and name, derived from its declared columns.

A row of a combined template describes several records at once, new or known: an experiment sample, the
biosample it was taken from and the experiment. The JSON marks their identifiers as combined columns and does
not say which of the other columns describe which of them.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from include.submission.templates.declarations import TemplateColumn, TemplateTable

#: By kind of record, how ImmPort's accessions begin.
ACCESSION_PREFIXES = {
    "adverse_event": "AE",
    "arm_or_cohort": "ARM",
    "assessment_component": "AC",
    "assessment_panel": "AP",
    "biosample": "BS",
    "control_sample": "CS",
    "experiment": "EXP",
    "expsample": "ES",
    "inclusion_exclusion": "CRIT",
    "intervention": "SM",
    "lab_test": "LT",
    "lab_test_panel": "LP",
    "period": "P",
    "planned_visit": "PV",
    "protocol": "PTL",
    "reagent": "ESR",
    "standard_curve": "SC",
    "study": "SDY",
    "study_personnel": "PSN",
    "subject": "SUB",
    "treatment": "TRT",
}
#: Records that a row with results may add to when the workspace has them; any other one must be new.
EXTENDED = {"expsample", "biosample"}
#: Records that many rows of a combined template may share; any other one stands in one row of it.
_SHARED = {"experiment", "assessment_panel", "lab_test_panel"}


@dataclass(frozen=True)
class TableRoles:
    """What the columns of a table mean for records.

    :ivar combined: by kind of record, the combined column with its identifier.
    :ivar described: those of them that the table describes; the others must be known already.
    :ivar primary: the one of them that each row has for itself.
    :ivar owners: by place among the table's columns, the combined records that the column describes.
    """

    combined: dict[str, TemplateColumn]
    described: tuple[str, ...]
    primary: str | None
    owners: dict[int, tuple[str, ...]]


@functools.cache
def _roles(name: str, columns: tuple[TemplateColumn, ...]) -> TableRoles:
    combined = {_kind(column): column for column in columns if column.combined_column}
    owners = {
        at: _owners(column, tuple(combined))
        for at, column in enumerate(columns)
        if combined and not (column.combined_column or column.is_result or column.is_separator)
    }
    # A column of no table, such as a file name, does not show that a record is described.
    stored = {owner for at, found in owners.items() if columns[at].table_name for owner in found}
    described = tuple(kind for kind in combined if kind in stored)
    primary = next((kind for kind in described if kind not in _SHARED), None)
    return TableRoles(combined, described, primary, owners)


def roles_of(table: TemplateTable) -> TableRoles:
    """The roles of a table's columns."""
    return _roles(table.name, table.columns)


def _kind(column: TemplateColumn) -> str:
    """`control_sample` of `Control Sample ID`. The JSON has swapped the tables of subjects and arms."""

    return re.sub(r"\W+", "_", column.name.casefold().removesuffix(" id"))


def _owners(column: TemplateColumn, kinds: tuple[str, ...]) -> tuple[str, ...]:
    table = column.table_name
    # Experiment Name is declared as a column of expsample: its own name says more.
    if named := [kind for kind in kinds if column.name.casefold().startswith(f"{kind.replace('_', ' ')} ")]:
        return (named[0],)
    if table is None:
        return kinds[:1]
    if several := tuple(kind for kind in table.split(" And ") if kind in kinds):
        return several
    if linked := [kind for kind in kinds if table.startswith(f"{kind}_") or table.endswith(f"_2_{kind}")]:
        return (linked[0],)
    return ()


def is_accession(kind: str, value: str) -> bool:
    """Whether a value looks like ImmPort's accession of a kind of record."""
    prefix = ACCESSION_PREFIXES.get(kind)
    return prefix is not None and re.fullmatch(rf"{prefix}[0-9]+", value) is not None

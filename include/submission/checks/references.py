"""Identifiers: each record described once, each reference to one that the package or the workspace has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from include.submission.checks.records import PackageRecords, RowKey
from include.submission.findings import Reporter
from include.submission.templates.declarations import TemplateColumn
from include.submission.templates.layout import TableRows
from include.submission.templates.roles import EXTENDED, roles_of

#: By block, the columns whose values must differ between rows of one study.
KEYS = {
    "planned_visit": ("Order Number",),
    "study_categorization": ("Research Focus",),
    "study_2_condition_or_disease": ("Condition Reported",),
    "study_2_protocol": ("Protocol ID",),
    "study_file": ("File Name",),
    "period": ("Order Number",),
    "study_pubmed": ("Pubmed ID",),
}


@dataclass(frozen=True)
class ReferenceChecks:
    """The checks of identifiers of one table.

    :ivar key: number of its document, and of the table in it.
    :ivar unusable: by slot, values that are reported already and cannot be identifiers.
    """

    rows: TableRows
    key: tuple[int, int]
    records: PackageRecords
    report: Reporter
    unusable: dict[int, set[str]]

    def run(self) -> None:
        """Report identifiers that are not unique, and references to nothing."""
        roles = roles_of(self.rows.table)
        kinds = {column.name: kind for kind, column in roles.combined.items()}
        for at, column in self.rows.present():
            if column.combined_column:
                kind = kinds[column.name]
                if kind not in roles.described:
                    self._check_references(at, column, kind)
                elif kind == roles.primary:
                    self._check_unique(at, column, kind)
            elif column.defines:
                self._check_unique(at, column, column.defines)
            elif column.references:
                self._check_references(at, column, column.references)
        self._check_keys()

    def _check_unique(self, at: int, column: TemplateColumn, kind: str) -> None:
        """Each record has one row. One of a combined template may be known: its row then adds to it."""
        name = kind.replace("_", " ")
        is_new = not (column.combined_column and kind in EXTENDED and self.rows.table.has_results)
        seen: dict[str, str] = {}
        for number, row in enumerate(self.rows.rows):
            value = row[at].strip()
            if not value:
                continue
            line = self.rows.line(number, at)
            where = seen.get(value) or self._elsewhere(kind, value, (*self.key, number, at), column)
            if where is not None:
                message = f"the {name} {value} is described in {where}, too"
                self.report.add("id_repeated", message, line=line, column=column.name, value=value)
            elif is_new and self.records.known.has(kind, value):
                message = f"the workspace already has a {name} {value}"
                self.report.add("id_known", message, line=line, column=column.name, value=value)
            seen.setdefault(value, f"line {line}")

    def _elsewhere(self, kind: str, value: str, key: RowKey, column: TemplateColumn) -> str | None:
        """Where another row describes the record, if this one may not do it again."""
        first = self.records.definition(kind, value)
        if first is None or first.key == key:
            return None
        is_allowed = column.combined_column and not first.is_combined
        return None if is_allowed else f"line {first.line} of {first.file}"

    def _check_references(self, at: int, column: TemplateColumn, kind: str) -> None:
        name = kind.replace("_", " ")
        unchecked: Counter[str] = Counter()
        verdicts: dict[str, bool | None] = {}
        unusable = self.unusable.get(at, set())
        for number, row in enumerate(self.rows.rows):
            for value in () if row[at] in unusable else _items(row[at], is_list=column.is_list):
                if value not in verdicts:
                    verdicts[value] = self.records.has(kind, value)
                if verdicts[value] is None:
                    unchecked[value] += 1
                elif not verdicts[value]:
                    message = f"no {name} {value} in the package or among the workspace's known identifiers"
                    line = self.rows.line(number, at)
                    fix = self.records.suggestion(kind, value)
                    self.report.add("reference", message, line=line, column=column.name, value=value, fix=fix)
        if unchecked:
            message = f"{len(unchecked)} accessions, such as {min(unchecked)}, were not checked"
            fix = "give a list of the workspace's identifiers (WORKSPACE)"
            self.report.add("reference_unchecked", message, column=column.name, fix=fix)

    def _check_keys(self) -> None:
        names = KEYS.get(self.rows.table.name)
        at = self.rows.at(names[0]) if names else None
        if names is None or at is None:
            return
        study = self.rows.at("Study ID")
        first: dict[tuple[str, str], int] = {}
        for number, row in enumerate(self.rows.rows):
            value = row[at].strip()
            key = (row[study].strip() if study is not None else "", value.casefold())
            line = self.rows.line(number, at)
            if value and key in first:
                message = f"{value} stands in line {first[key]}, too"
                self.report.add("key_repeated", message, line=line, column=names[0], value=value)
            first.setdefault(key, line)


def _items(text: str, *, is_list: bool) -> list[str]:
    """The identifiers of a cell, blanks apart."""
    parts = text.split(";") if is_list else [text]
    return [part.strip() for part in parts if part.strip()]

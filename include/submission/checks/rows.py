"""Rows of a table: values that belong together, and what a row must say of each new record."""

from __future__ import annotations

from collections.abc import Iterator

from include.submission.checks.records import PackageRecords
from include.submission.checks.references import KEYS
from include.submission.checks.row_rules import ROW_RULES, RowBreach, RowRule
from include.submission.findings import Reporter
from include.submission.templates.declarations import TemplateColumn
from include.submission.templates.layout import TableRows
from include.submission.templates.roles import TableRoles, roles_of
from include.submission.templates.vocabularies import Vocabularies


class TableChecks:
    """The checks of the rows of one table.

    :param key: number of its document, and of the table in it.
    """

    def __init__(
        self,
        rows: TableRows,
        key: tuple[int, int],
        records: PackageRecords,
        vocabularies: Vocabularies,
        report: Reporter,
    ) -> None:
        self._rows = rows
        self._key = key
        self._records = records
        self._vocabularies = vocabularies
        self._report = report
        self._roles = roles_of(rows.table)
        self._new = {kind: self._new_rows(kind) for kind in self._roles.described}

    def run(self) -> None:
        """Report every row that breaks a rule."""
        self._check_required()
        self._check_differing()
        self._check_known_samples()
        for rule in ROW_RULES:
            for slots in self._slots_of(rule):
                self._check_rule(rule, slots)
        has_key = self._rows.table.name in KEYS or self._roles.primary
        if not (has_key or any(column.defines for column in self._rows.table.columns)):
            self._check_repeated()

    def _new_rows(self, kind: str) -> list[bool]:
        """Which rows describe a record of the kind first: only they must describe it."""
        at = self._rows.at(self._roles.combined[kind].name)
        if at is None:
            return [False] * len(self._rows.rows)
        return [
            self._records.is_new(kind, row[at].strip(), (*self._key, number, at))
            for number, row in enumerate(self._rows.rows)
        ]

    def _owners(self, column: TemplateColumn) -> tuple[str, ...]:
        found = owners_of(self._rows, self._roles, column)
        return tuple(kind for kind in found if kind in self._new)

    def _is_needed(self, owners: tuple[str, ...], number: int) -> bool:
        return not owners or any(self._new[kind][number] for kind in owners)

    def _check_required(self) -> None:
        for at, column in self._rows.present():
            owners = self._owners(column)
            if not column.conditional_required or column.required or not owners:
                continue
            for number, row in enumerate(self._rows.rows):
                if row[at].strip() or not self._is_needed(owners, number):
                    continue
                new = " or ".join(kind.replace("_", " ") for kind in owners if self._new[kind][number])
                line = self._rows.line(number, at)
                message = f"required for a new {new}"
                self._report.add("required_if_new", message, line=line, column=column.name)

    def _check_differing(self) -> None:
        for kind in self._roles.described:
            if kind == self._roles.primary:
                continue
            slots = [at for at, column in self._rows.present() if self._owners(column) == (kind,)]
            identifier = self._rows.at(self._roles.combined[kind].name)
            if identifier is None:
                continue
            first: dict[str, tuple[int, list[str]]] = {}
            for number, row in enumerate(self._rows.rows):
                values = [row[at].strip() for at in slots]
                line, described = first.setdefault(
                    row[identifier].strip(), (self._rows.lines[number], values)
                )
                self._check_same(kind, slots, number, values, (line, described))

    def _check_same(
        self, kind: str, slots: list[int], number: int, values: list[str], first: tuple[int, list[str]]
    ) -> None:
        line, described = first
        for at, value, earlier in zip(slots, values, described, strict=True):
            if value and value != earlier:
                name = self._rows.slots[at].name
                message = f"line {line} describes the {kind.replace('_', ' ')} otherwise, and counts"
                here = self._rows.line(number, at)
                self._report.add("id_differs", message, line=here, column=name, value=value, fix=earlier)
                return

    def _check_known_samples(self) -> None:
        """A sample that the workspace has belongs to a biosample and an experiment that it has, too."""
        sample = self._rows.at("Expsample ID") if self._roles.primary == "expsample" else None
        if sample is None or not self._rows.table.has_results:
            return
        for kind in self._roles.described:
            at = self._rows.at(self._roles.combined[kind].name)
            for number, row in enumerate(self._rows.rows if kind != "expsample" and at is not None else ()):
                value = row[sample].strip()
                if at is None or not (
                    self._new[kind][number] and self._records.known.has("expsample", value)
                ):
                    continue
                message = f"the workspace has the sample {value}, and no {kind} of this name"
                line, column = self._rows.line(number, at), self._rows.slots[at].name
                self._report.add("new_of_known", message, line=line, column=column, value=row[at])

    def _slots_of(self, rule: RowRule) -> Iterator[list[int]]:
        """The rule's columns in the header line: once, and once more per further group of results."""
        by_group: dict[int, dict[str, int]] = {}
        for at, column in self._rows.present():
            by_group.setdefault(self._rows.slots[at].group, {}).setdefault(column.name, at)
        for places in by_group.values():
            if all(name in places for name in rule.columns):
                yield [places[name] for name in rule.columns]

    def _check_rule(self, rule: RowRule, slots: list[int]) -> None:
        columns = [self._rows.slots[at].column for at in slots]
        owners = self._owners(columns[0]) if columns[0] else ()
        judged: dict[tuple[str, ...], list[RowBreach]] = {}
        for number, row in enumerate(self._rows.rows):
            values = tuple(row[at].strip() for at in slots)
            if values not in judged:
                pairs = dict(zip(rule.columns, values, strict=True))
                judged[values] = list(rule.check(pairs, self._vocabularies))
            if not judged[values] or not self._is_needed(owners, number):
                continue
            for breach in judged[values]:
                at = slots[rule.columns.index(breach.column)]
                self._report.add(
                    breach.rule,
                    breach.message,
                    line=self._rows.line(number, at),
                    column=breach.column,
                    value=row[at] or None,
                    fix=breach.fix,
                )

    def _check_repeated(self) -> None:
        first: dict[tuple[str, ...], int] = {}
        for row, line in zip(self._rows.rows, self._rows.lines, strict=True):
            values = tuple(row)
            if values in first:
                message = f"the row repeats line {first[values]}"
                self._report.add("row_repeated", message, line=line, fix="remove it")
            else:
                first[values] = line


def owners_of(rows: TableRows, roles: TableRoles, column: TemplateColumn) -> tuple[str, ...]:
    """The combined records of a row that a column describes."""
    return roles.owners.get(rows.table.columns.index(column), ())

"""The records that a package describes, by their identifiers, and what it says of where they belong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from include.submission.templates.layout import TableRows, TemplateDocument
from include.submission.templates.roles import ACCESSION_PREFIXES, is_accession, roles_of
from include.submission.templates.vocabularies import MOST_SUGGESTIONS


class WorkspaceError(Exception):
    """The list of known identifiers cannot be read; the message says what is wrong."""


@dataclass(frozen=True)
class KnownIds:
    """Identifiers that the workspace has, by kind of record: a lab's own and accessions.

    :ivar is_given: whether there is a list at all; without one, accessions cannot be checked.
    """

    ids: dict[str, set[str]] = field(default_factory=dict)
    is_given: bool = False

    def has(self, kind: str, value: str) -> bool:
        return value in self.ids.get(kind, ())


#: Number of a document, of a table in it, of a row of it, of a column of that.
RowKey = tuple[int, int, int, int]


@dataclass(frozen=True)
class Definition:
    """Where a record is described first.

    :ivar template: name of the template.
    :ivar key: number of the document, of its table, of its row and of the column.
    :ivar is_combined: whether the row describes several records.
    """

    template: str
    file: str
    line: int
    key: RowKey
    is_combined: bool = False


@dataclass
class PackageRecords:
    """All records of a package.

    :ivar definitions: by kind, then identifier.
    :ivar studies: by kind (subject, arm_or_cohort, planned_visit), then identifier, where it belongs.
    :ivar arms: by subject, its arms.
    :ivar age_units: by study, its unit of ages.
    """

    known: KnownIds
    definitions: dict[str, dict[str, Definition]] = field(default_factory=dict)
    studies: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    arms: dict[str, set[str]] = field(default_factory=dict)
    age_units: dict[str, str] = field(default_factory=dict)
    _suggested: int = 0

    def define(self, kind: str, value: str, definition: Definition) -> None:
        """Keep the first description of a record."""
        self.definitions.setdefault(kind, {}).setdefault(value, definition)

    def definition(self, kind: str, value: str) -> Definition | None:
        return self.definitions.get(kind, {}).get(value)

    def is_new(self, kind: str, value: str, key: RowKey) -> bool:
        """Whether this row is the one that describes the record first."""
        found = self.definition(kind, value)
        return found is not None and found.key == key and not self.known.has(kind, value)

    def has(self, kind: str, value: str) -> bool | None:
        """Whether a record is known; None for an accession without a list of known ones."""
        if value in self.definitions.get(kind, ()) or self.known.has(kind, value):
            return True
        return None if is_accession(kind, value) and not self.known.is_given else False

    def suggestion(self, kind: str, value: str) -> str | None:
        """The identifier of that kind that is spelled most alike, while few were looked up."""
        self._suggested += 1
        if self._suggested > MOST_SUGGESTIONS:
            return None
        candidates = [*self.definitions.get(kind, ()), *self.known.ids.get(kind, ())]
        by_spelling = {" ".join(name.split()).casefold(): name for name in reversed(candidates)}
        close = difflib.get_close_matches(" ".join(value.split()).casefold(), by_spelling, n=1, cutoff=0.8)
        return by_spelling[close[0]] if close else None

    def belongs(self, kind: str, value: str, study: str) -> None:
        if study:
            self.studies.setdefault(kind, {}).setdefault(value, set()).add(study)


def read_known_ids(place: Path) -> KnownIds:
    """Known identifiers: lines of a kind of record, a lab's own identifier and, if any, an accession.

    The three are separated by tabs; empty lines and those that begin with # are skipped.

    :raises WorkspaceError: it cannot be read, or a line is none of that.
    """
    try:
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{place} cannot be read: {error}") from error
    ids: dict[str, set[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, *values = [cell.strip() for cell in line.split("\t")]
        if kind not in ACCESSION_PREFIXES or not any(values) or len(values) > 2:
            kinds = ", ".join(sorted(ACCESSION_PREFIXES))
            raise WorkspaceError(
                f"{place}: line {number} is not KIND, IDENTIFIER and ACCESSION with tabs between;"
                f" KIND is one of {kinds}"
            )
        ids.setdefault(kind, set()).update(value for value in values if value)
    return KnownIds(ids, True)


def collect(documents: Iterable[TemplateDocument], known: KnownIds) -> PackageRecords:
    """The records of all documents. What templates of single records describe comes first."""
    records = PackageRecords(known)
    numbered = list(enumerate(documents))
    for is_combined in (False, True):
        for number, document in numbered:
            for at, rows in enumerate(document.tables):
                if bool(roles_of(rows.table).described) == is_combined:
                    _define(records, document, rows, (number, at))
    for _, document in numbered:
        _place_arms_and_visits(records, document)
    for _, document in numbered:
        for rows in document.tables:
            _place_subjects(records, rows)
    return records


def _define(
    records: PackageRecords, document: TemplateDocument, rows: TableRows, key: tuple[int, int]
) -> None:
    template = document.template.name if document.template else document.name
    combined = roles_of(rows.table)
    kinds = {column.name: kind for kind, column in combined.combined.items() if kind in combined.described}
    for at, column in rows.present():
        kind = column.defines or (kinds.get(column.name) if column.combined_column else None)
        if kind is None:
            continue
        for number, row in enumerate(rows.rows):
            if value := row[at].strip():
                line, is_combined = rows.line(number, at), column.combined_column
                found = Definition(template, document.file, line, (*key, number, at), is_combined)
                records.define(kind, value, found)


def _place_arms_and_visits(records: PackageRecords, document: TemplateDocument) -> None:
    """What a study's own template describes belongs to it; elsewhere a column names the study."""
    own = ""
    for rows in document.tables:
        name = rows.table.name
        if name == "study" and rows.rows:
            own, unit = (_values(rows, column)[0] for column in ("User Defined ID", "Age Unit"))
            records.age_units[own] = unit
        if name in {"arm_or_cohort", "planned_visit"}:
            of_study = (
                _values(rows, "Study ID") if rows.at("Study ID") is not None else [own] * len(rows.rows)
            )
            for value, study in zip(_values(rows, "User Defined ID"), of_study, strict=True):
                records.belongs(name, value, study)


def _place_subjects(records: PackageRecords, rows: TableRows) -> None:
    is_assignment = rows.table.name in {"subjecthumans", "subjectanimals", "arm_2_subject"}
    if not is_assignment:
        return
    for subject, arm in zip(_values(rows, "Subject ID"), _values(rows, "Arm Or Cohort ID"), strict=True):
        if subject and arm:
            records.arms.setdefault(subject, set()).add(arm)
            for study in records.studies.get("arm_or_cohort", {}).get(arm, {""}):
                records.belongs("subject", subject, study)


def _values(rows: TableRows, name: str) -> list[str]:
    """The values of a column, stripped; empty ones where the header lacks it."""
    at = rows.at(name)
    return [row[at].strip() if at is not None else "" for row in rows.rows]

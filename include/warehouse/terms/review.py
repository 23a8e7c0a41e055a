"""Reviewing mappings of terms: what a person accepts or rejects, one by one or in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from include.warehouse.schema.history_tables import TERM_MAPPING
from include.warehouse.terms.domains import DOMAIN
from include.warehouse.terms.match import ACCEPTED, PROPOSED, REJECTED, UNMAPPED, Index
from include.warehouse.terms.proposals import index, propose

COLUMNS = ("term_id", "domain", "reported", "preferred", "status", "term", "term_name", "evidence")
STATUSES = ("exact", "alias", PROPOSED, ACCEPTED, REJECTED, UNMAPPED)
#: Spreadsheets take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ReviewError(ValueError):
    """Decisions that cannot be taken. Nothing was changed.

    :ivar reasons: one for each of them.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True)
class TermDecision:
    """What a person decided on a mapping.

    :param status: accepted or rejected.
    :param term: term of the domain's vocabulary; the proposed one when left out.
    """

    status: str
    by: str
    term: str | None = None
    note: str = ""


def listed(connection: sa.Connection, domain: str | None, statuses: Iterable[str]) -> list[sa.Row]:
    """Mappings of some statuses, of one domain or of all."""
    mapping = TERM_MAPPING.c
    statement = sa.select(*(mapping[name] for name in COLUMNS)).where(mapping.status.in_(tuple(statuses)))
    if domain:
        statement = statement.where(mapping.domain == domain)
    return list(connection.execute(statement.order_by(mapping.domain, mapping.reported, mapping.preferred)))


def find(connection: sa.Connection, domain: str, reported: str, preferred: str | None) -> UUID:
    """The mapping of a reported term.

    :param preferred: what ImmPort preferred; needed only where one reported term has several.
    :raises ReviewError: there is none, or there are several.
    """
    mapping = TERM_MAPPING.c
    statement = sa.select(mapping.term_id, mapping.preferred).where(
        mapping.domain == domain, mapping.reported == reported
    )
    if preferred is not None:
        statement = statement.where(mapping.preferred == preferred)
    found = connection.execute(statement).all()
    if not found:
        raise ReviewError([f"{domain}: no mapping of {reported!r}"])
    if len(found) > 1:
        several = ", ".join(repr(row.preferred) for row in found)
        raise ReviewError([f"{domain} {reported!r}: say which with --preferred, one of {several}"])
    return found[0].term_id


class Review:
    """Decisions taken within one transaction, which the caller commits.

    :param overrule: change what a person has decided, too.
    """

    def __init__(self, connection: sa.Connection, *, overrule: bool = False) -> None:
        self.connection = connection
        self.overrule = overrule
        self._indexes: dict[str, Index] = {}

    def decide(self, term_id: UUID, decision: TermDecision) -> bool:
        """Write a decision. Returns whether it changed anything.

        :raises ReviewError: it cannot be taken, and why.
        """
        mapping = self._mapping(term_id)
        name = f"{mapping.domain} {mapping.reported or mapping.preferred!r}"
        term = decision.term or mapping.term
        known = self._index(mapping.domain)
        if decision.status == ACCEPTED:
            if not term:
                raise ReviewError([f"{name}: nothing is proposed, so the term to accept must be named"])
            if term not in known.terms:
                raise ReviewError([f"{name}: {known.domain.vocabulary} does not list the term {term!r}"])
        if (mapping.status, mapping.term) == (decision.status, term):
            return False
        if mapping.decided_by and not self.overrule:
            raise ReviewError(
                [f"{name}: {mapping.decided_by} has {mapping.status} it: only --overrule changes that"]
            )
        label = known.label(term) if term in known.terms else mapping.term_name
        values = {
            "status": decision.status,
            "vocabulary": known.domain.vocabulary if term else None,
            "term": term,
            "term_name": label if term else None,
            "method": "review",
            "evidence": decision.note or f"{decision.status} upon: {mapping.evidence}",
            "decided_by": decision.by,
            "decided_at": sa.func.now(),
            "changed_at": sa.func.now(),
        }
        self.connection.execute(self._update(term_id).values(values))
        return True

    def reopen(self, term_id: UUID) -> None:
        """Take a decision back: the next proposal decides by the evidence again."""
        self._mapping(term_id)
        undecided = {"status": UNMAPPED, "decided_by": None, "decided_at": None, "evidence": "reopened"}
        nothing = {"vocabulary": None, "term": None, "term_name": None, "method": "none"}
        self.connection.execute(self._update(term_id).values({**undecided, **nothing}))
        propose(self.connection)

    def _mapping(self, term_id: UUID) -> sa.Row:
        found = self.connection.execute(
            sa.select(TERM_MAPPING).where(TERM_MAPPING.c.term_id == term_id).with_for_update()
        ).one_or_none()
        if found is None:
            raise ReviewError([f"no mapping has the term_id {term_id}"])
        return found

    def _update(self, term_id: UUID) -> sa.Update:
        return sa.update(TERM_MAPPING).where(TERM_MAPPING.c.term_id == term_id)

    def _index(self, domain: str) -> Index:
        if domain not in self._indexes:
            self._indexes[domain] = index(self.connection, DOMAIN[domain])
        return self._indexes[domain]


def export(connection: sa.Connection, path: Path, domain: str | None, statuses: Iterable[str]) -> int:
    """Write mappings to a CSV file for a spreadsheet. Returns their number.

    :raises OSError: the file cannot be written.
    """
    rows = listed(connection, domain, statuses)
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([_shielded(str(value or "")) for value in row] for row in rows)
    return len(rows)


def take_in(connection: sa.Connection, path: Path, by: str, *, overrule: bool = False) -> int:
    """Take the decisions of a reviewed file, all or none. Returns how many changed something.

    A row is found by its `term_id`; `status` and `term` are read, what else a spreadsheet did is ignored.
    Rows that are neither accepted nor rejected are left as they are.

    :raises ReviewError: the lines that cannot be taken, each with its reason.
    :raises OSError: the file cannot be read.
    """
    review = Review(connection, overrule=overrule)
    changed, reasons, seen = 0, [], set()
    with connection.begin_nested():
        for line, row in _read(path):
            try:
                term_id, decision = _decision(row, by)
                if term_id in seen:
                    raise ReviewError([f"the term_id {term_id} stands in an earlier line, too"])
                seen.add(term_id)
                if decision:
                    changed += review.decide(term_id, decision)
            except ReviewError as error:
                reasons += [f"line {line}: {reason}" for reason in error.reasons]
        if reasons:
            raise ReviewError(reasons)
    return changed


def _decision(row: dict[str, str], by: str) -> tuple[UUID, TermDecision | None]:
    try:
        term_id = UUID(row["term_id"].strip())
    except ValueError:
        raise ReviewError([f"the term_id {row['term_id']!r} is not a UUID"]) from None
    status = row["status"].strip().lower()
    if status not in STATUSES:
        raise ReviewError([f"the status {row['status']!r} is not one of {', '.join(STATUSES)}"])
    if status not in (ACCEPTED, REJECTED):
        return term_id, None
    return term_id, TermDecision(status, by, _unshielded(row["term"].strip()) or None)


def _read(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number of the line at which each row begins, and the row."""
    needed = ("term_id", "status", "term")
    with path.open(newline="", encoding="utf-8-sig") as file:
        first = file.readline()
        # Spreadsheets write semicolons where the comma is a decimal sign.
        reader = csv.reader(file, delimiter=max(",;\t", key=first.count))
        head = next(csv.reader([first], delimiter=max(",;\t", key=first.count)), [])
        if missing := [name for name in needed if name not in head]:
            raise ReviewError([f"line 1: the column {', '.join(missing)} is missing"])
        line = 2
        for cells in reader:
            if any(cells):
                yield line, {**dict.fromkeys(needed, ""), **dict(zip(head, cells, strict=False))}
            line = reader.line_num + 2


def _shielded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unshielded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text

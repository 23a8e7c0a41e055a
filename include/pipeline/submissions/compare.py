"""Compares files of changes with the star as of its newest release, as an analyst reads it.

Studies that are hidden from analysts stay hidden: their records count as not in the star, like those of a
workspace that are not shared yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import sqlalchemy as sa

from include.pipeline.submissions import comparison
from include.pipeline.submissions.comparison import ChangeOutcome, ComparedValue, Comparison
from include.pipeline.submissions.ledger import Submission
from include.pipeline.submissions.star_columns import ROW, StarColumn, StarTable, star_table
from include.submission.changes.header import UPDATE_VALUE, ChangeHeader
from include.submission.changes.reader import ChangedRow, ChangesFile, changes_in
from include.submission.findings import Findings
from include.warehouse.access.roles import become_analyst
from include.warehouse.model.declaration import Type

#: Rows that are compared at once.
_BATCH = 5_000
#: Of a warehouse without a release.
_NO_RELEASE = "none"
#: A day as files have it, beside 2005-02-06: templates of ImmPort write 06-Feb-2005.
_DAYS = ("%Y-%m-%d", "%d-%b-%Y", "%d-%b-%y")


@dataclass(frozen=True)
class _Plan:
    """How the rows below one head are compared.

    :ivar key: where the star has the columns that find a record.
    """

    header: ChangeHeader
    star: StarTable | None
    key: tuple[StarColumn, ...]

    @classmethod
    def of(cls, header: ChangeHeader) -> _Plan:
        star = star_table(header.table) if header.format == UPDATE_VALUE else None
        found = [star.find(name)[:1] for name in header.keys] if star else []
        return cls(header, star if all(found) else None, tuple(columns[0] for columns in found if columns))

    def columns(self, name: str) -> tuple[StarColumn, ...]:
        """Where the star has a column that is given values."""
        return self.star.find(name) if self.star else ()

    @property
    def compared(self) -> tuple[str, ...]:
        """Columns that are given values and that the star has."""
        return tuple(name for name in self.header.columns if self.columns(name))


def compare(engine: sa.Engine, submission: Submission, place: Path) -> Comparison | None:
    """Compare the files of a submission with the star and keep what was found.

    :param place: the files, as they are sent.
    :returns: None once a person has decided: what was shown then stays.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        become_analyst(connection)
        newest = sa.text(
            "select release_version from star.dim_data_release order by release_key desc limit 1"
        )
        release = str(connection.scalar(newest) or _NO_RELEASE)
        values = (value for file in changes_in(place, Findings()) for value in _compared(connection, file))
        return comparison.keep(engine, submission, release, values)


def _compared(connection: sa.Connection, file: ChangesFile) -> Iterator[ComparedValue]:
    """Each value of a file, beside that of the star."""
    for plan, rows in _blocks(file):
        found = _found(connection, plan, rows) if plan.compared else {}
        for at, row in enumerate(rows):
            yield from _of_row(plan, file.name, row, found.get(at, ()))


def _blocks(file: ChangesFile) -> Iterator[tuple[_Plan, list[ChangedRow]]]:
    """Each head with the rows below it, up to a batch of them at a time."""
    plan: _Plan | None = None
    rows: list[ChangedRow] = []
    for event in file.events():
        if isinstance(event, ChangeHeader):
            if plan and rows:
                yield plan, rows
            plan, rows = _Plan.of(event), []
        elif isinstance(event, ChangedRow):
            rows.append(event)
            if plan and len(rows) == _BATCH:
                yield plan, rows
                rows = []
    if plan and rows:
        yield plan, rows


def _of_row(
    plan: _Plan, file: str, row: ChangedRow, found: Sequence[sa.Row[tuple[object, ...]]]
) -> Iterator[ComparedValue]:
    header = plan.header
    record = ", ".join(f"{name}={value.strip()}" for name, value in zip(header.keys, row.key, strict=True))
    for name, new in zip(header.columns, row.values, strict=True):
        columns, old, outcome = plan.columns(name), None, ChangeOutcome.NOT_COMPARED
        if columns and not found:
            outcome = ChangeOutcome.NOT_FOUND
        elif columns and len(found) > 1:
            outcome = ChangeOutcome.SEVERAL
        elif columns:
            at = 1 + sum(len(plan.columns(one)) for one in plan.compared[: plan.compared.index(name)])
            old, outcome = _outcome(columns, tuple(found[0])[at : at + len(columns)], new)
        relation = plan.star.relation if plan.star and columns else None
        yield ComparedValue(file, row.line, header.table, record, name, old, new, outcome, relation)


def _outcome(
    columns: Sequence[StarColumn], values: Sequence[object], new: str
) -> tuple[str | None, ChangeOutcome]:
    """The value of the star, and what the new one is beside it."""
    there = [(column, str(value)) for column, value in zip(columns, values, strict=True) if value is not None]
    old = there[0][1] if there else None
    if not new.strip():
        return old, ChangeOutcome.BLANK if (old or "").strip() else ChangeOutcome.SAME
    is_same = any(_is_same(column.type, value, new) for column, value in there)
    return old, ChangeOutcome.SAME if is_same else ChangeOutcome.CHANGED


def _is_same(kind: Type, old: str, new: str) -> bool:
    """Whether two texts are one value of a column; blanks around a text are none of it."""
    plain = new.strip()
    if plain == old.strip():
        return True
    if kind in (Type.NUMERIC, Type.INTEGER):
        numbers = [_number(text) for text in (old, plain)]
        return None not in numbers and numbers[0] == numbers[1]
    if kind is Type.DATE:
        return _day(plain) == date.fromisoformat(old)
    return False


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def _day(text: str) -> date | None:
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def _found(
    connection: sa.Connection, plan: _Plan, rows: Sequence[ChangedRow]
) -> Mapping[int, Sequence[sa.Row[tuple[object, ...]]]]:
    """Records of the star, by the place of the row that names them; the first two of each."""
    given: dict[str, object] = {"at": list(range(len(rows)))}
    names = [f"k{number}" for number in range(len(plan.key))]
    for number, (name, column) in enumerate(zip(names, plan.key, strict=True)):
        given[name] = [_as(column.type, row.key[number]) for row in rows]
    lists = ", ".join(
        ["cast(:at as integer[])"]
        + [f"cast(:{name} as {column.type}[])" for name, column in zip(names, plan.key, strict=True)]
    )
    same = " and ".join(f"{column.sql} = i.{name}" for name, column in zip(names, plan.key, strict=True))
    shown = ", ".join(f"({column.sql})::text" for name in plan.compared for column in plan.columns(name))
    relation = plan.star.relation if plan.star else ""
    given_rows = f"unnest({lists}) as i (at, {', '.join(names)})"
    query = f"select i.at, {shown} from {given_rows} join star.{relation} {ROW} on {same} order by i.at"  # noqa: S608 - declared
    found = defaultdict[int, list[sa.Row[tuple[object, ...]]]](list)
    for row in connection.execute(sa.text(query), given):
        if len(found[row[0]]) < 2:
            found[row[0]].append(row)
    return found


def _as(kind: Type, text: str) -> object:
    """A value of a key as its column has it; None for what cannot be one."""
    plain = text.strip()
    if kind is Type.INTEGER:
        return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 19 else None
    return plain or None

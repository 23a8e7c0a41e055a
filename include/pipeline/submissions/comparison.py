"""The record of what files of changes would change: counts of all values, and the values that matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

import sqlalchemy as sa

from include.pipeline.submissions.ledger import BEFORE_DECISION, Submission
from include.warehouse.schema.submission_tables import (
    SUBMISSION,
    SUBMISSION_CHANGE,
    SUBMISSION_COMPARISON,
)

#: Values of one submission that are kept; all are counted.
MOST_CHANGES = 100_000
_BATCH = 5_000


class ChangeOutcome(StrEnum):
    """What a value is, beside that of the star, those first that a person looks for."""

    CHANGED = "changed"
    BLANK = "blank"
    NOT_FOUND = "not in the star"
    SEVERAL = "several records"
    NOT_COMPARED = "not compared"
    SAME = "same"


@dataclass(frozen=True)
class ComparedValue:
    """One value of one row.

    :ivar record: columns that find the record, with their values: `reagent_accession=ESR20973`.
    :ivar relation: relation of the star that was compared.
    """

    file: str
    line: int
    table: str
    record: str
    column: str
    star_value: str | None
    new_value: str
    outcome: ChangeOutcome
    relation: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What was found.

    :ivar release: newest release of the star at that time.
    :ivar counts: values by table, column and outcome.
    """

    release: str
    counts: Counter[tuple[str, str, ChangeOutcome]] = field(default_factory=Counter)

    def of(self, outcome: ChangeOutcome) -> int:
        """Values with an outcome."""
        return sum(count for (_, _, found), count in self.counts.items() if found is outcome)

    def in_words(self) -> str:
        """Counts by outcome."""
        found = ((self.of(outcome), outcome) for outcome in ChangeOutcome)
        return ", ".join(f"{count:,} {outcome}" for count, outcome in found if count)


def keep(
    engine: sa.Engine, submission: Submission, release: str, values: Iterable[ComparedValue]
) -> Comparison | None:
    """Keep a comparison in place of an earlier one; None once a person has decided by what was shown."""
    number, comparison = submission.submission_id, Comparison(release)
    relations: dict[tuple[str, str], str | None] = {}
    with engine.begin() as connection:
        state = sa.select(SUBMISSION.c.state).where(SUBMISSION.c.submission_id == number).with_for_update()
        if connection.scalar(state) not in BEFORE_DECISION:
            return None
        for table in (SUBMISSION_CHANGE, SUBMISSION_COMPARISON):
            connection.execute(sa.delete(table).where(table.c.submission_id == number))
        kept_rows = _counted(values, comparison, relations)
        while rows := [{"submission_id": number, **row} for row in islice(kept_rows, _BATCH)]:
            connection.execute(sa.insert(SUBMISSION_CHANGE), rows)
        counted = [
            {
                "submission_id": number,
                "table_name": table,
                "column_name": column,
                "outcome": str(outcome),
                "value_count": count,
                "relation": relations[table, column],
                "release_version": release,
            }
            for (table, column, outcome), count in comparison.counts.items()
        ]
        if counted:
            connection.execute(sa.insert(SUBMISSION_COMPARISON), counted)
    return comparison


def kept(engine: sa.Engine, submission_id: int) -> Comparison | None:
    """The comparison of a submission; None where there is none."""
    wanted = sa.select(SUBMISSION_COMPARISON).where(SUBMISSION_COMPARISON.c.submission_id == submission_id)
    with engine.connect() as connection:
        rows = connection.execute(wanted).all()
    if not rows:
        return None
    found = Comparison(rows[0].release_version)
    for row in rows:
        found.counts[row.table_name, row.column_name, ChangeOutcome(row.outcome)] = row.value_count
    return found


def first_changes(engine: sa.Engine, submission_id: int, most: int) -> list[sa.Row[tuple[object, ...]]]:
    """The first values that would change, in the order of the files."""
    wanted = (
        sa.select(SUBMISSION_CHANGE)
        .where(
            SUBMISSION_CHANGE.c.submission_id == submission_id,
            SUBMISSION_CHANGE.c.outcome.in_((ChangeOutcome.CHANGED, ChangeOutcome.BLANK)),
        )
        .order_by(SUBMISSION_CHANGE.c.position)
        .limit(most)
    )
    with engine.connect() as connection:
        return list(connection.execute(wanted).all())


def _counted(
    values: Iterable[ComparedValue], comparison: Comparison, relations: dict[tuple[str, str], str | None]
) -> Iterator[dict[str, object]]:
    """Count all values; of those that are not the star's already, the rows that are kept."""
    position = 0
    for value in values:
        comparison.counts[value.table, value.column, value.outcome] += 1
        relations[value.table, value.column] = value.relation
        if value.outcome is ChangeOutcome.SAME or position == MOST_CHANGES:
            continue
        yield {
            "position": position,
            "file_name": value.file,
            "line_number": value.line,
            "table_name": value.table,
            "record": value.record,
            "column_name": value.column,
            "star_value": value.star_value,
            "new_value": value.new_value,
            "outcome": str(value.outcome),
        }
        position += 1

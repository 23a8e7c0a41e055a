"""Whether an answer that was requested in parts is whole: another count or a second division proves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from include.landing.zone import Landed
from include.pipeline.answers.split import ARM, SplitStrategy
from include.sources.validate_answer import BLANK


class SplitNotWholeError(RuntimeError):
    """An answer requested in parts is not proven to be whole: the study cannot be loaded from it."""


@dataclass(frozen=True)
class Expected:
    """Another count of an answer's rows.

    :param source: where it comes from: the name of the release's table counts.
    """

    rows: int
    source: str


def agree(
    first: SplitStrategy, second: SplitStrategy, with_arm: Callable[[Landed], int]
) -> tuple[SplitStrategy, Expected] | None:
    """The way that is whole, and how the other proves it; None if it does not.

    :param with_arm: counts the rows of a landed part that name an arm.
    """
    # Rows without an arm are in no part of the first way, and in none of the second if it had to request
    # them, unless that request is seen to work.
    if second.lost or (second.requests_blanks and not (first.finds_blanks or second.finds_blanks)):
        return None
    if not first.lost and first.rows == second.rows:
        return first, Expected(second.rows, f"the same rows requested {second.name}")
    mine, theirs = (sum(_of_an_arm(item, with_arm) for item in way.parts) for way in (first, second))
    if second.rows >= first.rows and mine == theirs:
        how = f"requested {second.name}; {mine:,} rows with an arm, as when requested {first.name}"
        return second, Expected(second.rows, how)
    return None


def _of_an_arm(part: Landed, with_arm: Callable[[Landed], int]) -> int:
    arm = part.parameters.get(ARM)
    if arm is None or part.ignored:
        return with_arm(part)
    return 0 if arm == BLANK else part.rows


def unproven(first: SplitStrategy, second: SplitStrategy | None, expected: Expected | None) -> str:
    """Why the parts are not proven to be the whole: all the counts there are."""
    counts = [f"{way.rows:,} rows requested {way.name}" for way in (first, second) if way]
    if expected:
        counts.append(f"{expected.rows:,} in {expected.source}")
    elif second is None:
        counts.append("no other count to compare with")
    lost = Counter(why for way in (first, second) if way for why in way.lost.values())
    unanswered = f"; rows without an arm, visit or subject: {next(iter(lost))}" if lost else ""
    return f"the parts are not proven to be the whole: {', '.join(counts)}{unanswered}"

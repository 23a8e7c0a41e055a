"""Where the rows of an answer went: what adds up, what is a gap, what cannot be compared."""

from __future__ import annotations

from typing import Any

import pytest

from operations.row_ledger import account


def of(endpoint: str = "hai", published: int | None = 0, table: str = "fact_hai", **row: Any) -> Any:
    """The account of an endpoint with 10 rows, none of them quarantined or repeated unless a test says so."""
    known: dict[str, Any] = {"rows_received": 10, "rows_staged": 10, "quarantined": 0, "copies": 0}
    known |= {"is_known": True} | {"refused": None, "withheld": None, "endpoint": endpoint}
    return account("immport", {**known, **row}, {table: published})


@pytest.mark.parametrize(
    ("row", "published"),
    [
        ({}, 10),
        ({"quarantined": 3}, 7),
        ({"copies": 2}, 8),
        # A row that repeats a quarantined one is quarantined, too, and is counted once.
        ({"quarantined": 2, "copies": 1}, 8),
        ({"quarantined": 2, "copies": 1}, 7),
    ],
)
def test_rows_that_came_were_published_quarantined_or_repeated(row: dict[str, Any], published: int) -> None:
    found = of(published=published, **row)
    assert (found.outcome, found.gap) == ("ok", 0)
    assert found.received == found.published + found.quarantined + found.repeated


@pytest.mark.parametrize(
    ("row", "published", "gap"),
    [
        ({}, 9, 1),
        ({"quarantined": 2}, 7, 1),
        ({"copies": 1}, 8, 1),
        ({}, 12, -2),
        ({"quarantined": 1}, 10, -1),
    ],
)
def test_a_row_that_went_nowhere_or_came_from_nowhere_is_a_gap(
    row: dict[str, Any], published: int, gap: int
) -> None:
    found = of(published=published, **row)
    assert (found.outcome, found.gap) == ("failed", gap)
    assert str(abs(gap)) in found.explanation


def test_a_table_with_a_row_for_several_of_the_endpoint_may_have_fewer() -> None:
    found = of("biosample", 4, "dim_biosample")
    assert (found.outcome, found.repeated) == ("ok", 6)
    assert of("biosample", 11, "dim_biosample").outcome == "failed"
    # None of them is no table of its rows.
    assert of("biosample", 0, "dim_biosample").gap == 10


@pytest.mark.parametrize(
    ("row", "published", "why"),
    [
        ({"withheld": "results_kept (30 rows)"}, None, "results_kept"),
        ({"refused": "404 at /hai"}, None, "404 at /hai"),
        ({"is_known": False}, None, "not provided"),
        ({}, None, "left as it is"),
        ({"endpoint": "summary"}, 10, "no table of its own"),
        ({"endpoint": "of another model"}, 10, "no table of its own"),
    ],
)
def test_what_cannot_be_compared_says_why(row: dict[str, Any], published: int | None, why: str) -> None:
    found = of(published=published, **row)
    assert found.outcome is None
    assert why in found.explanation


def test_a_load_that_was_not_published_is_not_a_gap() -> None:
    known = {"rows_received": 1, "rows_staged": 1, "quarantined": 0, "copies": 0, "is_known": True}
    row = {**known, "refused": None, "withheld": None, "endpoint": "hai"}
    assert account("immport", row, {}, "failed").outcome is None

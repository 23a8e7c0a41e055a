"""Random histories of a source without studies: landed, staged, published, in any order of releases."""

from __future__ import annotations

import itertools
import random as randomness
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sources.immport.vocabularies import LOOKUPS, VOCABULARIES
from include.sources.release import CURRENT, FetchTime
from tests.support.long import examples
from tests.support.sources import body, load_scope, withdraw_scope
from tests.support.warehouse import Warehouse

START = datetime(2026, 5, 3, 4, tzinfo=UTC)
#: Description of a term by its name; None for a release at which the vocabulary is gone.
Terms = dict[str, str | None]

terms = st.dictionaries(
    st.sampled_from(["Female", "Male", "Other"]), st.one_of(st.none(), st.sampled_from("ab")), min_size=1
)
captures = st.one_of(terms, st.none())
histories = st.lists(st.tuples(st.integers(0, 3), captures), min_size=1, max_size=5)
budget = settings(
    max_examples=examples(12),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
#: Each history is of a vocabulary of its own; there are as many as ImmPort has.
_NAMES = itertools.cycle(name for name in LOOKUPS if LOOKUPS[name].key == ("name",))
_EMPTY = """delete from history.dim_vocabulary_term where vocabulary_term_key > 0;
    delete from history.dim_vocabulary where vocabulary_key > 0;
    delete from ops.capture; delete from ops.scope; delete from ops.load; delete from ops.ledger;
    delete from ops.staged; delete from ops.release_change; delete from ops.content"""
_SHOWN = """select k.term, h.description from history.dim_vocabulary_term h
    join history.key_vocabulary_term k using (vocabulary_term_key)
    where k.vocabulary_name = :name and h.valid_from <= :at and h.valid_to > :at order by 1"""


def moment(day: int) -> datetime:
    return START + timedelta(days=day)


def key(day: int) -> int:
    return FetchTime.of(moment(day)).key


def fresh(warehouse: Warehouse) -> str:
    """A vocabulary that the warehouse has nothing of."""
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(_EMPTY)
    return next(_NAMES)


def capture(warehouse: Warehouse, name: str, day: int, content: Terms | None) -> None:
    if content is None:
        withdraw_scope(warehouse, VOCABULARIES, name, moment(day))
        return
    rows = [{"name": term, "description": text} for term, text in content.items()]
    load_scope(warehouse, VOCABULARIES, name, moment(day), term=body(rows))


def shown(warehouse: Warehouse, name: str, at: int) -> Terms:
    return dict(warehouse.rows(_SHOWN, name=name, at=at))


def known(captured: dict[int, Terms | None], day: int) -> Terms:
    """What the captures so far say of a day."""
    return captured.get(max((item for item in captured if item <= day), default=-1)) or {}


def check(warehouse: Warehouse, name: str, captured: dict[int, Terms | None]) -> None:
    for day in range(4):
        assert shown(warehouse, name, key(day)) == known(captured, day), day
    assert shown(warehouse, name, CURRENT) == known(captured, 99)


def versions(warehouse: Warehouse, name: str) -> list[Any]:
    return warehouse.rows(
        """select k.term, h.description, h.valid_from, h.valid_to from history.dim_vocabulary_term h
        join history.key_vocabulary_term k using (vocabulary_term_key)
        where k.vocabulary_name = :name order by 1, 3""",
        name=name,
    )


@budget
@given(history=histories)
def test_every_release_answers_as_it_was_captured(
    warehouse: Warehouse, history: list[tuple[int, Terms | None]]
) -> None:
    """In any order of releases, with a release captured again, and with whole withdrawals."""
    name, captured = fresh(warehouse), dict[int, Terms | None]()
    for day, content in history:
        if content is None and not known(captured, day):
            continue  # there is nothing to withdraw
        capture(warehouse, name, day, content)
        captured[day] = content
        check(warehouse, name, captured)


@budget
@given(
    history=st.dictionaries(st.integers(0, 3), terms, min_size=2),
    random=st.randoms(use_true_random=False),
)
def test_the_order_of_loading_makes_no_difference(
    warehouse: Warehouse, history: dict[int, Terms], random: randomness.Random
) -> None:
    found = []
    for days in (sorted(history), random.sample(sorted(history), len(history))):
        name = fresh(warehouse)
        for day in days:
            capture(warehouse, name, day, history[day])
        found.append(versions(warehouse, name))
    assert found[0] == found[1]


@budget
@given(content=terms, days=st.lists(st.integers(1, 3), min_size=1, max_size=3, unique=True))
def test_an_answer_that_says_nothing_new_touches_no_row(
    warehouse: Warehouse, content: Terms, days: list[int]
) -> None:
    name = fresh(warehouse)
    capture(warehouse, name, 0, content)
    held = "select xmin::text, ctid::text from history.dim_vocabulary_term order by 2"
    before = warehouse.rows(held)
    for day in sorted(days):
        capture(warehouse, name, day, content)
    assert warehouse.rows(held) == before


def test_a_release_at_which_a_scope_is_only_withdrawn_is_a_release(warehouse: Warehouse) -> None:
    capture(warehouse, "lkSex", 0, {"Female": None})
    capture(warehouse, "lkSex", 1, None)
    releases = "select release_version from star.source_release where source = 'vocabularies' order by 1"
    assert warehouse.rows(releases) == [("2026-05-03T04:00:00Z",), ("2026-05-04T04:00:00Z",)]

"""The vocabularies as a source: what an answer may and may not change, and what becomes of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from include.sources.errors import ImmPortError
from include.sources.immport.vocabularies import LOOKUPS, VOCABULARIES
from tests.support.sources import Client, Runs, body
from tests.support.warehouse import Warehouse

SHOWN = "select vocabulary, term, description from star.vocabulary_term order by 1, 2"
STATES = "select scope, state from ops.load order by load_id"


def term(name: str, description: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "link": None, **more}


def answers(**vocabularies: list[dict[str, Any]] | bytes | ImmPortError) -> dict[tuple[str, str], Any]:
    """Answers of the vocabularies named, by the term of all others."""
    found: dict[tuple[str, str], Any] = {}
    for name, lookup in LOOKUPS.items():
        rows: Any = vocabularies.get(name, [{**dict.fromkeys(lookup.names), lookup.key[0]: "1"}])
        found["term", name] = body(rows) if isinstance(rows, list) else rows
    return found


@pytest.fixture
def runs(warehouse: Warehouse) -> Runs:
    return Runs(warehouse, VOCABULARIES, Client(answers(lkSex=[term("Female"), term("Male")])))


def test_all_vocabularies_are_loaded_and_a_second_run_writes_nothing(runs: Runs) -> None:
    first = runs.run()
    assert (first.state, first.counts["loaded"]) == ("success", 45), first.text
    held = "select xmin::text, * from history.dim_vocabulary_term order by 1, 2, 3"
    before = runs.warehouse.rows(held)
    again = runs.run()
    assert (again.state, again.counts["loaded"]) == ("success", 45), again.text
    assert runs.warehouse.rows(held) == before
    assert ("lkSex", "Male", None) in runs.warehouse.rows(SHOWN)
    assert len(runs.warehouse.rows(SHOWN)) == 46

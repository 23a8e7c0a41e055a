"""Publishing vocabularies: what an answer may and may not change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.sources.immport.endpoints import SHARED_DATA
from include.sources.reader import read_rows
from include.warehouse.load import publish_vocabularies
from include.warehouse.load.publish_vocabularies import VocabularyChange
from tests.support.warehouse import Warehouse

START = datetime(2026, 5, 1, tzinfo=UTC)
SEX, STRAIN = SHARED_DATA["lkSex"], SHARED_DATA["lkVirusStrain"]


def term(name: str, description: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "link": None, **more}


def publish(warehouse: Warehouse, day: int, *rows: dict[str, Any], of: Any = SEX) -> VocabularyChange:
    with warehouse.engine.begin() as connection:
        return publish_vocabularies.publish(connection, of, rows, START + timedelta(days=day))


def versions(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows("""
        select term, description, (valid_from at time zone 'UTC')::date - date '2026-05-01',
            case when valid_to < 'infinity' then (valid_to at time zone 'UTC')::date - date '2026-05-01' end
        from history.vocabulary_term order by 1, 3""")


def test_terms_are_added_corrected_withdrawn_and_come_back(warehouse: Warehouse) -> None:
    assert publish(warehouse, 0, term("Female"), term("Male")) == VocabularyChange(2, 0, 2, 0, 0, 0)
    assert publish(warehouse, 1, term("Female"), term("Male")) == VocabularyChange(2, 0, 0, 0, 0, 2)
    assert publish(warehouse, 2, term("Female", "F"), term("Other")) == VocabularyChange(2, 0, 1, 1, 1, 0)
    assert publish(warehouse, 3, term("Female", "F"), term("Male")) == VocabularyChange(2, 0, 1, 0, 1, 1)
    assert versions(warehouse) == [
        ("Female", None, 0, 2),
        ("Female", "F", 2, None),
        ("Male", None, 0, 2),
        ("Male", None, 3, None),
        ("Other", None, 2, 3),
    ]
    assert [row[0] for row in warehouse.rows("select term from star.vocabulary_term order by 1")] == [
        "Female",
        "Male",
    ]


@pytest.mark.parametrize("rows", [[], [term("sex_preferred", "", more=None)], [term("")]])
def test_an_answer_without_terms_changes_nothing(warehouse: Warehouse, rows: list[dict[str, Any]]) -> None:
    publish(warehouse, 0, term("Female"))
    assert publish(warehouse, 1, *rows) == VocabularyChange(len(rows), len(rows), 0, 0, 0, 0)
    assert versions(warehouse) == [("Female", None, 0, None)]


def test_a_stub_stands_first_and_a_term_once(warehouse: Warehouse) -> None:
    stub = {"name": "sex_preferred", "description": "", "link": ""}
    change = publish(warehouse, 0, stub, term("Female"), term("Female", "again"), term("left_right"))
    assert change == VocabularyChange(4, 2, 2, 0, 0, 0)
    assert [row[:2] for row in versions(warehouse)] == [("Female", None), ("left_right", None)]


def test_vocabularies_do_not_touch_each_other(warehouse: Warehouse) -> None:
    publish(warehouse, 0, term("A"))
    publish(warehouse, 1, term("A"), of=STRAIN)
    publish(warehouse, 2, term("B"))
    shown = warehouse.rows("select vocabulary, term from star.vocabulary_term order by 1, 2")
    assert shown == [("lkSex", "B"), ("lkVirusStrain", "A")]


def test_other_fields_are_kept_as_sent(warehouse: Warehouse) -> None:
    body = b'[{"name":"A/Perth","taxonomyId":476294,"score":1.50,"virusName":null,"more":["\\u00e9"]}]'
    publish(warehouse, 0, *read_rows([body], STRAIN), of=STRAIN)
    assert warehouse.value("select fields::text from star.vocabulary_term") == (
        '{"more": ["é"], "score": 1.50, "virusName": null, "taxonomyId": 476294}'
    )


def test_the_newest_time_counts_what_was_closed_too(warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        assert publish_vocabularies.newest(connection) is None
    publish(warehouse, 0, term("A"), term("B"))
    publish(warehouse, 5, term("A"))
    with warehouse.engine.begin() as connection:
        assert publish_vocabularies.newest(connection) == START + timedelta(days=5)


@pytest.mark.parametrize(
    "sent",
    [
        r'"a\u0000b"', r'"\ud800"', r'["deep", {"in": ["a\u0000"]}]', r'{"\udfff": 1}', r'{"a\u0000": 1}',
        "1e200000", "-1E-99999", "9" * 200_000, "[[1e200000]]",
    ],
    ids=lambda sent: sent[:20].encode("ascii", "replace").decode(),
)  # fmt: skip
@pytest.mark.parametrize("field", ["description", "taxonomyId", "nobody declared it"])
def test_a_value_that_postgres_cannot_hold_costs_that_value(
    warehouse: Warehouse, field: str, sent: str
) -> None:
    body = f'[{{"name": "A", "{field}": {sent}, "link": "http://a"}}, {{"name": "B", "{field}": "b"}}]'
    change = publish(warehouse, 0, *read_rows([body.encode()], STRAIN), of=STRAIN)
    assert (change.received, change.dropped, change.added) == (2, 0, 2)
    assert str(change.unstorable).startswith(f"'{field}' of 'A': ")
    found = warehouse.rows(
        "select term, link, coalesce(description, fields ->> :field) from star.vocabulary_term order by 1",
        field=field,
    )
    assert found == [("A", "http://a", None), ("B", None, "b")]


@pytest.mark.parametrize("name", ["a\x00b", "\ud800", "".join(map(chr, range(0x4E00, 0x4E00 + 5_000)))])
def test_a_term_or_a_key_that_postgres_cannot_hold_costs_that_one(warehouse: Warehouse, name: str) -> None:
    change = publish(warehouse, 0, term(name), term("Female", **{name: "x"}))
    assert (change.received, change.dropped, change.added) == (2, 1, 1)
    assert str(change.unstorable).startswith("term '")
    assert str(change.unstorable).encode()
    assert [row[0] for row in versions(warehouse)] == ["Female"]
    assert publish(warehouse, 1, term(name), term("Female", **{name: "x"})).unchanged == 1

"""The vocabularies as a source: what an answer may and may not change, and what becomes of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from include.pipeline.load_policy import LoadPolicy
from include.sources.errors import ImmPortError, RequestError, ServerError
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


def shown(runs: Runs, vocabulary: str = "lkSex") -> list[tuple[Any, ...]]:
    query = "select term, description from star.vocabulary_term where vocabulary = :name order by 1"
    return runs.warehouse.rows(query, name=vocabulary)


def serve(runs: Runs, **vocabularies: Any) -> None:
    runs.client.answers = answers(**vocabularies)


ONLY_SEX = LoadPolicy(studies=frozenset({"lkSex"}))


def test_terms_are_added_corrected_withdrawn_and_come_back(runs: Runs) -> None:
    for terms in (
        [term("Female"), term("Male")],
        [term("Female", "F"), term("Other")],
        [term("Female", "F"), term("Male")],
    ):
        serve(runs, lkSex=terms)
        assert runs.run(ONLY_SEX).state == "success"
        assert shown(runs) == [(item["name"], item["description"]) for item in terms]
    versions = """select k.term, h.description, r.place, e.place from history.dim_vocabulary_term h
        join history.key_vocabulary_term k using (vocabulary_term_key)
        join (select release_key, row_number() over (order by release_key) as place
            from history.data_release where source = 'vocabularies') r on r.release_key = h.valid_from
        left join (select release_key, row_number() over (order by release_key) as place
            from history.data_release where source = 'vocabularies') e on e.release_key = h.valid_to
        where h.vocabulary_term_key > 0 order by 1, 3"""
    assert runs.warehouse.rows(versions) == [
        ("Female", None, 1, 2),
        ("Female", "F", 2, None),
        ("Male", None, 1, 2),
        ("Male", None, 3, None),
        ("Other", None, 2, 3),
    ]
    # As of the first fetch, whose time a query may name.
    first = runs.warehouse.value(
        "select min(release_version) from star.source_release where source <> 'immport'"
    )
    with runs.warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"set local star.as_of_vocabularies = '{first}'")
        found = connection.exec_driver_sql("select term from star.vocabulary_term order by 1").scalars().all()
    assert found == ["Female", "Male"]


STUB = {"name": "sex_preferred", "description": "", "link": ""}


def test_a_stub_is_quarantined_and_the_terms_are_published(runs: Runs) -> None:
    serve(runs, lkSex=[STUB, term("Female"), term("left_right")])
    summary = runs.run(ONLY_SEX)
    assert summary.state == "success", summary.text
    assert "published without 1 rows of term, quarantined by refused:stub" in summary.text
    assert shown(runs) == [("Female", None), ("left_right", None)]
    query = "select source, scope, rule, row ->> 'term', row ->> 'stub' from quality.quarantine"
    assert runs.warehouse.rows(query) == [
        ("vocabularies", "lkSex", "refused:stub", "sex_preferred", "column names in place of a term")
    ]


@pytest.mark.parametrize("rows", [[], [STUB], [term(" ")], b"<html>", b'[{"name": "Fem'])
def test_an_answer_without_terms_leaves_those_that_are_there(runs: Runs, rows: Any) -> None:
    assert runs.run(ONLY_SEX).state == "success"
    before = shown(runs)
    serve(runs, lkSex=rows)
    summary = runs.run(ONLY_SEX)
    assert (summary.state, summary.counts["failed"]) == ("failed", 1)
    assert "lkSex" in summary.text
    assert shown(runs) == before


def test_a_term_twice_is_one_and_two_descriptions_of_it_are_quarantined(runs: Runs) -> None:
    assert runs.run(ONLY_SEX).state == "success"
    serve(runs, lkSex=[term("Female", "a"), term("Female", "b"), term("Male", "c"), term("Male", "c")])
    assert runs.run(ONLY_SEX).state == "success"
    assert shown(runs) == [("Female", None), ("Male", "c")]
    rules = runs.warehouse.rows("select row_number, rule from quality.quarantine order by 1")
    assert rules == [(1, "key_consistent"), (2, "key_consistent")]


@pytest.mark.long
def test_vocabularies_do_not_touch_each_other(runs: Runs) -> None:
    serve(runs, lkSex=[term("A")], lkVirusStrain=[term("A")])
    runs.run()
    serve(runs, lkSex=[term("B")], lkVirusStrain=[term("A")])
    runs.run(LoadPolicy(studies=frozenset({"lkSex"})))
    assert shown(runs) == [("B", None)]
    assert shown(runs, "lkVirusStrain") == [("A", None)]


def test_keys_that_are_missing_or_new_are_recorded(runs: Runs) -> None:
    serve(runs, lkSex=[{"name": "Female", "newKey": 1, "link": None}, term("Male")])
    assert runs.run(ONLY_SEX).state == "success"
    found = runs.warehouse.rows("select endpoint, field, kind, rows from ops.drift order by 2")
    assert found == [("term", "description", "missing", 1), ("term", "newKey", "unknown", 1)]
    assert runs.warehouse.value("select fields::text from star.vocabulary_term where term = 'Female'") == (
        '{"newKey": 1}'
    )


def test_other_fields_are_kept_as_sent(runs: Runs) -> None:
    sent = b'[{"name":"A/Perth","taxonomyId":476294,"score":1.50,"virusName":null,"more":["\\u00e9"]}]'
    serve(runs, lkVirusStrain=sent)
    assert runs.run(LoadPolicy(studies=frozenset({"lkVirusStrain"}))).state == "success"
    assert runs.warehouse.value("select fields::text from star.vocabulary_term") == (
        '{"more": ["é"], "score": 1.50, "virusName": null, "taxonomyId": 476294}'
    )


@pytest.mark.parametrize(
    "sent",
    [r'["deep", {"in": ["a\u0000"]}]', r'{"a\u0000": 1}', "1e200000", "-1E-99999", "[[1e200000]]"],
    ids=lambda sent: sent[:20].encode("ascii", "replace").decode(),
)
def test_fields_that_postgres_cannot_hold_cost_the_fields(runs: Runs, sent: str) -> None:
    serve(runs, lkSex=f'[{{"name": "A", "more": {sent}, "link": "http://a"}}, {{"name": "B"}}]'.encode())
    assert runs.run(ONLY_SEX).state == "success"
    query = "select term, link, fields::text from star.vocabulary_term order by 1"
    assert runs.warehouse.rows(query) == [("A", "http://a", None), ("B", None, "{}")]
    ((field, value),) = runs.warehouse.rows("select field, value from quality.quarantined_value")
    assert field == "fields"
    assert '"more":' in value


@pytest.mark.parametrize("sent", [r'"a\u0000b"', r'"\ud800"'])
def test_a_term_that_postgres_cannot_hold_is_quarantined(runs: Runs, sent: str) -> None:
    serve(runs, lkSex=f'[{{"name": {sent}}}, {{"name": "B"}}]'.encode())
    assert runs.run(ONLY_SEX).state == "success"
    assert shown(runs) == [("B", None)]
    assert runs.warehouse.rows("select rule from quality.quarantine") == [("text_encodable",)]


GONE, BUSY = RequestError("HTTP 404", 404), ServerError("HTTP 503", 503)


@pytest.mark.parametrize("error", [GONE, BUSY], ids=["gone", "busy"])
def test_one_vocabulary_that_cannot_be_had_leaves_the_others_alone(runs: Runs, error: ImmPortError) -> None:
    policy = LoadPolicy(studies=frozenset({"lkSex", "lkRace"}))
    assert runs.run(policy).state == "success"
    serve(runs, lkSex=[term("Other")], lkRace=error)
    summary = runs.run(policy)
    assert (summary.state, summary.counts["loaded"], summary.counts["failed"]) == ("partial", 1, 1)
    assert f"lkRace: {error.what}" in summary.text.replace("term of ", "")
    assert shown(runs) == [("Other", None)]
    assert shown(runs, "lkRace") == [("1", None)]


def test_a_vocabulary_that_may_come_later_is_waited_for(runs: Runs) -> None:
    runs.is_last_try = False
    serve(runs, lkRace=BUSY)
    policy = LoadPolicy(studies=frozenset({"lkSex", "lkRace"}))
    runs.begin(policy)
    runs.go_on()
    assert runs.warehouse.rows(STATES) == [("lkRace", "planned"), ("lkSex", "published")]
    serve(runs)
    runs.client.requested.clear()
    assert runs.go_on().state == "success"
    assert runs.client.requested == [("term", "lkRace")]


def test_a_service_that_is_down_does_not_get_a_request_per_vocabulary(runs: Runs) -> None:
    runs.client.answers = {("term", name): ServerError("HTTP 503", 503) for name in LOOKUPS}
    summary = runs.run()
    assert summary.state == "failed"
    assert len(runs.client.requested) == 3


def test_a_replay_reads_what_was_landed(runs: Runs) -> None:
    runs.run(ONLY_SEX)
    serve(runs, lkSex=[term("Other")])
    runs.run(ONLY_SEX)
    versions = (
        "select valid_from, valid_to, vocabulary_term_key from history.dim_vocabulary_term order by 1, 2, 3"
    )
    before = runs.warehouse.rows(versions)
    runs.client.answers = {}
    kept = runs.run(is_replay=True)
    assert (kept.state, kept.counts["unchanged"]) == ("success", 2)
    again = runs.run(LoadPolicy(force=True), is_replay=True)
    assert (again.state, again.counts["loaded"]) == ("success", 2), again.text
    assert runs.warehouse.rows(versions) == before

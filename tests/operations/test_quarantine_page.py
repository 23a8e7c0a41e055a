"""The page of what was not published: groups, rows as received, filters, CSV."""

from __future__ import annotations

import csv
import io

import pytest
import sqlalchemy as sa

from include.quality import quarantine_groups
from include.warehouse.schema.ops_tables import LOAD, QUARANTINE, QUARANTINED_VALUE
from operations import listing
from tests.operations.conftest import Ledger, Pages


@pytest.fixture
def quarantined(ledger: Ledger) -> Ledger:
    """Rows of two studies, and a value; one of the rows is of an older load."""
    ledger.begin()
    newest = [ledger.work(study, "load", "published") for study in ("SDY1", "SDY2")]
    with ledger.engine.begin() as connection:
        older = connection.execute(
            sa.insert(LOAD)
            .values(scope="SDY1", release_version="DR8", release_key=80_000, fetch_id="e", state="published")
            .returning(LOAD.c.load_id)
        ).scalar_one()
        for number, (load, study, release) in enumerate(
            [(newest[0], "SDY1", "DR9"), (newest[1], "SDY2", "DR9"), (older, "SDY1", "DR8")], 1
        ):
            about = {"load_id": load, "scope": study, "release_version": release, "endpoint": "hai"}
            connection.execute(
                sa.insert(QUARANTINE).values(
                    **about, row_number=number, rule="key_consistent, type:valueReported",
                    row={"valueReported": f"=>{number}", "resultId": f"R{number}"},
                )
            )  # fmt: skip
        connection.execute(
            sa.insert(QUARANTINED_VALUE).values(
                load_id=newest[0], scope="SDY1", release_version="DR9", endpoint="subject", row_number=4,
                field="max_subject_age", rule="type:maxSubjectAge", key={"subjectAccession": "SUB4"},
                value=">89",
            )
        )  # fmt: skip
        for load in (*newest, older):
            quarantine_groups.count(connection, load)
    ledger.end("success")
    return ledger


def lines(pages: Pages, **chosen: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(pages.get("/quarantine.csv", **chosen).text)))


def test_rows_and_values_stand_in_groups_with_their_rules_in_words(pages: Pages, quarantined: Ledger) -> None:
    text = pages.get("/quarantine").text
    assert "several rows have one key and different values; values of valueReported are not" in text
    assert "values of maxSubjectAge are not of their type" in text
    assert "&gt;89" in text
    assert "&#34;resultId&#34;: &#34;R2&#34;" in text


@pytest.mark.parametrize(
    ("chosen", "rows"),
    [
        ({}, {"1", "2", "4"}),
        ({"kind": "value"}, {"4"}),
        ({"scope": "SDY2"}, {"2"}),
        ({"endpoint": "hai"}, {"1", "2"}),
        ({"rule": "type:valueReported"}, {"1", "2"}),
        ({"rule": "key_consistent, type:valueReported"}, {"1", "2"}),
        ({"rule": "type:value"}, set()),
        ({"value": ">89"}, {"4"}),
        ({"search": "r2"}, {"2"}),
        ({"search": "sub4"}, {"4"}),
        ({"source": "vocabularies"}, set()),
        ({"scope": "SDY1", "loads": "all"}, {"1", "3", "4"}),
    ],
)
def test_rows_are_filtered(pages: Pages, quarantined: Ledger, chosen: dict[str, str], rows: set[str]) -> None:
    assert {line["Row"] for line in lines(pages, **chosen)} == rows
    text = pages.get("/quarantine", **chosen).text
    assert ("No row matches" in text) == (not rows)


def test_the_file_has_rows_as_received(pages: Pages, quarantined: Ledger) -> None:
    (line,) = lines(pages, scope="SDY2")
    assert line["Row as received, or key of the value's row"] == '{"resultId": "R2", "valueReported": "=>2"}'


def test_a_load_that_landed_the_same_keeps_the_rows_of_its_equal(pages: Pages, quarantined: Ledger) -> None:
    with quarantined.engine.begin() as connection:
        equal = connection.scalar(sa.select(LOAD.c.load_id).where(LOAD.c.scope == "SDY2"))
        values = {"release_version": "DR10", "release_key": 100_000, "fetch_id": "g", "state": "published"}
        connection.execute(sa.insert(LOAD).values(scope="SDY2", same_as=equal, **values))
        connection.execute(sa.insert(LOAD).values(scope="SDY1", **values))
    # The newest load of SDY1 is a new one, in which nothing was quarantined.
    assert {line["Row"] for line in lines(pages)} == {"2"}


def test_a_search_of_the_page_reads_the_newest_rows_and_that_of_the_file_all(
    pages: Pages, quarantined: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "SEARCHED", 1)
    limited = "The search looked at the newest 1 of 3 rows"
    newest, older, named = (pages.get("/quarantine", search=text).text for text in ("r2", "r1", "SDY1"))
    assert all(limited in text for text in (newest, older, named))
    assert "R2" in newest
    assert "No row matches" in older
    assert "R1" in named  # its scope, which is looked at in all
    assert "R1" in pages.get("/quarantine", search="r1", scope="SDY1").text
    assert {line["Row"] for line in lines(pages, search="r1")} == {"1"}


def test_as_many_rows_are_counted_as_there_are(pages: Pages, quarantined: Ledger) -> None:
    for chosen, number in (
        ({}, "3 rows"), ({"kind": "value"}, "1 row"), ({"scope": "SDY1", "loads": "all"}, "3 rows"),
        ({"rule": "type:valueReported"}, "2 rows"), ({"size": "1"}, "3 rows, page 1 of 3"),
    ):  # fmt: skip
        assert f"{number}</caption>" in pages.get("/quarantine", **chosen).text, chosen


def test_nothing_in_quarantine_says_so(pages: Pages) -> None:
    assert "Nothing is quarantined" in pages.get("/quarantine").text

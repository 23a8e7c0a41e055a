"""The listing of studies: complete only when it is."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from include.sources.errors import BadAnswerError
from include.sources.immport.endpoints import SEARCH
from include.sources.immport.listing import (
    Listing,
    Page,
    read_accessions,
    read_page,
    walk,
)
from include.sources.reader import NotDataError
from include.sources.release import Release
from tests.provider.conftest import Connect, Stub
from tests.support.sandbox import RunningSandbox


def source(number: int, **more: Any) -> dict[str, Any]:
    return {"study_accession": f"SDY{number}", "latest_data_release_version": "DR9", **more}


def answer(sources: list[dict[str, Any]], total: Any) -> bytes:
    hits = {"total": {"value": total, "relation": "eq"}, "hits": [{"_source": item} for item in sources]}
    return json.dumps({"hits": hits, "aggregations": {}}).encode()


def listing(count: int, size: int, first: int = 0, totals: list[int] | None = None) -> Listing:
    """Walk over SDY1..count in pages; `first` is what the server calls the first record."""
    everything = [source(number) for number in range(1, count + 1)]
    totals = list(totals or [])

    def page(start: int) -> Page:
        at = max(0, start - first)
        return read_page([answer(everything[at : at + size], totals.pop(0) if totals else count)])

    return walk(page)


@pytest.mark.parametrize("first", [0, 1], ids=["zero-based", "one-based"])
@pytest.mark.parametrize(("count", "size"), [(1, 1), (5, 5), (5, 2), (6, 2), (10, 3), (4, 100)])
def test_every_study_once_however_records_are_counted(count: int, size: int, first: int) -> None:
    found = listing(count, size, first)
    assert [study.accession for study in found.studies] == [f"SDY{n}" for n in range(1, count + 1)]
    assert (found.complete, found.total, found.reason) == (True, count, None)


def test_reads_what_is_known_of_a_study() -> None:
    sent = source(
        7,
        brief_title="Influenza",
        latest_data_release_version="DR49.1",
        latest_data_release_date="2023-09-28",
        assay_method_count=["ELISPOT (276)", "CyTOF (0)", "PCR (24)", "odd"],
    )
    pages = [read_page([answer([source(12), sent], 2)])]
    found = walk(lambda _: pages[0])
    study = found.studies[0]
    assert (study.accession, study.title, study.release) == ("SDY7", "Influenza", Release(49, 1))
    assert (study.release_date, study.expected_rows) == (date(2023, 9, 28), 300)
    assert (found.studies[1].release_date, found.studies[1].expected_rows) == (None, 0)
    assert found.newest_release == Release(49, 1)


@pytest.mark.parametrize(
    ("sources", "total", "reason"),
    [
        ([source(1)], 2, "1 studies listed, 2 announced"),
        ([source(1), source(2)], 1, "2 studies listed, 1 announced"),
        ([], 0, "no study at all"),
        ([source(1), source(2, latest_data_release_version=None)], 2, "SDY2: not a data release"),
        ([source(1), source(2, latest_data_release_version=58.0)], 2, "SDY2: not a data release: 58.0"),
        ([source(1), source(2, latest_data_release_version="DR\u0665\u0660")], 2, "SDY2: not a data release"),
        *(
            ([source(1), {"study_accession": name}], 2, "a hit without the accession of a study")
            for name in (
                "SDY0",
                "SDY01",
                "SDY1\u0663",
                "sdy2",
                "SDY2 ",
                "SDY2\n",
                "SDY\u0662",
                "SDY2147483648",
                "SDY" + "9" * 5_000,
                "SDY1/../x",
                2,
                None,
                ["SDY2"],
                "SDY2\x00",
                "SDY2\ud800",
                json.loads("[" * 600 + "]" * 600),
            )
        ),
    ],
)
def test_says_why_it_is_not_complete(sources: list[dict[str, Any]], total: int, reason: str) -> None:
    found = walk(lambda start: read_page([answer(sources[start:], total)]))
    assert not found.complete
    assert reason in str(found.reason)
    assert len(str(found.reason)) < 300


@pytest.mark.parametrize(
    ("field", "value", "rows"),
    [
        ("assay_method_count", 5, 0),
        ("assay_method_count", {"HAI": 7}, 0),
        ("assay_method_count", "HAI (7)", 7),
        ("assay_method_count", ["HAI (7)", None, 7, ["HAI (7)"], "HAI (10^30)", "HAI (-3)"], 7),
        ("assay_method_count", ["HAI (7)", f"HAI ({10**30})", "HAI (" + "9" * 5_000 + ")"], 7),
        ("assay_method_count", ["HAI (7)", "HAI (\u0667)"], 7),
        ("assay_method_count", ["HAI (7)", f"HAI ({10**12 + 1})"], 7),
        ("latest_data_release_date", "soon", 0),
        ("latest_data_release_date", 20231231, 0),
        ("latest_data_release_date", ["2023-12-31"], 0),
        ("brief_title", 7, 0),
        ("brief_title", {"a": ["\ud800"]}, 0),
    ],
)
def test_a_hint_of_another_kind_is_noted_and_stops_no_study(field: str, value: Any, rows: int) -> None:
    found = walk(lambda start: read_page([answer([source(1), source(2, **{field: value})][start:], 2)]))
    assert found.complete
    assert [study.accession for study in found.studies] == ["SDY1", "SDY2"]
    assert (found.studies[1].expected_rows, found.studies[1].release_date) == (rows, None)
    if value != "HAI (7)":
        assert f"SDY2: {field} is not readable" in str(found.note)
    assert str(found.note).encode()
    assert len(str(found.note)) < 700


def test_a_number_of_thousands_of_digits_stops_no_study() -> None:
    """More than Python converts: the answer is read all the same."""
    body = answer([source(1, assay_method_count="digits")], 1).replace(b'"digits"', b"9" * 5_000)
    found = walk(lambda _: read_page([body]))
    assert found.complete
    assert [(study.accession, study.expected_rows) for study in found.studies] == [("SDY1", 0)]
    assert "SDY1: assay_method_count is not readable: '999" in str(found.note)
    assert len(str(found.note)) < 200


def test_many_notes_become_a_short_one() -> None:
    sources = [source(number, assay_method_count=number) for number in range(1, 100)]
    found = walk(lambda start: read_page([answer(sources[start:], 99)]))
    assert str(found.note).startswith("SDY1: assay_method_count is not readable: 1; ")
    assert str(found.note).endswith("; and 89 more")


def test_a_key_twice_in_a_hit_is_noted() -> None:
    body = answer([source(1)], 1).replace(b'"latest', b'"brief_title": "a", "brief_title": "b", "latest', 1)
    found = walk(lambda _: read_page([body]))
    assert (found.complete, found.note) == (True, "1 objects with the key 'brief_title' twice")
    assert found.studies[0].title == "b"


def test_the_largest_accession_has_32_bits() -> None:
    found = walk(lambda _: read_page([answer([source(2**31 - 1)], 1)]))
    assert (found.complete, found.studies[0].accession) == (True, "SDY2147483647")


def test_a_total_that_changes_makes_it_incomplete() -> None:
    assert "changed while listing: [3, 4]" in str(listing(4, 2, totals=[3, 4]).reason)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"nonsense",
        b'{"hits": {"total": 3, "hits": []}}',
        answer([], "3"),
        answer([], True),
        answer([{"brief_title": "x"}], 1),
        answer([{"study_accession": ["SDY1"]}], 1),
        answer([{"study_accession": "SDY1/../x"}], 1),
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_not_a_search_result(body: bytes) -> None:
    with pytest.raises(NotDataError):
        read_page([body])


def test_lists_the_sandbox_in_small_pages(connect: Connect, sandbox: RunningSandbox) -> None:
    with connect(extra={"page_size": 2}) as immport:
        found = immport.studies()
    assert found.complete
    assert len(found.studies) == found.total == sandbox.status()["studies"]
    assert found.newest_release == Release.parse(sandbox.status()["current"])
    assert len(sandbox.requests()) == -(-found.total // 2)


def test_requests_only_the_declared_fields(connect: Connect, stub: Stub) -> None:
    stub.answers = [(200, {}, answer([source(1)], 1))]
    with connect(host=stub.url) as immport:
        immport.studies()
    [(path, headers)] = stub.requests
    assert path == (
        f"/data/query{SEARCH.path}?fromRecord=0&pageSize=1000&sourceFields={'%2C'.join(SEARCH.names)}"
    )
    assert "Authorization" not in headers


def test_an_incomplete_listing_is_taken_once_more(connect: Connect, stub: Stub) -> None:
    half: list[tuple[int, dict[str, str], bytes]] = [
        (200, {}, answer([source(1)], 2)),
        (200, {}, answer([], 2)),
    ]
    stub.answers = [*half, (200, {}, answer([source(1), source(2)], 2))]
    with connect(host=stub.url) as immport:
        assert immport.studies().complete
        stub.answers = [*half, *half]
        assert not immport.studies().complete
    assert stub.answers == []


def test_a_search_that_is_none_is_retried(connect: Connect, sandbox: RunningSandbox, stub: Stub) -> None:
    sandbox.fault("search", "broken", times=1)
    with connect() as immport:
        assert immport.studies().complete
    stub.answers = [(200, {}, b"{}")] * 4
    with (
        connect(host=stub.url) as immport,
        pytest.raises(BadAnswerError, match="not a search result"),
    ):
        immport.studies()


def test_release_files_are_those_of_the_manifest(
    connect: Connect, sandbox: RunningSandbox, study: str
) -> None:
    with connect() as immport:
        files = immport.release_files(study)
    whole = sandbox.get(f"/api/study/manifest/{study}").json()
    listed = {row["fileName"]: row for row in whole if row["fileType"] == "release_file"}
    assert {file.name for file in files} == set(listed)
    assert any(file.name.endswith("_Tab.zip") for file in files)
    for file in files:
        row = listed[file.name]
        assert (file.uuid, file.md5, file.size_bytes) == (
            row["fileUUID"],
            row["generatedMD5"],
            row["filesizeBytes"],
        )


@pytest.mark.parametrize(
    ("body", "found", "unreadable"),
    [
        ('["SDY2", "SDY1"]', {"SDY1", "SDY2"}, []),
        ("[]", set(), []),
        ('["SDY1", "", null, 7, "SDY", "sdy2", "SDY3; x", ["SDY4"]]', {"SDY1"},
         ["''", "null", "7", "'SDY'", "'sdy2'", "'SDY3; x'", '["SDY4"]']),
        ('[{"studyAccession": "SDY5"}]', {"SDY5"}, []),
        ('[{"studyAccession": "SDY5"}, {"study": "SDY6"}]', {"SDY5"}, ['{"study":"SDY6"}']),
        ('["SDY1", "SDY0", "SDY\u0662", "SDY9999999999", "SDY1\\n"]', {"SDY1"},
         ["'SDY0'", "'SDY\u0662'", "'SDY9999999999'", "'SDY1\n'"]),
    ],
)  # fmt: skip
def test_only_accessions_are_restricted_and_other_entries_are_noted(
    body: str, found: set[str], unreadable: list[str]
) -> None:
    accessions = read_accessions([body.encode()])
    assert accessions.studies == found
    assert accessions.unreadable == (
        "; ".join(f"an entry names no study: {entry}" for entry in unreadable) or None
    )


def test_a_study_under_a_key_that_an_entry_has_twice_is_noted() -> None:
    found = read_accessions([b'[{"studyAccession": "SDY1", "studyAccession": "SDY2"}]'])
    assert found.studies == {"SDY2"}
    assert found.unreadable == "1 objects with the key 'studyAccession' twice"


@pytest.mark.parametrize("body", ['{"error": "SDY1"}', "<html>", "", '["none", "of", "them"]', '"SDY1"'])
def test_what_is_not_a_list_of_accessions_is_refused(body: str) -> None:
    with pytest.raises(NotDataError):
        read_accessions([body.encode()])

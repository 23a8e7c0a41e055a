"""What a Solr server answers, and which page comes next."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.sources.impc.endpoints import SCOPE, centre_filter, centre_of, read_images, scope_of
from include.sources.impc.solr import MARK, SolrPaging, read_documents, read_envelope, read_facet
from include.sources.reader import NotDataError
from include.sources.row_reader import TOTAL, Intake


def body(*documents: dict[str, Any], total: int = 3, **more: Any) -> list[bytes]:
    return [json.dumps({"response": {"numFound": total, "start": 0, "docs": documents}, **more}).encode()]


def test_documents_keep_their_characters_and_the_answer_says_what_it_is() -> None:
    intake = Intake()
    text = b'{"response":{"numFound":3,"docs":[{"weight":21.30,"mp_id":["MP:1","\xc3\xa9"],"n":[1.0,null]}]}'
    (row,) = read_documents([text, b',"nextCursorMark":"AoE="}'], intake)
    assert row == {"weight": "21.30", "mp_id": '["MP:1","é"]', "n": ["1.0", None]}
    assert intake.about == {TOTAL: "3", MARK: "AoE="}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "empty body"),
        (b"<html>", "HTML or XML"),
        (b'{"response": {"numFound": 1', "broken JSON"),
        (b"[]", "not the answer of a Solr server"),
        (b'{"error": {"msg": "undefined field x", "code": 400}}', "undefined field x"),
        (b'{"response": {"numFound": "many", "docs": []}}', "numFound is not a number"),
        (b'{"responseHeader": {}}', "without documents"),
        (b'{"response": {"numFound": 1, "docs": [7]}}', "document 1 is not an object"),
    ],
)
def test_what_is_no_such_answer_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(NotDataError, match=why):
        list(read_documents([text], Intake()))


def test_a_document_of_another_centre_is_refused() -> None:
    with pytest.raises(NotDataError, match="a document of 'JAX' where 'TCP' was requested"):
        list(read_images(body({"phenotyping_center": "JAX"}), "TCP", Intake()))
    intake = Intake()
    assert list(read_images(body({"observation_id": "a", "new_field": 1}), "(no centre)", intake))
    assert intake.unknown == {"new_field": 1}
    assert not intake.missing  # a field without a value is not sent


@pytest.mark.parametrize("centre", ["MRC Harwell", 'a"b\\c', "CCP/IMG", "(no centre)", "Zürich", None])
def test_every_centre_has_an_identifier_that_leads_back_to_it(centre: str | None) -> None:
    name = scope_of(centre)
    assert SCOPE.is_identifier(name)
    assert centre_of(name) == centre
    assert (centre_filter(name)[0] == "-") is (centre is None)


def test_pages_follow_by_cursor_or_by_the_number_of_rows() -> None:
    paging = SolrPaging()
    first = paging.first("cursor", 2)
    assert first == {"rows": "2", "sort": "id asc", "cursorMark": "*"}
    second = paging.following(first, {TOTAL: "3", MARK: "A"}, 2)
    assert second == {"rows": "2", "sort": "id asc", "cursorMark": "A"}
    assert paging.following(second, {TOTAL: "3", MARK: "B"}, 3) is None
    # The cursor stands still: there is no more, whatever the number says.
    assert paging.following(second, {TOTAL: "4", MARK: "A"}, 3) is None
    # It is ignored.
    assert paging.following(first, {TOTAL: "3"}, 2) == {"rows": "2", "sort": "id asc", "start": "2"}
    start = paging.first("start", 2)
    assert paging.following(start, {TOTAL: "3"}, 2) == {"rows": "2", "sort": "id asc", "start": "2"}
    assert paging.following(start, {TOTAL: "2"}, 2) is None


@pytest.mark.parametrize("counts", [["TCP", 2, None, 1], {"TCP": 2, "": 1}])
def test_a_facet_is_read_in_both_forms(counts: Any) -> None:
    envelope = read_envelope(body(facet_counts={"facet_fields": {"c": counts}}), Intake())
    assert read_facet(envelope, "c") == {"TCP": 2, None: 1}

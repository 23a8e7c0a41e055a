"""Pages of a FHIR server: what they hold, where the next one is, and what is not a page."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from include.sources.fhir.bundle import (
    NEXT,
    LinkPaging,
    linked,
    outcome_text,
    read_capabilities,
    read_resources,
)
from include.sources.reader import NotDataError
from include.sources.row_reader import TOTAL, Intake

PATIENT = {"resourceType": "Patient", "id": "p1", "weight": 1}


def page(*resources: dict[str, Any], **more: Any) -> bytes:
    entries = [{"resource": item} for item in resources]
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries, **more}).encode()


def test_a_page_says_its_total_and_its_next_and_numbers_keep_their_digits() -> None:
    intake = Intake()
    body = page(
        {**PATIENT},
        total=12,
        link=[{"relation": "self", "url": "a"}, {"relation": "next", "url": "b?_getpages=1"}],
    ).replace(b'"weight": 1', b'"weight": 1.50')
    (found,) = read_resources([body], "Patient", intake)
    assert found["weight"] == "1.50"
    assert intake.about == {TOTAL: "12", NEXT: "b?_getpages=1"}
    assert LinkPaging().following({}, intake.about, 12) == {NEXT: "b?_getpages=1"}, (
        "the server decides the end"
    )
    assert LinkPaging().following({}, {TOTAL: "12"}, 3) is None


def test_what_a_server_adds_to_matches_is_passed_over() -> None:
    hint = {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}
    other = {"resource": {"resourceType": "Group", "id": "g"}, "search": {"mode": "include"}}
    match = {"resource": PATIENT, "search": {"mode": "match"}}
    assert [
        found["id"] for found in read_resources([page(entry=[hint, match, other])], "Patient", Intake())
    ] == ["p1"]
    assert list(read_resources([b'{"resourceType": "Bundle", "total": 0}'], "Patient", Intake())) == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "an empty body"),
        (b"<html>", "an HTML or XML page"),
        (b'{"resourceType": "Bundle"', "broken JSON"),
        (b"[]", "not a bundle"),
        (json.dumps(PATIENT).encode(), "not a bundle of resources ('Patient')"),
        (page({"resourceType": "Group"}), "'Group' where Patient was requested"),
        (page(entry=[{}]), "entry 1 of a bundle holds no resource"),
        (page(entry={}), "not an array"),
        (page(total="many"), "total of a bundle is not a number"),
        (page(link=[{"relation": "next"}]), "without an address"),
        (
            b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout",'
            b' "details": {"text": "too long"}}]}',
            "instead of resources: error timeout too long",
        ),
    ],
)
def test_what_is_not_a_page_is_said(body: bytes, why: str) -> None:
    with pytest.raises(NotDataError, match=re.escape(why)):
        list(read_resources([body], "Patient", Intake()))


@pytest.mark.parametrize(
    ("link", "path", "parameters"),
    [
        ("https://x/fhir?_getpages=u&_count=2", "", {"_getpages": "u", "_count": "2"}),
        ("http://inside:8080/hapi/fhir/Patient?page=2&q=", "/Patient", {"page": "2", "q": ""}),
        ("/fhir/Patient/_search?ct=a%2Bb", "/Patient/_search", {"ct": "a+b"}),
        ("?_getpages=u", "", {"_getpages": "u"}),
        # No other path is ever requested.
        ("https://x/fhir/$export?a=1", "", {"a": "1"}),
        ("https://x/fhir/Group?a=1", "", {"a": "1"}),
    ],
)
def test_of_a_link_only_its_end_counts(link: str, path: str, parameters: dict[str, str]) -> None:
    assert linked(link, "Patient") == (path, parameters)


@pytest.mark.parametrize("link", ["https://x/fhir", "https://x/fhir?a=1&a=2", "http://[x?a=1"])
def test_a_link_that_cannot_be_followed_is_none(link: str) -> None:
    with pytest.raises(NotDataError, match="a link to a next page"):
        linked(link, "Patient")


def test_outcomes_and_capabilities_of_any_form() -> None:
    assert outcome_text({"issue": "none"}) == "an OperationOutcome without issues"
    assert outcome_text({"issue": [{"severity": "fatal", "diagnostics": "a\x00b"}, 3]}) == "fatal a\\u0000b"
    about = {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.6.0",
        "rest": [{"resource": [{"type": "Group"}]}],
    }
    found = read_capabilities([json.dumps(about).encode()])
    assert (found.version, found.types) == ("4.6.0", frozenset({"Group"}))
    assert read_capabilities([b'{"resourceType": "CapabilityStatement", "rest": 1}']).types is None
    with pytest.raises(NotDataError, match="not a capability statement"):
        read_capabilities([b"{}"])

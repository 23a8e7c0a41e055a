"""What parameters of a search mean, and the ids and links that a client sends back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.serve.fhir.cursor import decoded, encoded
from include.serve.fhir.dates import interval
from include.serve.fhir.elements import build, column, each, fixed, group, natural
from include.serve.fhir.identity import NoIdError, fhir_id, key_of
from include.serve.fhir.outcome import FhirError
from include.serve.fhir.resources import RESOURCES
from include.serve.fhir.search import MOST_COUNT, MOST_VALUES, Search, parse, split
from include.serve.fhir.version import accepted_version
from include.sources.fhir.vocabulary import FhirVersion

R4B, R5 = FhirVersion.R4B, FhirVersion.R5
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)


def parsed(name: str, *given: tuple[str, str], version: FhirVersion = R4B) -> Search:
    return parse(RESOURCES[name], version, given, is_strict=True)


@given(st.lists(texts, min_size=1, max_size=3))
def test_an_id_is_read_back_whatever_it_was_made_of(parts: list[str]) -> None:
    try:
        made = fhir_id(*parts)
    except NoIdError:
        return
    assert key_of(made, len(parts)) == tuple(parts)


def test_ids_of_accessions_are_the_accessions() -> None:
    assert fhir_id("ARM10", "SUB7") == "ARM10.SUB7"
    assert fhir_id("org-0badc0ffee00") == "org-0badc0ffee00"
    assert fhir_id("a-x1", "b.c") == "a-x2dx1.b-x2ec"
    assert key_of("ARM10", 2) is key_of("a_b", 1) is key_of("a-xff", 1) is key_of("a-x41", 1) is None
    with pytest.raises(NoIdError, match="SUB"):
        fhir_id("SUB" * 22)


@given(st.integers(-(2**63), 2**63 - 1), texts)
def test_a_place_is_read_back(number: int, text: str) -> None:
    assert decoded(encoded([number, text]), (int, str)) == [number, text]


@pytest.mark.parametrize(
    "place", ["", "x", "W10", encoded([True]), encoded(["1"]), encoded([2**63]), "W1tdXQ"]
)
def test_a_place_that_was_not_made_here_is_refused(place: str) -> None:
    with pytest.raises(FhirError) as refused:
        decoded(place, (int,))
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("2024", datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
        ("2024-12", datetime(2024, 12, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
        ("ge2024-02-29", datetime(2024, 2, 29, tzinfo=UTC), None),
        ("gt2024-02-29", datetime(2024, 3, 1, tzinfo=UTC), None),
        ("lt2024", None, datetime(2024, 1, 1, tzinfo=UTC)),
        ("le2024", None, datetime(2025, 1, 1, tzinfo=UTC)),
        (
            "2024-01-01T02:00:00+02:00",
            datetime(2024, 1, 1, tzinfo=UTC),
            datetime(2024, 1, 1, 0, 0, 1, tzinfo=UTC),
        ),
    ],
)
def test_a_day_without_its_hour_is_all_of_it(
    value: str, start: datetime | None, end: datetime | None
) -> None:
    found = interval("_lastUpdated", value)
    assert (found.start, found.end) == (start, end)


@pytest.mark.parametrize("value", ["", "24", "2024-1", "ne2024", "2023-02-29", "9999", "0000", "2024-01-01T"])
def test_what_is_not_a_day_is_refused(value: str) -> None:
    with pytest.raises(FhirError, match="_lastUpdated"):
        interval("_lastUpdated", value)


def test_values_are_alternatives_and_parameters_add_up() -> None:
    search = parsed(
        "Specimen", ("patient", "SUB1,Patient/SUB2"), ("subject:Patient", "http://h/f/Patient/SUB2")
    )
    assert search.values == {"patient": ["SUB2"]}
    assert not search.is_empty
    assert parsed("Specimen", ("patient", "SUB1"), ("subject", "SUB2")).is_empty
    assert parsed("Specimen", ("patient", "Group/SUB1")).is_empty
    assert parsed("Specimen", ("identifier", "https://other.org|BS1")).is_empty
    assert parsed("Patient", ("_id", "a.b")).is_empty
    assert parsed("ResearchSubject", ("_id", "a.b,c.d"), ("_id", "c.d")).keys == [("c", "d")]
    assert parsed("ResearchSubject", ("status", "active")).is_empty
    assert not parsed("ResearchSubject", ("status", "active"), version=R5).is_empty
    assert parsed("Practitioner", ("family:contains", "50%_")).values == {"family": ["%50\\%\\_%"]}
    assert split(r"a\,b,c,,\\") == ["a,b", "c", "\\"]


def test_a_page_has_a_limit() -> None:
    assert parsed("Patient", ("_count", "999999")).size == MOST_COUNT
    assert parsed("Patient", ("_count", "0")).only_total
    for name in ("_id", "identifier"):
        with pytest.raises(FhirError, match=f"more than {MOST_VALUES}"):
            parsed("Patient", (name, "a," * MOST_VALUES + "a"))


@pytest.mark.parametrize(
    ("accept", "wanted", "version"),
    [
        ("", None, R4B),
        ("*/*", None, R4B),
        ("application/json", None, R4B),
        ("application/fhir+json; fhirVersion=4.0", None, R4B),
        ('application/fhir+json; fhirVersion="5.0"; charset=utf-8', None, R5),
        (
            "application/fhir+xml, application/fhir+json;fhirVersion=4.3;q=0.5, */*;fhirVersion=5.0;q=0.1",
            None,
            R4B,
        ),
        ("application/fhir+xml", "json", R4B),
        ("application/fhir+json", "application/fhir json; fhirVersion=5.0", R5),
    ],
)
def test_a_client_says_which_version_it_takes(accept: str, wanted: str | None, version: FhirVersion) -> None:
    assert accepted_version(accept, wanted) is version


def test_what_is_empty_is_left_out() -> None:
    elements = {
        "text": column("text", "other"),
        "zero": column("zero"),
        "false": fixed(False),
        "below": natural("below"),
        "nested": group(none=column("none"), list=each("none", {"a": column("a")})),
    }
    row = {"text": "", "other": " a\u00a0b\x07 ", "zero": 0, "none": None, "below": -1}
    assert build(elements, row) == {"text": "a b", "zero": 0, "false": False}

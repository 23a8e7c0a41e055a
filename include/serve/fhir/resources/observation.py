"""Observation: a lab test, or an assessed component."""

from __future__ import annotations

from include.serve.fhir.common import (
    INCLUDE_SUBJECT,
    OBSERVATION_CATEGORY,
    OF,
    OF_PATIENT,
    SUBJECT,
    always,
    by_accession,
    coded,
    of_study,
)
from include.serve.fhir.declaration import Include, Resource, SearchKind, SearchParameter
from include.serve.fhir.elements import Row, concept, first, fixed, listed, reference
from include.sources.fhir.vocabulary import SYSTEM

_CATEGORIES = {"laboratory": "laboratory", "survey": "survey"}
_SYSTEMS = {"laboratory": f"{SYSTEM}labTest", "survey": f"{SYSTEM}assessmentComponent"}
#: Said of a value that there is not: why is not known.
_ABSENT = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]
}


def _quantity(row: Row) -> object:
    """The value as a number, with its unit and how it compares to a limit."""
    if row["value_number"] is None:
        return None
    return {"value": row["value_number"], "comparator": row["value_operator"], "unit": row["unit"]}


def _words(row: Row) -> str | None:
    """The value as reported, where it is not a number."""
    return row["value_reported"] if row["value_number"] is None else None


def _absent(row: Row) -> object:
    return _ABSENT if row["value_number"] is None and not (_words(row) or "").strip() else None


def _identifier(row: Row) -> object:
    return [{"system": _SYSTEMS[row["category"]], "value": row["accession"]}]


_NOTES = (
    ("name_reported", "Name as reported: "),
    ("value_reported", "Value as reported: "),
    ("visit", "Visit: "),
    ("study_day", "Study day: "),
)


def _notes(row: Row) -> object:
    """What was reported, beside what became of it, and when: days of the study are no dates."""
    return [{"text": f"{label}{row[name]}"} for name, label in _NOTES if row[name] not in (None, "")]


OBSERVATION = Resource(
    name="Observation",
    meaning="A lab test, or an assessed component of a subject",
    query="observation",
    key=("accession",),
    cursor=(int, int, str),
    counted="observation_page",
    elements={
        "extension": of_study,
        "identifier": _identifier,
        "status": fixed("final"),
        "category": listed(
            concept("assessment_type", coding=coded(OBSERVATION_CATEGORY, "category", _CATEGORIES))
        ),
        "code": first(concept("test_name"), fixed({"text": "not named"})),
        "subject": SUBJECT,
        "valueQuantity": _quantity,
        "valueString": _words,
        "dataAbsentReason": _absent,
        "note": _notes,
        "specimen": reference("Specimen", "biosample_accession"),
    },
    searches=(
        by_accession("the lab test or the component", "labTest", "assessmentComponent"),
        OF,
        *OF_PATIENT,
        SearchParameter(
            "category", SearchKind.TOKEN, "category", "Lab tests, or assessed components",
            (OBSERVATION_CATEGORY,), _CATEGORIES,
        ),
        SearchParameter("specimen", SearchKind.REFERENCE, "specimen", "Sample tested", target="Specimen"),
        always("status", "final", "Status: `final`"),
    ),
    includes={**INCLUDE_SUBJECT, "specimen": Include(("specimen",), ("Specimen",))},
)  # fmt: skip

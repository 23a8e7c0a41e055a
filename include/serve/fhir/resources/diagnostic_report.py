"""DiagnosticReport: the results of one subject in a panel of lab tests or of assessed components."""

from __future__ import annotations

from include.serve.fhir.common import (
    INCLUDE_SUBJECT,
    OBSERVATION_CATEGORY,
    OF,
    OF_PATIENT,
    REPORT_CATEGORY,
    SUBJECT,
    always,
    by_accession,
    of_study,
)
from include.serve.fhir.declaration import Include, Resource, SearchKind, SearchParameter
from include.serve.fhir.elements import Row, concept, each, first, fixed, identity
from include.sources.fhir.vocabulary import SYSTEM

_CATEGORIES = {
    "laboratory": {"system": REPORT_CATEGORY, "code": "LAB"},
    "survey": {"system": OBSERVATION_CATEGORY, "code": "survey"},
}
_SYSTEMS = {"laboratory": f"{SYSTEM}labTestPanel", "survey": f"{SYSTEM}assessmentPanel"}


def _category(row: Row) -> object:
    return [{"coding": [_CATEGORIES[row["category"]]]}]


def _identifier(row: Row) -> object:
    return [{"system": _SYSTEMS[row["category"]], "value": row["panel_accession"]}]


DIAGNOSTIC_REPORT = Resource(
    name="DiagnosticReport",
    meaning="The results of one subject in a panel of lab tests or of assessed components",
    query="diagnostic_report",
    key=("panel_accession", "subject_accession"),
    cursor=(int, int, str, int),
    elements={
        "extension": of_study,
        "identifier": _identifier,
        "status": fixed("final"),
        "category": _category,
        "code": first(concept("panel_name"), fixed({"text": "not named"})),
        "subject": SUBJECT,
        "specimen": each("specimens", {"reference": identity("Specimen/", "accession")}),
        "result": each("results", {"reference": identity("Observation/", "accession")}),
    },
    searches=(
        by_accession("the panel", "labTestPanel", "assessmentPanel"),
        OF,
        *OF_PATIENT,
        SearchParameter(
            "category", SearchKind.TOKEN, "category", "Lab tests, or assessed components",
            (REPORT_CATEGORY, OBSERVATION_CATEGORY), {"LAB": "laboratory", "survey": "survey"},
        ),
        always("status", "final", "Status: `final`"),
    ),
    includes={
        **INCLUDE_SUBJECT,
        "specimen": Include(("specimen",), ("Specimen",)),
        "result": Include(("result",), ("Observation",)),
    },
)  # fmt: skip

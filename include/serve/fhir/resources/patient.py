"""Patient: a human subject, whatever number of studies it takes part in."""

from __future__ import annotations

from dataclasses import replace

from include.serve.fhir.common import OF, accession, by_accession
from include.serve.fhir.declaration import Resource, SearchKind, SearchParameter
from include.serve.fhir.elements import Maker, Row, code, coding, column, extension, listed
from include.sources.fhir.vocabulary import ETHNICITY, GENDERS, RACE

_RACE_AND_ETHNICITY = "urn:oid:2.16.840.1.113883.6.238"
#: Race and ethnicity as ImmPort names them -> category of the US Office of Management and Budget.
_RACES = {
    "American Indian or Alaska Native": "1002-5",
    "Asian": "2028-9",
    "Black or African American": "2054-5",
    "Native Hawaiian or Other Pacific Islander": "2076-8",
    "White": "2106-3",
}
_ETHNICITIES = {"Hispanic or Latino": "2135-2", "Not Hispanic or Latino": "2186-5"}


def _us_core(url: str, name: str, categories: dict[str, str]) -> Maker:
    """Race or ethnicity as US Core has it: ImmPort's word, and the category where it is one."""
    omb = coding(_RACE_AND_ETHNICITY, code(name, categories))
    parts = listed(
        extension("ombCategory", "valueCoding", omb), extension("text", "valueString", column(name))
    )

    def make(row: Row) -> object:
        return {"url": url, "extension": parts(row)} if row[name] else None

    return make


PATIENT = Resource(
    name="Patient",
    meaning="A human subject. Pools of several people and animals are not patients",
    query="patient",
    key=("subject_accession",),
    elements={
        "extension": listed(
            _us_core(RACE, "race", _RACES), _us_core(ETHNICITY, "ethnicity", _ETHNICITIES)
        ),
        "identifier": accession("subject", "subject_accession"),
        "gender": code("gender", GENDERS, "unknown"),
    },
    searches=(
        by_accession("the subject", "subject"),
        SearchParameter(
            "gender", SearchKind.TOKEN, "gender", "Sex",
            ("http://hl7.org/fhir/administrative-gender",), {v: v for v in (*GENDERS.values(), "unknown")},
        ),
        # One subject may be in several studies.
        replace(OF, may_repeat=False),
    ),
)  # fmt: skip

"""Elements of resources under the names of R4B, of the ballot and of R5; odd ones have no value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sources.fhir.endpoints import RESOURCES
from include.sources.fhir.mapping import MAPPED
from include.sources.fhir.vocabulary import TYPES, FhirVersion, wrong_codes
from include.sources.row_reader import Intake
from tests.support.fhir import bundle

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def row(resource: dict[str, Any]) -> dict[str, Any]:
    """The one row of a resource."""
    endpoint = RESOURCES[resource["resourceType"]]
    body = json.dumps(bundle([resource])).encode()
    (found,) = endpoint.readers["search"]([body], endpoint.of, Intake())
    return found


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            {
                "individual": {"reference": "https://x/fhir/Patient/1/_history/2"},
                "assignedArm": "A",
                "actualArm": "B",
            },
            {
                "subject": {"reference": "Patient/1"},
                "assignedComparisonGroup": "A",
                "actualComparisonGroup": "B",
            },
            {"subject_reference": "Patient/1", "assigned_arm": "A", "actual_arm": "B"},
        )
    ],
)
def test_research_subjects_of_both_generations(
    one: dict[str, Any], other: dict[str, Any], expected: dict[str, str]
) -> None:
    for elements in (one, other):
        found = row({"resourceType": "ResearchSubject", "id": "r", "status": "active", **elements})
        assert expected.items() <= found.items()


def test_a_study_of_both_generations() -> None:
    r4b = row(
        {
            "resourceType": "ResearchStudy",
            "id": "17",
            "status": "completed",
            "identifier": [{"value": "NCT1"}, {"system": "any", "value": "SDY80"}],
            "principalInvestigator": {"reference": "Practitioner/9"},
            "sponsor": {"display": "NIH"},
            "arm": [{"name": "Placebo", "type": {"text": "control"}}],
            "enrollment": [{"reference": "Group/3"}],
        }
    )
    r5 = row(
        {
            "resourceType": "ResearchStudy",
            "id": "SDY80",
            "status": "active",
            "associatedParty": [
                {"name": "NIH", "role": {"coding": [{"code": "sponsor"}]}},
                {
                    "party": {"reference": "Practitioner/9"},
                    "role": {"coding": [{"code": "primary-investigator"}]},
                },
            ],
            "comparisonGroup": [
                {"name": "Placebo", "type": {"text": "control"}, "observedGroup": {"reference": "Group/3"}}
            ],
            "progressStatus": [{"state": {"coding": [{"code": "completed"}]}}],
        }
    )
    for name in ("study_accession", "sponsor", "principal_investigator", "groups"):
        assert r4b[name] == r5[name] != None, name  # noqa: E711 - compared with both
    assert r4b["arms"][0]["name"] == r5["arms"][0]["name"] == "Placebo"
    assert r5["progress_status"] == "completed"


def test_unknown_elements_are_kept_and_odd_ones_have_no_value() -> None:
    sent = {
        "resourceType": "Patient",
        "id": "p",
        "gender": ["male"],
        "inventedElement": {"a": [1]},
        "name": 3,
    }
    found = row(sent)
    assert json.loads(json.dumps(found["resource"], default=str))["inventedElement"] == {"a": ["1"]}
    assert found["subject_accession"] is None
    assert 'gender ["male"] is not one of' in found["wrong_codes"]


@given(st.sampled_from(TYPES), st.dictionaries(st.text(max_size=9), JSON, max_size=4), st.data())
def test_no_form_of_a_resource_stops_a_page(of: str, more: dict[str, Any], data: st.DataObject) -> None:
    names = [
        "meta",
        "identifier",
        "extension",
        "status",
        "subject",
        "component",
        "name",
        "code",
        "period",
        "arm",
    ]
    odd = data.draw(st.dictionaries(st.sampled_from(names), JSON, max_size=5))
    found = row({**more, **odd, "resourceType": of, "id": "x"})
    assert {item.name for item in MAPPED[of]} <= found.keys()


def test_codes_are_those_of_a_version() -> None:
    study = {"resourceType": "ResearchStudy", "status": "completed"}
    assert not list(wrong_codes(study, FhirVersion.R4B))
    assert not list(wrong_codes(study))
    (why,) = wrong_codes(study, FhirVersion.R5)
    assert why == "status 'completed' is not one of active, draft, retired, unknown"
    assert list(wrong_codes({"resourceType": "Observation"})) == ["status is missing"]
    assert not list(wrong_codes({"resourceType": "Observation", "_status": {"extension": []}}))
    assert not list(wrong_codes({"resourceType": "Group"})), "either of two versions may be without each"

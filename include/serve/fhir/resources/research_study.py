"""ResearchStudy: a study with its arms, conditions, persons and publications."""

from __future__ import annotations

from include.serve.fhir.common import accession, by_accession
from include.serve.fhir.declaration import Include, Resource, SearchKind, SearchParameter
from include.serve.fhir.elements import (
    Row,
    code,
    coding,
    column,
    concept,
    each,
    first,
    fixed,
    group,
    identity,
    listed,
    natural,
    reference,
)
from include.sources.fhir.vocabulary import FhirVersion

_STUDY_STATUS = "http://hl7.org/fhir/research-study-status"
_STUDY_PARTY = "http://hl7.org/fhir/research-study-party-role"
_SPONSOR = reference("Organization", "sponsor_id", display="sponsoring_organization")
_PERSON = reference("Practitioner", "person_accession", display="name")
_ARM = {"name": column("name"), "type": concept("type"), "description": column("description")}
_PARTY_ROLE = coding(_STUDY_PARTY, code("is_principal", {True: "primary-investigator"}))
_PARTIES = each(
    "persons",
    {
        "name": column("name"),
        # What it is must be said.
        "role": first(concept("role", coding=_PARTY_ROLE), fixed({"text": "Personnel"})),
        "party": _PERSON,
    },
)


def _principal(row: Row) -> object:
    """The first person whose role says so."""
    return next((_PERSON(item) for item in row["persons"] or () if item["is_principal"]), None)


def _parties(row: Row) -> object:
    """Who takes part in the study: the sponsor, and persons."""
    sponsor = {
        "name": row["sponsoring_organization"],
        "role": {"coding": [{"system": _STUDY_PARTY, "code": "sponsor"}], "text": "Sponsor"},
        "party": _SPONSOR(row),
    }
    return [sponsor if row["sponsor_id"] else None, *_PARTIES(row)]


RESEARCH_STUDY = Resource(
    name="ResearchStudy",
    meaning="A study. It is completed when it ended before its data release, otherwise active",
    query="research_study",
    key=("study_accession",),
    elements={
        "identifier": accession("study", "study_accession"),
        "title": column("brief_title", "official_title"),
        "condition": each("conditions", {"text": column("name")}),
        "keyword": listed(concept("research_focus")),
        "period": group(start=column("actual_start_date"), end=column("actual_completion_date")),
        "relatedArtifact": each(
            "publications",
            {"type": fixed("citation"), "display": column("title"), "citation": column("citation")},
        ),
        "objective": listed(group(name=column("objectives"))),
    },
    by_version={
        FhirVersion.R4B: {
            "status": column("status"),
            "category": listed(concept("type")),
            "focus": listed(concept("intervention_agent")),
            "description": column("description", "brief_description"),
            "enrollment": each("arms", {"reference": identity("Group/", "arm_accession")}),
            "sponsor": _SPONSOR,
            "principalInvestigator": _principal,
            "arm": each("arms", _ARM),
        },
        FhirVersion.R5: {
            "status": fixed("active"),
            "classifier": listed(concept("type")),
            "focus": listed(group(concept=concept("intervention_agent"))),
            "descriptionSummary": column("brief_description"),
            "description": column("description"),
            "associatedParty": _parties,
            "progressStatus": listed(group(state=concept(coding=coding(_STUDY_STATUS, column("status"))))),
            "recruitment": group(
                targetNumber=natural("target_enrollment"), actualNumber=natural("actual_enrollment")
            ),
            "comparisonGroup": each(
                "arms",
                {
                    "linkId": identity("", "arm_accession"),
                    **_ARM,
                    "observedGroup": reference("Group", "arm_accession", display="name"),
                },
            ),
        },
    },
    searches=(
        by_accession("the study", "study"),
        SearchParameter("title", SearchKind.STRING, "title", "Short title", may_repeat=False),
        SearchParameter(
            "status", SearchKind.TOKEN, "status", "Whether the study ended before its data release",
            (_STUDY_STATUS,), {"active": "active", "completed": "completed"}, versions=(FhirVersion.R4B,),
        ),
        SearchParameter(
            "progress-status", SearchKind.TOKEN, "status", "Whether the study ended before its data release",
            (_STUDY_STATUS,), {"active": "active", "completed": "completed"}, versions=(FhirVersion.R5,),
        ),
    ),
    includes={
        "principalinvestigator": Include(
            ("principalInvestigator",), ("Practitioner",), versions=(FhirVersion.R4B,)
        ),
        "sponsor": Include(("sponsor",), ("Organization",), versions=(FhirVersion.R4B,)),
    },
)  # fmt: skip

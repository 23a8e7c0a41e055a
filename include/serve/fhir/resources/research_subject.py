"""ResearchSubject: a patient in one arm of a study."""

from __future__ import annotations

from include.serve.fhir.common import OF
from include.serve.fhir.declaration import Include, Resource, SearchKind, SearchParameter
from include.serve.fhir.elements import column, fixed, identity, reference
from include.sources.fhir.vocabulary import FhirVersion

_PATIENT = reference("Patient", "subject_accession")
_STATUSES = {"on-study": "on-study", "off-study": "off-study"}

RESEARCH_SUBJECT = Resource(
    name="ResearchSubject",
    meaning="A patient in one arm of a study; off study once the study is completed",
    query="research_subject",
    key=("arm_accession", "subject_accession"),
    elements={"study": reference("ResearchStudy", "study_accession")},
    by_version={
        FhirVersion.R4B: {
            "status": column("status"),
            "individual": _PATIENT,
            "assignedArm": column("arm", "arm_accession"),
        },
        FhirVersion.R5: {
            "status": fixed("active"),
            "subject": _PATIENT,
            # The identifier of the arm in the study's comparison groups.
            "assignedComparisonGroup": identity("", "arm_accession"),
        },
    },
    searches=(
        OF,
        SearchParameter("patient", SearchKind.REFERENCE, "patient", "The patient", target="Patient"),
        SearchParameter(
            "individual", SearchKind.REFERENCE, "patient", "The patient", target="Patient",
            versions=(FhirVersion.R4B,),
        ),
        SearchParameter(
            "subject", SearchKind.REFERENCE, "patient", "The patient", target="Patient",
            versions=(FhirVersion.R5,),
        ),
        SearchParameter(
            "status", SearchKind.TOKEN, "status", "Whether the study is completed",
            codes=_STATUSES, versions=(FhirVersion.R4B,),
        ),
        SearchParameter(
            "status", SearchKind.TOKEN, None, "Status of the record: `active`",
            codes={"active": "active"}, versions=(FhirVersion.R5,),
        ),
    ),
    includes={
        "study": Include(("study",), ("ResearchStudy",)),
        "patient": Include(("individual", "subject"), ("Patient",)),
        "individual": Include(("individual",), ("Patient",), versions=(FhirVersion.R4B,)),
        "subject": Include(("subject",), ("Patient",), versions=(FhirVersion.R5,)),
    },
)  # fmt: skip

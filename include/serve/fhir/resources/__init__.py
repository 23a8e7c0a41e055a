"""The resources that are served, one declaration each."""

from __future__ import annotations

from include.serve.fhir.declaration import Resource
from include.serve.fhir.resources.diagnostic_report import DIAGNOSTIC_REPORT
from include.serve.fhir.resources.group import GROUP
from include.serve.fhir.resources.observation import OBSERVATION
from include.serve.fhir.resources.organization import ORGANIZATION
from include.serve.fhir.resources.patient import PATIENT
from include.serve.fhir.resources.practitioner import PRACTITIONER
from include.serve.fhir.resources.practitioner_role import PRACTITIONER_ROLE
from include.serve.fhir.resources.research_study import RESEARCH_STUDY
from include.serve.fhir.resources.research_subject import RESEARCH_SUBJECT
from include.serve.fhir.resources.specimen import SPECIMEN

#: By type, in the order of the CapabilityStatement.
RESOURCES: dict[str, Resource] = {
    item.name: item
    for item in (
        RESEARCH_STUDY, RESEARCH_SUBJECT, PATIENT, GROUP, SPECIMEN, OBSERVATION, DIAGNOSTIC_REPORT,
        PRACTITIONER, PRACTITIONER_ROLE, ORGANIZATION,
    )
}  # fmt: skip

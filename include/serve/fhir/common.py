"""What several resources are written with: codes, identifiers, extensions, search parameters."""

from __future__ import annotations

from collections.abc import Mapping

from include.serve.fhir.declaration import Include, SearchKind, SearchParameter
from include.serve.fhir.elements import Maker, Row, code, coding, extension, first, identifier, reference
from include.sources.fhir.vocabulary import OF_STUDY, SYSTEM

OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
REPORT_CATEGORY = "http://terminology.hl7.org/CodeSystem/v2-0074"

#: Who or what was examined: the patient, or the arm of an animal or a pool.
SUBJECT = first(reference("Patient", "patient_accession"), reference("Group", "arm_accession"))

OF = SearchParameter(
    "study", SearchKind.REFERENCE, "study", "Study that it belongs to", target="ResearchStudy"
)
_OF_PATIENT = SearchParameter(
    "patient", SearchKind.REFERENCE, "patient", "Patient concerned", target="Patient"
)
_OF_SUBJECT = SearchParameter(
    "subject", SearchKind.REFERENCE, "patient", "Patient concerned", target="Patient"
)
#: By whom a resource is searched, by either name.
OF_PATIENT = (_OF_PATIENT, _OF_SUBJECT)


#: What a resource of a study, and one of a subject as well, may be sent with.
INCLUDE_STUDY = {"study": Include(("extension",), ("ResearchStudy",))}
INCLUDE_SUBJECT = {
    **INCLUDE_STUDY,
    "subject": Include(("subject",), ("Patient", "Group")),
    "patient": Include(("subject",), ("Patient",)),
}


def accession(kind: str, name: str) -> Maker:
    """The identifier that ImmPort's accession is, with the system of its kind: `study`, `subject`."""
    return identifier(f"{SYSTEM}{kind}", name)


def by_accession(meaning: str, *kinds: str) -> SearchParameter:
    """A search by ImmPort's accession, of one of several kinds."""
    systems = tuple(f"{SYSTEM}{kind}" for kind in kinds)
    about = f"ImmPort's accession of {meaning}"
    return SearchParameter("identifier", SearchKind.TOKEN, "identifier", about, systems)


def always(name: str, value: str, meaning: str) -> SearchParameter:
    """A search by a code that every resource of the type has."""
    return SearchParameter(name, SearchKind.TOKEN, None, meaning, codes={value: value})


def of_study(row: Row) -> object:
    """The extensions of a resource: which study it belongs to."""
    return [_OF_STUDY(row)]


_OF_STUDY = extension(OF_STUDY, "valueReference", reference("ResearchStudy", "study_accession"))


def coded(system: str, name: str, codes: Mapping[str, str]) -> Maker:
    """A Coding by the value of a column."""
    return coding(system, code(name, codes))

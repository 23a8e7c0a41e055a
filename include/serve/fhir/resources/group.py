"""Group: an arm of a study, with the species of its subjects."""

from __future__ import annotations

from include.serve.fhir.common import INCLUDE_STUDY, OF, accession, by_accession, of_study
from include.serve.fhir.declaration import Resource
from include.serve.fhir.elements import code, column, concept, each, fixed
from include.sources.fhir.vocabulary import FhirVersion

GROUP = Resource(
    name="Group",
    meaning="An arm of a study: of animals when all its subjects are. Its members are in ResearchSubject",
    query="group",
    key=("arm_accession",),
    elements={
        "extension": of_study,
        "identifier": accession("arm", "arm_accession"),
        "type": code("is_of_animals", {True: "animal", False: "person"}),
        "code": concept("arm_type"),
        "name": column("name"),
        "quantity": column("subjects"),
        "characteristic": each(
            "species",
            {
                "code": fixed({"text": "species"}),
                "valueCodeableConcept": concept("species"),
                "exclude": fixed(False),
            },
        ),
    },
    by_version={
        FhirVersion.R4B: {"actual": fixed(True)},
        FhirVersion.R5: {"membership": fixed("enumerated"), "description": column("description")},
    },
    searches=(by_accession("the arm", "arm"), OF),
    includes=INCLUDE_STUDY,
)

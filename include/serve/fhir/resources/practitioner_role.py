"""PractitionerRole: what a person is in a study, and for which organization."""

from __future__ import annotations

from include.serve.fhir.common import INCLUDE_STUDY, OF, of_study
from include.serve.fhir.declaration import Include, Resource, SearchKind, SearchParameter
from include.serve.fhir.elements import Row, column, group, listed, reference


def _codes(row: Row) -> object:
    """Role and title, which often are the same."""
    return [{"text": text} for text in dict.fromkeys((row["role_in_study"], row["title_in_study"]))]


PRACTITIONER_ROLE = Resource(
    name="PractitionerRole",
    meaning="What a person is in a study, and for which organization",
    query="practitioner_role",
    key=("person_accession",),
    cursor=(int, str),
    elements={
        "extension": of_study,
        "practitioner": reference("Practitioner", "person_accession", display="person"),
        "organization": reference("Organization", "organization_id", display="organization"),
        "code": _codes,
        "location": listed(group(display=column("site_name"))),
    },
    searches=(
        SearchParameter(
            "practitioner", SearchKind.REFERENCE, "practitioner", "The person", target="Practitioner"
        ),
        SearchParameter(
            "organization", SearchKind.REFERENCE, "organization", "The organization", target="Organization"
        ),
        OF,
    ),
    includes={
        **INCLUDE_STUDY,
        "practitioner": Include(("practitioner",), ("Practitioner",)),
        "organization": Include(("organization",), ("Organization",)),
    },
)

"""Practitioner: a person of a study. E-mail addresses are in no view of the star."""

from __future__ import annotations

from include.serve.fhir.common import OF, accession, by_accession
from include.serve.fhir.declaration import Resource, SearchKind, SearchParameter
from include.serve.fhir.elements import column, group, listed

PRACTITIONER = Resource(
    name="Practitioner",
    meaning="A person of a study, as that study names it",
    query="practitioner",
    key=("person_accession",),
    elements={
        "identifier": accession("person", "person_accession"),
        "name": listed(
            group(
                family=column("last_name"),
                given=listed(column("first_name")),
                prefix=listed(column("honorific")),
                suffix=listed(column("suffixes")),
            )
        ),
    },
    searches=(
        by_accession("the person", "person"),
        SearchParameter("family", SearchKind.STRING, "family", "Last name", may_repeat=False),
        SearchParameter("given", SearchKind.STRING, "given", "First name", may_repeat=False),
        OF,
    ),
)

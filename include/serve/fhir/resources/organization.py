"""Organization: what persons of studies belong to, or what sponsors a study."""

from __future__ import annotations

from dataclasses import replace

from include.serve.fhir.common import OF
from include.serve.fhir.declaration import Resource, SearchKind, SearchParameter
from include.serve.fhir.elements import column

ORGANIZATION = Resource(
    name="Organization",
    meaning="What persons of studies belong to, or what sponsors a study, by its name as a study writes it",
    query="organization",
    key=("organization_id",),
    cursor=(str,),
    elements={"name": column("organization")},
    searches=(
        SearchParameter("name", SearchKind.STRING, "name", "Name", may_repeat=False),
        replace(OF, may_repeat=False),
    ),
)

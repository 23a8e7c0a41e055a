"""Specimen: a biological sample."""

from __future__ import annotations

from include.serve.fhir.common import (
    INCLUDE_SUBJECT,
    OF,
    OF_PATIENT,
    SUBJECT,
    accession,
    by_accession,
    of_study,
)
from include.serve.fhir.declaration import Resource
from include.serve.fhir.elements import Row, concept

_NOTES = (("name", "Name: "), ("subtype", "Type as submitted: "), ("description", ""), ("visit", "Visit: "))


def _notes(row: Row) -> object:
    """What FHIR has no element for."""
    return [{"text": f"{label}{row[name]}"} for name, label in _NOTES if row[name]]


SPECIMEN = Resource(
    name="Specimen",
    meaning="A biological sample",
    query="specimen",
    key=("biosample_accession",),
    elements={
        "extension": of_study,
        "identifier": accession("biosample", "biosample_accession"),
        "type": concept("type", "subtype"),
        "subject": SUBJECT,
        "note": _notes,
    },
    searches=(by_accession("the sample", "biosample"), OF, *OF_PATIENT),
    includes=INCLUDE_SUBJECT,
)

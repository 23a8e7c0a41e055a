"""Which elements of its resources a search is answered with: all, those that it names, or FHIR's summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.sources.fhir.vocabulary import FhirVersion

#: Elements without which a resource is not valid, in either version.
_REQUIRED: Mapping[str, str] = {
    "ResearchStudy": "status",
    "ResearchSubject": "study status individual subject",
    "Group": "type actual membership",
    "Observation": "status code",
    "DiagnosticReport": "status code",
}
#: Elements that FHIR's definitions mark as summary, of those that are served.
_SUMMARY: Mapping[str, str] = {
    "ResearchStudy": "identifier title condition keyword period status",
    "ResearchSubject": "study status individual subject",
    "Patient": "identifier gender",
    "Group": "identifier type code name quantity actual membership",
    "Specimen": "identifier type subject",
    "Observation": "identifier status code subject valueQuantity valueString",
    "DiagnosticReport": "identifier status category code subject",
    "Practitioner": "identifier name",
    "PractitionerRole": "practitioner organization code location",
    "Organization": "name",
}
#: The same, of one version alone.
_SUMMARY_OF: Mapping[tuple[str, FhirVersion], str] = {
    ("ResearchStudy", FhirVersion.R4B): "category focus enrollment sponsor principalInvestigator",
    ("ResearchStudy", FhirVersion.R5): "recruitment",
    ("Group", FhirVersion.R5): "characteristic",
}
_ALWAYS = ("resourceType", "id", "meta")
#: Says of a resource that it is not whole: it must not be stored in place of the whole one.
_NOT_WHOLE = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


@dataclass(frozen=True)
class Subset:
    """What is left of each resource.

    :param summary: value of `_summary`: `true` and `text` leave elements out.
    :param of: type whose elements are named.
    :param elements: elements named by `_elements`; null for all.
    """

    summary: str = ""
    of: str = ""
    elements: frozenset[str] | None = None

    def of_resource(self, made: dict[str, Any], version: FhirVersion) -> dict[str, Any]:
        """The resource with the elements that are sent, and marked where some are not."""
        kept = self._kept(made["resourceType"], version)
        if kept is None:
            return made
        left = {name: value for name, value in made.items() if name in kept}
        meta = {**left.get("meta", {}), "tag": [_NOT_WHOLE]}
        about = {name: left.pop(name) for name in ("resourceType", "id")}
        return {**about, **left, "meta": meta}

    def _kept(self, of: str, version: FhirVersion) -> set[str] | None:
        """Elements that are sent; null for all."""
        required = {*_ALWAYS, *_REQUIRED.get(of, "").split()}
        if self.summary == "text":  # no resource has a narrative
            return required
        if self.summary == "true":
            return required | {*_SUMMARY[of].split(), *_SUMMARY_OF.get((of, version), "").split()}
        if self.elements is not None and of == self.of:
            return required | self.elements
        return None

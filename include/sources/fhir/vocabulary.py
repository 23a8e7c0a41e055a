"""What FHIR prescribes and ImmPort chose: versions, resource types, identifiers, closed sets of codes.

ImmPort maps ten types of resources. Its server calls itself R5 and is of September 2021: that is the ballot
of R5, between R4B and R5 as it was published. All three are understood; where they name an element
differently, each name is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from include.sources.foreign import quoted

#: The types of resources that ImmPort maps its data to, what others refer to first.
TYPES = (
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "ResearchStudy",
    "Group",
    "Patient",
    "ResearchSubject",
    "Specimen",
    "DiagnosticReport",
    "Observation",
)


class FhirVersion(StrEnum):
    """Versions of FHIR, as a server states them."""

    R4B = "4.3.0"
    BALLOT = "4.6.0"
    R5 = "5.0.0"


#: Begins the system of ImmPort's identifiers in the resources that this project makes. Which systems
#: ImmPort's own server uses is not verified: identifiers are recognised by their form.
SYSTEM = "https://www.immport.org/"
#: By which extension a resource names the study that it is of.
OF_STUDY = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"
_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
RACE, ETHNICITY = f"{_US_CORE}race", f"{_US_CORE}ethnicity"

#: The word for a sex in FHIR; all others are `unknown`.
GENDERS = {"Female": "female", "Male": "male", "Other": "other"}

Codes = Mapping[FhirVersion, frozenset[str]]


def _same(words: str) -> Codes:
    """The same codes in every version."""
    return dict.fromkeys(FhirVersion, frozenset(words.split()))


def _two(r4b: str, r5: str) -> Codes:
    """Codes of R4B and of R5. The ballot has those of both: which of them it took over is not verified."""
    before, after = frozenset(r4b.split()), frozenset(r5.split())
    return {FhirVersion.R4B: before, FhirVersion.BALLOT: before | after, FhirVersion.R5: after}


_OBSERVATION = "registered preliminary final amended corrected cancelled entered-in-error unknown"
#: Codes that an element may have and no others (a `required` binding), by type and element.
REQUIRED: Mapping[tuple[str, str], Codes] = {
    ("ResearchStudy", "status"): _two(
        "active administratively-completed approved closed-to-accrual closed-to-accrual-and-intervention"
        " completed disapproved in-review temporarily-closed-to-accrual"
        " temporarily-closed-to-accrual-and-intervention withdrawn",
        "draft active retired unknown",
    ),
    ("ResearchSubject", "status"): _two(
        "candidate eligible follow-up ineligible not-registered off-study on-study on-study-intervention"
        " on-study-observation pending-on-study potential-candidate screening withdrawn",
        "draft active retired unknown",
    ),
    ("Patient", "gender"): _same("male female other unknown"),
    ("Group", "type"): _two(
        "person animal practitioner device medication substance",
        "person animal practitioner device careteam healthcareservice location organization relatedperson"
        " specimen",
    ),
    ("Group", "membership"): _two("", "definitional enumerated"),
    ("Specimen", "status"): _same("available unavailable unsatisfactory entered-in-error"),
    ("Observation", "status"): _same(_OBSERVATION),
    ("DiagnosticReport", "status"): _two(
        "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown",
        "registered partial preliminary modified final amended corrected appended cancelled"
        " entered-in-error unknown",
    ),
    ("Practitioner", "gender"): _same("male female other unknown"),
}
#: Elements that a resource must have, by type and version.
MANDATORY: Mapping[tuple[str, str], frozenset[FhirVersion]] = {
    ("ResearchStudy", "status"): frozenset(FhirVersion),
    ("ResearchSubject", "status"): frozenset(FhirVersion),
    ("Group", "type"): frozenset({FhirVersion.R4B}),
    ("Group", "membership"): frozenset({FhirVersion.R5}),
    ("Observation", "status"): frozenset(FhirVersion),
    ("DiagnosticReport", "status"): frozenset(FhirVersion),
}


def wrong_codes(
    resource: Mapping[str, object], version: FhirVersion | None = None, *, complete: bool = True
) -> Iterator[str]:
    """What a resource says in elements with a closed set of codes, and may not say.

    :param version: that of the resource; None accepts what any of them accepts.
    :param complete: whether an element that must be there is looked for.
    :returns: one text for each such element: `status 'done' is not one of active, draft, ...`.
    """
    kind = resource.get("resourceType")
    versions = (version,) if version else tuple(FhirVersion)
    for (of, element), codes in REQUIRED.items():
        if of != kind:
            continue
        value = resource.get(element)
        known = frozenset[str]().union(*(codes[item] for item in versions))
        if value is None:
            must = MANDATORY.get((of, element), frozenset())
            # A primitive without a value has an extension that says why, under its name with a line before.
            if complete and must.issuperset(versions) and f"_{element}" not in resource:
                yield f"{element} is missing"
        elif not isinstance(value, str) or value not in known:
            yield f"{element} {quoted(value)} is not one of {', '.join(sorted(known))}"

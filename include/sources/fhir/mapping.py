"""Which values of each type of resource have a column, under the names that R4B, the ballot and R5 use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sources.endpoint import Kind
from include.sources.fhir.elements import (
    MappedElement,
    accession,
    associated,
    concept,
    each,
    either,
    extension,
    first,
    number,
    reference,
    reference_of,
    references,
    words_of,
)
from include.sources.fhir.vocabulary import ETHNICITY, OF_STUDY, RACE

_STATUS = first("status")


def _period(meaning: str) -> tuple[MappedElement, MappedElement]:
    return (
        MappedElement("period_start", f"{meaning}: its first day, as sent", first("period.start")),
        MappedElement("period_end", f"{meaning}: its last day, as sent", first("period.end")),
    )


def _accession(name: str, what: str, pattern: str) -> MappedElement:
    about = f"ImmPort's accession of the {what}: an identifier of its form, else the id"
    return MappedElement(name, about, accession(pattern))


def _arm(item: Mapping[str, Any]) -> Mapping[str, object]:
    return {
        "name": words_of(item.get("name")),
        "type": words_of(item.get("type")),
        "description": words_of(item.get("description")),
        "link_id": item.get("linkId"),
        "group": reference_of(item.get("observedGroup")),
    }


def _component(item: Mapping[str, Any]) -> Mapping[str, object]:
    return {
        "code": words_of(item.get("code")),
        **{name: value for name, value in item.items() if name.startswith("value")},
    }


_STUDY = MappedElement(
    "study_reference",
    "Study that it is of, as an extension names it: ResearchStudy/SDY1001; which one ImmPort uses is not"
    " verified",
    extension(OF_STUDY, OF_STUDY.replace("workflow-researchStudy", "workflow-researchstudy")),
)
_SUBJECT = MappedElement(
    "subject_reference", "Whom it is about: Patient/..., Group/...", reference("subject")
)

MAPPED: Mapping[str, tuple[MappedElement, ...]] = {
    "ResearchStudy": (
        _accession("study_accession", "study", r"SDY[1-9][0-9]{0,9}"),
        MappedElement("status", "Status, as sent: R4B and R5 have other codes", _STATUS),
        MappedElement("progress_status", "R5: how far the study has come", concept("progressStatus.state")),
        MappedElement("title", "Title", first("title")),
        MappedElement(
            "description", "Description, in R5 its summary", first("description", "descriptionSummary")
        ),
        MappedElement(
            "sponsor",
            "Sponsor: R4B refers to it, R5 has it among the parties",
            either(reference("sponsor"), concept("sponsor"), associated("sponsor", "lead-sponsor")),
        ),
        MappedElement(
            "principal_investigator",
            "Who leads the study: R4B refers to a person, R5 has it among the parties",
            either(
                reference("principalInvestigator"),
                concept("principalInvestigator"),
                associated("primary-investigator", "principal-investigator"),
            ),
        ),
        MappedElement("condition", "Condition studied", concept("condition", "focus")),
        *_period("When the study was done"),
        MappedElement(
            "arms",
            "Arms as an array of name, type, description, link and group: `arm`, later `comparisonGroup`",
            each(_arm, "arm", "comparisonGroup"),
            Kind.JSON,
        ),
        MappedElement(
            "groups",
            "Groups of people that the study names: `enrollment`, `recruitment`, `comparisonGroup`",
            references("enrollment", "recruitment.actualGroup", "comparisonGroup.observedGroup"),
            Kind.JSON,
        ),
    ),
    "ResearchSubject": (
        MappedElement("status", "Status, as sent: R4B and R5 have other codes", _STATUS),
        MappedElement("study_reference", "Study: ResearchStudy/...", reference("study")),
        MappedElement(
            "subject_reference",
            "Who takes part: `individual` in R4B, `subject` later",
            reference("individual", "subject"),
        ),
        MappedElement(
            "assigned_arm",
            "Arm that was assigned: `assignedArm` in R4B, `assignedComparisonGroup` later",
            first("assignedArm", "assignedComparisonGroup"),
        ),
        MappedElement(
            "actual_arm",
            "Arm that the subject was in: `actualArm` in R4B, `actualComparisonGroup` later",
            first("actualArm", "actualComparisonGroup"),
        ),
        *_period("When the subject took part"),
    ),
    "Patient": (
        _accession("subject_accession", "subject", r"SUB[0-9]{1,15}"),
        MappedElement("gender", "Sex in FHIR's words: male, female, other, unknown", first("gender")),
        MappedElement("race", "Race, by the extension of US Core", extension(RACE)),
        MappedElement("ethnicity", "Ethnicity, by the extension of US Core", extension(ETHNICITY)),
        MappedElement("birth_date", "Date of birth, as sent: a year, a month or a day", first("birthDate")),
    ),
    "Group": (
        _accession("arm_accession", "arm", r"ARM[0-9]{1,15}"),
        MappedElement("type", "Whom it consists of: person, animal", first("type")),
        MappedElement("membership", "R5: definitional or enumerated", first("membership")),
        MappedElement("is_actual", "R4B: whether it is of individuals, true or false", first("actual")),
        MappedElement("code", "What all of them are: the species", concept("code")),
        MappedElement("name", "Name: of an arm", first("name")),
        MappedElement("quantity", "Number of members", number("quantity"), Kind.INTEGER),
        MappedElement(
            "arm_type",
            "Type of the arm, as a characteristic says it",
            concept("characteristic.valueCodeableConcept"),
        ),
    ),
    "Specimen": (
        _accession("biosample_accession", "biosample", r"BS[0-9]{1,15}"),
        MappedElement("status", "Status", _STATUS),
        MappedElement("type", "Type of the material", concept("type")),
        _SUBJECT,
        _STUDY,
        MappedElement(
            "collected",
            "When it was taken, as sent",
            first("collection.collectedDateTime", "collection.collectedPeriod.start"),
        ),
        MappedElement("condition", "Condition of the specimen", concept("condition")),
    ),
    "Observation": (
        _accession(
            "observation_accession", "lab test (LT...) or assessment component (AC...)", r"(LT|AC)[0-9]{1,15}"
        ),
        MappedElement("status", "Status", _STATUS),
        MappedElement("category", "Category: laboratory, survey", concept("category")),
        MappedElement("code", "What was observed", concept("code")),
        _SUBJECT,
        _STUDY,
        MappedElement("specimen_reference", "Specimen: Specimen/...", reference("specimen")),
        MappedElement("effective", "When, as sent", first("effectiveDateTime", "effectivePeriod.start")),
        MappedElement(
            "value_number",
            "Value, where it is a number",
            number("valueQuantity.value", "valueInteger"),
            Kind.NUMBER,
        ),
        MappedElement(
            "value_comparator", "What stands before it: < <= >= >", first("valueQuantity.comparator")
        ),
        MappedElement("unit", "Unit of the value", first("valueQuantity.unit", "valueQuantity.code")),
        MappedElement(
            "value_text",
            "Value, where it is not a number",
            either(first("valueString", "valueBoolean", "valueDateTime"), concept("valueCodeableConcept")),
        ),
        MappedElement(
            "components",
            "Values of parts as an array, with their codes",
            each(_component, "component"),
            Kind.JSON,
        ),
    ),
    "DiagnosticReport": (
        _accession(
            "panel_accession", "lab test panel (LP...) or assessment panel (AP...)", r"(LP|AP)[0-9]{1,15}"
        ),
        MappedElement("status", "Status", _STATUS),
        MappedElement("category", "Category", concept("category")),
        MappedElement("code", "Panel", concept("code")),
        _SUBJECT,
        _STUDY,
        MappedElement("effective", "When, as sent", first("effectiveDateTime", "effectivePeriod.start")),
        MappedElement(
            "results", "Its observations: Observation/..., as an array", references("result"), Kind.JSON
        ),
        MappedElement(
            "specimens", "Its specimens: Specimen/..., as an array", references("specimen"), Kind.JSON
        ),
    ),
    "Practitioner": (
        _accession("person_accession", "person", r"PSN[0-9]{1,15}"),
        MappedElement("family_name", "Family name", first("name.family")),
        MappedElement("given_name", "Given name", first("name.given")),
        MappedElement("prefix", "Title before the name", first("name.prefix")),
        MappedElement("gender", "Sex in FHIR's words", first("gender")),
    ),
    "PractitionerRole": (
        MappedElement("practitioner_reference", "Person: Practitioner/...", reference("practitioner")),
        MappedElement("organization_reference", "Organization: Organization/...", reference("organization")),
        MappedElement("role", "Role", concept("code")),
        MappedElement("is_active", "Whether the role is in use, true or false", first("active")),
        _STUDY,
    ),
    "Organization": (
        MappedElement("name", "Name", first("name")),
        MappedElement("type", "Type", concept("type")),
        MappedElement("is_active", "Whether its record is in use, true or false", first("active")),
        MappedElement("parent_reference", "Organization that it is part of", reference("partOf")),
    ),
}

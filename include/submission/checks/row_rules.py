"""Rules between the values of one row: what another value requires, excludes or bounds.

ImmPort's JSON marks columns that are required under a condition and leaves the condition open. The conditions
are declared here once, by names of columns, and hold in every template that has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from include.submission.checks.values import is_number
from include.submission.templates.vocabularies import Vocabularies, normal

Row = dict[str, str]


class RowBreach(NamedTuple):
    """A rule that a row breaks.

    :ivar column: the column that is to be changed.
    """

    rule: str
    column: str
    message: str
    fix: str | None = None


@dataclass(frozen=True)
class RowRule:
    """A rule between columns.

    :ivar columns: those it reads; it holds in every table that has all of them.
    :ivar check: gives breaches of one row, whose values are stripped.
    """

    columns: tuple[str, ...]
    check: Callable[[Row, Vocabularies], Iterator[RowBreach]]


def _specify(column: str, specified: str) -> RowRule:
    def check(row: Row, _: Vocabularies) -> Iterator[RowBreach]:
        if row[column].casefold() == "other" and not row[specified]:
            yield RowBreach("required_if", specified, f"required where {column} is Other")

    return RowRule((column, specified), check)


def _together(first: str, second: str) -> RowRule:
    def check(row: Row, _: Vocabularies) -> Iterator[RowBreach]:
        if bool(row[first]) != bool(row[second]):
            missing, given = (second, first) if row[first] else (first, second)
            yield RowBreach("together", missing, f"required where {given} has a value")

    return RowRule((first, second), check)


def _ordered(low: str, high: str) -> RowRule:
    def check(row: Row, _: Vocabularies) -> Iterator[RowBreach]:
        if is_number(row[low]) and is_number(row[high]) and float(row[low]) > float(row[high]):
            yield RowBreach("order", high, f"{row[high]} is below {low}, which is {row[low]}")

    return RowRule((low, high), check)


_TREATMENT = tuple(
    f"{name} {part}" for name in ("Amount", "Duration", "Temperature") for part in ("Value", "Unit")
)


def _use_treatment(row: Row, _: Vocabularies) -> Iterator[RowBreach]:
    filled = [name for name in _TREATMENT if row[name]]
    if row["Use Treatment?"].casefold() == "no" and filled:
        yield RowBreach(
            "not_allowed", filled[0], "must be empty where Use Treatment? is No", "leave it empty"
        )
    if row["Use Treatment?"].casefold() == "yes" and not filled:
        message = "an amount, a duration or a temperature is required where Use Treatment? is Yes"
        yield RowBreach("at_least_one", _TREATMENT[0], message)


def _result_file(row: Row, _: Vocabularies) -> Iterator[RowBreach]:
    is_template, name = row["ImmPort Template?"].casefold(), row["Result File Name"]
    if is_template == "yes" and name:
        message = "must be empty where ImmPort Template? is Yes: the results are in ImmPort's own template"
        yield RowBreach("not_allowed", "Result File Name", message, "leave it empty")
    if is_template == "no" and not name:
        yield RowBreach("required_if", "Result File Name", "required where ImmPort Template? is No")


def _files_apart(first: str, second: str) -> RowRule:
    def check(row: Row, _: Vocabularies) -> Iterator[RowBreach]:
        both = _names(row[first]) & _names(row[second])
        if both:
            yield RowBreach("file_in_two_columns", second, f"{min(both)} stands in {first}, too")

    return RowRule((first, second), check)


def _names(text: str) -> set[str]:
    return {name.strip().casefold() for name in text.split(";")} - {""}


_ALLELES = tuple(
    f"HLA-{locus} Allele {number}"
    for locus in ("A", "B", "C", "DPA1", "DPB1", "DQA1", "DQB1", "DRB1", "DRB3", "DRB4", "DRB5")
    for number in (1, 2)
)


def _alleles(row: Row, _: Vocabularies) -> Iterator[RowBreach]:
    if not any(row.values()):
        yield RowBreach("at_least_one", _ALLELES[0], "a typing must have an allele")


#: Ways of an exposure to a material, and those that are a disease.
_OF_MATERIAL = {
    "administering substance in vivo",
    "occurrence of asymptomatic infection",
    "environmental exposure to endemic/ubiquitous agent without evidence for disease",
    "documented exposure without evidence for disease",
    "exposure with existing immune reactivity without evidence for disease",
    "exposure to substance without evidence for disease",
    "infectious challenge",
    "transplantation or transfusion",
    "vaccination",
    "occurrence of infectious disease",
    "occurrence of allergy",
}
_OF_DISEASE = {
    "occurrence of autoimmune disease",
    "occurrence of cancer",
    "occurrence of disease",
    "occurrence of infectious disease",
    "occurrence of allergy",
}
_EXPOSURE = (
    "Exposure Process Reported",
    "Exposure Material Reported",
    "Exposure Material ID",
    "Disease Reported",
    "Disease Ontology ID",
    "Disease Stage Reported",
)


def _exposure(row: Row, vocabularies: Vocabularies) -> Iterator[RowBreach]:
    process, material, material_id, disease, disease_id, stage = (row[name] for name in _EXPOSURE)
    way = normal(process)
    message = f"required for {process}"
    unless = f"{message}, unless the reported one is a preferred term"
    if way in _OF_MATERIAL:
        if not material:
            yield RowBreach("required_if", "Exposure Material Reported", message)
        elif not material_id and vocabularies["lk_exposure_material"].preferred(material) is None:
            yield RowBreach("required_if", "Exposure Material ID", unless)
    if way in _OF_DISEASE:
        if not disease:
            yield RowBreach("required_if", "Disease Reported", message)
        if not stage:
            yield RowBreach("required_if", "Disease Stage Reported", message)
    is_named = disease and not disease_id and vocabularies["lk_disease"].preferred(disease) is None
    if is_named and way in _OF_DISEASE | {"infectious challenge"}:
        yield RowBreach("required_if", "Disease Ontology ID", unless)


def _ages(name: str) -> RowRule:
    def check(row: Row, _: Vocabularies) -> Iterator[RowBreach]:
        if row["Age Unit"].casefold() == "years" and is_number(row[name]) and float(row[name]) > 89:
            yield RowBreach("age_limit", name, "ImmPort stores 90 for ages above 89 years", "90")

    return RowRule((name, "Age Unit"), check)


#: All rules, for the columns of which a template has each.
ROW_RULES = (
    _specify("Study Time T0 Event", "Study Time T0 Event Specify"),
    _specify("Type", "Subtype"),
    _specify("Age Event", "Age Event Specify"),
    _specify("Race", "Race Specify"),
    _together("Amount Value", "Amount Unit"),
    _together("Duration Value", "Duration Unit"),
    _together("Temperature Value", "Temperature Unit"),
    _together("Age At Onset Reported", "Age At Onset Unit Reported"),
    RowRule(("Use Treatment?", *_TREATMENT), _use_treatment),
    RowRule(("ImmPort Template?", "Result File Name"), _result_file),
    _files_apart("Result File Name", "Additional Result File Names"),
    _files_apart(".Fcs Result File", "Additional Result File Names"),
    _files_apart(".Fcs Result File", "Compensation Or Control File Name(s)"),
    _files_apart("Additional Result File Names", "Compensation Or Control File Name(s)"),
    RowRule(_ALLELES, _alleles),
    RowRule(_EXPOSURE, _exposure),
    _ordered("Min Start Day", "Max Start Day"),
    _ordered("Min Subject Age", "Max Subject Age"),
    _ordered("Start Study Day", "End Study Day"),
    _ordered("Start Day", "End Day"),
    _ages("Min Subject Age"),
    _ages("Max Subject Age"),
)

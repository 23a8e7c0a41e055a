"""Valid packages made from the templates' declarations: a value for each column, by type and meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from include.submission.checks.relations import SAMPLE_TEMPLATES
from include.submission.templates.declarations import Template, TemplateColumn, TemplateTable
from include.submission.templates.grid import write_text
from include.submission.templates.roles import roles_of
from include.submission.templates.vocabularies import Vocabularies
from include.submission.templates.writer import filled_template

#: By kind of record, the template that describes the ones that other templates name.
HOMES = {
    "study": "basic_study_design",
    "arm_or_cohort": "basic_study_design",
    "planned_visit": "basic_study_design",
    "period": "study_design_edit",
    "subject": "subjecthumans",
    "protocol": "protocols",
    "reagent": "array_reagents",
    "treatment": "treatments",
    "biosample": "biosamples",
    "lab_test_panel": "labtestpanels",
    "expsample": "elisa",
}
#: Blocks of one row.
_SINGLE = {"study", "study_categorization"}
_TEXTS = {
    "Use Treatment?": "Yes",
    "ImmPort Template?": "No",
    "Source Type": "EXPSAMPLE",
    "Assay ID": "assay",
    "Exposure Process Reported": "vaccination",
    "Min Subject Age": "20",
    "Max Subject Age": "30",
    "Is Clinically Significant": "Y",
}


@dataclass
class Made:
    """Rows of a template, and what they need.

    :ivar rows: by table.
    :ivar files: names of files that they name.
    :ivar named: identifiers of records that they name, by kind.
    """

    rows: dict[str, list[list[str]]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    named: dict[str, set[str]] = field(default_factory=dict)


def make(template: Template, vocabularies: Vocabularies, count: int = 2) -> Made:
    """Valid rows of all tables of a template."""
    made = Made()
    for table in template.tables:
        many = 1 if table.name in _SINGLE else min(count, 2) if template.is_compound else count
        made.rows[table.name] = [_row(made, template, table, vocabularies, number) for number in range(many)]
    return made


def identifier(kind: str, template: str, number: int) -> str:
    return f"{kind} {template} {number}"


def _row(
    made: Made, template: Template, table: TemplateTable, vocabularies: Vocabularies, number: int
) -> list[str]:
    kinds = {column.name: kind for kind, column in roles_of(table).combined.items()}
    described = roles_of(table).described
    row = []
    for place, column in enumerate(table.columns):
        kind = kinds.get(column.name) if column.combined_column else column.references
        if column.defines or (column.combined_column and kind in described):
            value = identifier(column.defines or kind or "", template.name, number)
        elif kind or column.name == "Source ID":
            value = _named(made, template, kind or "source", number)
        else:
            value = _value(made, table, column, vocabularies, number, place)
        row.append(value)
    return row


def _named(made: Made, template: Template, kind: str, number: int) -> str:
    home = HOMES.get(kind, "")
    if kind == "source":
        kind, home = "expsample", "mbaa"
    if kind == "expsample" and template.name in SAMPLE_TEMPLATES:
        home = min(SAMPLE_TEMPLATES[template.name])
    # A study and its arm are one; of the others there are two.
    value = identifier(kind, home, 0 if kind in {"study", "arm_or_cohort"} else number % 2)
    if home != template.name:
        made.named.setdefault(kind, set()).add(value)
    return value


def _value(
    made: Made,
    table: TemplateTable,
    column: TemplateColumn,
    vocabularies: Vocabularies,
    number: int,
    place: int,
) -> str:
    if column.name in _TEXTS:
        return _TEXTS[column.name]
    if column.is_separator:
        return ""
    if column.names_files:
        name = f"{table.name}-{place}-{number}.dat"
        made.files.add(name)
        return name
    if column.controlled or column.preferred:
        terms = vocabularies[column.controlled or column.preferred or ""].terms
        plain = [term for term in terms if term not in {"Other", "Not Specified"}] or list(terms)
        return plain[number % len(plain) if column.preferred else 0]
    kind = column.json_data_type
    if kind == "date":
        return "06-Feb-2005"
    if kind in {"number", "positive"}:
        return str(number * 100 + place + 1)
    return f"{number} {column.name}"[: column.width].strip()


@dataclass
class Written:
    """A package that was written.

    :ivar known: identifiers that it needs the workspace to have, as a list of them.
    """

    folder: Path
    known: Path


def write_package(
    folder: Path,
    templates: list[Template],
    vocabularies: Vocabularies,
    changed: dict[str, Made] | None = None,
    count: int = 2,
) -> Written:
    """Write a package of some templates.

    :param changed: rows of templates that were changed, instead of those that are made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {template.name for template in templates}
    known: list[str] = []
    for template in templates:
        made = (changed or {}).get(template.name) or make(template, vocabularies, count)
        (folder / template.file_name).write_bytes(write_text(filled_template(template, made.rows)))
        for name in made.files:
            (folder / name).write_bytes(name.encode())
        for kind, values in made.named.items():
            home = {value: value.removeprefix(f"{kind} ").rpartition(" ")[0] for value in values}
            known += [f"{kind}\t{value}" for value in sorted(values) if home[value] not in names]
    place = folder.parent / f"{folder.name}-known.tsv"
    place.write_text("".join(f"{line}\n" for line in dict.fromkeys(known)))
    return Written(folder, place)

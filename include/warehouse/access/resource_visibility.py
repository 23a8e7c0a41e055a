"""Which resources of a FHIR server are hidden: those of a study that is not open to everybody.

A row of a resource has no key of a study. It is hidden when `ops.hidden_resource` has it, under its id or
under ImmPort's accession, or has one of those that it refers to. A resource of which no study is known is
shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from include.sources.endpoint import snake_case
from include.sources.fhir.endpoints import RESOURCES
from include.sources.fhir.mapping import MAPPED
from include.sources.fhir.source import FHIR
from include.sql import literal, literals, nearly_all

#: Column that refers to another resource -> the types that this may be of.
_REFERENCES: Mapping[str, tuple[str, ...]] = {
    "study_reference": ("ResearchStudy",),
    "subject_reference": ("Patient", "Group"),
    "specimen_reference": ("Specimen",),
    "practitioner_reference": ("Practitioner",),
}
_ACCESSION = "_accession"
#: SQL of a column of a row, by its name.
ColumnSql = Callable[[str], str]


def _named(of: str, column: ColumnSql, id_column: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    """SQL of each reference that is of a resource or in it, and the types that it may be to."""
    names = [item.name for item in MAPPED[of]]
    itself = [id_column, *(name for name in names if name.endswith(_ACCESSION))]
    yield from ((f"{literal(f'{of}/')} || {column(name)}", (of,)) for name in itself)
    yield from ((column(name), kinds) for name, kinds in _REFERENCES.items() if name in names)


def is_shown(of: str, row: str = "") -> str:
    """SQL: whether everybody may see a resource.

    The list is looked up once per query and hashed, as far as it is of the types that a row names.

    :param of: its type.
    :param row: alias of the row and a point; nothing in a policy.
    """
    listed = "select x.reference from ops.hidden_resource x where x.fhir_type in ({})"
    return nearly_all(
        " and ".join(
            f"({named} in ({listed.format(literals(kinds))})) is not true"
            for named, kinds in _named(of, lambda name: f"{row}{name}", "resource_id")
        )
    )


#: Table of history -> type of its resources.
TABLES = {f"history.fact_fhir_{snake_case(of)}": of for of in RESOURCES}


def is_shown_quarantined(row: str) -> str:
    """SQL: whether who watches the runs may see a row of the quarantine. Of other sources, they may.

    :param row: alias of the row and a point.
    """
    itself = " ".join(
        f"when {literal(RESOURCES[of].name)} then array[{_listed(of, row)}]" for of in RESOURCES
    )
    listed = "select x.reference from ops.hidden_resource x"
    return nearly_all(
        f"{row}source <> {literal(FHIR.name)} or not exists (select"
        f" from unnest(case {row}endpoint {itself} end) n (reference) where n.reference in ({listed}))"
    )


def _listed(of: str, row: str) -> str:
    named = _named(of, lambda name: f"({row}row ->> {literal(name)})", "id")
    return ", ".join(sql for sql, _ in named)

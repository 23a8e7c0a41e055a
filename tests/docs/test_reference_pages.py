"""The written reference says what the declarations and the database say."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

from include.warehouse.migrate import upgrade
from include.warehouse.reference import pages

DOCS = Path(__file__).parents[2] / "docs"

_CATALOGUE = text("""
    select c.relname, a.attname, format_type(a.atttypid, null),
        col_description(c.oid, a.attnum)
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'star'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0
        and c.relname <> 'one'
    order by c.relname, a.attnum
""")


@pytest.mark.parametrize("name", pages.pages())
def test_the_written_reference_is_what_the_declarations_say(name: str) -> None:
    written = (DOCS / name).read_text()
    assert written == pages.pages()[name](), "stale: run python -m include.warehouse.reference"


def test_no_diagram_is_left_of_an_area_that_is_gone() -> None:
    assert {f"diagrams/{path.name}" for path in (DOCS / "diagrams").iterdir()} <= set(pages.pages())


def test_every_column_of_the_star_is_described_as_the_database_has_it(database: URL) -> None:
    upgrade(database)
    with create_engine(database).connect() as connection:
        held = [tuple(row) for row in connection.execute(_CATALOGUE)]
    described = [
        (relation.name, entry.name, entry.type, _comment(entry))
        for relation in sorted(pages.relations(), key=lambda item: item.name)
        for entry in relation.entries
    ]
    assert described == held


def test_every_column_says_where_it_comes_from() -> None:
    entries = [entry for relation in pages.relations() for entry in relation.entries]
    assert not [entry.name for entry in entries if not entry.source or not entry.meaning]


def test_a_source_is_traced_through_joins_roles_and_computations() -> None:
    known = {
        (relation.name, entry.name): entry.fields
        for relation in pages.relations()
        for entry in relation.entries
    }
    assert known["dim_study", "principal_investigator"] == (("summary", "pi"),)
    assert known["dim_subject", "is_pool"] == (("demographic", "subjectPhenotype"),)
    assert known["fact_mass_spectrometry", "planned_visit_key"] == (("biosample", "plannedVisitAccession"),)
    assert known["fact_fcs_analyzed", "parent_cell_population_key"] == (
        ("fcsAnalyzed", "parentPopulationPreferred"),
        ("fcsAnalyzed", "parentPopulationReported"),
    )
    assert known["dim_virus_strain", "virus_strain_reported"] == (
        ("hai", "virusStrainReported"),
        ("neutAbTiter", "virusStrainReported"),
    )


def test_writing_reports_what_changed(tmp_path: Path) -> None:
    made = {str(path.relative_to(tmp_path)) for path in pages.write(tmp_path)}
    assert made >= {"dictionary.md", "dictionary.html", "sources.md", "lineage.md", "diagrams/assays.svg"}
    assert pages.write(tmp_path) == []
    (tmp_path / "sources.md").write_text("old")
    assert pages.write(tmp_path) == [tmp_path / "sources.md"]


def _comment(entry: pages.Entry) -> str:
    return f"{entry.meaning} (unit: {entry.unit})" if entry.unit else entry.meaning

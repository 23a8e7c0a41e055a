"""Studies of the world and the real one as upload templates: cell by cell what the star has."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from include.serve.upload_templates.origins import NO_TEMPLATE
from include.serve.upload_templates.package import write_study
from include.warehouse.schema.engine import warehouse_engine
from tests.questions.conftest import World
from tests.submission.declared import needs_templates, templates, vocabularies
from tests.support.upload_templates import as_dicts, complete, rows_of, same_rows

pytestmark = [needs_templates, pytest.mark.long]

#: By table of a template, what its cells are, requested for without the project's declarations.
EXPECTED = {
    "basic_study_design/study": """
        select study_accession "User Defined ID", brief_title "Brief Title", description "Description",
            minimum_age::text "Minimum Age", age_unit "Age Unit",
            to_char(actual_start_date, 'DD-Mon-YYYY') "Actual Start Date",
            target_enrollment::text "Target Enrollment"
        from star.dim_study where study_accession = :study""",
    "basic_study_design/arm_or_cohort": """
        select a.arm_accession "User Defined ID", a.name "Name", a.description "Description",
            a.type_reported "Type"
        from star.dim_arm a join star.dim_study s using (study_key) where s.study_accession = :study""",
    "basic_study_design/study_personnel": """
        select p.person_accession "User Defined ID", p.last_name "Last Name", p.organization "Organization",
            b.role_in_study "Role In Study", b.site_name "Site Name"
        from star.bridge_study_personnel b join star.dim_person p using (person_key)
        join star.dim_study s on s.study_key = b.study_key where s.study_accession = :study""",
    "basic_study_design/study_pubmed": """
        select p.pubmed_id "Pubmed ID", p.title "Title", p.authors "Authors", p.pages "Pages"
        from star.bridge_study_pubmed b join star.dim_publication p using (publication_key)
        join star.dim_study s on s.study_key = b.study_key where s.study_accession = :study""",
    "biosamples": """
        select b.biosample_accession "User Defined ID", b.type "Type", b.subtype "Subtype", b.name "Name",
            u.subject_accession "Subject ID", nullif(v.planned_visit_accession, '') "Planned Visit ID",
            s.study_accession "Study ID"
        from star.dim_biosample b join star.dim_study s using (study_key)
        join star.dim_subject u using (subject_key)
        left join star.dim_planned_visit v on v.planned_visit_key = b.planned_visit_key and v.member = 'known'
        where s.study_accession = :study and not b.is_inferred""",
    "adverseevents": """
        select f.adverse_event_accession "User Defined ID", u.subject_accession "Subject ID",
            f.name_reported "Name Reported", f.severity_reported "Severity Reported",
            f.start_study_day::text "Start Study Day", f.causality "Causality"
        from star.fact_adverse_event f join star.dim_study s using (study_key)
        join star.dim_subject u using (subject_key) where s.study_accession = :study""",
    "interventions": """
        select f.intervention_accession "User Defined ID", f.compound_name "Compound Name Reported",
            coalesce(f.dose_preferred::text, f.dose_preferred_text) "Dose", f.dose_units "Dose Units",
            f.dose_reported "Dose Reported", f.formulation "Formulation"
        from star.fact_intervention f join star.dim_study s using (study_key)
        where s.study_accession = :study""",
    "assessments": """
        select u.subject_accession "Subject ID", f.assessment_panel_accession "Assessment Panel ID",
            f.assessment_component_accession "User Defined ID",
            f.result_value_reported "Result Value Reported",
            f.result_unit_reported "Result Unit Reported", f.who_is_assessed "Who Is Assessed"
        from star.fact_assessment f join star.dim_study s using (study_key)
        join star.dim_subject u using (subject_key) where s.study_accession = :study""",
    "labtest_results": """
        select f.lab_test_accession "User Defined ID", f.lab_test_panel_accession "Lab Test Panel ID",
            b.biosample_accession "Biosample ID", f.lab_test_name_reported "Name Reported",
            f.result_value_reported "Result Value Reported", f.result_unit_reported "Result Unit Reported"
        from star.fact_lab_test f join star.dim_study s using (study_key)
        join star.dim_biosample b using (biosample_key) where s.study_accession = :study""",
    **{
        table: f"""
        select e.expsample_accession "Expsample ID", {columns}, f.comments "Comments"
        from star.{fact} f join star.dim_study s using (study_key)
        join star.dim_expsample e using (expsample_key) where s.study_accession = :study"""
        for table, fact, columns in (
            ("elisa", "fact_elisa", """f.analyte_reported "Analyte Reported",
                f.value_reported "Value Reported", f.unit_reported "Unit Reported" """),
            ("elispot", "fact_elispot", """f.analyte_reported "Analyte Reported",
                f.spot_number_reported "Spot Number Reported",
                f.cell_number_reported "Cell Number Reported" """),
            ("hai", "fact_hai", """f.virus_strain_reported "Virus Strain Reported",
                f.value_reported "Value Reported", f.unit_reported "Unit Reported" """),
            ("qrt-pcr", "fact_pcr", """f.gene_symbol_reported "Gene Symbol Name",
                f.value_reported "Value Reported", f.unit_reported "Unit Reported" """),
            ("kir_typing", "fact_kir_typing", """f.kir_haplotype "KIR Haplotype", f.allele1 "Allele 1",
                f.allele2 "Allele 2" """),
            ("fcm_derived_data", "fact_fcs_analyzed", """
                f.population_name_reported "Population Name Reported",
                f.population_definition_reported "Gating Definition Reported",
                f.population_statistic_reported "Population Statistic (count, percentile, etc)" """),
        )
    },
    "mbaa_results": """
        select f.source_accession "Source ID", f.source_type "Source Type", f.assay_id "Assay ID",
            f.analyte_reported "Analyte Reported", coalesce(f.mfi::text, f.mfi_text) "MFI",
            f.concentration_value_reported "Concentration Value Reported", f.comments "Comments"
        from star.fact_mbaa f join star.dim_study s using (study_key) where s.study_accession = :study""",
}  # fmt: skip
#: Subjects: those of the two templates, and the further arms.
PARTICIPATIONS = """
    select u.subject_accession "Subject ID", t.arm_accession "Arm Or Cohort ID",
        t.min_subject_age::text "Min Subject Age", t.age_unit "Age Unit",
        t.subject_phenotype "Subject Phenotype"
    from star.dim_participation t join star.dim_study s using (study_key)
    join star.dim_subject u using (subject_key) where s.study_accession = :study"""
ALLELES = """
    select e.expsample_accession || a.allele
    from star.fact_hla_typing f join star.dim_study s using (study_key)
    join star.dim_expsample e using (expsample_key)
    cross join lateral unnest(array[f.allele1, f.allele2]) a (allele)
    where s.study_accession = :study and a.allele is not null"""

STUDIES = [("SDY1001", "DR50"), *((f"SDY{number}", None) for number in (1001, 1002, 1004, 1005, 1008))]


@pytest.mark.parametrize(("study", "release"), STUDIES)
def test_a_study_of_the_world(world: World, tmp_path: Path, study: str, release: str | None) -> None:
    _compare(world.warehouse.engine, tmp_path / "out", study, release)


def test_the_real_study(real: sa.URL, tmp_path: Path) -> None:
    engine = warehouse_engine(real, poolclass=sa.NullPool)
    rows = _compare(engine, tmp_path / "out", "SDY139", None)
    assert len(rows["biosamples"]) == 149
    assert sum(len(row) > 24 for row in rows["elispot"]) == 466


def _compare(engine: sa.Engine, place: Path, study: str, release: str | None) -> dict[str, list[list[str]]]:
    done = write_study(engine, study, (templates(), vocabularies()), place, release)
    rows = rows_of(place)
    assert same_rows(done)
    assert {one.origin.table for one in done.study.tables} == rows.keys()
    assert set(done.study.left_out) <= NO_TEMPLATE.keys()
    compared = 0
    with engine.connect() as connection:
        connection.execute(sa.text("select set_config('star.as_of', :name, false)"), {"name": release or ""})
        for table, question in EXPECTED.items():
            compared += _same(connection, question, study, as_dicts(place, table) if table in rows else [])
        subjects = [
            row
            for table in ("subjecthumans", "subjectanimals", "study_design_edit/arm_2_subject")
            if table in rows
            for row in as_dicts(place, table)
        ]
        distinct = [dict(row) for row in {tuple(row.items()): row for row in subjects}.values()]
        compared += _same(connection, PARTICIPATIONS, study, distinct)
        typed = as_dicts(place, "hla_typing") if "hla_typing" in rows else []
        alleles = [
            row["Expsample ID"] + value
            for row in typed
            for name, value in row.items()
            if "Allele" in name and value
        ]
        assert Counter(alleles) == Counter(connection.scalars(sa.text(ALLELES), {"study": study}))
    assert compared > 100
    assert complete(done) == []
    return rows


def _same(connection: sa.Connection, question: str, study: str, found: list[dict[str, str]]) -> int:
    """Compare rows in any order, value by value; how many there were."""
    requested = connection.execute(sa.text(question), {"study": study}).mappings().all()
    expected = [tuple(_cell(value) for value in row.values()) for row in requested]
    actual = [tuple(row[name] for name in requested[0]) for row in found] if requested else found
    assert Counter(actual) == Counter(expected)
    return len(expected)


def _cell(value: str | None) -> str:
    return " ".join((value or "").splitlines()) if "\n" in (value or "") else value or ""

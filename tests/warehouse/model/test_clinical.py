"""What was done to subjects and seen of them: one row each, whatever number of arms repeats it."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from include.pipeline.run_ledger import Load
from include.warehouse.model.clinical import CLINICAL_FACTS
from include.warehouse.schema.ops_tables import QUARANTINE, RESULT
from tests.support.clinical import assessment, intervention, lab_test, of_subject, whole_study
from tests.support.warehouse import Study, Warehouse, full_row, hai, small_study, subject

#: A subject in two arms.
TWO_ARMS = [subject(1, 1), subject(1, 2), subject(2, 2)]


def broken(warehouse: Warehouse, load: Load) -> dict[str, tuple[str, int]]:
    """Checks that failed: severity and rows."""
    failed = sa.select(RESULT).where((RESULT.c.load_id == load.load_id) & ~RESULT.c.success)
    with warehouse.engine.connect() as connection:
        return {
            f"{row.endpoint}: {row.check_id}": (row.severity, row.unexpected_rows)
            for row in connection.execute(failed)
        }


def judged(warehouse: Warehouse, rows: Study, release: str = "DR1") -> Load:
    load = warehouse.land(rows, release)
    warehouse.stage(load)
    warehouse.judge(load)
    return load


def test_a_lab_test_has_its_value_unit_panel_sample_and_visit(warehouse: Warehouse) -> None:
    tests = [lab_test(1, "<0.5"), lab_test(2, "7", resultValuePreferred="7.25"), lab_test(3, "HBV infected")]
    warehouse.load({**whole_study(), "labtest": tests})
    assert warehouse.rows("""
        select f.lab_test_accession, d.lab_test_preferred, p.panel_reported, b.type, v.name, u.unit,
            f.result_value_reported, f.value_number, f.value_operator
        from star.fact_lab_test f join star.dim_lab_test d using (lab_test_key)
        join star.dim_panel p using (panel_key) join star.dim_biosample b using (biosample_key)
        join star.dim_planned_visit v on v.planned_visit_key = f.planned_visit_key
        join star.dim_unit u using (unit_key) order by 1""") == [
        ("LT1", "Hemoglobin", "CBC", "Serum", "Day 0", "g/dL", "<0.5", Decimal("0.5"), "<"),
        ("LT2", "Hemoglobin", "CBC", "Serum", "Day 0", "g/dL", "7", Decimal("7.25"), None),
        ("LT3", "Hemoglobin", "CBC", "Serum", "Day 0", "g/dL", "HBV infected", None, None),
    ]


@pytest.mark.parametrize(
    ("sent", "number", "text"),
    [
        ("0.00", "0", None),
        (" -7 ", "-7", None),
        ("", None, None),
        ("d14", None, "d14"),
        ("Infinity", None, "Infinity"),
    ],
)
def test_a_study_day_is_a_number_where_it_is_one_and_the_text_where_not(
    warehouse: Warehouse, sent: str, number: str | None, text: str | None
) -> None:
    warehouse.load(
        {
            **small_study(),
            "assessment": [assessment(studyDay=sent, resultValuePreferred="A")],
            "intervention": [intervention(startDay=sent, duration="about 2")],
        }
    )
    days = [("fact_assessment", "study_day"), ("fact_intervention", "start_day")]
    for relation, day in days:
        ((found, left),) = warehouse.rows(f"select {day}::text, {day}_text from star.{relation}")
        assert (found, left) == (number, text)
    assert warehouse.rows("""
        select result_value_preferred, result_value_preferred_text, value_number
        from star.fact_assessment""") == [(None, "A", Decimal("37.2"))]
    assert warehouse.rows(
        "select dose_preferred::text, duration, duration_text from star.fact_intervention"
    ) == [("0.5", None, "about 2")]


def test_rows_repeated_per_arm_are_one(warehouse: Warehouse) -> None:
    rows = {
        **small_study(),
        "demographic": TWO_ARMS,
        "labtest": [lab_test(arm=1), lab_test(arm=2)],
        "assessment": [assessment(arm=2), assessment(arm=1)],
        "intervention": [intervention(arm=1), intervention(arm=2)],
    }
    load = judged(warehouse, rows)
    assert broken(warehouse, load) == {}
    warehouse.publish(load)
    for relation in ("fact_lab_test", "fact_assessment", "fact_intervention"):
        assert warehouse.value(f"select count(*) from star.{relation}") == 1
        # The arms, and the age in each, are a join away.
        assert warehouse.rows(f"""
            select a.name, p.min_age_years from star.{relation} f
            join star.dim_participation p on p.study_key = f.study_key and p.subject_key = f.subject_key
            join star.dim_arm a on a.arm_key = p.arm_key order by 1""") == [("Arm 1", 30), ("Arm 2", 30)]


def test_a_repeat_in_another_order_is_not_a_correction(warehouse: Warehouse) -> None:
    rows = {**small_study(), "demographic": TWO_ARMS, "labtest": [lab_test(arm=1), lab_test(arm=2)]}
    warehouse.load(rows, "DR1")
    done = warehouse.load({**rows, "labtest": rows["labtest"][::-1]}, "DR2")
    assert done.rows_written == 0


def test_repeats_that_differ_are_quarantined_and_what_was_known_stays(warehouse: Warehouse) -> None:
    many = [lab_test(number, "5", arm=arm) for number in range(1, 41) for arm in (1, 2)]
    warehouse.load({**small_study(), "demographic": TWO_ARMS, "labtest": many}, "DR1")
    changed = [{**row, "resultValueReported": "6"} if place == 0 else row for place, row in enumerate(many)]
    load = judged(warehouse, {**small_study(), "demographic": TWO_ARMS, "labtest": changed}, "DR2")
    assert broken(warehouse, load) == {"labtest: row_consistent:lab_test_accession": ("row", 2)}
    warehouse.publish(load)
    first = "select result_value_reported from star.fact_lab_test where lab_test_accession = 'LT1'"
    assert warehouse.value(first) == "5"
    assert warehouse.value("select count(*) from star.fact_lab_test") == 40
    with warehouse.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(QUARANTINE)) == 2


def test_what_a_row_may_lack_and_what_not(warehouse: Warehouse) -> None:
    load = judged(
        warehouse,
        {
            **small_study(),
            "labtest": [{**lab_test(), "armAccession": None}],
            "adverseEvent": [full_row("adverseEvent", adverseEventAccession="AE1", studyAccession="SDY1",
                                      subjectAccession="SUB9")],
            "assessment": [assessment(assessmentComponentAccession=" ")],
        },
    )  # fmt: skip
    assert broken(warehouse, load) == {
        "adverseEvent: reference:subjectAccession": ("warning", 1),
        "assessment: key_present:assessment_component_accession": ("critical", 1),
    }


def test_a_subject_without_a_description_is_inferred(warehouse: Warehouse) -> None:
    event = full_row(
        "adverseEvent", adverseEventAccession="AE1", studyAccession="SDY1", subjectAccession="SUB9"
    )
    warehouse.load({**small_study(), "adverseEvent": [event]})
    assert warehouse.rows("""
        select s.subject_accession, s.is_inferred
        from star.fact_adverse_event f join star.dim_subject s using (subject_key)""") == [("SUB9", True)]


def test_an_exposure_has_its_arm_and_age(warehouse: Warehouse) -> None:
    exposures = [
        of_subject("immuneExposure", exposureAccession=f"IM{arm}", arm=arm, diseaseReported="flu")
        for arm in (1, 2)
    ]
    warehouse.load({**small_study(), "demographic": TWO_ARMS, "immuneExposure": exposures})
    assert warehouse.rows("""
        select f.exposure_accession, a.name, p.min_subject_age, d.disease_reported
        from star.fact_immune_exposure f join star.dim_arm a on a.arm_key = f.arm_key
        join star.dim_participation p on p.participation_key = f.participation_key
        join star.dim_disease d on d.disease_key = f.disease_key order by 1""") == [
        ("IM1", "Arm 1", 30, "flu"),
        ("IM2", "Arm 2", 30, "flu"),
    ]


def test_a_release_answers_as_it_was(warehouse: Warehouse) -> None:
    warehouse.load({**small_study(), "labtest": [lab_test(1, "5"), lab_test(2, "6")]}, "DR1")
    done = warehouse.load({**small_study(), "labtest": [lab_test(2, "60"), lab_test(3, "7")]}, "DR2")
    (change,) = [item for item in done.changes if item.relation == "fact_lab_test"]
    assert (change.added, change.corrected, change.withdrawn, change.unchanged) == (1, 1, 1, 0)
    known = "select lab_test_accession, result_value_reported from star.fact_lab_test order by 1"
    assert warehouse.rows(known, "DR1") == [("LT1", "5"), ("LT2", "6")]
    assert warehouse.rows(known, "DR2") == [("LT2", "60"), ("LT3", "7")]
    warehouse.load(small_study(), "DR3")
    assert warehouse.rows(known) == []
    assert warehouse.rows(known, "DR2") == [("LT2", "60"), ("LT3", "7")]


def test_releases_in_any_order_give_one_history(warehouse: Warehouse) -> None:
    first = {**whole_study(), "labtest": [lab_test(1, "5")]}
    second = {**whole_study(), "labtest": [], "pubmed": []}
    third = {**whole_study(), "labtest": [lab_test(1, "6")]}
    for release, rows in (("DR3", third), ("DR1", first), ("DR2", second)):
        warehouse.load(rows, release)
    values = [
        warehouse.rows("select result_value_reported from star.fact_lab_test", release)
        for release in ("DR1", "DR2", "DR3", None)
    ]
    assert values == [[("5",)], [], [("6",)], [("6",)]]
    assert [
        warehouse.value("select count(*) from star.bridge_study_pubmed", f"DR{n}") for n in (1, 2, 3)
    ] == [1, 0, 1]


def test_a_withdrawn_study_takes_all_along(warehouse: Warehouse) -> None:
    warehouse.load(whole_study(), "DR1")
    warehouse.withdraw("SDY1", "DR2")
    for fact in CLINICAL_FACTS:
        assert warehouse.value(f"select count(*) from star.{fact.relation}", "DR1") == 1, fact.name
        assert warehouse.value(f"select count(*) from star.{fact.relation}") == 0, fact.name


def test_a_table_without_a_row_of_the_study_is_left_alone(warehouse: Warehouse) -> None:
    seen: list[str] = []
    warehouse.load(small_study(), "DR1")
    load = warehouse.ready(small_study(hai(1, "160")), "DR2")

    def look(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    sa.event.listen(warehouse.engine, "before_cursor_execute", look)
    done = warehouse.publish(load)
    sa.event.remove(warehouse.engine, "before_cursor_execute", look)
    relations = ("fact_hai", "fact_lab_test", "dim_arm", "dim_file")
    made = "".join(seen)
    compared = {name for name in relations if f"create temporary table incoming_{name} " in made}
    assert compared == {"fact_hai", "dim_arm"}
    assert {item.relation: item for item in done.changes}["fact_lab_test"].is_nothing

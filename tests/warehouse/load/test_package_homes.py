"""What packages alone have of tables that the API serves: in the star, and kept by a load of the API."""

from __future__ import annotations

from include.sources.immport.endpoints import SERVED
from include.warehouse.model.registry import VERSIONED
from include.warehouse.reference.entries import uses
from tests.support.packages import SMALL, land_tables
from tests.support.warehouse import Warehouse, full_row, small_study

#: Column of a package -> the table it is added to, and its value.
ADDED = {
    "TYPE": ("study", "Observational"),
    "POPULATION_SELECTION_RULE": ("arm_or_cohort", "Randomly_selected"),
    "STUDY_ENROLLMENT_DAY": ("arm_2_subject", "1"),
    "PERIOD_ACCESSION": ("planned_visit", "P168"),
    "PURPOSE": ("experiment", "Cellular_Phenotype"),
}
RELATIONS = {
    "dim_study": ("type",),
    "dim_arm": ("population_selection_rule",),
    "dim_participation": ("study_enrollment_day",),
    "dim_planned_visit": ("period_accession", "period_name"),
    "dim_experiment": ("purpose",),
    "dim_grant": ("keywords",),
    "fact_elispot": ("cell_type",),
    "fact_adverse_event": ("is_serious_event",),
}
IDENTITY = {item.relation: item.identity for item in VERSIONED}
EXPECTED = {
    "dim_study": {("Observational",)},
    "dim_arm": {("Randomly selected",)},
    "dim_participation": {(1,)},
    "dim_planned_visit": {("P168", "Entire study")},
    "dim_experiment": {("Cellular Phenotype",)},
    "dim_grant": {("NYICE, Influenza",)},
    "fact_elispot": {("TfH cells",)},
    "fact_adverse_event": {("Y",)},
}


def with_columns() -> dict[str, str | bytes]:
    tables = dict(SMALL)
    for column, (name, value) in ADDED.items():
        header, *rows = str(tables[name]).strip().splitlines()
        tables[name] = "\n".join([f"{header} {column}", *(f"{row} {value}" for row in rows)])
    return {
        **tables,
        "period": "PERIOD_ACCESSION ORDER_NUMBER STUDY_ACCESSION TITLE\nP168 1 SDY1 Entire_study",
        "contract_grant": "CONTRACT_GRANT_ID NAME TITLE KEYWORDS\n7 U01 A_grant NYICE,_Influenza",
        "elispot_result": "RESULT_ID EXPSAMPLE_ACCESSION EXPERIMENT_ACCESSION STUDY_ACCESSION CELL_TYPE\n"
        "9 ES1 EXP1 SDY1 TfH_cells",
        "adverse_event": "ADVERSE_EVENT_ACCESSION STUDY_ACCESSION SUBJECT_ACCESSION IS_SERIOUS_EVENT\n"
        "AE1 SDY1 SUB1 Y",
    }


def held(warehouse: Warehouse) -> dict[str, set[tuple[object, ...]]]:
    """Values of the newest versions, as far as they have any."""
    return {
        name: set(
            warehouse.rows(
                f"select h.{', h.'.join(columns)} from history.{name} h join star.{name} using ({key})"
                " where h.study_key > 0 and h.valid_to = 2147483647"
                f" and num_nonnulls(h.{', h.'.join(columns)}) > 0"
            )
        )
        for name, columns in RELATIONS.items()
        for key in (IDENTITY[name],)
    }


def test_the_star_shows_what_packages_alone_have(warehouse: Warehouse) -> None:
    load = land_tables(warehouse, with_columns())
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []
    warehouse.publish(load)
    assert held(warehouse) == EXPECTED
    # The API has none of it: what is known stays.
    study = small_study()
    study["contract"] = [full_row("contract", studyAccession="SDY1", contractGrantId=7)]
    study["elispot"] = [
        full_row("elispot", studyAccession="SDY1", resultId=9, expsampleAccession="ES1",
                 experimentAccession="EXP1")
    ]  # fmt: skip
    study["adverseEvent"] = [
        full_row("adverseEvent", studyAccession="SDY1", subjectAccession="SUB1", adverseEventAccession="AE1")
    ]
    later = warehouse.land(study, "DR2")
    warehouse.stage(later)
    warehouse.pass_gate(later)
    warehouse.publish(later)
    assert held(warehouse) == EXPECTED


def test_everything_that_is_read_beside_the_api_has_a_home() -> None:
    used = uses()
    homeless = [
        (endpoint.name, field.name)
        for endpoint in SERVED.values()
        for field in endpoint.of_package
        if not used.get((endpoint.name, field.name))
    ]
    assert homeless == []

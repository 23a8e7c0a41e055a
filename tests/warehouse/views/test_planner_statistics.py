"""The planner counts combinations of the columns that values are computed from."""

from __future__ import annotations

from include.warehouse.model.assays import ASSAY_FACTS, HAI
from include.warehouse.views import planner_statistics
from include.warehouse.views.assay_results import read_for_values
from tests.support.warehouse import Warehouse

DECLARED = """select s.stxrelid::regclass::text, s.oid, array(
    select a.attname from unnest(s.stxkeys) k join pg_attribute a on a.attrelid = s.stxrelid and a.attnum = k)
from pg_statistic_ext s where s.stxnamespace = 'history'::regnamespace"""


def test_every_assay_has_statistics_of_what_its_values_are_computed_from(warehouse: Warehouse) -> None:
    found = {relation: set(columns) for relation, _, columns in warehouse.rows(DECLARED)}
    assert found == {f"history.{fact.relation}": set(read_for_values(fact)) for fact in ASSAY_FACTS}
    assert found["history.fact_hai"] > {"value_reported", "comments", "virus_strain_reported"}


def test_statistics_of_other_columns_are_made_anew_and_others_stay(warehouse: Warehouse) -> None:
    before = {relation: number for relation, number, _ in warehouse.rows(DECLARED)}
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("drop statistics history.fact_hai_values")
        connection.exec_driver_sql(
            "create statistics history.fact_hai_values (ndistinct) on comments, value_reported"
            " from history.fact_hai"
        )
        planner_statistics.declare(connection)
    found = {relation: (number, set(columns)) for relation, number, columns in warehouse.rows(DECLARED)}
    assert found["history.fact_hai"][1] == set(read_for_values(HAI))
    kept = before.keys() - {"history.fact_hai"}
    assert {relation: found[relation][0] for relation in kept} == {name: before[name] for name in kept}

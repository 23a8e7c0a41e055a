"""Restricted studies, looked for with real logins over TCP."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from include.warehouse.access import study_visibility
from include.warehouse.access.roles import ANALYST
from include.warehouse.load import publish
from include.warehouse.model.registry import IMMPORT_MODEL
from tests.support.logins import VIEWS, WHY, Reader, load_two_studies, restrict
from tests.support.warehouse import Warehouse, apart, hai, small_study


def test_a_restricted_study_is_seen_by_none_but_the_trusted(
    warehouse: Warehouse, analyst: Reader, trusted: Reader
) -> None:
    load_two_studies(warehouse)
    key = warehouse.value("select study_key from star.dim_study where study_accession = 'SDY1'")
    held = warehouse.rows("select assay, count(*) from star.fact_assay_result group by 1 order by 1", "DR1")
    restrict(warehouse, "SDY1", "DR2")
    for as_of in (None, "DR1"):
        assert analyst.studies(as_of) == ["SDY2"]
        for (view,) in warehouse.rows(VIEWS):
            if "study_key" in {name for (name,) in columns(warehouse, view)}:
                assert analyst.rows(f"select from star.{view} where study_key = {key}", as_of) == [], view
        assert analyst.rows("select count(*) from star.fact_assay_result", as_of) == [(2,)]
    assert trusted.studies("DR1") == ["SDY1", "SDY2"]
    assay = "select assay, count(*) from star.fact_assay_result group by 1 order by 1"
    assert trusted.rows(assay, "DR1") == held
    # Every reader sees that it is withdrawn, and why.
    assert analyst.rows("select * from star.study_withdrawal") == [("SDY1", WHY, "DR2", "DR1", None)]


def test_members_shared_with_a_restricted_study_say_what_the_open_one_says(
    warehouse: Warehouse, analyst: Reader
) -> None:
    load_two_studies(warehouse)
    shared = ("protocol", "publication", "program", "grant", "person", "arm", "biosample", "file")
    seen = {name: analyst.rows(f"select from star.dim_{name} where {name}_key > 0") for name in shared}
    assert all(seen.values())
    restrict(warehouse, "SDY1", "DR2")
    left = {name: analyst.rows(f"select from star.dim_{name} where {name}_key > 0", "DR1") for name in shared}
    # SDY2 has arms and samples of its own, and nothing of the others.
    assert {name for name, rows in left.items() if rows} == {"arm", "biosample"}
    subjects = "select subject_accession from star.dim_subject where subject_key > 0 order by 1"
    assert analyst.rows(subjects, "DR1") == [("SUB1",), ("SUB2",)]
    # Members for what is unknown are of no study: a join to them loses no row.
    special = "select count(*) from star.dim_{0} where {0}_key <= 0"
    assert {analyst.rows(special.format(name))[0][0] for name in shared} == {2}


def test_the_names_of_a_restricted_study_are_hidden_from_who_reads_history(
    warehouse: Warehouse, analyst: Reader
) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, "SDY1", "DR2")
    key = warehouse.value("select study_key from history.key_study where study_accession = 'SDY1'")
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"grant usage on schema history to {ANALYST}")
    for name in ("key_study", *(table.relation for table in IMMPORT_MODEL.tables)):
        found = f"select count(*) from history.{name} where study_key = {key}"
        assert warehouse.value(found) or name not in ("key_study", "dim_study", "fact_hai")
        assert analyst.rows(found) == [(0,)], name
    assert analyst.rows("select study_accession from history.key_study where study_key > 0") == [("SDY2",)]


def test_a_function_that_looks_at_each_row_sees_no_hidden_one(warehouse: Warehouse, analyst: Reader) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, "SDY1", "DR2")
    with warehouse.engine.begin() as connection:  # analysts may not make functions, unless somebody grants it
        connection.exec_driver_sql("grant usage on language plpgsql to public")
    with analyst.engine.begin() as connection:
        connection.exec_driver_sql("create temporary table seen (t text) on commit drop")
        connection.exec_driver_sql(
            "create function pg_temp.look(t text) returns boolean language plpgsql cost 0.0000001 as"
            " $$ begin insert into seen values (t); return true; end $$"
        )
        connection.exec_driver_sql("set local star.as_of = 'DR1'")
        found = connection.exec_driver_sql("select from star.dim_study where pg_temp.look(study_accession)")
        assert len(found.all()) == 3
        seen = connection.exec_driver_sql("select t from seen where t is not null").scalars().all()
    assert seen == ["SDY2"]


def test_a_function_shows_who_calls_it_what_he_may_see(
    warehouse: Warehouse, analyst: Reader, trusted: Reader
) -> None:
    load_two_studies(warehouse)
    with warehouse.engine.begin() as connection:
        # One names a table of history when it is made, the other a view of the star when it runs.
        connection.exec_driver_sql(
            "create function mart.versions() returns bigint stable begin atomic"
            " select count(*) from history.dim_study where study_key > 0; end"
        )
        connection.exec_driver_sql(
            "create function mart.results() returns bigint language plpgsql stable as"
            " $$ begin return (select count(distinct study_key) from star.fact_assay_result); end $$"
        )
    restrict(warehouse, "SDY1", "DR2")
    for function in ("mart.versions()", "mart.results()"):
        seen = [reader.rows(f"select {function}", "DR1") for reader in (analyst, trusted)]
        assert seen == [[(1,)], [(2,)]], function


def test_differences_are_those_of_the_studies_that_the_caller_sees(
    warehouse: Warehouse, analyst: Reader, trusted: Reader
) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, "SDY1", "DR2")
    fewer = apart(small_study(hai(1, study="SDY2"), study="SDY2"), "2")
    warehouse.load(fewer, "DR2", study="SDY2")
    between = "from star.release_difference('DR1', 'DR2'"
    differing = f"select distinct study_accession {between}) order by 1"
    assert analyst.rows(differing) == [("SDY2",)]
    assert trusted.rows(differing) == [("SDY1",), ("SDY2",)]
    assert warehouse.rows(differing) == [("SDY1",), ("SDY2",)]
    with pytest.raises(sa.exc.DBAPIError, match="knows no study 'SDY1'"):
        analyst.rows(f"select {between}, 'SDY1')")
    assert trusted.rows(f"select count(*) > 0 {between}, 'SDY1')") == [(True,)]
    # Who sees all studies and takes on the role of analysts sees what an analyst sees.
    with trusted.engine.begin() as connection:
        connection.exec_driver_sql(f"set local role {ANALYST}")
        assert connection.exec_driver_sql(differing).all() == [("SDY2",)]


def test_copy_gives_what_may_be_seen(warehouse: Warehouse, analyst: Reader, trusted: Reader) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, "SDY1", "DR2")
    copy = "copy (select study_accession from star.dim_study where study_key > 0 order by 1) to stdout"
    for reader, studies in ((analyst, ["SDY2"]), (trusted, ["SDY1", "SDY2"])):
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql(f"alter role {reader.engine.url.username} set star.as_of = 'DR1'")
        reader.engine.dispose()  # a login's settings are those of when it connects
        assert reader.copied(copy) == studies


@pytest.mark.parametrize(
    ("reason", "stays"),
    [
        (WHY, False),
        ("withdrawn: no longer listed at DR2", True),
        ("withdrawn: no longer listed at DR2; whether it is restricted is not known: HTTP 503", False),
        ("moved: to AccessClinicalData@NIAID on 2026-05-20", False),
        (None, False),
    ],
)
def test_what_is_not_known_to_be_free_is_hidden(
    warehouse: Warehouse, analyst: Reader, reason: str | None, stays: bool
) -> None:
    warehouse.load(small_study())
    restrict(warehouse, "SDY1", "DR2", reason)
    assert analyst.studies("DR1") == (["SDY1"] if stays else [])
    assert analyst.studies() == []


def test_a_study_that_returns_is_shown_again_and_an_older_release_does_not_show_it(
    warehouse: Warehouse, analyst: Reader
) -> None:
    warehouse.load(small_study(), "DR2")
    restrict(warehouse, "SDY1", "DR3")
    warehouse.load(small_study(), "DR1")  # found late: a release before the restriction
    assert [analyst.studies(as_of) for as_of in ("DR1", "DR2", None)] == [[], [], []]
    for number, run in enumerate(("one", "two")):
        warehouse.load(small_study(), f"DR4.{number}")  # no publish opens it before two runs cleared it
        assert [analyst.studies(as_of) for as_of in ("DR1", "DR2", None)] == [[], [], []]
        with warehouse.engine.begin() as connection:
            study_visibility.hide(connection, ["SDY9"], WHY)
            study_visibility.show(connection, ["SDY9"], run)
    assert [analyst.studies(as_of) for as_of in ("DR1", "DR2", None)] == [["SDY1"]] * 3


def test_a_study_without_an_entry_is_hidden(warehouse: Warehouse, analyst: Reader, trusted: Reader) -> None:
    warehouse.load(small_study())
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("delete from history.study_access where study_key > 0")
    assert (analyst.studies(), trusted.studies()) == ([], ["SDY1"])
    assert analyst.rows("select count(*) from star.fact_hai") == [(0,)]


def test_a_study_is_hidden_in_the_transaction_that_withdraws_it(
    warehouse: Warehouse, analyst: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_two_studies(warehouse)

    def broken(*_: object) -> None:
        raise RuntimeError("killed after the study was hidden")

    monkeypatch.setattr(publish, "drop_staging", broken)
    with pytest.raises(RuntimeError, match="killed"):
        restrict(warehouse, "SDY1", "DR2")
    assert analyst.studies("DR1") == ["SDY1", "SDY2"]  # neither withdrawn nor hidden
    assert analyst.rows("select * from star.study_withdrawal") == []


def test_the_policy_leaves_the_plan_of_a_query_as_it_is(warehouse: Warehouse, analyst: Reader) -> None:
    warehouse.load(small_study())
    query = (
        "set local enable_seqscan = off; explain (costs off) select * from star.fact_hai where study_key = 1"
    )
    mine, theirs = (
        "\n".join(line for (line,) in reader.rows(query)) for reader in (analyst, Reader(warehouse.engine))
    )
    for plan in (mine, theirs):
        assert "Index Cond: (study_key = 1)" in plan
        assert "as_of_key" not in plan  # read once, not at each row
    assert "hashed SubPlan" in mine
    assert "SubPlan" not in theirs


def columns(warehouse: Warehouse, view: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select column_name from information_schema.columns"
        " where table_schema = 'star' and table_name = :view",
        view=view,
    )

"""What an analyst meets: as-of views, joins that lose nothing, one meaning for every value."""

from __future__ import annotations

import secrets
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from include.sources.immport.endpoints import ENDPOINTS, SERVED
from include.warehouse.access.roles import ANALYST
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.registry import DIMENSIONS, IMMPORT_MODEL
from tests.support.clinical import whole_study
from tests.support.packages import FULL, land_tables
from tests.support.routes import take
from tests.support.warehouse import Study, Warehouse, apart, full_row, hai, result, small_study, subject


def rich_study(study: str = "SDY1") -> Study:
    """Everything a study may have, and what is special about each assay."""
    rows = whole_study(study)
    for fact in ASSAY_FACTS:
        endpoint = fact.endpoint or ""
        if endpoint in {"hai", "mbaa", "massSpectrometryResult"} or endpoint not in SERVED:
            continue
        texts: dict[str, Any] = {
            name: "7" for name in ENDPOINTS[endpoint].names if name in {"valueReported", "spotNumberReported"}
        }
        rows[endpoint] = [result(endpoint, n, study=study, **texts) for n in (1, 2)]
        # A result of which nothing else is known.
        rows[endpoint].append(full_row(endpoint, resultId=3, studyAccession=study))
    sample: dict[str, Any] = {
        "sourceType": "EXPSAMPLE",
        "sourceAccession": "ES1",
        "concentrationValueReported": ">5000",
    }
    control: dict[str, Any] = dict.fromkeys(("armAccession", "subjectAccession", "biosampleAccession"))
    rows["mbaa"] = [
        result("mbaa", 1, study=study, **sample),
        result("mbaa", 2, study=study, **control, sourceType="CONTROL SAMPLE", sourceAccession="CTL1"),
        result("mbaa", 3, study=study, **control, sourceType="Experimental_Sample", sourceAccession="ES2"),
    ]
    rows["massSpectrometryResult"] = [
        result(
            "massSpectrometryResult",
            1,
            study=study,
            intensity="1.5",
            mzratio="400.25",
            metaboliteNameReported="urea",
        ),
        full_row("massSpectrometryResult", resultId=2, studyAccession=study, intensity="2"),
    ]
    return rows


def as_of(warehouse: Warehouse, statement: str) -> list[Any]:
    return [warehouse.value(statement, release) for release in ("DR1", "DR2", None)]


def test_a_release_answers_as_it_was(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    later = small_study(hai(1, "160"), hai(9))
    later["arm"][0]["name"] = "Arm one"
    later["demographic"][1]["gender"] = "Male"
    warehouse.load(later, "DR2")
    assert as_of(warehouse, "select array_agg(value_reported order by result_id) from star.fact_hai") == [
        ["40", "<10", "80"], ["160", "40"], ["160", "40"],
    ]  # fmt: skip
    names = "select array_agg(name order by name) from star.dim_arm where member = 'known'"
    assert as_of(warehouse, names) == [["Arm 1", "Arm 2"], ["Arm 2", "Arm one"], ["Arm 2", "Arm one"]]
    men = "select count(*) from star.dim_subject where gender = 'Male'"
    assert as_of(warehouse, men) == [0, 1, 1]
    arms = "join star.dim_arm a using (arm_key)"
    joined = f"select string_agg(a.name, ',' order by result_id) from star.fact_hai {arms}"
    assert as_of(warehouse, joined) == ["Arm 1,Arm 2,Arm 1", "Arm one,Arm one", "Arm one,Arm one"]
    whole = "select count(*) from star.fact_assay_result"
    assert as_of(warehouse, whole) == [3, 2, 2]


def test_the_setting_holds_for_a_session_and_an_empty_one_means_now(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.load(small_study(hai(1)), "DR2")
    with warehouse.engine.connect() as connection:
        count = "select count(*) from star.fact_hai"
        for setting, rows in (("DR1", 3), ("DR2", 1), (" ", 1), ("DR1", 3), ("", 1)):
            connection.exec_driver_sql(f"set star.as_of = '{setting}'")
            assert connection.exec_driver_sql(count).scalar_one() == rows


@pytest.mark.parametrize("release", ["DR99", "dr1", "1", "DR1; drop"])
def test_a_release_that_is_not_known_is_an_error(warehouse: Warehouse, release: str) -> None:
    warehouse.load(small_study(), "DR1")
    with pytest.raises(sa.exc.DBAPIError, match="knows no data release") as raised:
        warehouse.rows("select * from star.fact_hai", as_of=release)
    assert "star.dim_data_release" in str(raised.value)


def test_joins_lose_no_row_and_double_none(warehouse: Warehouse) -> None:
    """Every fact with every one of its dimensions, in both of two releases, after a withdrawal too."""
    take(warehouse, land_tables(warehouse, FULL, "DR1"))
    warehouse.load(rich_study(), "DR1")
    warehouse.load(apart(rich_study("SDY2"), "x"), "DR1", study="SDY2")
    warehouse.load({**rich_study(), "demographic": [subject(1)], "biosample": [], "expsample": []}, "DR2")
    for relation in [f"history.{t.relation}" for t in IMMPORT_MODEL.tables]:
        assert warehouse.value(f"select count(*) from {relation} where load_id > 0") > 0, relation
    for release in ("DR1", "DR2", None):
        for table in IMMPORT_MODEL.tables:
            rows = warehouse.value(f"select count(*) from star.{table.relation}", release)
            assert rows
            joins = [(item.column, item.dimension) for item in table.references]
            if table.relation != "dim_study" and not getattr(table, "shared", False):
                joins.append(("study_key", "study"))
            joined = " ".join(
                f"join star.dim_{dimension} d{n} on d{n}.{dimension}_key = f.{column}"
                for n, (column, dimension) in enumerate(joins)
            )
            assert warehouse.value(f"select count(*) from star.{table.relation} f {joined}", release) == rows


def test_every_dimension_has_its_special_members(warehouse: Warehouse) -> None:
    for item in DIMENSIONS:
        found = warehouse.rows(f"select {item.key_column}, member from star.dim_{item.name} order by 1")
        assert found == [(-1, "not applicable"), (0, "unknown")], item.name


def test_what_is_special_about_each_assay(warehouse: Warehouse) -> None:
    warehouse.load(rich_study())
    people = "arm_key, subject_key, participation_key, biosample_key"
    sample, control, bare = warehouse.rows(f"select result_id, {people} from star.fact_mbaa order by 1")
    assert min(sample[1:]) > 0
    assert control == (2, -1, -1, -1, -1)  # no subject could be
    assert bare == (3, 0, 0, 0, 0)  # one could be and is not known
    assert warehouse.rows("""
        select f.result_id, e.expsample_accession
        from star.fact_mbaa f join star.dim_expsample e using (expsample_key) order by 1""") == [
        (1, "ES1"),
        (2, None),
        (3, "ES2"),
    ]
    assert warehouse.rows("""
        select f.result_id, v.planned_visit_accession, t.measurement_technique, f.mz_ratio, f.value_number
        from star.fact_mass_spectrometry f join star.dim_planned_visit v using (planned_visit_key)
        join star.dim_technique t using (technique_key) order by 1""") == [
        (1, "PV1", "HAI", Decimal("400.25"), Decimal("1.5")),
        (2, None, None, None, Decimal(2)),
    ]
    assert warehouse.rows("select result_id, value_operator, value_number from star.fact_hai order by 1") == [
        (1, None, 40), (2, "<", 10), (3, None, 80),
    ]  # fmt: skip
    parts = " union all ".join(
        f"select '{f.assay}' as assay, count(*) from star.{f.relation} having count(*) > 0"
        for f in ASSAY_FACTS
    )
    whole = "select assay, count(*) from star.fact_assay_result group by 1"
    assert sorted(warehouse.rows(whole)) == sorted(warehouse.rows(parts))
    assert len(warehouse.rows(whole)) == 10
    assert (
        warehouse.value("select value_number from star.fact_assay_result where value_operator = '>'") == 5000
    )


def test_a_preferred_value_counts_before_the_reported_text(warehouse: Warehouse) -> None:
    warehouse.load(
        small_study(hai(1, "<10", valuePreferred="5"), hai(2, "1.50 "), hai(3, "negative"), hai(4, None))
    )
    columns = "value_reported, value_preferred, value_number, value_operator"
    assert warehouse.rows(f"select {columns} from star.fact_hai order by result_id") == [
        ("<10", 5, 5, "<"), ("1.50 ", None, Decimal("1.50"), None),
        ("negative", None, None, None), (None, None, None, None),
    ]  # fmt: skip


def test_ages_are_given_in_years(warehouse: Warehouse) -> None:
    rows = small_study()
    ages = [
        ("12", "Months", 1),
        ("365.25", "Days", 1),
        ("8766", "hours", 1),
        ("7", "Years", 7),
        ("7", "Not_Specified", None),
    ]
    rows["demographic"] = [subject(n, ageUnit=u, minSubjectAge=a) for n, (a, u, _) in enumerate(ages, 1)]
    warehouse.load(rows)
    found = warehouse.rows("""select p.min_age_years from star.dim_participation p
        join star.dim_subject s using (subject_key) where not p.is_inferred and p.member = 'known'
        order by s.subject_accession""")
    assert found == [(years,) for *_, years in ages]


@pytest.mark.parametrize("order", [("SDY1", "SDY2"), ("SDY2", "SDY1")])
def test_a_subject_of_two_studies_is_one_described_by_the_newest(
    warehouse: Warehouse, order: tuple[str, str]
) -> None:
    """Whatever order the studies were loaded in; equal releases are settled by the accession."""
    races = {"SDY1": "first", "SDY2": "second"}
    for study in order:
        rows = small_study(study=study)
        rows["demographic"] = [subject(1, study=study, raceSpecify=races[study]), subject(2, 2, study)]
        warehouse.load(rows, "DR1", study=study)
    described = (
        "select subject_accession, race_specify from star.dim_subject where member = 'known' order by 1"
    )
    assert warehouse.rows(described) == [("SUB1", "first"), ("SUB2", None)]
    newer = small_study(study="SDY2")
    newer["demographic"][0]["raceSpecify"] = "newer"
    warehouse.load(newer, "DR2", study="SDY2")
    assert warehouse.rows(described) == [("SUB1", "newer"), ("SUB2", None)]
    assert warehouse.rows(described, "DR1") == [("SUB1", "first"), ("SUB2", None)]


def test_a_guess_never_hides_a_description(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    guess = small_study(study="SDY2")
    guess["demographic"] = [subject(2, 2, "SDY2")]
    warehouse.load(guess, "DR2", study="SDY2")  # names SUB1 in its samples and results only
    found = "select gender, is_inferred from star.dim_subject where subject_accession = 'SUB1'"
    assert warehouse.rows(found) == [("Female", False)]
    assert warehouse.value("select count(*) from history.dim_subject where is_inferred") == 1


def test_one_time_has_one_key(warehouse: Warehouse) -> None:
    times = [
        ("1", "Days"),
        ("1.00", "Days"),
        ("24", "Hours"),
        (" 1 ", "Days"),
        ("-7", "Days"),
        ("1", "Not_Specified"),
        ("72", "Hours"),
        ("2", "Days\u00a0"),
        ("3", " weeks"),
    ]
    warehouse.load(
        small_study(
            *(hai(n, studyTimeCollected=t, studyTimeCollectedUnit=u) for n, (t, u) in enumerate(times, 1))
        )
    )
    assert warehouse.rows("""
        select f.result_id, t.study_time_collected, t.study_day, t.window_label
        from star.fact_hai f join star.dim_study_time t using (study_time_key) order by 1""") == [
        (1, 1, 1, "day 1-3"), (2, 1, 1, "day 1-3"), (3, 24, 1, "day 1-3"), (4, 1, 1, "day 1-3"),
        (5, -7, -7, "baseline"), (6, 1, None, None), (7, 72, 3, "day 1-3"),
        (8, 2, 2, "day 1-3"), (9, 3, 21, "day 21-42"),
    ]  # fmt: skip
    assert warehouse.value("select count(distinct study_time_key) from star.fact_hai") == 7


def test_a_key_lasts(warehouse: Warehouse) -> None:
    """A member that goes and comes back has the key it had; a changed description does not change it."""
    keys = "select arm_accession, arm_key from history.key_arm where arm_key > 0 order by 1"
    warehouse.load(small_study(), "DR1")
    before = warehouse.rows(keys)
    changed = small_study()
    changed["arm"][0]["name"] = "other"
    warehouse.load(changed, "DR2")
    warehouse.withdraw("SDY1", "DR3")
    warehouse.load(small_study(), "DR4")
    assert warehouse.rows(keys) == before
    assert warehouse.value("select count(*) from history.fact_hai where valid_from = 20000") == 0


def test_data_releases_are_listed_in_their_order(warehouse: Warehouse) -> None:
    for release in ("DR50", "DR9", "DR49.1"):
        warehouse.load(small_study(), release)
    columns = "release_version, major, minor, is_point"
    assert warehouse.rows(f"select {columns} from star.dim_data_release order by release_key") == [
        ("DR9", 9, 0, False), ("DR49.1", 49, 1, True), ("DR50", 50, 0, False),
    ]  # fmt: skip


def test_a_study_without_dates_joins_the_unknown_day(warehouse: Warehouse) -> None:
    """A role of dim_date is never null: an inner join to the calendar loses no study."""
    rows = small_study()
    rows["study"][0]["actualStartDate"] = "2019-05-06"
    warehouse.load(rows)
    joined = """select s.actual_start_date_key, b.date, s.actual_completion_date_key, e.date
        from star.dim_study s join star.dim_date b on b.date_key = s.actual_start_date_key
        join star.dim_date e on e.date_key = s.actual_completion_date_key where s.study_key > 0"""
    assert warehouse.rows(joined) == [(20190506, date(2019, 5, 6), 0, None)]


@pytest.mark.parametrize("release", ["DR3", "DR2.1", "DR99"])
def test_a_release_later_than_all_that_is_captured_is_an_error(warehouse: Warehouse, release: str) -> None:
    for known in ("DR1", "DR2"):
        warehouse.load(small_study(), known)
    with pytest.raises(sa.exc.DBAPIError) as raised:
        warehouse.rows("select * from star.study_capture", as_of=release)
    assert f"knows no data release '{release}' yet, the newest it has captured is DR2" in str(raised.value)
    with pytest.raises(sa.exc.DBAPIError) as raised:
        warehouse.rows("select * from star.fact_hai", as_of="DR1.1")
    assert "yet" not in str(raised.value)


def test_as_of_holds_per_role_and_per_connection(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.load(small_study(hai(1)), "DR2")
    count = "select count(*) from star.fact_hai"
    role = f"reader_{secrets.token_hex(4)}"
    url = warehouse.engine.url
    own = url.set(username=role, password=role)
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"create role {role} login password '{role}'")
        connection.exec_driver_sql(f"grant {ANALYST} to {role}")
    try:
        assert value_of(own, count) == 1
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql(f"alter role {role} set star.as_of = 'DR1'")
        assert value_of(own, count) == 3
        assert value_of(own, "select string_agg(state, ',') from star.study_capture") == "captured"
        assert value_of(own, count, options="-c star.as_of=DR2") == 1  # the connection's own word counts more
        assert value_of(url, count) == 1
        assert value_of(url, count, options="-c star.as_of=DR1") == 3
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql(f"alter role {role} set star.as_of = 'DR7'")
        with pytest.raises(sa.exc.DBAPIError, match="newest it has captured is DR2"):
            value_of(own, count)
    finally:
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql(f"drop owned by {role}")
            connection.exec_driver_sql(f"drop role {role}")


def value_of(url: sa.URL, statement: str, **arguments: str) -> Any:
    """The answer to a connection of its own."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=arguments)
    with engine.connect() as connection:
        return connection.exec_driver_sql(statement).scalar_one()


def test_the_release_is_looked_up_once_per_query(warehouse: Warehouse) -> None:
    """In the plan it is a parameter that is computed before the first row, never a filter's own call."""
    warehouse.load(small_study(), "DR1")
    statement = "explain (costs off) select * from star.fact_assay_result join star.dim_arm using (arm_key)"
    plan = [line for (line,) in warehouse.rows(statement)]
    conditions = [line for line in plan if "Filter:" in line or "Cond:" in line]
    assert any("valid_from" in line for line in conditions)
    assert not [line for line in conditions if "as_of_key" in line or "release_key(" in line]

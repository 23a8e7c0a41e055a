"""The gate: what it lets pass, what it quarantines, and when it stays closed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import sqlalchemy as sa

from include.pipeline import steps
from include.pipeline.run_ledger import Load
from include.quality import expectations, gate
from include.quality.checks import checks
from include.quality.expectations import Batches
from include.quality.gate import GateError
from include.quality.grammar import PATTERNS
from include.quality.outcome import CheckOutcome, JudgedLoad
from include.quality.screen import MOST_NAMED, broken_checks
from include.quality.totals import control_totals
from include.sources.endpoint import Endpoint, Kind
from include.sources.immport.endpoints import ENDPOINTS, SERVED
from include.sources.immport.source import IMMPORT
from include.sql import sql
from include.warehouse.load import staging_tables
from include.warehouse.load.staging_tables import StagedTables, staging_table
from include.warehouse.load.transform import CollapsedError
from include.warehouse.model.declaration import Column
from include.warehouse.model.registry import IMMPORT_MODEL, SOURCES
from include.warehouse.schema import engine
from include.warehouse.schema.ops_tables import QUARANTINE, STAGED
from tests.support.clinical import lab_test
from tests.support.warehouse import Study, Warehouse, apart, full_row, hai, small_study, subject

#: A load that has rows of every endpoint.
TABLES = StagedTables(1, frozenset(ENDPOINTS))
#: (text, may it be cast)
INTEGERS = [
    ("", True), ("  ", True), ("7", True), (" 7 ", True), ("-7", True), ("+7", False),
    ("9" * 18, True), ("9" * 19, False), ("1.0", False), ("1e3", False), ("0x10", False), ("1_000", False),
    ("\t7", False), ("7\n", False), ("\t", False), ("\u00a07", False), ("\u20037", False), ("\u0667", False),
    ("seven", False), ("--7", False), ("0", True), ("07", False), ("00", False), ("-0", False),
]  # fmt: skip
NUMBERS = [
    ("", True), ("   ", True), ("1", True), ("1.50", True), (".5", True), ("5.", True), ("-1e-9", True),
    ("1E+9", True), (" 40 ", True), ("9" * 60, True),
    ("NaN", False), ("nan", False), ("Infinity", False), ("-inf", False), ("0x10", False), ("0b1", False),
    ("1_000", False), ("1,5", False), ("1 000", False), ("<10", False), ("> 5", False), ("1e400", False),
    ("1e-400", False), ("9" * 400, False), (".", False), ("e5", False), ("\u22125", False), ("\t5", False),
    ("\t", False), ("\n", False), ("\u2003", False), ("\u20035", False), ("\u0665", False),
    ("5\u00a0", False), ("n/a", False),
]  # fmt: skip
DATES = [
    ("", True), (" ", True), ("2020-02-29", True), (" 2020-01-01 ", True),
    ("2020-02-30", False), ("2021-02-29", False), ("today", False), ("now", False), ("infinity", False),
    ("20200-01-01", False), ("01/02/2020", False), ("2020-1-1", False), ("20200101", False),
    ("0000-00-00", False), ("2020-13-01", False), ("2020-01-01T00:00:00", False), ("2020-01-01 BC", False),
    ("\t2020-01-01", False), ("epoch", False), ("2020-01-01 ", True), ("1899-12-31", False),
    ("2099-12-31", True), ("2100-01-01", False),
]  # fmt: skip
MOMENTS = [
    *((text, good) for text, good in DATES if "T" not in text),
    ("2014-03-03T00:00:00Z", True), (" 2014-03-03T23:59:59.123456789Z ", True), ("2014-03-03T10:00:00", True),
    ("2014-02-30T00:00:00Z", False), ("2014-03-03T25:00:00Z", False), ("2014-03-03T10:60:00Z", False),
    ("2014-03-03T10:00:60Z", False), ("2014-03-03T10:00Z", False), ("2014-03-03 10:00:00", False),
    ("2014-03-03T10:00:00+02:00", False), ("2014-03-03T10:00:00z", False), ("2014-03-03T", False),
]  # fmt: skip
#: A staged field of each kind, and how publishing casts it.
FIELDS = {
    Kind.INTEGER: ("hai", "resultId", "bigint", INTEGERS),
    Kind.NUMBER: ("hai", "valuePreferred", "numeric", NUMBERS),
    Kind.DATE: ("study", "actualStartDate", "date", DATES),
    Kind.MOMENT: ("impcImage", "date_of_birth", "date", MOMENTS),
}
#: The model and the endpoints of each of these endpoints; ImmPort has none with a moment.
MODELS = {
    name: (model, model.source.endpoints)
    for model in (IMMPORT_MODEL, SOURCES["impc"])
    for name in model.source.endpoints
}


def test_every_kind_with_a_grammar_is_in_the_table() -> None:
    assert FIELDS.keys() == PATTERNS.keys()


@pytest.mark.parametrize("kind", FIELDS)
def test_the_grammar_lets_pass_what_can_be_cast_and_nothing_else(warehouse: Warehouse, kind: Kind) -> None:
    """Each text is judged by the check's own SQL; what passes is then cast as publishing does."""
    endpoint, field, cast, table = FIELDS[kind]
    model, endpoints = MODELS[endpoint]
    staged = StagedTables(1, frozenset(endpoints))
    (check,) = [
        c for c in checks(model, endpoints[endpoint], staged, "SDY1", 1) if c.check_id == f"type:{field}"
    ]
    column = next(item.column for item in endpoints[endpoint].fields if item.name == field)
    # Not a constant to the planner, which would cast it before it is looked at.
    row = f"(select cast(%(text)s as text) as {column} offset 0) s"
    judged = f"select coalesce({check.broken}, false) from {row}"
    with warehouse.engine.connect() as connection:
        found = {t: connection.exec_driver_sql(judged, {"text": t}).scalar_one() for t, _ in table}
        assert found == {text: not good for text, good in table}
        assert connection.exec_driver_sql(judged, {"text": None}).scalar_one() is False
        for text in (text for text, good in table if good):
            # Of a moment the day is published: the text up to the T.
            given = "left(btrim(%(text)s), 10)" if kind is Kind.MOMENT else "btrim(%(text)s)"
            connection.exec_driver_sql(f"select nullif({given}, '')::{cast}", {"text": text})


def test_a_reported_text_never_breaks_a_view(warehouse: Warehouse) -> None:
    read = "select star.to_number(star.without_operator(:text)), star.operator_of(:text)"
    numbers = {text: warehouse.rows(read, text=text)[0] for text, _ in NUMBERS}
    assert all(operator is None for text, (_, operator) in numbers.items() if text not in {"<10", "> 5"})
    assert [text for text, (number, _) in numbers.items() if number is None] == [
        "", "   ", "NaN", "nan", "Infinity", "-inf", "0x10", "0b1", "1_000", "1,5", "1 000", "1e400",
        "1e-400", "9" * 400, ".", "e5", "\u22125", "\t", "\n", "\u2003", "\u0665", "n/a",
    ]  # fmt: skip
    for text, number, operator in [
        ("<10", 10, "<"), (" >= 1e2", 100, ">="), ("<=5", 5, "<="), ("> 5", 5, ">"), ("~5", 5, None),
        ("=5", 5, None), ("<\u20035", 5, "<"), ("< .", None, "<"), ("<>5", None, "<"), ("10", 10, None),
    ]:  # fmt: skip
        assert warehouse.rows(read, text=text) == [(number, operator)], text


# ---- the whole gate


def verdicts(warehouse: Warehouse, load: Load) -> dict[tuple[str, str], tuple[bool, int]]:
    """Whether each check of a judged load passed, and how many rows broke it."""
    return {
        (endpoint, check): (success, rows)
        for endpoint, check, success, rows in warehouse.rows(
            "select endpoint, check_id, success, unexpected_rows from quality.result where load_id = :id",
            id=load.load_id,
        )
    }


def failures(warehouse: Warehouse, load: Load) -> dict[tuple[str, str], int]:
    return {name: rows for name, (success, rows) in verdicts(warehouse, load).items() if not success}


def quarantine(warehouse: Warehouse, load: Load) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select endpoint, row_number, rule from quality.quarantine where load_id = :id order by 1, 2, 3",
        id=load.load_id,
    )


def agrees_with_sql(warehouse: Warehouse, load: Load) -> None:
    """Great Expectations decides, SQL names the rows: both must say the same of every check."""
    found = verdicts(warehouse, load)
    staged = dict(
        warehouse.rows("select endpoint, rows_staged from ops.staged where load_id = :id", id=load.load_id)
    )
    compared = 0
    with warehouse.engine.connect() as connection:
        tables = StagedTables.read(connection, load.load_id)
        for endpoint in ENDPOINTS.values():
            for check in checks(IMMPORT_MODEL, endpoint, tables, load.scope, staged[endpoint.name]):
                if check.broken is None or (endpoint.name, check.check_id) not in found:
                    continue
                rows = f"select count(*) from {tables.rows(endpoint)} s where {check.broken}"
                broken = connection.exec_driver_sql(rows.replace("%", "%%")).scalar_one()
                assert found[endpoint.name, check.check_id] == (broken == 0, broken), check.check_id
                compared += 1
    assert compared > 60


def many(*more: dict[str, Any], count: int = 60) -> Study:
    """A study with enough results that one bad row is less than a tenth of them."""
    return small_study(*(hai(n, str(10 * n)) for n in range(1, count + 1)), *more)


def test_good_rows_pass(warehouse: Warehouse) -> None:
    load = warehouse.land(small_study())
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert (outcome.failed, outcome.quarantined, outcome.critical, outcome.rows) == (0, 0, [], 15)
    assert outcome.expectations == len(verdicts(warehouse, load)) > 100
    agrees_with_sql(warehouse, load)


def test_no_session_outlives_its_load(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task judges hundreds of loads, and a server has a hundred sessions."""
    made = []

    def connect(*given: Any, **options: Any) -> Any:
        made.append(engine.connect(*given, **options))
        return made[-1]

    monkeypatch.setattr(expectations, "connect", connect)
    load = warehouse.land(small_study())
    warehouse.stage(load)
    warehouse.judge(load)
    assert made
    assert all(session.closed for session in made)


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS.keys())
def test_no_check_is_left_out_of_the_combined_query(endpoint: Endpoint) -> None:
    suite = list(checks(IMMPORT_MODEL, endpoint, TABLES, "SDY1", 1))
    query = broken_checks(IMMPORT, TABLES, {endpoint.name: suite}, {})
    names = {check.check_id for check in suite}
    for check in suite:
        assert check.after in names if check.after else f"'{check.check_id}'" in query
        assert not check.is_of_row or f"{check.broken}" in query


def test_single_checks_of_good_rows_agree_with_the_combined_one(warehouse: Warehouse) -> None:
    load = warehouse.land(small_study())
    warehouse.stage(load)
    count = 0
    endpoints = [ENDPOINTS[name] for name, rows in small_study().items() if rows]
    batches = Batches(warehouse.engine.url)
    for endpoint in endpoints:
        table = staging_table(load.load_id, endpoint)
        tables = StagedTables(load.load_id, frozenset(item.name for item in endpoints))
        suite = list(
            checks(
                IMMPORT_MODEL, endpoint, tables, load.scope, warehouse.value(f"select count(*) from {table}")
            )
        )
        assert batches.run(table, suite) == {check.check_id: True for check in suite}
        count += len(suite)
    assert count > 60


@pytest.mark.parametrize("check_id", ["type:resultId", "row_count"])
def test_a_row_that_no_check_alone_finds_closes_the_gate(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, check_id: str
) -> None:
    load = warehouse.land(small_study())
    warehouse.stage(load)
    every = f"select 'hai' as endpoint, '{check_id}' as check_id"
    monkeypatch.setattr(gate, "broken_checks", lambda *_: every)
    with pytest.raises(GateError, match=f"SDY1 DR1 hai: rows break {check_id}, which alone finds none"):
        warehouse.judge(load)


def test_where_many_checks_are_broken_each_runs_by_itself(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Great Expectations reads so many rows and no more: the others may be broken, too."""
    load = warehouse.land(small_study(hai(1, valuePreferred="x"), *(hai(n) for n in range(2, 20))))
    warehouse.stage(load)
    every = f"select 'hai' as endpoint, 'row_count' as check_id from generate_series(1, {MOST_NAMED + 1})"
    monkeypatch.setattr(gate, "broken_checks", lambda *_: every)
    warehouse.judge(load)
    assert failures(warehouse, load) == {("hai", "type:valuePreferred"): 1}


def test_results_that_disagree_with_their_sample_are_reported_and_published(warehouse: Warehouse) -> None:
    """What rows repeat of subject, arm, sample and time, each wrong once; a reference is another matter."""
    rows = small_study(hai(1), hai(2, armAccession="ARM2"), hai(3, who=2, biosampleAccession="BS1"))
    rows["hai"] += [
        hai(4, biosampleAccession="BS2"),
        hai(5, studyTimeCollected=3),
        hai(6, armAccession="ARM7"),
    ]
    load = warehouse.land(rows)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    agrees_with_sql(warehouse, load)
    assert failures(warehouse, load) == {
        ("hai", "agrees:armAccession:subjectAccession"): 1,
        ("hai", "agrees:biosampleAccession:subjectAccession"): 2,
        ("hai", "agrees:expsampleAccession:biosampleAccession"): 2,
        # All rows of the sample: which of its times is right, nothing says.
        ("hai", "agrees:studyTimeCollected"): 5,
        ("hai", "reference:armAccession"): 1,
    }
    assert (outcome.critical, outcome.quarantined) == ([], 0)
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.fact_hai") == 6


def test_bad_rows_are_quarantined_and_the_others_published(warehouse: Warehouse) -> None:
    """One study with every kind of row that the gate quarantines or warns about, in two releases."""
    first = many(count=64)
    warehouse.load(first, "DR1")
    harmed = many(
        hai(61, "1", valuePreferred="NaN"),
        hai(62, "\ud800"),
        hai(63, "a\x00b"),
        hai(64, "x"),
        hai(64, "y"),
        hai(5, "50"),
        hai(70, "1", armAccession="ARM9"),
        hai("x71", "1"),
    )
    load = warehouse.land(harmed, "DR2")
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert outcome.critical == []
    agrees_with_sql(warehouse, load)
    assert failures(warehouse, load) == {
        ("hai", "type:valuePreferred"): 1,
        ("hai", "type:resultId"): 1,
        ("hai", "key_consistent"): 2,
        ("hai", "key_unique"): 2,
        ("hai", "reference:armAccession"): 1,
    }
    assert quarantine(warehouse, load) == [
        ("hai", 61, "type:valuePreferred"),
        ("hai", 62, "text_encodable"),
        ("hai", 63, "text_encodable"),
        ("hai", 64, "key_consistent"),
        ("hai", 65, "key_consistent"),
        ("hai", 68, "type:resultId"),
    ]
    row = warehouse.value(
        "select row from quality.quarantine where row_number = 61 and load_id = :id", id=load.load_id
    )
    assert (row["result_id"], row["value_preferred"]) == ("61", "NaN")
    raw = warehouse.rows(
        "select row ->> 'value_reported' from quality.quarantine where rule = 'text_encodable'"
        " order by row_number"
    )
    assert raw == [("\\ud800",), ("a\\u0000b",)]

    warehouse.publish(load)
    # 61 to 64 keep what DR1 said of them; 70 came; x71 is nowhere; 5 was sent twice and is there once.
    values = dict(warehouse.rows("select result_id, value_reported from star.fact_hai"))
    assert values == {**{n: str(10 * n) for n in range(1, 65)}, 70: "1"}
    assert warehouse.value("select count(*) from star.fact_hai") == 65
    assert warehouse.rows("select arm_accession, is_inferred, name from star.dim_arm where is_inferred") == [
        ("ARM9", True, None)
    ]
    assert warehouse.rows("""
        select a.arm_accession, s.subject_accession, p.is_inferred from star.fact_hai f
        join star.dim_participation p using (participation_key) join star.dim_arm a on a.arm_key = p.arm_key
        join star.dim_subject s on s.subject_key = p.subject_key where f.result_id = 70""") == [
        ("ARM9", "SUB1", True)
    ]

    # The same load judged again records the same, not more.
    fresh = warehouse.land(harmed, "DR3")
    warehouse.stage(fresh)
    warehouse.judge(fresh)
    once = quarantine(warehouse, fresh)
    warehouse.stage(fresh)
    warehouse.judge(fresh)
    assert quarantine(warehouse, fresh) == once


def test_a_row_without_a_part_of_its_key_may_come_twice(warehouse: Warehouse) -> None:
    rows = small_study()
    rows["biosample"][0]["armAccession"] = None
    rows["biosample"].append(copy.deepcopy(rows["biosample"][0]))
    load = warehouse.land(rows)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert outcome.critical == []
    found = warehouse.rows("select endpoint, check_id, unexpected_rows from quality.result where not success")
    assert ("biosample", "key_unique", 1) in found


def test_what_stops_a_study(warehouse: Warehouse) -> None:
    """Every critical finding at once: a missing key, another study's rows, too many quarantined rows."""
    rows = small_study(*(hai(n, valuePreferred="NaN") for n in range(1, 5)), hai(" "), hai(8, study="SDY2"))
    rows["arm"][1]["armAccession"] = None
    rows["demographic"] = [subject(n) for n in range(20)]
    load = warehouse.land(rows)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    found = failures(warehouse, load)
    critical = {
        ("arm", "key_present:arm_accession"), ("hai", "key_present:result_id"),
        ("hai", "study:studyAccession"), ("hai", "quarantine_share"),
    }  # fmt: skip
    assert critical <= found.keys()
    assert len(outcome.critical) == len(critical)
    agrees_with_sql(warehouse, load)
    with pytest.raises(steps.CheckFailedError, match="key_present"):
        steps.check(warehouse.tools, load, warehouse.step())
    assert warehouse.value("select state from ops.load") == "staged"


@pytest.mark.parametrize(
    ("left", "accepted", "closed"),
    [(48, False, False), (47, False, True), (47, True, False), (0, False, True)],
)
def test_results_that_vanish(warehouse: Warehouse, left: int, accepted: bool, closed: bool) -> None:
    """More than a fifth of at least fifty results is too many, unless a person has looked at it."""
    warehouse.load(many(), "DR1")
    load = warehouse.land({**many(), "hai": many()["hai"][:left]}, "DR2")
    warehouse.stage(load)
    assert totals(warehouse, load, accepted) == (
        [f"hai: results_kept ({60 - left} of 60 results of the last release are gone)"] if closed else []
    )


@pytest.mark.parametrize(("release", "before"), [("DR1", 0), ("DR3", 60), ("DR5", 80)])
def test_results_are_compared_with_those_known_at_the_release(
    warehouse: Warehouse, release: str, before: int
) -> None:
    """A release that is loaded late has fewer results than are open now, and that is not a loss."""
    warehouse.load(many(count=60), "DR2")
    warehouse.load(many(count=80), "DR4")
    load = warehouse.land(many(count=40), release)
    warehouse.stage(load)
    gone = f"hai: results_kept ({before - 40} of {before} results of the last release are gone)"
    assert totals(warehouse, load, False) == ([gone] if before else [])


def test_records_that_vanish_are_results_too(warehouse: Warehouse) -> None:
    tests = [lab_test(number) for number in range(60)]
    warehouse.load({**small_study(), "labtest": tests}, "DR1")
    load = warehouse.land({**small_study(), "labtest": tests[:47]}, "DR2")
    warehouse.stage(load)
    assert totals(warehouse, load, False) == [
        "labtest: results_kept (13 of 60 results of the last release are gone)"
    ]


def test_a_key_too_long_for_an_index_is_quarantined(warehouse: Warehouse) -> None:
    names = [*(f"condition {n}" for n in range(12)), "long " * 1000]
    rows = [full_row("condition", studyAccession="SDY1", conditionReported=name) for name in names]
    load = warehouse.land({**small_study(), "condition": rows})
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert (outcome.critical, outcome.quarantined) == ([], 1)
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.bridge_study_condition") == 12


def totals(warehouse: Warehouse, load: Load, accepted: bool) -> list[str]:
    """The control totals alone: they need no Great Expectations."""
    about = JudgedLoad(load.load_id, load.source, load.scope, load.release, load.release_key)
    with warehouse.engine.begin() as connection:
        rows = connection.execute(
            sa.select(STAGED.c.endpoint, STAGED.c.rows_staged).where(STAGED.c.load_id == load.load_id)
        )
        found = control_totals(connection, about, dict(rows.all()), SERVED, accepted)
        return CheckOutcome(0, 0, tuple(found)).critical


def test_few_results_may_all_vanish(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    load = warehouse.land({**small_study(), "hai": []}, "DR2")
    warehouse.stage(load)
    assert totals(warehouse, load, False) == []


@pytest.mark.parametrize(
    ("rows", "bad", "closed"), [(1, 1, False), (10, 5, False), (10, 6, True), (60, 6, False), (60, 7, True)]
)
def test_a_tenth_of_the_rows_may_be_quarantined_or_of_fewer_than_fifty_five(
    warehouse: Warehouse, rows: int, bad: int, closed: bool
) -> None:
    load = warehouse.land(many(count=rows))
    warehouse.stage(load)
    values = {"load_id": load.load_id, "scope": "SDY1", "release_version": "DR1", "endpoint": "hai"}
    with warehouse.engine.begin() as connection:
        for number in range(1, bad + 1):
            connection.execute(sa.insert(QUARANTINE).values(**values, row_number=number, rule="x", row={}))
    assert bool(totals(warehouse, load, False)) is closed


def test_a_member_that_another_study_holds_closes_the_gate(warehouse: Warehouse) -> None:
    """An arm belongs to one study: were two to publish it, every join to it would double."""
    warehouse.load(small_study())
    own = apart(small_study(study="SDY2"), "00")
    own["arm"][0] = {**small_study()["arm"][0], "studyAccession": "SDY2"}
    load = warehouse.land(own, study="SDY2")
    warehouse.stage(load)
    assert warehouse.judge(load).critical == ["arm: home (1 members are described by another study)"]


def test_a_member_of_another_study_is_not_guessed_at(warehouse: Warehouse) -> None:
    warehouse.load(small_study())
    stray = apart(small_study(study="SDY2"), "00")
    stray["hai"][0]["armAccession"] = "ARM1"  # the first study describes it
    warehouse.load(stray, study="SDY2")
    assert warehouse.rows("select name, is_inferred from star.dim_arm where arm_accession = 'ARM1'") == [
        ("Arm 1", False)
    ]


def test_the_gate_is_closed_when_nothing_was_staged(warehouse: Warehouse) -> None:
    load = warehouse.land(small_study())
    warehouse.stage(load)
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(STAGED).values(rows_staged=0))
    with pytest.raises(GateError, match="no row was staged"):
        warehouse.judge(load)


def test_the_gate_is_closed_when_an_endpoint_was_not_staged(warehouse: Warehouse) -> None:
    load = warehouse.land(small_study())
    warehouse.stage(load)
    with warehouse.engine.begin() as connection:
        connection.execute(sa.delete(STAGED).where(STAGED.c.endpoint == "study"))
    with pytest.raises(GateError, match="not staged: study"):
        warehouse.judge(load)


def test_a_required_endpoint_must_have_rows(warehouse: Warehouse) -> None:
    load = warehouse.land({**small_study(), "arm": [], "hai": []})
    warehouse.stage(load)
    assert "arm: not_empty (0 rows)" in warehouse.judge(load).critical


def test_a_check_that_cannot_run_closes_the_gate(warehouse: Warehouse) -> None:
    """And it leaves no results that a publish could take for a pass."""
    load = warehouse.land(small_study())
    warehouse.stage(load)
    with warehouse.engine.begin() as connection:
        # Late in the order: what was checked before it must not count.
        connection.exec_driver_sql(
            f"alter table {staging_table(load.load_id, ENDPOINTS['hai'])} rename value_preferred to gone"
        )
    with pytest.raises(GateError, match=r"did not run|no verdict"):
        warehouse.judge(load)
    assert verdicts(warehouse, load) == {}


def test_staging_that_was_emptied_is_not_taken_for_good(warehouse: Warehouse) -> None:
    load = warehouse.land(small_study())
    warehouse.stage(load)
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"truncate {staging_table(load.load_id, ENDPOINTS['hai'])}")
        staging_tables.create(connection, load.load_id, [ENDPOINTS["elisa"]])
        connection.exec_driver_sql(f"insert into staging.l{load.load_id}_elisa values (1)")
    critical = warehouse.judge(load).critical
    assert {"hai: row_count (0 rows)", "elisa: row_count (0 rows)"} <= set(critical)


def test_publishing_heals_staging_that_was_lost(warehouse: Warehouse) -> None:
    """A crash emptied a table after the check: it is staged and checked again, then published."""
    load = warehouse.land(small_study())
    warehouse.stage(load)
    warehouse.pass_gate(load)
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"truncate {staging_table(load.load_id, ENDPOINTS['hai'])}")
    step = warehouse.step()
    steps.publish(warehouse.tools, load, step)
    assert step.state == "done"
    assert warehouse.value("select count(*) from star.fact_hai") == 3
    assert len(verdicts(warehouse, load)) > 100


def test_rows_of_one_member_that_differ_are_reported(warehouse: Warehouse) -> None:
    """What repeats per arm must repeat what the star keeps of it; an age and a phenotype are of the arm."""
    rows = small_study()
    again = {**rows["demographic"][0], "armAccession": "ARM2"}
    rows["demographic"].append({**again, "minSubjectAge": 31, "subjectPhenotype": "pool of 3"})
    rows["biosample"].append({**rows["biosample"][0], "armAccession": "ARM2", "type": "Whole blood"})
    load = warehouse.land(rows)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert (outcome.critical, outcome.quarantined) == ([], 0)
    assert failures(warehouse, load) == {("biosample", "row_consistent:biosample_accession"): 2}
    agrees_with_sql(warehouse, load)
    warehouse.publish(load)
    keys = "select distinct_keys from ops.release_change where relation = '{}'"
    found = {name: warehouse.value(keys.format(name)) for name in ("dim_subject", "dim_participation")}
    assert found == {"dim_subject": 2, "dim_participation": 3}


def test_a_number_that_is_a_key_is_one_with_blanks_around_it(warehouse: Warehouse) -> None:
    load = warehouse.land(many(hai(" 7", "71"), hai("8 ", "80")))
    warehouse.stage(load)
    assert warehouse.judge(load).critical == []
    assert failures(warehouse, load) == {("hai", "key_consistent"): 2, ("hai", "key_unique"): 2}
    warehouse.publish(load)
    assert warehouse.value("select count(*) from star.fact_hai") == 59


def test_two_keys_that_become_one_row_are_not_published(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = warehouse.ready(small_study(hai(1), hai(2)))
    kept = sql("case when s.result_id = '2' then 1 else s.result_id::bigint end")
    true_value: Any = Column.__dict__["value"].fget
    value = property(lambda item: kept if item.name == "result_id" else true_value(item))
    monkeypatch.setattr(Column, "value", value)
    with pytest.raises(CollapsedError, match=r"SDY1 hai: 2 keys \(result_id\) became 1 rows of fact_hai"):
        warehouse.publish(load)
    assert warehouse.value("select count(*) from history.fact_hai") == 0


def test_unknown_keys_and_missing_keys_do_not_stop_a_study(warehouse: Warehouse) -> None:
    row = hai(1)
    del row["comments"]
    load = warehouse.land(small_study({**row, "newKey": 1}))
    warehouse.stage(load)
    warehouse.pass_gate(load)
    warehouse.publish(load)
    assert warehouse.rows("select result_id, comments from star.fact_hai") == [(1, None)]


def test_a_row_of_every_field_can_be_staged() -> None:
    for name, endpoint in ENDPOINTS.items():
        assert list(full_row(name)) == list(endpoint.names)

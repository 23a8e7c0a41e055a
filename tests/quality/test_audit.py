"""The audit: a sound warehouse passes, and each way to break one is found by the check made for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from include.landing.zone import Landing
from include.local.server import Server
from include.pipeline.batch_runner import StepContext
from include.quality import audit
from include.quality.checks import Severity
from include.sources.release import OPEN
from include.warehouse.model.registry import VERSIONED
from include.warehouse.schema.engine import warehouse_engine
from tests.support.clinical import whole_study
from tests.support.packages import FULL, land_tables
from tests.support.routes import land_answers, take
from tests.support.sandbox import running_sandbox
from tests.support.warehouse import RUN, Warehouse, apart, copied, hai, small_study, subject

Broken = set[tuple[str, str]]
#: A version of history once more, with other bounds.
AGAIN = """insert into history.{table} select (jsonb_populate_record(h, '{other}')).*
    from history.{table} h where {which}"""


def warehouse_of(url: sa.URL, folder: Path) -> Warehouse:
    return Warehouse(StepContext(warehouse_engine(url), Landing(str(folder)), RUN))


@pytest.fixture(scope="module")
def sound(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Name of a database with three studies: several releases, one of them late, one withdrawn."""
    name = copied(postgres, template)
    warehouse = warehouse_of(postgres.url(name), tmp_path_factory.mktemp("landing"))
    warehouse.load(whole_study(), "DR1")
    later = {**whole_study(), "hai": [hai(1, "160"), hai(3, "80"), hai(9)]}
    warehouse.load({**later, "demographic": [subject(1)]}, "DR5")
    warehouse.load({**later, "arm": later["arm"][:1]}, "DR3")
    warehouse.load({**later, "demographic": [subject(1)]}, "DR5")
    warehouse.load(apart(whole_study("SDY2"), "x"), "DR2", study="SDY2")
    warehouse.load(apart(small_study(study="SDY3"), "y"), "DR2", study="SDY3")
    warehouse.withdraw("SDY3", "DR5", key=50001)
    warehouse.engine.dispose()
    yield name
    postgres.drop_database(name)


@pytest.fixture
def loaded(postgres: Server, sound: str, tmp_path: Path) -> Iterator[Warehouse]:
    name = copied(postgres, sound)
    warehouse = warehouse_of(postgres.url(name), tmp_path)
    yield warehouse
    warehouse.engine.dispose()
    postgres.drop_database(name)


def others(warehouse: Warehouse) -> list[audit.AuditFinding]:
    """What the audit finds, but for that somebody changed rows by hand: each damage below is done so."""
    return [item for item in audit.run(warehouse.engine, "night") if item.check.check_id != "unaltered"]


def broken(warehouse: Warehouse) -> Broken:
    return {(item.check.check_id, item.check.relation) for item in others(warehouse)}


def do(warehouse: Warehouse, *statements: str) -> None:
    with warehouse.engine.begin() as connection:
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount != 0, f"nothing done: {statement}"


def test_a_sound_warehouse_passes_and_every_check_is_recorded(loaded: Warehouse) -> None:
    before = loaded.history()
    assert audit.run(loaded.engine, "night") == []
    assert loaded.history() == before
    recorded = loaded.rows("select check_id, relation, failed_rows, sample from quality.audit")
    assert len(recorded) == len(list(audit.checks()))
    assert {row[2:] for row in recorded} == {(0, None)}
    assert {row[1] for row in recorded} >= {table.relation for table in VERSIONED}


def test_studies_with_all_assays_pass(warehouse: Warehouse) -> None:
    with running_sandbox(studies=5, rows=24) as sandbox:
        listed = sandbox.get("/api/search/study", pageSize="50").json()["hits"]["hits"]
        studies = {item["_source"]["study_accession"]: item["_source"] for item in listed}
        for study, row in studies.items():
            take(warehouse, land_answers(warehouse, sandbox, study, row["latest_data_release_version"]))
    assert len(studies) > 2
    assert broken(warehouse) == set()


def test_an_empty_warehouse_passes(warehouse: Warehouse) -> None:
    assert broken(warehouse) == set()


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        pytest.param(
            ["insert into history.key_arm (arm_accession, natural_key) values ('ARM1', gen_random_uuid())"],
            {("one_key", "key_arm")},
            id="a key twice",
        ),
        pytest.param(
            ["delete from history.key_panel where panel_key = -1"],
            {("special_members", "key_panel")},
            id="no special member",
        ),
        pytest.param(
            [
                "alter table history.fact_hai drop constraint fact_hai_pkey",
                AGAIN.format(table="fact_hai", other='{"valid_from": 50000}', which="result_id = 3"
                             f" and valid_from = 10000 and valid_to = {OPEN}"),
            ],
            {(name, "fact_hai") for name in ("one_open_version", "no_overlap", "conservation", "members")},
            id="two open versions",
        ),
        pytest.param(
            [
                "alter table history.fact_hai drop constraint fact_hai_interval_check",
                "update history.fact_hai set valid_from = 30000 where result_id = 2 and valid_from = 10000"
                " and valid_to = 30000",
            ],
            {("interval", "fact_hai"), ("conservation", "fact_hai"), ("members", "fact_hai")},
            id="an interval without a release",
        ),
        pytest.param(
            [AGAIN.format(table="dim_arm", other='{"valid_from": 30000, "valid_to": 50000}',
                          which=f"valid_from = 10000 and valid_to = {OPEN}")],
            {("no_overlap", "dim_arm"), ("grain", "dim_arm"), ("members", "dim_arm")},
            id="a version within another",
        ),
        pytest.param(
            [
                "update history.dim_arm set study_key = (select study_key from history.key_study"
                " where study_accession = 'SDY2'), valid_from = 20000 where arm_key ="
                f" (select arm_key from history.key_arm where arm_accession = 'ARM1') and valid_to = {OPEN}",
                "insert into history.dim_arm select (jsonb_populate_record(h, jsonb_build_object('study_key',"
                " (select study_key from history.key_study where study_accession = 'SDY1'),"
                " 'valid_from', 10000))).* from history.dim_arm h where arm_key ="
                " (select arm_key from history.key_arm where arm_accession = 'ARM1')",
            ],
            {("grain", "dim_arm"), ("members", "dim_arm")},
            id="a member of two studies",
        ),
        pytest.param(
            ["update history.fact_hai set valid_from = 15000 where result_id = 3 and valid_from = 10000"],
            {("bounds_captured", "fact_hai"), ("conservation", "fact_hai"), ("members", "fact_hai")},
            id="a version from nowhere",
        ),
        pytest.param(
            [f"update history.dim_experiment set valid_to = {OPEN} where valid_to = 50001"],
            {("none_withdrawn", "dim_experiment"), ("member_visible:study_key", "dim_experiment")},
            id="a row of a withdrawn study",
        ),
        pytest.param(
            ["update history.fact_hai set unit_key = 999999 where result_id = 9"],
            {("key_exists:unit_key", "fact_hai")},
            id="a key of no member",
        ),
        pytest.param(
            ["update history.fact_hai set experiment_key = 999999 where result_id = 9"],
            {("key_exists:experiment_key", "fact_hai"), ("member_visible:experiment_key", "fact_hai")},
            id="a key of no versioned member",
        ),
        pytest.param(
            ["update history.dim_planned_visit set valid_to = 50000 where planned_visit_key = (select"
             " planned_visit_key from history.key_planned_visit where planned_visit_accession = 'PV1')"],
            {("member_visible:planned_visit_key", name) for name in (
                "dim_biosample", "fact_hai", "fact_lab_test", "fact_assessment")}
            | {("members", "dim_planned_visit")},
            id="a member that ends too early",
        ),
        pytest.param(
            ["delete from history.fact_lab_test where valid_to = 2147483647"],
            {("conservation", "fact_lab_test"), ("members", "fact_lab_test")},
            id="rows that are lost",
        ),
        pytest.param(
            ["update ops.staged set rows_staged = 2 where endpoint = 'hai'"],
            {("conservation", "fact_hai")},
            id="rows that nobody staged",
        ),
        pytest.param(
            ["update history.dim_experiment set is_inferred = true where valid_from = 10000"],
            {("inferred_for_long", "dim_experiment"), ("members", "dim_experiment")},
            id="a member inferred for long",
        ),
    ],
)  # fmt: skip
def test_damage_is_found(loaded: Warehouse, damage: list[str], found: Broken) -> None:
    do(loaded, *damage)
    assert broken(loaded) == found


def test_weights_that_do_not_sum_to_one_are_found(loaded: Warehouse) -> None:
    text = loaded.value("select pg_get_viewdef('star.bridge_study_grant'::regclass)")
    do(loaded, f"create or replace view star.bridge_study_grant as {text.replace('1.0 /', '1.5 /')}")
    (finding,) = audit.run(loaded.engine, "night")
    assert (finding.check.check_id, finding.check.relation) == ("weights", "bridge_study_grant")
    assert finding.failed_rows == 2


def test_weights_of_an_experiment_sample_are_its_own(loaded: Warehouse) -> None:
    text = loaded.value("select pg_get_viewdef('star.bridge_expsample_biosample'::regclass)")
    by_study = text.replace("PARTITION BY study_key, expsample_key", "PARTITION BY study_key")
    assert by_study != text
    do(
        loaded,
        "insert into history.bridge_expsample_biosample select study_key, 'ES9/BS9', expsample_key + 1,"
        " biosample_key, valid_from, valid_to, load_id, loaded_at from history.bridge_expsample_biosample"
        " where valid_to = 2147483647 limit 1",
        f"create or replace view star.bridge_expsample_biosample as {by_study}",
    )
    found = {item.check.check_id for item in audit.run(loaded.engine, "night")}
    assert "weights" in found


def test_a_table_that_an_upgrade_brought_waits_for_a_replay(loaded: Warehouse) -> None:
    table = "bridge_expsample_biosample"
    do(
        loaded,
        f"delete from history.{table}",
        f"delete from ops.release_change where relation = '{table}'",
    )
    findings = others(loaded)
    assert {(item.check.check_id, item.check.relation, item.check.severity) for item in findings} == {
        ("filled", table, Severity.WARNING)
    }
    # A publish that wrote no rows to the table records zeros, and the audit does not report it.
    do(
        loaded,
        f"insert into ops.release_change select load_id, '{table}', 0, 0, 0, 0 from ops.release_change"
        " where relation = 'dim_expsample'",
    )
    assert broken(loaded) == set()


def test_a_package_of_before_its_tables_were_read_waits_for_a_replay(warehouse: Warehouse) -> None:
    take(warehouse, land_tables(warehouse, FULL))
    assert broken(warehouse) == set()
    do(
        warehouse,
        "delete from history.bridge_expsample_reagent",
        "delete from ops.staged where endpoint = 'expsample_2_reagent'",
        "delete from ops.release_change where relation = 'bridge_expsample_reagent'",
    )
    assert broken(warehouse) == {("filled", "bridge_expsample_reagent")}


def test_quarantined_rows_are_accounted_for(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    load = warehouse.land(small_study(hai(1), hai(2, studyTimeCollected="soon"), hai(3, "160")), "DR2")
    warehouse.stage(load)
    assert warehouse.judge(load, accept_vanished=True).quarantined == 1
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("update quality.result set success = true where severity = 'critical'")
    warehouse.publish(load)
    assert broken(warehouse) == set()
    do(warehouse, "delete from quality.quarantine")
    counted, grouped = ("quarantine_counted", "quarantine"), ("quarantine_grouped", "quarantine_group")
    assert broken(warehouse) == {("conservation", "fact_hai"), ("members", "fact_hai"), counted, grouped}


def test_what_pages_add_up_is_what_was_stored(warehouse: Warehouse) -> None:
    warehouse.load(small_study(hai(1), hai(2)), "DR1")
    warehouse.load(small_study(hai(1), hai(2), hai(3, "160")), "DR3")
    sums = "select facts_added, facts_corrected, facts_withdrawn from ops.ledger order by release_key"
    assert warehouse.rows(sums) == [(2, 0, 0), (1, 0, 0)]
    # A release that comes late: what the next one changed is compared with it.
    warehouse.load(small_study(hai(1), hai(2, "80"), hai(3, "160"), hai(4)), "DR2")
    assert warehouse.rows(sums) == [(2, 0, 0), (2, 1, 0), (0, 1, 1)]
    assert broken(warehouse) == set()
    do(warehouse, "update ops.ledger set facts_added = 9 where release_key = 20000")
    assert broken(warehouse) == {("changes_added_up", "ledger")}


def test_what_was_found_is_kept_with_a_sample_and_a_repeat_replaces_it(loaded: Warehouse) -> None:
    do(loaded, "update history.fact_hai set unit_key = 999999 where valid_to = 2147483647")
    statement = """select failed_rows, sample, severity from quality.audit
        where failed_rows > 0 and check_id <> 'unaltered'"""
    for _ in range(2):
        (finding,) = others(loaded)
        ((rows, sample, severity),) = loaded.rows(statement)
        assert rows == finding.failed_rows == 6
        assert len(sample) == audit.SAMPLE
        assert {"study_key", "result_id", "valid_from", "missing"} == sample[0].keys()
        assert severity == "critical"
    assert "key_exists:unit_key of fact_hai: 6 (a row whose unit_key is in no key table)" in finding.summary
    do(loaded, "update history.fact_hai set unit_key = 0 where unit_key = 999999")
    assert others(loaded) == []
    assert loaded.rows(statement) == []


def test_critical_findings_come_first(loaded: Warehouse) -> None:
    do(
        loaded,
        "update history.dim_experiment set is_inferred = true where valid_from = 10000",
        "update history.fact_hai set unit_key = 999999 where result_id = 9",
    )
    assert [item.check.severity.value for item in others(loaded)] == [
        "critical",
        "critical",
        "warning",
    ]


def test_statistics_are_renewed(loaded: Warehouse) -> None:
    assert audit.analyze(loaded.engine) > len(VERSIONED)
    held = loaded.value("select count(*) from history.fact_hai")
    assert loaded.value("select reltuples from pg_class where oid = 'history.fact_hai'::regclass") == held

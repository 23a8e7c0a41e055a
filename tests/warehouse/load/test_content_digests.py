"""A value that somebody changed in what was published is noticed by the next audit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from include.quality import audit
from include.warehouse import migrate
from include.warehouse.model.registry import IMMPORT_MODEL
from include.warehouse.schema import revision
from tests.support.clinical import whole_study
from tests.support.long import cases
from tests.support.warehouse import Warehouse, apart, hai, small_study


def altered(warehouse: Warehouse) -> list[tuple[str, int]]:
    """Tables and number of studies in which the audit finds other rows than were published."""
    found = audit.run(warehouse.engine, "night")
    return [(item.check.relation, item.failed_rows) for item in found if item.check.check_id == "unaltered"]


def change(warehouse: Warehouse, statement: str) -> None:
    with warehouse.engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0


def load_releases(warehouse: Warehouse) -> None:
    """Studies with corrections, a withdrawal, a release that comes late and one that comes again."""
    warehouse.load(whole_study(), "DR1")
    warehouse.load(small_study(), "DR5")
    warehouse.load(small_study(hai(1, "80"), hai(2, "<10", who=2)), "DR3")
    warehouse.load(small_study(hai(1, "20"), hai(3, "80")), "DR5")
    second = apart(small_study(hai(1, study="SDY2"), study="SDY2"), "2")
    warehouse.load(second, study="SDY2")
    third = apart(small_study(hai(9, study="SDY3"), study="SDY3"), "3")
    warehouse.load(third, study="SDY3")
    warehouse.withdraw("SDY3", "DR2")


def test_every_study_is_recorded_in_every_table_as_it_is(warehouse: Warehouse) -> None:
    load_releases(warehouse)
    recorded = "select scope_key, count(*) from ops.content where scope_key > 0 group by 1"
    assert {count for _, count in warehouse.rows(recorded)} == {len(IMMPORT_MODEL.tables)}
    assert altered(warehouse) == []
    # Nor is anything found that only an audit has recorded.
    assert altered(warehouse) == []


CHANGES = {
    "a value": ("update history.fact_hai set value_reported = '41' where study_key = 1", "fact_hai"),
    "a value lost": ("update history.fact_hai set value_reported = null where study_key = 1", "fact_hai"),
    "a blank": ("update history.dim_arm set name = name || ' ' where study_key = 1", "dim_arm"),
    "validity": ("update history.fact_hai set valid_to = valid_to - 1 where study_key = 2", "fact_hai"),
    "a row": ("delete from history.fact_hai where study_key = 2", "fact_hai"),
    "the study": ("update history.dim_study set brief_title = 'Mine' where study_key = 2", "dim_study"),
    # Swapped values leave all sums of single columns as they were.
    "swapped values": (
        "update history.fact_hai h set value_reported = o.value_reported from history.fact_hai o"
        " where o.study_key = h.study_key and o.valid_from = h.valid_from and o.result_id <> h.result_id"
        " and o.valid_to = h.valid_to and h.valid_from = 50000",
        "fact_hai",
    ),
}


@pytest.mark.parametrize("by_hand", cases(CHANGES, quick={"a value"}))
def test_a_change_by_hand_is_found(warehouse: Warehouse, by_hand: tuple[str, str]) -> None:
    statement, relation = by_hand
    load_releases(warehouse)
    keys = dict(warehouse.rows("select study_accession, study_key from history.key_study"))
    for number in (1, 2):
        statement = statement.replace(f"study_key = {number}", f"study_key = {keys[f'SDY{number}']}")
    change(warehouse, statement)
    assert altered(warehouse) == [(relation, 1)]
    # Nor does a second look, or a load of another study, make it good.
    warehouse.load(apart(small_study(hai(5, study="SDY4"), study="SDY4"), "4"), study="SDY4")
    assert altered(warehouse) == [(relation, 1)]


def test_rows_put_where_none_were_are_found(warehouse: Warehouse) -> None:
    warehouse.load(small_study())
    assert warehouse.value("select count(*) from history.fact_elisa") == 0
    columns = "study_key, valid_from, valid_to, load_id"
    names = warehouse.rows("""
        select column_name, data_type from information_schema.columns
        where table_schema = 'history' and table_name = 'fact_elisa' and is_nullable = 'NO'
            and column_name not in ('study_key', 'valid_from', 'valid_to', 'load_id', 'loaded_at')""")
    more = ", ".join(name for name, _ in names)
    values = ", ".join("'7'" if kind == "text" else "0" for _, kind in names)
    change(
        warehouse,
        f"insert into history.fact_elisa ({columns}, {more}) select {columns}, {values}"
        " from history.dim_study where study_key > 0",
    )
    assert altered(warehouse) == [("fact_elisa", 1)]


NEWER = '''"""A value that an upgrade computes anew."""

from alembic import op

revision = "r9999"
down_revision = "{head}"


def upgrade() -> None:
    op.execute("update history.fact_hai set value_reported = btrim(value_reported) || ' '")
'''


@pytest.mark.long
def test_an_upgrade_begins_anew(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.load(small_study())
    assert warehouse.value("select count(*) from ops.content where load_id is not null") == len(
        IMMPORT_MODEL.tables
    )
    versions = tmp_path / "migrations" / "versions"
    shutil.copytree(revision.MIGRATIONS, versions.parent)
    head = warehouse.value("select version_num from ops.alembic_version")
    (versions / "r9999_newer.py").write_text(NEWER.format(head=head))
    monkeypatch.setattr(revision, "MIGRATIONS", tmp_path / "migrations")
    migrate.upgrade(warehouse.engine.url)
    assert warehouse.value("select count(*) from ops.content") == 0
    assert altered(warehouse) == []
    change(warehouse, "update history.fact_hai set value_reported = '41' where result_id = '1'")
    assert altered(warehouse) == [("fact_hai", 1)]

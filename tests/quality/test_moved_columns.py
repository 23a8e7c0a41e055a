"""A column of a package whose values stand under another header in another release is reported."""

from __future__ import annotations

from typing import Any

import pytest

from include.sources.package import column_samples
from include.sources.package.column_samples import compare, package_samples
from include.sources.package.layout import tab_table
from include.sources.package.tables import TABLES
from tests.sandbox.data import ARCHIVES, needs_data
from tests.support.packages import SMALL, Tables, land_tables
from tests.support.warehouse import Warehouse

FILES = """
    FILE_INFO_ID DETAIL NAME PURPOSE ORIGINAL_NAME
    1 fcs_format_of_2012 tube_one.fcs Flow_cytometry_result -
    2 template_as_a_table table_two.txt ELISPOT_results -
    """
LATER = """
    FILE_INFO_ID DETAIL NAME ORIGINAL_FILE_NAME
    1 Flow_cytometry_result tube_one.1.fcs tube_one.fcs
    2 ELISPOT_results table_two.2.txt table_two.txt
    """
#: The same, should ImmPort ever move its columns back.
MOVED = """
    FILE_INFO_ID DETAIL NAME ORIGINAL_FILE_NAME
    1 tube_one.fcs Flow_cytometry_result -
    2 table_two.txt ELISPOT_results -
    """


def publish(warehouse: Warehouse, tables: Tables, release: str) -> list[tuple[Any, ...]]:
    """Load a package; returns what is recorded of columns that were compared."""
    load = land_tables(warehouse, tables, release)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert outcome.critical == []
    warehouse.publish(load)
    return warehouse.rows(
        "select endpoint, success, severity, unexpected_rows, detail from quality.result"
        " where load_id = :load and check_id = 'columns_in_place' order by 1",
        load=load.load_id,
    )


def test_a_declared_move_is_not_a_finding(warehouse: Warehouse) -> None:
    assert publish(warehouse, {**SMALL, "file_info": FILES}, "DR1") == []
    found = publish(warehouse, {**SMALL, "file_info": LATER}, "DR2")
    assert ("Tab/file_info.txt", True, "warning", 0, None) in found
    assert {row[1] for row in found} == {True}
    assert len(found) == len(SMALL) + 1


@pytest.mark.parametrize("releases", [("DR1", "DR2"), ("DR2", "DR1")])
def test_a_move_is_a_warning_of_the_load(releases: tuple[str, str], warehouse: Warehouse) -> None:
    first, second = releases
    publish(warehouse, {**SMALL, "file_info": LATER}, first)
    found = publish(warehouse, {**SMALL, "file_info": MOVED}, second)
    assert [row for row in found if not row[1]] == [
        (
            "Tab/file_info.txt", False, "warning", 2,
            f"beside the package of {first}:"
            " DETAIL has the values of ORIGINAL_FILE_NAME (2 of 2 rows compared);"
            " NAME has the values of DETAIL (2 of 2 rows compared)",
        )
    ]  # fmt: skip


def test_a_renamed_column_is_found_under_an_undeclared_header(warehouse: Warehouse) -> None:
    publish(warehouse, SMALL, "DR1")
    arms = str(SMALL["arm_or_cohort"]).replace("NAME", "ARM_TITLE").replace("Arm_1", "The_first_arm")
    publish(warehouse, {**SMALL, "arm_or_cohort": arms.replace("ARM_TITLE", "NAME")}, "DR2")
    found = publish(warehouse, {**SMALL, "arm_or_cohort": arms}, "DR3")
    assert [(row[0], row[4]) for row in found if not row[1]] == [
        (
            "Tab/arm_or_cohort.txt",
            "beside the package of DR2: ARM_TITLE has the values of NAME (2 of 2 rows compared)",
        )
    ]


def test_flags_and_numbers_alone_are_no_evidence(warehouse: Warehouse) -> None:
    ages = "ARM_ACCESSION SUBJECT_ACCESSION MIN_SUBJECT_AGE MAX_SUBJECT_AGE\nARM1 SUB1 {} {}\nARM2 SUB1 21 21"
    publish(warehouse, {**SMALL, "arm_2_subject": ages.format(20, 25)}, "DR1")
    found = publish(warehouse, {**SMALL, "arm_2_subject": ages.format(25, 20)}, "DR2")
    assert [row for row in found if not row[1]] == []


@needs_data
def test_the_real_packages_hold_each_column_where_it_is_declared() -> None:
    old, new = (package_samples(ARCHIVES / f"SDY139-{name}_Tab.zip") for name in ("DR16", "DR25"))
    found = compare(old, new)
    assert [item for item in found if item.table in TABLES] == []
    # Vocabularies come by the API; nothing reads the workspace of a study.
    assert {
        (item.table, item.header, item.moved_from) for item in found if not item.table.startswith("lk_")
    } <= {
        ("period", "NAME", "TITLE"),
        ("workspace", "NAME", "TITLE"),
    }


@needs_data
def test_the_moves_of_the_real_packages_are_found_if_undeclared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {
        "file_info": "file_info_id detail filesize_bytes name original_file_name|original_name",
        "protocol": "protocol_accession description file_name name original_file_name type",
        "contract_grant": "contract_grant_id description name external_id link program_id",
        "experiment": "experiment_accession name",
    }
    plain = {name: tab_table(name, columns) for name, columns in names.items()}
    monkeypatch.setattr(column_samples, "TABLES", {**TABLES, **plain})
    old, new = (package_samples(ARCHIVES / f"SDY139-{name}_Tab.zip") for name in ("DR16", "DR25"))
    assert {
        (item.table, item.header, item.moved_from) for item in compare(old, new) if item.table in names
    } == {
        ("file_info", "DETAIL", "PURPOSE"),
        ("file_info", "ORIGINAL_FILE_NAME", "NAME"),
        ("protocol", "ORIGINAL_FILE_NAME", "FILE_NAME"),
        ("contract_grant", "DESCRIPTION", "SUMMARY"),
        ("contract_grant", "NAME", "TITLE"),
        ("contract_grant", "EXTERNAL_ID", "NAME"),
        ("experiment", "NAME", "TITLE"),
    }

"""What differs between two releases, what each publish changed, and what of a study is known."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.local.server import Server
from include.pipeline.report import query
from include.warehouse.model.registry import VERSIONED
from include.warehouse.views.release_difference import MASKED
from tests.support.clinical import whole_study
from tests.support.copies import Original, at_rest, warehouse_of
from tests.support.warehouse import Study, Warehouse, apart, hai, small_study

Row = tuple[Any, ...]


def difference(
    warehouse: Warehouse,
    old: str | None,
    new: str | None,
    study: str | None = None,
    relation: str | None = None,
) -> list[Row]:
    return warehouse.rows(
        "select * from star.release_difference(:old, :new, :study, :relation) order by 1, 2, 3, 4, 5",
        old=old, new=new, study=study, relation=relation,
    )  # fmt: skip


def summary(warehouse: Warehouse, old: str | None, new: str | None, **options: str) -> set[Row]:
    return {row[:5] for row in difference(warehouse, old, new, **options)}


@pytest.fixture(scope="module")
def original(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """DR1, then at DR2 a result corrected, one gone and one new, an arm renamed."""
    landing = tmp_path_factory.mktemp("original")
    with warehouse_of(postgres, template, landing) as warehouse:
        warehouse.load(small_study(), "DR1")
        later = small_study(hai(1, "160", unitReported=None), hai(2, "<10", who=2), hai(9, "20"))
        later["arm"][0]["name"] = "Arm one"
        warehouse.load(later, "DR2")
        yield at_rest(warehouse, landing)


@pytest.fixture
def changed(postgres: Server, original: Original, tmp_path: Path) -> Iterator[Warehouse]:
    """A copy of it."""
    with warehouse_of(postgres, original, tmp_path / "landing") as warehouse:
        yield warehouse


def test_each_row_says_what_became_of_it(changed: Warehouse) -> None:
    assert difference(changed, "DR1", "DR2") == [
        ("dim_arm", "SDY1", "ARM1", "corrected", "name", "Arm 1", "Arm one"),
        ("fact_hai", "SDY1", "1", "corrected", "unit_key", "titre", "unknown"),
        ("fact_hai", "SDY1", "1", "corrected", "unit_reported", "titre", None),
        ("fact_hai", "SDY1", "1", "corrected", "value_reported", "40", "160"),
        ("fact_hai", "SDY1", "3", "withdrawn", None, None, None),
        ("fact_hai", "SDY1", "9", "added", None, None, None),
    ]


def test_a_release_does_not_differ_from_itself(changed: Warehouse) -> None:
    for release in ("DR1", "DR2", None):
        assert difference(changed, release, release) == []
    assert difference(changed, "DR2", None) == []
    assert difference(changed, "DR1", None) == difference(changed, "DR1", "DR2")


def test_a_row_that_goes_and_comes_back(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.load(small_study(hai(1)), "DR2")
    warehouse.load(small_study(hai(1), hai(2, "<10", who=2), hai(3, "90")), "DR3")
    of_hai = {"relation": "fact_hai"}
    key = ("fact_hai", "SDY1")
    assert summary(warehouse, "DR1", "DR2", **of_hai) == {
        (*key, "2", "withdrawn", None), (*key, "3", "withdrawn", None),
    }  # fmt: skip
    assert summary(warehouse, "DR2", "DR3", **of_hai) == {
        (*key, "2", "added", None),
        (*key, "3", "added", None),
    }
    assert difference(warehouse, "DR1", "DR3", **of_hai) == [
        (*key, "3", "corrected", "value_reported", "80", "90")
    ]


def test_two_versions_with_one_content_differ_in_nothing(warehouse: Warehouse) -> None:
    for release, value in (("DR1", "40"), ("DR2", "80"), ("DR3", "40")):
        warehouse.load(small_study(hai(1, value)), release)
    assert difference(warehouse, "DR1", "DR3") == []
    assert len(difference(warehouse, "DR2", "DR3")) == 1


def test_one_number_written_otherwise_is_not_a_difference(warehouse: Warehouse) -> None:
    warehouse.load(small_study(hai(1, "40", valuePreferred="40")), "DR1")
    warehouse.load(small_study(hai(1, "41", valuePreferred="40.0")), "DR2")
    assert [row[4] for row in difference(warehouse, "DR1", "DR2")] == ["value_reported"]


def test_references_are_shown_by_their_natural_keys(warehouse: Warehouse) -> None:
    warehouse.load(small_study(hai(1, studyTimeCollected=0)), "DR1")
    moved: dict[str, Any] = {"studyTimeCollected": 28, "virusStrainPreferred": "A/California/07/2009"}
    warehouse.load(small_study(hai(1, who=2, **moved)), "DR2")
    found = {row[4]: row[5:] for row in difference(warehouse, "DR1", "DR2", relation="fact_hai")}
    assert found == {
        "arm_key": ("ARM1", "ARM2"),
        "subject_key": ("SUB1", "SUB2"),
        "participation_key": ("ARM1 / SUB1", "ARM2 / SUB2"),
        "biosample_key": ("BS1", "BS2"),
        "expsample_key": ("ES1", "ES2"),
        "study_time_key": ("0 / Days / - / -", "28 / Days / - / -"),
        "virus_strain_key": ("- / A/California/7/2009", "A/California/07/2009 / A/California/7/2009"),
        "virus_strain_preferred": (None, "A/California/07/2009"),
    }


def test_only_a_study_or_a_table(changed: Warehouse) -> None:
    changed.load(apart(small_study(study="SDY2"), "x"), "DR1", study="SDY2")
    changed.load(apart(small_study(hai(1, study="SDY2"), study="SDY2"), "x"), "DR2", study="SDY2")
    everything = difference(changed, "DR1", "DR2")
    assert {row[1] for row in everything} == {"SDY1", "SDY2"}
    for study in ("SDY1", "SDY2"):
        mine = [row for row in everything if row[1] == study]
        assert difference(changed, "DR1", "DR2", study=study) == mine
        arms = [row for row in mine if row[0] == "dim_arm"]
        assert difference(changed, "DR1", "DR2", study=study, relation="dim_arm") == arms


def test_what_was_never_captured_before_is_not_called_added(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.load(apart(small_study(study="SDY2"), "x"), "DR2", study="SDY2")
    found = difference(warehouse, "DR1", "DR2")
    assert {row[1:2] + row[3:5] for row in found} == {("SDY2", "first captured", None)}
    assert sum(row[0] == "fact_hai" for row in found) == 3


def test_a_withdrawn_study_loses_all_its_rows(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.withdraw("SDY1", "DR2", key=20000)
    found = difference(warehouse, "DR1", None)
    assert {row[3] for row in found} == {"withdrawn"}
    assert ("dim_study", "SDY1", "SDY1", "withdrawn", None, None, None) in found


def test_every_table_is_compared_and_nothing_masked_is_shown(warehouse: Warehouse) -> None:
    warehouse.load(whole_study(), "DR1")
    later = whole_study()
    later["personnel"][0]["email"] = "other@study.invalid"
    warehouse.load(later, "DR2")
    warehouse.withdraw("SDY1", "DR3", key=30000)
    held = {t.relation for t in VERSIONED if warehouse.value(f"select count(*) from history.{t.relation}")}
    assert held >= {"fact_lab_test", "dim_person", "bridge_study_grant", "dim_file"}
    rows = {
        name: warehouse.value(f"select count(*) from history.{name} where valid_to = 30000 and load_id > 0")
        for name in held
    }
    found = difference(warehouse, "DR2", None)
    assert {name: sum(row[0] == name for row in found) for name in held} == rows
    (masked,) = difference(warehouse, "DR1", "DR2")
    assert masked[0] == "dim_person"
    assert masked[4:] == ("email", MASKED, MASKED)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("DR1", "DR99"), "knows no data release 'DR99' yet, the newest it has captured is DR2"),
        (("DR0", "DR2"), "knows no data release 'DR0'"),
        (("DR2", "DR1"), "DR2 is later than DR1, name the older release first"),
        ((None, "DR1"), "now is later than DR1"),
        (("DR1", "DR2", "SDY9"), "knows no study 'SDY9'"),
        (("DR1", "DR2", None, "fact_hay"), "no table 'fact_hay'"),
    ],
)
def test_a_question_without_an_answer_is_an_error(
    changed: Warehouse, arguments: tuple[str | None, ...], message: str
) -> None:
    with pytest.raises(sa.exc.DBAPIError, match=message):
        difference(changed, *arguments)


def test_a_publish_that_came_late_says_so(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR2")
    warehouse.load(small_study(hai(1)), "DR1")
    warehouse.load(small_study(hai(1)), "DR3")
    warehouse.withdraw("SDY1", "DR3", key=30001)
    columns = "release_version, kind, is_late, added, corrected, withdrawn, unchanged"
    found = warehouse.rows(
        f"select {columns} from star.release_change where star_table = 'fact_hai' order by published_at"
    )
    assert found == [
        ("DR2", "full", False, 2, 0, 0, 1),  # as if DR1 had come before
        ("DR1", "full", True, 1, 0, 0, 0),
        ("DR3", "full", False, 0, 0, 2, 1),
        ("DR3", "withdrawn", False, 0, 0, 1, 0),
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1), (0, 2, 1), (1, 0, 2)])
def test_what_a_release_changed_does_not_depend_on_the_order_of_loads(
    warehouse: Warehouse, order: tuple[int, ...]
) -> None:
    loads = [
        (small_study(), "DR1"),
        (small_study(hai(1, "160"), hai(2, "<10", who=2), hai(4, "20")), "DR2"),
        (small_study(hai(1, "160"), hai(3, "80"), hai(4, "25")), "DR3"),
    ]
    for number in order:
        warehouse.load(*loads[number])
    columns = "release_version, added, corrected, withdrawn, unchanged"
    query = f"select {columns} from star.release_change where star_table = '{{}}' order by release_key"
    assert warehouse.rows(query.format("fact_hai")) == [
        ("DR1", 3, 0, 0, 0),
        ("DR2", 1, 1, 1, 1),
        ("DR3", 1, 1, 1, 1),
    ]
    found = warehouse.rows(query.format("dim_subject"))
    assert found == [("DR1", 2, 0, 0, 0), ("DR2", 0, 0, 0, 2), ("DR3", 0, 0, 0, 2)]


def test_a_study_without_rows_differs_from_one_not_captured(warehouse: Warehouse) -> None:
    empty: Study = {**small_study(), "hai": []}
    warehouse.load(small_study(study="SDY2"), "DR1", study="SDY2")
    warehouse.load(empty, "DR2")
    warehouse.withdraw("SDY1", "DR3", key=30000)
    warehouse.load(small_study(study="SDY2"), "DR3", study="SDY2")
    states = "select study_accession, state, since_release, first_release from star.study_capture order by 1"
    assert warehouse.rows(states, "DR1") == [
        ("SDY1", "not yet captured", None, "DR2"), ("SDY2", "captured", "DR1", "DR1"),
    ]  # fmt: skip
    assert warehouse.rows(states, "DR2") == [
        ("SDY1", "captured", "DR2", "DR2"), ("SDY2", "captured", "DR1", "DR1"),
    ]  # fmt: skip
    assert warehouse.rows(states) == [
        ("SDY1", "withdrawn", "DR3", "DR2"), ("SDY2", "captured", "DR3", "DR1"),
    ]  # fmt: skip


def test_the_effect_on_an_aggregate(warehouse: Warehouse) -> None:
    warehouse.load(small_study(hai(1, "10"), hai(2, "1000")), "DR1")
    warehouse.load(small_study(hai(1, "10"), hai(2, "40"), hai(3, "160"), hai(4, "none")), "DR2")
    (row,) = warehouse.rows(query("release_effect"))
    assert row == ("SDY1", "HAI", "titre", "captured", 2, 4, 505, 70, 100, 40, "half")
    # The functions leave the caller's setting as it was.
    assert warehouse.rows(
        "select assay_summary, current_setting('star.as_of') from star.assay_summary('DR2')", "DR1"
    )[0][1:] == ("DR1",)


def test_the_effect_of_the_first_release_has_nothing_before(warehouse: Warehouse) -> None:
    warehouse.load(small_study(hai(1, "10")), "DR1")
    (row,) = warehouse.rows(query("release_effect"))
    assert row == ("SDY1", "HAI", "titre", "captured", None, 1, None, 10, None, 10, "half")


def test_the_mart_reports_the_share_that_changed(changed: Warehouse) -> None:
    found = changed.rows("""
        select release_version, is_first, added, corrected, withdrawn, unchanged, changed_share
        from mart.release_change where star_table = 'fact_hai' order by release_key""")
    assert found == [
        ("DR1", True, 3, 0, 0, 0, None),
        ("DR2", False, 1, 1, 1, 1, Decimal("0.6667")),
    ]

"""The counts of a release, whatever their layout, and what file names say."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from include.sources.immport.inventory import InventoryError, read_inventory
from include.sources.immport.release_files import issued, newest
from include.sources.release import Release


@dataclass(frozen=True)
class File:
    name: str


@pytest.mark.parametrize(
    "text",
    [
        "study\t1\nelisa_result\t1234\nhai_result\t0\n",
        "Table,Rows\nstudy,1\nelisa_result,1234\nhai_result,0",
        '"STUDY" "1"\r\n"ELISA_RESULT" "1,234"\r\n"HAI_RESULT" "0"\r\n',
        "| study | 1 |\n| elisa_result | 1234 |\n| hai_result | 0 |",
        "Record counts of SDY1 at DR2\n\nstudy: 1\nelisa_result: 1,234\nhai_result: 0\n",
    ],
)
def test_counts_are_read_from_any_plain_layout(text: str) -> None:
    inventory = read_inventory("SDY1-DR2_table_count.txt", text)
    assert dict(inventory.tables) == {"study": 1, "elisa_result": 1234, "hai_result": 0}
    assert (inventory.rows("elisa_result"), inventory.rows("hai_result")) == (1234, 0)
    assert inventory.rows("pcr_result") is None


@pytest.mark.parametrize(
    "text", ["", "<html>\n<body>404</body></html>", "elisa_result\t12\n", "study\t2\nelisa_result\t1\n"]
)
def test_what_is_not_an_inventory_is_refused(text: str) -> None:
    with pytest.raises(InventoryError, match=r"SDY1-DR2_table_count\.txt"):
        read_inventory("SDY1-DR2_table_count.txt", text)


def test_a_table_with_two_counts_is_refused() -> None:
    with pytest.raises(InventoryError, match="elisa_result has 1 and 2 rows"):
        read_inventory("counts", "study\t1\nelisa_result\t1\nelisa_result\t2\n")


@pytest.mark.parametrize(
    ("name", "release", "what"),
    [
        ("SDY139-DR25_Tab.zip", "DR25", "tab"),
        ("SDY1291-DR58_table_count.txt", "DR58", "table_count"),
        ("SDY1291-DR49.1_MySQL.zip", "DR49.1", "mysql"),
        ("SDY1291-DR46.zip", "DR46", "archive"),
    ],
)
def test_file_names_show_study_release_and_kind(name: str, release: str, what: str) -> None:
    named = issued(name)
    assert named is not None
    assert (named.study, str(named.release), named.what) == (name.partition("-")[0], release, what)


@pytest.mark.parametrize("name", ["SDY1291_DR58_ALL_DATA.zip", "StudyFile.SDY1291.txt", "SDY1-DRx_Tab.zip"])
def test_other_names_show_nothing(name: str) -> None:
    assert issued(name) is None


def test_releases_are_ordered_by_number() -> None:
    files = [File(f"SDY1-{release}_Tab.zip") for release in ("DR9", "DR49.1", "DR49")]
    files += [File("SDY2-DR60_Tab.zip"), File("SDY1-DR70_MySQL.zip")]
    assert newest(files, "SDY1", "tab") == (files[1], Release(49, 1))
    assert newest(files, "SDY1", "table_count") is None

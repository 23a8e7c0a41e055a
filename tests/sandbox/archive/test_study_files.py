"""The inventory of a package, and the grants it names."""

from __future__ import annotations

from pathlib import Path

from include.sandbox.archive.package_world import PackageWorld
from include.sandbox.archive.tab_reader import packages
from include.sources.release import Release
from tests.sandbox.archive.test_package_world import DR25, package, rows
from tests.sandbox.data import ARCHIVES, needs_data


@needs_data
def test_the_inventory_of_a_real_package_counts_its_tables() -> None:
    world = PackageWorld(ARCHIVES)
    for release, tables, counted in (
        (Release(16), 114, {"biosample_2_expsample": 1022, "elispot_result": 466, "hai_result": 0}),
        (Release(25), 114, {"expsample_2_biosample": 1022, "elispot_result": 466, "hai_result": 0}),
    ):
        (file,) = [item for item in world.files("SDY139", release) if item.name.endswith("_table_count.txt")]
        assert isinstance(file.stored, bytes)
        counts = dict(line.split("\t") for line in file.stored.decode().splitlines())
        assert len(counts) == tables
        assert {name: int(counts[name]) for name in counted} == counted


def test_grants_are_those_of_the_study_where_the_package_says_so(tmp_path: Path) -> None:
    tables = {
        "contract_grant": "CONTRACT_GRANT_ID\tEXTERNAL_ID\tNAME\tPROGRAM_ID\n"
        "1\tU1\tOwn\t7\n2\tU2\tOther\t7\n",
        "program": "PROGRAM_ID\tDESCRIPTION\tNAME\tSHORT_NAME\n7\tAll\tProgram\tPR\n",
    }
    links = {"contract_grant_2_study": "CONTRACT_GRANT_ID\tSTUDY_ACCESSION\n1\tSDY5\n2\tSDY6\n"}
    package(tmp_path, "SDY5-DR9_Tab.zip", tables)
    package(tmp_path, "SDY5-DR25_Tab.zip", tables | links)
    world = PackageWorld(tmp_path)
    for release, names in ((Release(9), ["Own", "Other"]), (DR25, ["Own"])):
        found = rows(world, "contract", release, "SDY5")
        assert [row["contractGrantName"] for row in found] == names
        assert {(row["programName"], row["programShortName"]) for row in found} == {("Program", "PR")}


def test_the_inventory_names_what_a_package_leaves_out(tmp_path: Path) -> None:
    """A package with an empty table leaves none out; tables are named as the package names them."""
    package(tmp_path, "SDY5-DR9_Tab.zip", {"hai_result": "RESULT_ID\n", "substance_merge": "A\n1\n2\n"})
    package(tmp_path, "SDY6-DR9_Tab.zip", {"substance_merge": "A\n1\n"})
    full, lean = (item.counts() for item in packages(tmp_path))
    assert full == {"study": 1, "hai_result": 0, "substance_merge": 2}
    assert {table: count for table, count in lean.items() if count} == {"study": 1, "substance_merge": 1}
    assert lean["hai_result"] == 0
    assert "intervention" not in lean  # what substance_merge is called today

"""The packages of synthetic studies: the form of ImmPort's, the same bytes each time."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from include.sandbox.archive.tab_reader import COLUMN_ALIASES, TABLE_ALIASES
from include.sandbox.synthetic.headers import LATER, LATER_TABLES, headers
from include.sandbox.synthetic.package_writer import OLDER, header_of
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sources.immport.endpoints import SHARED_DATA
from include.sources.release import Release
from tests.sandbox.data import DATA, needs_data

HEADERS = DATA / "immport" / "schema" / "tab_headers.json"
OLDEST, NEWEST = Release(49), Release(51)
STUDIES = ("SDY1001", "SDY1002", "SDY1003", "SDY1004", "SDY1008")


@pytest.fixture(scope="module")
def world() -> SyntheticWorld:
    return SyntheticWorld(8, 60, 1)


def content(world: SyntheticWorld, study: str, release: Release, suffix: str) -> bytes:
    """A file of a study."""
    (file,) = [item for item in world.files(study, release) if item.name.endswith(suffix)]
    return file.stored.read_bytes() if isinstance(file.stored, Path) else file.stored or b""


def members(world: SyntheticWorld, study: str, release: Release) -> dict[str, bytes]:
    """What the package holds, by path."""
    with zipfile.ZipFile(io.BytesIO(content(world, study, release, "_Tab.zip"))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tables(world: SyntheticWorld, study: str, release: Release) -> dict[str, list[dict[str, str]]]:
    """Rows of each table, by header."""
    found = {}
    for path, data in members(world, study, release).items():
        if path.count("/") == 2:
            header, *lines = data.decode().removesuffix("\n").split("\n")
            names = header.split("\t")
            table = path.rpartition("/")[2].removesuffix(".txt")
            found[table] = [dict(zip(names, line.split("\t"), strict=True)) for line in lines]
    return found


@needs_data
def test_headers_are_real(world: SyntheticWorld) -> None:
    real = json.loads(HEADERS.read_text())
    assert {table for table, known in real.items() if "DR25" in known} == headers().keys() - {*LATER_TABLES}
    for table, columns in headers().items():
        if table in LATER_TABLES:
            continue
        known = set(real[table]["DR25"])
        assert set(columns) - known == set(LATER.get(table, ())), table
        assert known - set(columns) == ({"TYPE"} if table == "arm_or_cohort" else set())
    assert "RESULT_TOTAL_RECS" in real["expsample"]["DR16"]
    for table, older in OLDER.items():
        assert set(older.values()) <= set(real[table]["DR16"]), table


def test_later_columns_are_named_as_the_api_names_them() -> None:
    spectra = {field.column.upper() for field in SHARED_DATA["massSpectrometryResult"].fields}
    assert set(headers()["mass_spectrometry_result"]) == spectra
    conditions = {field.column.upper() for field in SHARED_DATA["condition"].fields}
    assert set(headers()["study_2_condition_or_disease"]) == conditions


def test_a_package_is_text_without_quotes_or_escapes(world: SyntheticWorld) -> None:
    for study in STUDIES:
        release = NEWEST
        version = next(world.rows("study", study, release))["latestDataReleaseVersion"]
        found = members(world, study, release)
        assert {path.partition("/Tab/")[0] for path in found} == {f"{study}-{version}_Tab"}
        for path, data in found.items():
            if path.count("/") == 2:
                assert data.endswith(b"\n")
                assert b"\r" not in data
                header, *lines = data.decode().removesuffix("\n").split("\n")
                assert header == header.upper()
                assert {line.count("\t") for line in lines} <= {header.count("\t")}
    hai = members(world, "SDY1001", NEWEST)["SDY1001-DR51_Tab/Tab/hai_result.txt"].decode()
    assert '\tchecked by hand, "as is"\t' in hai


def test_tables_hold_what_the_api_shows_otherwise(world: SyntheticWorld) -> None:
    found = tables(world, "SDY1001", NEWEST)
    study = found["study"][0]
    assert study["ACTUAL_START_DATE"] == "2010-09-01 00:00:00"
    assert (study["MINIMUM_AGE"], study["LATEST_DATA_RELEASE_VERSION"]) == ("18", "DR51")
    assert {row["ANALYTE_PREFERRED"] for row in found["elisa_result"]} <= {"", *_accessions(found)}
    assert any(row["ANALYTE_PREFERRED"] == "ANA148" for row in found["elisa_result"])
    assert {row["GENE_SYMBOL"] for row in found["lk_analyte"] if row["ANALYTE_ACCESSION"] == "ANA148"} == {
        "IL2"
    }
    assert all(row["POPULATION_DEFNITION_REPORTED"] for row in found["fcs_analyzed_result"])
    assert {row["STUDY_TIME_COLLECTED"] for row in found["elisa_result"]} == {"-7", "0", "28"}
    assert found["contract_grant"][0]["END_DATE"] == "2015-06-30 00:00:00"


def _accessions(found: dict[str, list[dict[str, str]]]) -> set[str]:
    return {row["ANALYTE_ACCESSION"] for row in found["lk_analyte"]}


def test_an_experiment_sample_says_how_many_results_it_has(world: SyntheticWorld) -> None:
    for release in (OLDEST, NEWEST):
        for study in ("SDY1001", "SDY1003"):
            found = tables(world, study, release)
            counted: dict[str, int] = {}
            for table, rows in found.items():
                for row in rows if table.endswith("_result") else ():
                    sample = row.get("EXPSAMPLE_ACCESSION") or row.get("SOURCE_ACCESSION", "")
                    counted[sample] = counted.get(sample, 0) + 1
            declared = {
                row["EXPSAMPLE_ACCESSION"]: int(row["RESULT_TOTAL_RECS"]) for row in found["expsample"]
            }
            assert declared == {sample: counted.get(sample, 0) for sample in declared}
            assert sum(declared.values()) > 0
            # A sample not of a subject is a control or a standard, and the package lists all of those.
            others = counted.keys() - declared.keys()
            named = {row["CONTROL_SAMPLE_ACCESSION"] for row in found.get("control_sample", ())}
            named |= {row["STANDARD_CURVE_ACCESSION"] for row in found.get("standard_curve", ())}
            assert others == named
            assert others


def test_tables_name_nothing_that_is_in_no_other(world: SyntheticWorld) -> None:
    homes = {
        "ARM_ACCESSION": "arm_or_cohort",
        "BIOSAMPLE_ACCESSION": "biosample",
        "EXPERIMENT_ACCESSION": "experiment",
        "EXPSAMPLE_ACCESSION": "expsample",
        "FILE_INFO_ID": "file_info",
        "PERIOD_ACCESSION": "period",
        "PLANNED_VISIT_ACCESSION": "planned_visit",
        "PROGRAM_ID": "program",
        "SUBJECT_ACCESSION": "subject",
        "TREATMENT_ACCESSION": "treatment",
        "WORKSPACE_ID": "workspace",
    }
    for study in STUDIES:
        found = tables(world, study, NEWEST)
        for table, rows in found.items():
            for column, home in homes.items():
                known = {row[column] for row in found[home]} | {""}
                assert {row.get(column, "") for row in rows} <= known, (study, table, column)


def test_older_packages_have_header_lines_and_names_that_newer_ones_have_not(world: SyntheticWorld) -> None:
    old, new = tables(world, "SDY1001", OLDEST), tables(world, "SDY1001", NEWEST)
    assert old.keys() == headers().keys()
    assert old["rna_seq_result"] == []
    assert new.keys() == {table for table, rows in new.items() if rows}
    assert {"reagent", "workspace", "lk_sample_type"} <= new.keys()
    for table, renamed in OLDER.items():
        for today, before in renamed.items():
            assert before in header_of(table, OLDEST)
            assert before not in header_of(table, NEWEST)
            assert COLUMN_ALIASES[table][today] == before
            assert today in header_of(table, NEWEST)
    assert {row["TYPE"] for row in old["arm_or_cohort"]} == {"placebo comparator", "experimental"}


def test_the_inventory_counts_every_table_of_the_package(world: SyntheticWorld) -> None:
    for release in (OLDEST, Release(50), NEWEST):
        for study in ("SDY1001", "SDY1002", "SDY1003"):
            text = content(world, study, release, "_table_count.txt").decode()
            declared = {
                table: int(count) for table, count in (line.split("\t") for line in text.splitlines())
            }
            held = {table: len(rows) for table, rows in tables(world, study, release).items()}
            assert declared == dict.fromkeys(headers(), 0) | held
            assert declared.keys() == headers().keys()


def test_two_worlds_write_the_same_bytes_and_an_archive_holds_the_package() -> None:
    one, two = (SyntheticWorld(3, 30, 5) for _ in range(2))
    before = content(one, "SDY1001", Release(50), "-DR50_Tab.zip")
    assert content(two, "SDY1001", Release(50), "-DR50_Tab.zip") == before
    archives = [content(world, "SDY1001", NEWEST, "-DR50.zip") for world in (one, two)]
    assert archives[0] == archives[1]
    with zipfile.ZipFile(io.BytesIO(archives[0])) as outer:
        assert outer.namelist() == ["SDY1001-DR50_Tab.zip"]
        assert outer.read("SDY1001-DR50_Tab.zip") == before
    assert content(one, "SDY1001", NEWEST, "-DR51_Tab.zip") != before


def test_without_packages_the_rest_is_listed(world: SyntheticWorld) -> None:
    bare = SyntheticWorld(8, 60, 1, packages=False)
    names = [file.name for file in bare.files("SDY1001", NEWEST)]
    assert not [name for name in names if name.endswith("_Tab.zip") or name.startswith("SDY1001-DR50")]
    assert {f"SDY1001-DR51_{what}.txt" for what in ("table_count", "summary", "manifest")} < {*names}
    suffix = "_table_count.txt"
    assert content(bare, "SDY1001", NEWEST, suffix) == content(world, "SDY1001", NEWEST, suffix)


def test_nothing_is_written_before_it_is_requested() -> None:
    world = SyntheticWorld(2, 200_000, 1)
    named = [(file.kind, file.name) for file in world.files("SDY1001", NEWEST)]
    assert ("release_file", "SDY1001-DR51_Tab.zip") in named
    assert world._bindery._folder is None


def test_old_table_names_are_known() -> None:
    assert TABLE_ALIASES["lk_sex"] in headers()

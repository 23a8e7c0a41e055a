"""`make markers`: which vocabulary it takes, what it prints, its exit status."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from include.cytometry.vocabulary import Marker
from include.local import markers
from include.local.markers import find_vocabulary, of_warehouse, run_markers
from include.local.options import LocalError
from include.local.paths import ROOT, Paths
from tests.support.terms import fetch
from tests.support.warehouse import Warehouse

HEADER = "analyte_reported\tanalyte_preferred\tanalyte_accession\ttaxonomy_id\n"
FIRST, LAST = ('{"species": "human", "definition": "µ/CD3+"}', '{"species": "human", "definition": "CD3-"}')
LINES = f"{FIRST}\nwrong\n{LAST}\n".encode()


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder of tables with one analyte."""
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "analytes.tsv").write_text(f"{HEADER}CD3\thCD3E\tANA809\t9606\n")
    (folder / "non_analytes.tsv").write_text(HEADER)
    (folder / "species_groups.tsv").write_text(
        "name\tcommon_name\ttaxonomy_id\tgroup_taxonomy_id\nHomo sapiens\tHuman\t9606\t9606\n"
    )
    (tmp_path / "in.jsonl").write_bytes(LINES)
    return folder


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing given, and no published tables where they would be."""
    for name in ("KIND", "FILE", "VOCABULARY", "DATABASE", "CALLER"):
        monkeypatch.delenv(f"WAREHOUSE_{name}", raising=False)
    monkeypatch.setattr(markers, "_PUBLISHED", Path("/nowhere/markers"))
    return monkeypatch


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_command_prints_a_line_for_each(tables: Path) -> None:
    def make(*words: str) -> subprocess.CompletedProcess[bytes]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        return subprocess.run(
            ["make", "-s", "markers", f"VOCABULARY={tables}", *words],
            cwd=ROOT, env=clean | {"PWD": str(tables.parent), "LC_ALL": "C"}, input=LINES,
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip

    done = make("KIND=population", "FILE=in.jsonl")
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert first["unknown"] == ["µ"]
    assert second == {"line": 2, "error": "JSON is malformed: invalid character (byte 0)"}
    assert third["definition_preferred"] == "hCD3E-"
    assert done.returncode != 0
    assert b"error: line 2: JSON is malformed" in done.stderr
    assert b"tables: version " in done.stderr
    assert make("KIND=population", "FILE=-").stdout == done.stdout
    assert b"make markers takes no variable STUDIES: it takes KIND FILE" in make("STUDIES=3").stderr


def test_lines_without_an_error_end_well(
    tables: Path, variables: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tables.parent / "in.jsonl").write_text(FIRST, encoding="utf-8")
    variables.setenv("WAREHOUSE_KIND", "population")
    variables.setenv("WAREHOUSE_FILE", str(tables.parent / "in.jsonl"))
    variables.setenv("WAREHOUSE_VOCABULARY", str(tables))
    variables.setattr(sys, "stdout", io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="ascii"))
    assert run_markers(Paths(tables.parent / "var")) == 0
    assert json.loads(capfdbinary.readouterr().out)["unknown"] == ["µ"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "make markers needs KIND=header or KIND=population, and FILE=in.jsonl"),
        ({"KIND": "fcs", "FILE": "in.jsonl"}, "make markers needs KIND=header or KIND=population"),
        ({"KIND": "header"}, "and FILE=in.jsonl"),
        ({"KIND": "header", "FILE": "gone"}, "gone does not exist"),
        ({"KIND": "header", "FILE": "/tmp"}, "FILE=/tmp is a folder"),  # noqa: S108 - a folder that each machine has
        ({"KIND": "header", "FILE": "Makefile"}, "there are no names of markers: give VOCABULARY=DIR"),
        ({"KIND": "header", "FILE": "Makefile", "VOCABULARY": "docs"}, "analytes.tsv: No such file"),
        ({"KIND": "header", "FILE": "Makefile", "VOCABULARY": "a", "DATABASE": "b"}, "not both"),
    ],
)
def test_what_is_missing_is_named(
    variables: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], why: str
) -> None:
    variables.chdir(ROOT)
    for name, value in given.items():
        variables.setenv(f"WAREHOUSE_{name}", value)
    with pytest.raises(LocalError) as caught:
        run_markers(Paths(tmp_path))
    assert why in str(caught.value)


def test_the_published_tables_are_taken_before_a_warehouse(
    variables: pytest.MonkeyPatch, tables: Path, tmp_path: Path
) -> None:
    paths = Paths(tmp_path / "var")
    paths.remember_world("world")
    variables.setattr(markers, "_PUBLISHED", tables)
    assert find_vocabulary(paths).source == str(tables)


def test_a_warehouse_has_the_names_of_its_vocabularies(warehouse: Warehouse) -> None:
    with pytest.raises(
        LocalError, match=r"warehouse w: there is no name of a marker: load them with the DAG"
    ):
        of_warehouse(warehouse.engine, "warehouse w")
    analyte = {
        "analyteAccession": "ANA41",
        "geneSymbol": "CD4",
        "immunologySymbol": "CD4",
        "taxonomyId": "9606",
    }
    mouse = {
        "analyteAccession": "ANA562",
        "geneSymbol": "Cd4",
        "immunologySymbol": "-",
        "taxonomyId": "10090",
    }
    fetch(warehouse, 1, "lkAnalyte", analyte, mouse)
    fetch(warehouse, 2, "lkCellPopulationMarker", {"name": "viable"})
    vocabulary = of_warehouse(warehouse.engine, "warehouse w")
    names = vocabulary.names("Homo sapiens")
    assert (names.find("CD4"), names.find("viable")) == (Marker("CD4", "ANA41"), Marker("viable"))
    assert vocabulary.names("mouse").find("Cd4") == Marker("Cd4", "ANA562")
    assert vocabulary.source == "warehouse w"

"""Vocabularies: from the published tables, from lookup tables, and what they are made of."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest

from include.cytometry.lookups import SPECIES_GROUPS, from_lookups
from include.cytometry.published_tables import ANALYTES, OTHERS, SPECIES, read_tables
from include.cytometry.vocabulary import HUMAN, Analyte, Marker, Vocabulary, VocabularyError
from include.sandbox.vocabulary import plain_terms
from include.sources.immport.endpoints import SHARED_DATA
from tests.support.cytometry import DATA, PUBLISHED, needs_published, small_vocabulary

HEADER = "analyte_reported\tanalyte_preferred\tanalyte_accession\ttaxonomy_id\n"
TABLES = {
    ANALYTES: f"{HEADER}CD3\thCD3E\tANA809\t9606\n\"x'\thX\tANA1\t9606\nCD3\tmX\tANA2\t10090\n",
    OTHERS: f"{HEADER}live\tviable\t\t\n",
    SPECIES: "name\tcommon_name\ttaxonomy_id\tgroup_taxonomy_id\nHomo sapiens\tHuman\t9606\t9606\n",
}


def folder(place: Path, **changed: str | bytes) -> Path:
    """The tables as files, those of the given stems changed."""
    for name, text in TABLES.items():
        content = changed.get(name.partition(".")[0], text)
        (place / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return place


def test_the_tables_are_read_without_quoting(tmp_path: Path) -> None:
    names = read_tables(folder(tmp_path)).names("human")
    assert names.find("CD3") == Marker("hCD3E", "ANA809")
    assert names.find("\"x'") == Marker("hX", "ANA1")
    assert names.find("live") == Marker("viable")
    assert names.find("cd3") is None


@pytest.mark.parametrize("species", ["human", " HUMAN", "Homo sapiens", "9606"])
def test_a_species_has_several_names(tmp_path: Path, species: str) -> None:
    assert read_tables(folder(tmp_path)).names(species).is_known_species


def test_a_species_of_no_group_has_the_other_markers_alone(tmp_path: Path) -> None:
    names = read_tables(folder(tmp_path)).names("Rattus norvegicus")
    assert not names.is_known_species
    assert (names.find("CD3"), names.find("live")) == (None, Marker("viable"))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"analytes": "analyte_reported\tx\n"}, "analytes.tsv: it has no column analyte_preferred"),
        ({"analytes": ""}, "it has no column analyte_reported"),
        ({"analytes": f"{HEADER}CD3\thCD3E\n"}, "analytes.tsv, line 2: 2 cells, not 4"),
        ({"analytes": f"{HEADER}CD3\thCD3E\t\t9606\n"}, "analytes.tsv, line 2: an empty cell"),
        ({"analytes": f"{HEADER}C\th\tA\t9\nC\ti\tA\t9\n"}, "line 3: C has another meaning before"),
        ({"non_analytes": f"{HEADER}\tviable\t\t\n"}, "non_analytes.tsv, line 2: an empty cell"),
        ({"non_analytes": f"{HEADER}a\tb\t\t\na\tc\t\t\n"}, "line 3: a has another meaning before"),
        ({"species_groups": b"\xff\n"}, "species_groups.tsv: not a table of tab-separated UTF-8 text"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_named(
    tmp_path: Path, changed: dict[str, str | bytes], why: str
) -> None:
    with pytest.raises(VocabularyError) as caught:
        read_tables(folder(tmp_path, **changed))
    assert why in str(caught.value)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    (folder(tmp_path) / OTHERS).unlink()
    with pytest.raises(VocabularyError, match=r"non_analytes\.tsv: No such file"):
        read_tables(tmp_path)


def test_a_version_is_that_of_the_names() -> None:
    analytes = [
        Analyte("CD3", Marker("hCD3E", "ANA809"), HUMAN),
        Analyte("CD4", Marker("hCD4", "ANA41"), HUMAN),
    ]
    made = Vocabulary("here", analytes, {"live": Marker("viable")}, SPECIES_GROUPS)
    same = Vocabulary("there", analytes[::-1], {"live": Marker("viable")}, SPECIES_GROUPS[::-1])
    other = Vocabulary("here", analytes, {"live": Marker("alive")}, SPECIES_GROUPS)
    fewer = Vocabulary("here", analytes[:1], {"live": Marker("viable")}, SPECIES_GROUPS)
    assert made.version == same.version
    assert len({made.version, other.version, fewer.version}) == 3
    assert str(made) == f"here: version {made.version}, 2 names of analytes, 1 of other markers"


def test_there_is_no_vocabulary_without_names() -> None:
    with pytest.raises(VocabularyError, match="here: there is no name of a marker"):
        Vocabulary("here", [], {}, SPECIES_GROUPS)


def test_a_long_text_is_not_a_name() -> None:
    names = small_vocabulary().names("human")
    assert names.longest == len("doublet_excluded")
    assert names.find("CD3" * 10) is None


def test_lookup_tables_prefer_the_short_label_else_the_immunology_symbol() -> None:
    columns = (
        "analyteAccession",
        "geneSymbol",
        "immunologySymbol",
        "taxonomyId",
        "proteinOntologyShortLabel",
    )
    rows: list[dict[str, object]] = [
        dict(zip(columns, cells, strict=False))
        for cells in (
            ("ANA816", "PTPRC", "CD45RA", "9606"),
            ("ANA822", "PTPRC", "CD45RO", 9606),
            ("ANA9", "CD4", "-", "9606"),
            ("ANA10", "Cd4", None, "10090", "mCD4"),
            (None, "lost", "lost", "9606"),
        )
    ]
    made = from_lookups("the API", rows[::-1], [{"name": "viable"}, {"name": None}, {"name": " "}])
    human, mouse = made.names("Homo sapiens"), made.names("mouse")
    assert human.find("PTPRC") == Marker("CD45RA", "ANA816")
    assert human.find("CD45RO") == Marker("CD45RO", "ANA822")
    assert human.find("CD4") == Marker("CD4", "ANA9")
    assert (mouse.find("Cd4"), mouse.find("mCD4")) == (Marker("mCD4", "ANA10"), Marker("mCD4", "ANA10"))
    assert (human.find("viable"), human.find("-"), human.find("lost")) == (Marker("viable"), None, None)


def test_the_sandbox_serves_analytes_of_humans() -> None:
    """So that a warehouse of `make demo` has names to look up."""
    analytes, markers = (
        list(plain_terms(SHARED_DATA[name])) for name in ("lkAnalyte", "lkCellPopulationMarker")
    )
    names = from_lookups("the sandbox", analytes, markers).names("human")
    assert set(names.analytes) == {row["geneSymbol"] for row in analytes}
    assert all(marker.preferred == name for name, marker in names.analytes.items())


@needs_published
def test_species_groups_are_the_published_ones() -> None:
    with (PUBLISHED / SPECIES).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    published = [
        (row["name"], row["common_name"], row["taxonomy_id"], row["group_taxonomy_id"]) for row in rows
    ]
    assert published == [
        (item.name, item.common_name, item.taxonomy_id, item.group) for item in SPECIES_GROUPS
    ]


@needs_published
def test_the_published_tables_have_the_names_of_real_lookup_tables() -> None:
    """Of 2021: immunology symbol, short label and accession of each analyte in one text."""
    file = DATA / "immport" / "lookups" / "lkTables.json"
    if not file.exists():
        pytest.skip(f"no {file.name} (IMMPORT_TEST_DATA)")
    tables = {table["name"]: table["rows"] for table in json.loads(file.read_text())}
    vocabulary = read_tables(PUBLISHED)
    wrong = []
    rows = [row["name"].split(" ; ") for row in tables["lk_analyte"][1:]]
    for symbol, label, accession in rows:
        names = [vocabulary.names(species) for species in ("human", "mouse")]
        found = [item.find(name) for item in names for name in {symbol, label} - {"-"}]
        if not any(marker == Marker(label, accession) for marker in found):
            wrong.append((symbol, label, accession))
    assert (len(rows), wrong) == (911, [])


@needs_published
def test_accessions_of_lookup_tables_are_those_of_the_published_tables() -> None:
    """A real package's lk_analyte, as the API has it: where both know a name, they mean the same analyte."""
    package = DATA / "immport" / "archives" / "SDY139-DR25_Tab.zip"
    if not package.exists():
        pytest.skip(f"no {package.name} (IMMPORT_TEST_DATA)")
    with zipfile.ZipFile(package) as archive:
        text = archive.read("SDY139-DR25_Tab/Tab/lk_analyte.txt").decode()
    rows = [
        {"analyteAccession": row["ANALYTE_ACCESSION"], "geneSymbol": row["GENE_SYMBOL"],
         "immunologySymbol": row["IMMUNOLOGY_GENE_SYMBOL"], "taxonomyId": row["TAXONOMY_ID"]}
        for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    ]  # fmt: skip
    published, made = read_tables(PUBLISHED), from_lookups("the package", rows, [])
    differ = {
        (species, name): (marker.accession, other.accession)
        for species in ("human", "mouse")
        for name, marker in made.names(species).analytes.items()
        if (other := published.names(species).find(name)) and other.accession != marker.accession
    }
    assert made.size[0] > 500
    # Later tables gave the symbols to other accessions.
    assert differ == {
        ("human", "CCR9"): ("ANA39", "ANA824"),
        ("human", "SELE"): ("ANA712", "ANA1046"),
        ("mouse", "Ifna8"): ("ANA564", "ANA562"),
    }

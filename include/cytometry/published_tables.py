"""A vocabulary from a folder with the three tables that ImmPort publishes with its rules.

`analytes.tsv` and `non_analytes.tsv` have the columns analyte_reported, analyte_preferred, analyte_accession
and taxonomy_id, `species_groups.tsv` has name, common_name, taxonomy_id and group_taxonomy_id: tab-separated,
UTF-8, one header line, no quoting.
"""

from __future__ import annotations

import csv
from pathlib import Path

from include.cytometry.vocabulary import Analyte, Marker, Species, Vocabulary, VocabularyError

ANALYTES, OTHERS, SPECIES = "analytes.tsv", "non_analytes.tsv", "species_groups.tsv"
_NAMES = ("analyte_reported", "analyte_preferred", "analyte_accession", "taxonomy_id")
_SPECIES = ("name", "common_name", "taxonomy_id", "group_taxonomy_id")


def read_tables(folder: Path) -> Vocabulary:
    """The vocabulary of a folder.

    :raises VocabularyError: a file is missing, not UTF-8, lacks a column or a cell, or names two meanings.
    """
    analytes: dict[tuple[str, str], Analyte] = {}
    for number, (name, preferred, accession, taxon) in _rows(folder / ANALYTES, _NAMES):
        if not (name and preferred and accession and taxon):
            raise VocabularyError(f"{folder / ANALYTES}, line {number}: an empty cell")
        item = Analyte(name, Marker(preferred, accession), taxon)
        if analytes.setdefault((taxon, name), item) != item:
            raise VocabularyError(f"{folder / ANALYTES}, line {number}: {name} has another meaning before")
    others: dict[str, Marker] = {}
    for number, (name, preferred, accession, _) in _rows(folder / OTHERS, _NAMES):
        if not (name and preferred):
            raise VocabularyError(f"{folder / OTHERS}, line {number}: an empty cell")
        marker = Marker(preferred, accession or None)
        if others.setdefault(name, marker) != marker:
            raise VocabularyError(f"{folder / OTHERS}, line {number}: {name} has another meaning before")
    species = [Species(*cells) for _, cells in _rows(folder / SPECIES, _SPECIES)]
    return Vocabulary(str(folder), analytes.values(), others, species)


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    """The cells of the named columns of each row, with the number of its line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise VocabularyError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise VocabularyError(f"{path}: not a table of tab-separated UTF-8 text: {error}") from error
    header = lines[0] if lines else []
    if missing := [name for name in columns if name not in header]:
        raise VocabularyError(f"{path}: it has no column {', '.join(missing)}")
    places = [header.index(name) for name in columns]
    for number, cells in enumerate(lines[1:], 2):
        if cells and len(cells) != len(header):
            raise VocabularyError(f"{path}, line {number}: {len(cells)} cells, not {len(header)}")
    return [
        (number, [cells[place] for place in places]) for number, cells in enumerate(lines[1:], 2) if cells
    ]

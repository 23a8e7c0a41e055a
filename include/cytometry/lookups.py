"""A vocabulary from ImmPort's lookup tables lkAnalyte and lkCellPopulationMarker, as its API sends them.

The rules look names up in four columns of lk_analyte and lk_cell_population_marker, and in two tables of
further spellings, lk_analyte_pref_mapping and lk_cell_pop_pref_mapping. The API serves the first two tables
alone, and lkAnalyte without protein_ontology_short_label, which is the preferred name: so this vocabulary
knows fewer spellings than the published tables, and prefers the immunology symbol. Accessions are the same in
both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from include.cytometry.vocabulary import HUMAN, MOUSE, Analyte, Marker, Species, Vocabulary

Row = Mapping[str, object]

#: The species of each group, as published with the rules.
SPECIES_GROUPS = (
    Species("Mus musculus", "Mouse", "10090", MOUSE),
    Species("Mus musculus castaneus", "Southeastern Asian house mouse", "10091", MOUSE),
    Species("Mus spretus", "Western wild mouse", "10096", MOUSE),
    Species("Aotus nancymaae", "Ma's night monkey", "37293", HUMAN),
    Species("Macaca fascicularis", "Macaca fascicularis", "9541", HUMAN),
    Species("Macaca mulatta", "Rhesus macaque", "9544", HUMAN),
    Species("Pan troglodytes", "Chimpanzee", "9598", HUMAN),
    Species("Homo sapiens", "Human", "9606", HUMAN),
)
#: Fields with a name of the analyte, the one that others give way to first. The API does not send the last,
#: yet.
_NAMES = ("immunologySymbol", "geneSymbol", "proteinOntologyShortLabel")


def from_lookups(source: str, analytes: Iterable[Row], markers: Iterable[Row]) -> Vocabulary:
    """The vocabulary of the rows of lkAnalyte and of lkCellPopulationMarker.

    Where two analytes of a species have a name in common, it means the one whose immunology symbol it is,
    then the one with the lower accession.

    :param source: where the rows are from, for reports.
    :raises VocabularyError: no row has a name.
    """
    others = {name: Marker(name) for name in (_text(row, "name") for row in markers) if name}
    return Vocabulary(source, _by_field(sorted(analytes, key=_number)), others, SPECIES_GROUPS)


def _by_field(rows: list[Row]) -> Iterator[Analyte]:
    for field in _NAMES:
        for row in rows:
            name, accession, taxon = (_text(row, key) for key in (field, "analyteAccession", "taxonomyId"))
            if name and accession and taxon:
                yield Analyte(name, Marker(_preferred(row) or name, accession), taxon)


def _preferred(row: Row) -> str:
    return next(filter(None, (_text(row, field) for field in (_NAMES[2], *_NAMES[:2]))), "")


def _number(row: Row) -> tuple[int, str]:
    accession = _text(row, "analyteAccession")
    digits = re.search(r"[0-9]+", accession)
    return int(digits[0]) if digits else 0, accession


def _text(row: Row, key: str) -> str:
    """A cell; ImmPort writes a hyphen where there is nothing."""
    value = row.get(key)
    text = "" if value is None else str(value).strip()
    return "" if text == "-" else text

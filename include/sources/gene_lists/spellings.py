"""The fields of gene lists, and the keys and headers under which the forms send them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from include.sources.reader import NotDataError

_SIGNS = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """A key without case, blanks and signs: `Molecular Function` and `molecular_function` are the same."""
    return _SIGNS.sub("", text).casefold()


def unique(name: str, taken: Collection[str], times: dict[str, int]) -> str:
    """A name that is not taken yet: `name`, or else `name (2)`.

    :param times: how often each name was wanted so far, kept by the caller.
    """
    free = name
    while free in taken:
        times[name] = times.get(name, 1) + 1
        free = f"{name} ({times[name]})"
    return free


@dataclass(frozen=True)
class Spellings:
    """Fields, each with the words that are keys of it, without regard to case and signs.

    :param words: a field and its spellings in each line, `geneId: gene_id id`: of two that a row has, the
        first is the field.
    """

    words: str

    @cached_property
    def names(self) -> frozenset[str]:
        """All fields."""
        return frozenset(field for _, field in self._fields.values())

    def unknown(self, fields: Sequence[str]) -> list[str]:
        """Names that are not fields, out of those that `fields_of` gave."""
        return [name for name in fields if name not in self.names]

    @cached_property
    def _fields(self) -> dict[str, tuple[int, str]]:
        lines = (line.partition(":") for line in self.words.strip().splitlines())
        return {
            plain(word): (rank, field.strip())
            for field, _, words in lines
            for rank, word in enumerate(words.split())
        }

    def fields_of(self, keys: Sequence[str]) -> list[str]:
        """The field that each key is; a key that is not one keeps its name."""
        best: dict[str, tuple[int, int]] = {}
        for place, key in enumerate(keys):
            if found := self._fields.get(plain(key)):
                rank, field = found
                best[field] = min(best.get(field, (rank, place)), (rank, place))
        chosen = {place: field for field, (_, place) in best.items()}
        names: dict[int, str] = dict(chosen)
        taken, times = set(chosen.values()), dict[str, int]()
        for place, key in enumerate(keys):
            if place not in chosen:
                names[place] = unique(key, taken, times)
                taken.add(names[place])
        return [names[place] for place in range(len(keys))]


#: A list as the catalogue describes it.
OF_LIST = Spellings("""
    name: name
    id: id
    source: source
    link: link url
    count: count gene_count
""")

#: A gene of a list. `ID` is the Entrez id in all forms that were seen; JSON spells it otherwise, if at all.
OF_GENE = Spellings("""
    symbol: symbol gene_symbol official_symbol hgnc_symbol
    geneId: entrez_gene_id entrez_id ncbi_gene_id gene_id id
    geneName: gene_name official_full_name full_name name
    synonyms: synonyms synonym aliases gene_aliases
    chromosome: chromosome chr
    category: category
""")

#: The GO terms of a gene of a legacy list.
OF_ANNOTATION = Spellings("""
    symbol: symbol
    geneId: gene_id id
    molecularFunction: molecular_function
    biologicalProcess: biological_process
    cellularComponent: cellular_component
    category: category
""")


def require(fields: Sequence[str], wanted: Sequence[str], where: str) -> None:
    """Make sure that the fields that say what a row is are there.

    :raises NotDataError: one is missing.
    """
    if missing := [name for name in wanted if name not in fields]:
        raise NotDataError(f"{where} without {', '.join(missing)}")

"""Gene lists as the bucket's files print them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Gene:
    """A human gene.

    :param aliases: other symbols.
    """

    symbol: str
    entrez_id: int
    name: str
    chromosome: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class GeneSet:
    """A list at one time. A list of the legacy generation has a category as its id, and no link."""

    list_id: str
    name: str
    genes: tuple[Gene, ...]

    @property
    def source(self) -> str:
        return "Reactome" if self.list_id.startswith("R-") else "GO"

    @property
    def link(self) -> str:
        if self.source == "Reactome":
            return f"https://reactome.org/PathwayBrowser/#/{self.list_id}"
        return f"https://amigo.geneontology.org/amigo/term/{self.list_id}"


def catalogue(lists: Iterable[GeneSet]) -> bytes:
    """`all_gene_lists.json`; a count is text."""
    rows = [
        {
            "name": item.name,
            "id": item.list_id,
            "source": item.source,
            "link": item.link,
            "count": str(len(item.genes)),
        }
        for item in lists
    ]
    return json.dumps(rows, indent=4).encode()


def gmt(lists: Iterable[GeneSet]) -> bytes:
    """`all_gene_lists.gmt`: name, link and symbols."""
    lines = ["\t".join([item.name, item.link, *(gene.symbol for gene in item.genes)]) for item in lists]
    return _text(lines)


def list_json(item: GeneSet) -> bytes:
    """`{id}.json`. What else ImmPort says of a gene is not known: here it is the symbol alone."""
    return json.dumps({"genes": [{"Symbol": gene.symbol} for gene in item.genes]}, indent=4).encode()


def list_text(item: GeneSet) -> bytes:
    """`{id}.txt`; its header is a guess."""
    return _text(["Symbol", *(gene.symbol for gene in item.genes)])


def legacy_table(lists: Iterable[GeneSet]) -> bytes:
    """`GeneList.txt`: a row for each gene of each list; the first row of the first list comes twice."""
    lines = ["Symbol\tID\tName\tSynonyms\tChromosome\tCategory"]
    for item in lists:
        rows = [
            "\t".join([gene.symbol, str(gene.entrez_id), gene.name, _or_none("|", gene), gene.chromosome])
            for gene in item.genes
        ]
        again = rows[:1] if len(lines) == 1 else []
        lines += [f"{row}\t{item.list_id}" for row in (*again, *rows)]
    return _text(lines)


def legacy_category(item: GeneSet) -> bytes:
    """The file of one category: a byte order mark, values in quotes, a comma between synonyms."""
    rows = ((str(gene.entrez_id), gene.symbol, _or_none(", ", gene), gene.chromosome) for gene in item.genes)
    lines = ["\t".join(f'"{cell}"' for cell in row) for row in rows]
    return b"\xef\xbb\xbf" + _text(["ID\tSymbol\tSynonyms\tChromosome", *lines])


def legacy_annotations(lists: Iterable[GeneSet]) -> bytes:
    """`GeneListGOAnnotation.txt`: a cell of terms for each aspect."""
    aspects = ("Molecular Function", "Biological Process", "Cellular Component")
    lines = ["\t".join(("Symbol", "GeneId", *aspects, "Category"))]
    for item in lists:
        for gene in item.genes:
            cells = [_terms(gene, place, aspect) for place, aspect in enumerate(aspects)]
            lines.append("\t".join((gene.symbol, str(gene.entrez_id), *cells, item.list_id)))
    return _text(lines)


def _terms(gene: Gene, place: int, aspect: str) -> str:
    """Up to two terms of a gene, of made-up numbers."""
    numbers = [gene.entrez_id * 7 + place * 3 + extra for extra in range((gene.entrez_id + place) % 3)]
    terms = [f"GO:{number % 10_000_000:07};{aspect.lower()} {number % 97}" for number in numbers]
    return "|".join(terms) or "-"


def _or_none(separator: str, gene: Gene) -> str:
    return separator.join(gene.aliases) or "-"


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()

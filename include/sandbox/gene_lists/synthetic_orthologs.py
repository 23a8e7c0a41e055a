"""A table of orthologs in the form of MGI's report, of the genes of the synthetic lists and images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

from include.sandbox.gene_lists.public_object import PublicObject
from include.sources.orthologs.table import HOMOLOGY

_HEADER = (
    "DB Class Key", "Common Organism Name", "NCBI Taxon ID", "Symbol", "EntrezGene ID", "Mouse MGI ID",
    "HGNC ID", "OMIM Gene ID", "Genetic Location", "Genome Coordinates (mouse: GRCm39 human: GRCh38)",
    "Nucleotide RefSeq IDs", "Protein RefSeq IDs", "SWISS_PROT IDs",
)  # fmt: skip
_MOUSE, _HUMAN = ("mouse, laboratory", "10090"), ("human", "9606")

#: Classes: mouse genes (symbol, Entrez id, number at MGI), a bar, human genes (symbol, Entrez id, HGNC id).
_CLASSES = """
Ifng 15978 107656 | IFNG 3458 5438
Pdcd1 18566 104879 | PDCD1 5133 8760
Dbn1 56320 1931838 | DBN1 1627 2695
Ascc2 75452 1922702 | ASCC2 84164 24103
Il2 16183 96548 | IL2 3558 6001
Il6 16193 96559 | IL6 3569 6018
Il10 16153 96537 | IL10 3586 5962
Il1b 16176 96543 | IL1B 3553 5992
Tnf 21926 104798 | TNF 7124 11892
Tlr4 21898 96824 | TLR4 7099 11850
Myd88 17874 108005 | MYD88 4615 7562
Stat1 20846 103063 | STAT1 6772 11362
B2m 12010 88127 | B2M 567 914
Cd4 12504 88335 | CD4 920 1678
Ifnb1 15977 107657 | IFNB1 3456 5434
Ifna1 15962 107668 , Ifna2 15965 107666 | IFNA1 3439 5417 , IFNA2 3440 5423
| CXCL8 3576 6025
Gm5150 381484 3779469 |
"""
#: The class of a gene of which there are images: it has a second human gene from the newest release on.
_GROWING, _SECOND = "Il21 60505 1890474 | IL21 59067 6005", " , IL21-AS1 100996941 40299"


class SyntheticOrthologs:
    """The table along the data releases.

    :param dates: of the data releases, oldest first.
    """

    def __init__(self, dates: Sequence[date]) -> None:
        times = [datetime.combine(day, time(5), UTC) for day in dates]
        first = PublicObject(HOMOLOGY.path, _table(_GROWING), times[0])
        newest = PublicObject(HOMOLOGY.path, _table(_GROWING + _SECOND), times[-1])
        self._tables = [*([first] * (len(times) - 1)), newest]

    def objects(self, place: int) -> Mapping[str, PublicObject]:
        """The table as of a data release."""
        return {HOMOLOGY.path: self._tables[place]}


def _table(growing: str) -> bytes:
    classes = [*_CLASSES.strip().splitlines(), growing]
    lines = ["\t".join(_HEADER)]
    for number, text in enumerate(classes, 45_916_481):
        lines += ["\t".join((str(number), *row)) for row in _genes(text)]
    return "".join(f"{line}\n" for line in lines).encode()


def _genes(text: str) -> Iterator[tuple[str, ...]]:
    mice, _, people = text.partition("|")
    for species, words in ((_MOUSE, mice), (_HUMAN, people)):
        for gene in filter(None, map(str.strip, words.split(","))):
            symbol, entrez, number = gene.split()
            ids = (f"MGI:{number}", "") if species is _MOUSE else ("", f"HGNC:{number}")
            yield (*species, symbol, entrez, *ids, *[""] * 6)

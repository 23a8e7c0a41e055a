"""Gene lists made from a seed, and what becomes of them along the data releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache

from include.sandbox.gene_lists import printed_lists
from include.sandbox.gene_lists.printed_lists import Gene, GeneSet
from include.sandbox.gene_lists.public_object import PublicObject
from include.sandbox.synthetic.study_plan import draw
from include.sources.gene_lists.files import (
    ANNOTATIONS,
    CATALOGUE,
    CATEGORY,
    GMT,
    LIST_JSON,
    LIST_TEXT,
    TABLE,
)

#: Symbol, Entrez id, chromosome, other symbols and name of genes of which lists are made.
_GENES = """
AGER 177 6 RAGE|SCARJ1 advanced glycosylation end-product specific receptor
B2M 567 15 IMD43 beta-2-microglobulin
C3 718 19 AHUS5|CPAMD1 complement C3
C5 727 9 CPAMD4|ECLZB complement C5
CALR 811 19 CRT|RO calreticulin
CCL2 6347 17 MCP1|SCYA2 C-C motif chemokine ligand 2
CCL5 6352 17 RANTES|SCYA5 C-C motif chemokine ligand 5
CD27 939 12 S152|TNFRSF7 CD27 molecule
CD28 940 2 Tp44 CD28 molecule
CD4 920 12 CD4mut CD4 molecule
CD70 970 19 CD27L|TNFSF7 CD70 molecule
CD8A 925 2 p32 CD8a molecule
CSF2RA 1438 X|Y CD116|CSF2R colony stimulating factor 2 receptor subunit alpha
CTLA4 1493 2 CD152|ALPS5 cytotoxic T-lymphocyte associated protein 4
CXCL10 3627 4 IP-10|SCYB10 C-X-C motif chemokine ligand 10
CXCL8 3576 4 IL8|NAP1 C-X-C motif chemokine ligand 8
EPPIN-WFDC6 100526773 20 - EPPIN-WFDC6 readthrough
IFNA1 3439 9 IFNA@|IFL interferon alpha 1
IFNB1 3456 9 IFB|IFNB interferon beta 1
IFNG 3458 12 IFG|IFI interferon gamma
IL10 3586 1 CSIF|TGIF interleukin 10
IL12A 3592 3 CLMF|NKSF1 interleukin 12A
IL17A 3605 6 CTLA8|IL17 interleukin 17A
IL1B 3553 2 IL1F2 interleukin 1 beta
IL2 3558 4 TCGF interleukin 2
IL21 59067 4 Za11|CVID11 interleukin 21
IL6 3569 7 BSF2|HGF interleukin 6
IRF3 3661 19 IIAE7 interferon regulatory factor 3
IRF7 3665 11 IMD39 interferon regulatory factor 7
MIRLET7B 406884 22 LET7B|MIRNLET7B microRNA let-7b
MYD88 4615 3 IMD68 MYD88 innate immune signal transduction adaptor
NFKB1 4790 4 EBP-1|KBF1 nuclear factor kappa B subunit 1
PDCD1 5133 2 CD279|PD-1 programmed cell death 1
STAT1 6772 2 ISGF-3 signal transducer and activator of transcription 1
TLR4 7099 9 CD284|TOLL toll like receptor 4
TNF 7124 6 DIF|TNFA tumor necrosis factor
"""
_NAMES = {
    "GO:0002218": "Activation of innate immune response",
    "GO:0090716": "Adaptive immune memory response",
    "GO:0045123": "Cellular extravasation",
    "GO:0006957": "Complement activation, alternative pathway",
    "GO:0001867": "Complement activation, lectin pathway",
    "GO:0140367": "Antibacterial innate immune response",
    "R-HSA-879415": "Advanced glycosylation endproduct receptor signaling",
    "R-HSA-1834949": "Cytosolic sensors of pathogen-associated DNA ",
    "R-HSA-8851680": "Butyrophilin (BTN) family interactions",
}
_CATEGORIES = ("Antimicrobials", "BCRSignalingPathway", "Cytokines", "TNF_Family_Members_Receptors")

#: The list that loses and gains genes, at these places; it has the genes that the synthetic PCR measures.
_CHANGING, _CHANGES = "GO:0002218", (2, 3)
_MEASURED = ("IFNG", "IL21", "PDCD1")
#: A list that is renamed, one that is no longer there and one that is new, all in the newest release.
_RENAMED, _NEW_NAME = "R-HSA-879415", "AGE receptor signaling"
_VANISHED, _NEW, _NEWEST = "GO:0001867", "GO:0140367", 3
#: A list without any file of its own, nor a line in GMT; and one whose JSON alone is missing.
_WITHOUT_FILE, _WITHOUT_JSON = "GO:0006957", "GO:0045123"


def _genes() -> Iterator[Gene]:
    for line in _GENES.strip().splitlines():
        symbol, number, chromosome, aliases, name = line.split(" ", 4)
        known = () if aliases == "-" else tuple(aliases.split("|"))
        yield Gene(symbol, int(number), name, chromosome, known)


_ALL = tuple(_genes())
#: Entrez identifiers by symbol.
ENTREZ = {gene.symbol: gene.entrez_id for gene in _ALL}


class SyntheticLists:
    """Lists that depend on the seed alone, legacy ones included.

    :param dates: of the data releases, oldest first: with them lists change.
    """

    def __init__(self, seed: int, dates: Sequence[date]) -> None:
        self._seed = seed
        self._times = [datetime.combine(day, time(6), UTC) for day in dates]
        self._at = lru_cache(maxsize=None)(self._objects)

    def objects(self, place: int) -> Mapping[str, PublicObject]:
        """All objects as of a data release; one that does not change keeps its time."""
        return self._at(place)

    def _objects(self, place: int) -> Mapping[str, PublicObject]:
        before = self._at(place - 1) if place else {}
        made: dict[str, PublicObject] = {}
        for key, body in self._bodies(place):
            earlier = before.get(key)
            is_same = earlier is not None and earlier.body == body
            made[key] = earlier if earlier and is_same else PublicObject(key, body, self._times[place])
        return made

    def _bodies(self, place: int) -> Iterator[tuple[str, bytes]]:
        lists = list(self._current(place))
        yield CATALOGUE.path, printed_lists.catalogue(lists)
        filed = [item for item in lists if item.list_id != _WITHOUT_FILE]
        yield GMT.path, printed_lists.gmt(filed)
        for item in filed:
            if item.list_id != _WITHOUT_JSON:
                yield LIST_JSON.address(item.list_id), printed_lists.list_json(item)
            yield LIST_TEXT.address(item.list_id), printed_lists.list_text(item)
        legacy = [GeneSet(name, name, self._chosen(name, 5)) for name in _CATEGORIES]
        yield TABLE.path, printed_lists.legacy_table(legacy)
        yield ANNOTATIONS.path, printed_lists.legacy_annotations(legacy)
        for item in legacy:
            yield CATEGORY.address(item.list_id), printed_lists.legacy_category(item)

    def _current(self, place: int) -> Iterator[GeneSet]:
        """Lists of the catalogue, by name, as ImmPort has them."""
        for list_id, name in sorted(_NAMES.items(), key=lambda pair: pair[1]):
            if list_id == (_VANISHED if place >= _NEWEST else _NEW):
                continue
            genes = self._chosen(list_id, 3)
            if list_id == _CHANGING:
                genes = self._changed(genes, place)
            is_renamed = list_id == _RENAMED and place >= _NEWEST
            yield GeneSet(list_id, _NEW_NAME if is_renamed else name, genes)

    def _chosen(self, list_id: str, one_of: int) -> tuple[Gene, ...]:
        """About one of so many genes, three at least."""
        drawn = [draw(self._seed, "gene list", list_id, gene.symbol) for gene in _ALL]
        limit = max(sorted(drawn)[2], (1 << 64) // one_of)
        return tuple(gene for gene, number in zip(_ALL, drawn, strict=True) if number <= limit)

    def _changed(self, genes: tuple[Gene, ...], place: int) -> tuple[Gene, ...]:
        """At each change the list loses the first gene that it had, and gains one that it never had."""
        had = [gene for gene in genes if gene.symbol not in _MEASURED]
        others = [gene for gene in _ALL if gene not in genes and gene.symbol not in _MEASURED]
        times = sum(change <= place for change in _CHANGES)
        members = {*had[times:], *others[:times]}
        return tuple(gene for gene in _ALL if gene in members or gene.symbol in _MEASURED)

"""The form of a table of orthologs: MGI's report `HOM_MouseHumanSequence.rpt`, a gene of a class a line.

It is the form that has both ends in identifiers that the warehouse knows: MGI's accession of a mouse gene,
and the Entrez identifier of a human gene. Lines that begin with `#` before the header say where the table
comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from include.sources.gene_lists.files import PublicFile
from include.sources.gene_lists.lines import read_lines
from include.sources.gene_lists.spellings import Spellings, require
from include.sources.reader import NotDataError
from include.sources.row_reader import Intake

Row = dict[str, object]

#: Where MGI publishes it.
MGI_HOST = "https://www.informatics.jax.org"
HOMOLOGY = PublicFile(
    "orthologTable",
    "/downloads/reports/HOM_MouseHumanSequence.rpt",
    "homology classes of mouse and human genes",
)

#: The columns, and how headers spell them: classes were HomoloGene's until 2021.
COLUMNS = Spellings("""
    classKey: db_class_key homologene_id
    organism: common_organism_name
    taxonId: ncbi_taxon_id
    symbol: symbol
    entrezId: entrezgene_id entrez_gene_id ncbi_gene_id
    mgiId: mouse_mgi_id mgi_id
    hgncId: hgnc_id
    omimId: omim_gene_id
    geneticLocation: genetic_location
    coordinates: genome_coordinates genomic_coordinates
    nucleotideIds: nucleotide_refseq_ids
    proteinIds: protein_refseq_ids
    swissProtIds: swiss_prot_ids
""")
_NEEDED = ("classKey", "taxonId", "symbol", "entrezId", "mgiId")

#: What remarks before the header may state, and the words that they state it with.
_REMARKS = {
    name: re.compile(rf"#[#!\s]*(?:[\w ]*\b)?{word}\b[^:]{{0,40}}:\s*(.*\S)", re.IGNORECASE)
    for name, word in (("statedVersion", "version"), ("statedDate", "date"), ("statedSource", "source"))
}
#: What a header says behind a name, of which builds the coordinates are.
_BEHIND = re.compile(r"\s*\([^()]*\)\s*$")


def read_homology(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """Genes of homology classes, each with the table that it is of.

    :param scope: identifier of the table.
    :raises NotDataError: it is not such a table; a line has another number of cells than the header.
    """
    lines = read_lines(chunks, "a table of orthologs")
    about: Row = {"orthologTableId": scope, **dict.fromkeys(_REMARKS)}
    header = None
    for number, line in lines:
        if not line.startswith("#"):
            header = number, line
            break
        for name, words in _REMARKS.items():
            if about[name] is None and (found := words.match(line)):
                about[name] = found[1]
                break
    if header is None:
        raise NotDataError("a table of orthologs without a header")
    number, line = header
    fields = COLUMNS.fields_of([_BEHIND.sub("", cell.strip()) for cell in line.split("\t")])
    require(fields, _NEEDED, f"line {number}: a header")
    unknown = [name for name in COLUMNS.unknown(fields) if name]
    for at, text in lines:
        cells = [cell.strip() or None for cell in text.split("\t")]
        if any(cells[len(fields) :]):
            raise NotDataError(f"line {at}: {len(cells)} cells, {len(fields)} in the header")
        cells += [None] * (len(fields) - len(cells))
        intake.unknown.update(unknown)
        yield {**about, **dict(zip(fields, cells, strict=False))}

"""Tables of orthologs as a source: each table is a scope, dated by the run that fetches it."""

from __future__ import annotations

from include.sources.endpoint import Endpoint, Withholds, parse_fields
from include.sources.fetched.fetched_source import FetchedSource, fixed
from include.sources.orthologs.table import HOMOLOGY, read_homology
from include.sources.release import FetchLine
from include.sources.source import Scope

#: The table of mouse and human genes.
MOUSE_HUMAN = "mouse_human"

SCOPE = Scope("ortholog_table", "ortholog tables", "^[a-z][a-z_]{0,63}$")

HOMOLOG = Endpoint(
    "homologousGene",
    HOMOLOGY.path,
    parse_fields(
        "orthologTableId statedSource statedVersion statedDate classKey organism taxonId symbol entrezId"
        " mgiId hgncId omimId geneticLocation coordinates nucleotideIds proteinIds swissProtIds"
    ),
    ("classKey", "taxonId", "symbol"),
    "a gene of a homology class",
    needs_key=False,
    required=True,
    identifies="orthologTableId",
    readers={"table": read_homology},
    quirks="The form of MGI's report HOM_MouseHumanSequence.rpt. MGI's own has no remarks: its version is"
    " what its server says of the file. A class has any number of genes of each species, or of one alone.",
)

ORTHOLOG = Endpoint(
    "ortholog",
    "",
    parse_fields(
        "pair_id class_key mgi_id mouse_symbol mouse_entrez_id human_entrez_id human_hgnc_id human_symbol"
        " human_genes:int mouse_genes:int relation"
    ),
    ("pair_id",),
    "a mouse gene and a human gene of one class",
    needs_key=False,
    withholds=Withholds.ITSELF,
)

ORTHOLOGS = FetchedSource(
    name="orthologs",
    title="Orthologs",
    scope=SCOPE,
    line=FetchLine(),
    endpoints={item.name: item for item in (HOMOLOG, ORTHOLOG)},
    discovery=fixed([MOUSE_HUMAN]),
    client="ortholog_table",
    about="Loads which genes of mice and of people are orthologs, as MGI publishes it. No key is needed.",
    schedule="0 2 * * 0",
)

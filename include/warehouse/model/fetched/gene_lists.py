"""The tables of ImmPort's gene lists: the lists, and the genes in them."""

from __future__ import annotations

from include.sources.gene_lists.source import ANNOTATION, GENE, GENE_LISTS, LIST
from include.sql import Row, call, gap, sql
from include.warehouse.model.declaration import Bridge, Column, Derived, Dimension, H, S, Type
from include.warehouse.model.gene_identity import entrez_id, gene
from include.warehouse.model.relations import Joined
from include.warehouse.model.source_model import SourceModel

#: The species of all lists: what their files have no word for, the ids of Reactome state.
SPECIES = sql("'Homo sapiens'")

_A = Row("a")
#: The terms of each gene, once.
_TERMS = sql(
    "select ", _A.gene_symbol, ", min(", _A.molecular_function, ") as molecular_function, min(",
    _A.biological_process, ") as biological_process, min(", _A.cellular_component,
    ") as cellular_component from ", gap(ANNOTATION.name), " a group by ", _A.gene_symbol,
)  # fmt: skip

GENE_LIST = Dimension(
    name="gene_list",
    grain="one gene list of ImmPort",
    endpoint=LIST.name,
    scope=GENE_LISTS.scope,
    natural_key=(
        Column(
            "gene_list_id",
            "Id of the list: GO:0002218, R-HSA-879415; legacy:Cytokines for a category of the legacy table",
        ),
    ),
    columns=(
        Column("name", "Name as sent"),
        Column(
            "generation", "current: a list of the catalogue; legacy: of the table that ImmPort had before"
        ),
        Column("source", "Where ImmPort has the list from, GO or Reactome; null for a legacy list"),
        Column("link", "Page that defines it"),
        Column(
            "gene_count", "Number of genes that the catalogue states; null for a legacy list", Type.INTEGER
        ),
    ),
    derived=(
        Derived("gene_list_name", "Name without the blanks around it", Type.TEXT, call("btrim", H.name)),
    ),
)

GENE_LIST_GENE = Bridge(
    name="gene_list_gene",
    grain="one gene of one gene list",
    endpoint=GENE.name,
    scope=GENE_LISTS.scope,
    row_id=Column("gene_symbol", "Symbol, without the blanks around it"),
    references=(gene("The gene", S.gene_id, SPECIES, S.gene_symbol),),
    joins=(Joined("a", ANNOTATION.name, sql(_A.gene_symbol, " = ", S.gene_symbol), _TERMS),),
    columns=(
        Column("gene_symbol_sent", "Symbol as sent"),
        Column("entrez_id", "Entrez identifier that the list states", source=entrez_id(S.gene_id)),
        Column("gene_name", "Name of the gene"),
        Column("synonyms", "Other symbols, as sent: separated by | or by a comma"),
        Column("chromosome", "Chromosome, X|Y for both"),
        Column(
            "molecular_function",
            "GO terms of a legacy list, as sent: GO:0004888;receptor activity|GO:0005515;protein binding",
            source=_A.molecular_function,
        ),
        Column("biological_process", "GO terms as sent", source=_A.biological_process),
        Column("cellular_component", "GO terms as sent", source=_A.cellular_component),
    ),
)

GENE_LIST_MODEL = SourceModel(GENE_LISTS, (GENE_LIST, GENE_LIST_GENE))

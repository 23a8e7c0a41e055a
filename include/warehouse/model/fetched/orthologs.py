"""The tables of orthologs: the published tables, and the pairs of genes in them."""

from __future__ import annotations

from include.sources.orthologs.source import HOMOLOG, ORTHOLOG, ORTHOLOGS
from include.sql import Row, gap, sql
from include.warehouse.model.declaration import Bridge, Column, Dimension, S, Type
from include.warehouse.model.fetched.gene_lists import SPECIES
from include.warehouse.model.gene_identity import entrez_id, gene
from include.warehouse.model.source_model import SourceModel, Unfolded

#: NCBI's numbers of the species.
MOUSE, HUMAN = "10090", "9606"

_M, _U = Row("m"), Row("h")
_HUMAN_ID = sql(
    "coalesce(",
    entrez_id(_U.entrez_id),
    ", nullif(btrim(",
    _U.hgnc_id,
    "), ''), 'symbol:' || ",
    _U.symbol,
    ")",
)
#: Each pair once, with what makes it one of several: the classes have no order that would mean anything.
_PAIRS = sql(
    "select q.mgi_id || '/' || q.human_id as pair_id, q.class_key, q.mgi_id, q.mouse_symbol,"
    " q.mouse_entrez_id, q.human_entrez_id, q.human_hgnc_id, q.human_symbol,"
    " q.human_genes::text as human_genes, q.mouse_genes::text as mouse_genes,"
    " case when q.mouse_genes > 1 then 'many' else 'one' end || '_to_' ||"
    " case when q.human_genes > 1 then 'many' else 'one' end as relation from (select p.*,"
    " count(*) over (partition by p.mgi_id) as human_genes,"
    " count(*) over (partition by p.human_id) as mouse_genes from (select distinct on (", _M.mgi_id, ", ",
    _HUMAN_ID, ") ", _M.mgi_id, ", ", _HUMAN_ID, " as human_id, ", _M.class_key, ", ", _M.symbol,
    " as mouse_symbol, ", _M.entrez_id, " as mouse_entrez_id, ", _U.entrez_id, " as human_entrez_id, ",
    _U.hgnc_id, " as human_hgnc_id, ", _U.symbol, " as human_symbol from ", gap(HOMOLOG.name), " m join ",
    gap(HOMOLOG.name), " h on ", _U.class_key, " = ", _M.class_key, " where ", _M.taxon_id, f" = '{MOUSE}'",
    " and ", _U.taxon_id, f" = '{HUMAN}' and ", _M.mgi_id, " is not null order by ", _M.mgi_id, ", ",
    _HUMAN_ID, ", ",
    _M.class_key, ") p) q",
)  # fmt: skip

ORTHOLOG_TABLE = Dimension(
    name="ortholog_table",
    grain="one published table of orthologs",
    endpoint=HOMOLOG.name,
    scope=ORTHOLOGS.scope,
    natural_key=(Column("ortholog_table_id", "Identifier of the table: mouse_human"),),
    columns=(
        Column("stated_source", "Where it comes from, as its first lines state it; null for MGI's own report,"
               " which states nothing"),
        Column("stated_version", "Its version, the same way"),
        Column("stated_date", "When it was made, the same way"),
    ),
)  # fmt: skip

ORTHOLOG_PAIR = Bridge(
    name="ortholog",
    grain="one mouse gene and one human gene of the same homology class",
    endpoint=ORTHOLOG.name,
    scope=ORTHOLOGS.scope,
    row_id=Column("pair_id", "Accession of the mouse gene, and the Entrez identifier of the human one"),
    references=(gene("The human gene", S.human_entrez_id, SPECIES, S.human_symbol),),
    columns=(
        Column("mgi_id", "Accession of the mouse gene at MGI, as in dim_mouse_gene"),
        Column("mouse_symbol", "Symbol of the mouse gene, as the table has it"),
        Column("mouse_entrez_id", "Entrez identifier of the mouse gene"),
        Column("human_entrez_id", "Entrez identifier of the human gene"),
        Column("human_hgnc_id", "Identifier of the human gene at HGNC, HGNC:5438"),
        Column("human_symbol", "Symbol of the human gene, as the table has it"),
        Column("class_key", "Homology class that both belong to, by the table's number"),
        Column("human_genes", "How many human genes the mouse gene has", Type.INTEGER),
        Column("mouse_genes", "How many mouse genes the human gene has", Type.INTEGER),
        Column("relation", "one_to_one, one_to_many, many_to_one or many_to_many, from mouse to human"),
    ),
)

ORTHOLOG_MODEL = SourceModel(
    ORTHOLOGS,
    (ORTHOLOG_TABLE, ORTHOLOG_PAIR),
    unfolded=(Unfolded(ORTHOLOG.name, HOMOLOG.name, _PAIRS),),
)

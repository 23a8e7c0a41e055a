"""What identifies a gene, whichever source names it, and what the star says of it."""

from __future__ import annotations

from include.sql import Expression, Row, call, joined, sql
from include.warehouse.model.declaration import Column, Derived, Dimension, H, Type
from include.warehouse.model.relations import Lookup, Reference


def entrez_id(given: Expression) -> Expression:
    """An Entrez identifier, which is a number that no two species share; null for any other text."""
    return sql("case when btrim(", given, ") ~ '^[0-9]{1,18}$' then btrim(", given, ") end")


def gene(meaning: str, given: Expression, species: Expression, symbol: Expression) -> Reference:
    """A gene: by its Entrez identifier, or by species and symbol of a row that has none."""
    number = entrez_id(given)
    is_named = sql(number, " is null and ", symbol, " is not null")
    parts = (sql("case when ", is_named, " then ", part, " end") for part in (species, symbol))
    return Reference("gene", (number, *parts), meaning)


_K, _I = Row("k", "key_gene"), Row("i", "key_gene")
_B, _N = Row("b", "bridge_gene_list_gene"), Row("n", "bridge_gene_list_gene")
_SAID = ("gene_symbol", "gene_name", "synonyms", "chromosome")
#: The identifier that gene lists state for a symbol, if they state one and no other.
_OF_SYMBOL = sql(
    "(select ", _N.gene_symbol, ", min(", _N.gene_key, ") as gene_key",
    " from history.bridge_gene_list_gene n where ", _N.entrez_id, " is not null",
    " group by ", _N.gene_symbol, " having min(", _N.gene_key, ") = max(", _N.gene_key, "))",
)  # fmt: skip
#: The newest description of each gene that lists have.
_NEWEST = sql(
    "(select distinct on (", _N.gene_key, ") ", joined(", ", (_N[name] for name in ("gene_key", *_SAID))),
    " from history.bridge_gene_list_gene n order by ", _N.gene_key, ", ", _N.gene_name, " is null, ",
    _N.valid_to, " desc, ", _N.valid_from, " desc, ", _N.gene_list_key, ")",
)  # fmt: skip
#: What gene lists say of a gene, by its identifier or by the one that its symbol has.
_DESCRIBED = sql(
    "select distinct on (", _K.gene_key, ") ", _K.gene_key, ", ", _I.gene_key, " as resolved_gene_key, ",
    joined(", ", (_I.gene_id, *(_B[name] for name in _SAID))),
    " from history.key_gene k",
    " left join ", _OF_SYMBOL, " o on o.gene_symbol = ", _K.symbol,
    " and ", _K.symbol_species, " = 'Homo sapiens'",
    " left join history.key_gene i on ", _I.gene_key,
    " = case when ", _K.gene_id, " is null then o.gene_key else ", _K.gene_key, " end",
    " left join ", _NEWEST, " b on ", _B.gene_key, " = coalesce(", _I.gene_key, ", ", _K.gene_key, ")",
    " order by ", _K.gene_key,
)  # fmt: skip
_D = Row("d", "gene_described")

GENE = Dimension(
    name="gene",
    grain="one gene: an Entrez identifier, or a symbol of a species where rows state no identifier",
    natural_key=(
        Column("gene_id", "Entrez identifier; null for a gene that rows name by its symbol alone"),
        Column("symbol_species", "Species of a symbol without an identifier; null where rows state none"),
        Column("symbol", "Symbol without an identifier"),
    ),
    lookup=Lookup(
        "d", "gene_described", "gene_key", H.gene_key, _DESCRIBED,
        ("gene_key", "resolved_gene_key", "gene_id", *_SAID),
    ),
    derived=(
        Derived("gene_symbol", "Its symbol, or the one that gene lists state for its identifier; null where"
                " no list has it", Type.TEXT, call("coalesce", H.symbol, _D.gene_symbol)),
        Derived("entrez_id", "Its identifier, or the only one that gene lists state for its symbol",
                Type.TEXT, call("coalesce", H.gene_id, _D.gene_id)),
        Derived("is_resolved", "Whether that identifier is known", Type.BOOLEAN,
                sql(call("coalesce", H.gene_id, _D.gene_id), " is not null")),
        Derived("resolved_gene_key", "Key of the gene with that identifier, its own where none is known: rows"
                " of one gene have the same, whether they name it by identifier or by symbol", Type.INTEGER,
                call("coalesce", _D.resolved_gene_key, H.gene_key)),
        Derived("gene_name", "Its name as gene lists state it last", Type.TEXT, _D.gene_name),
        Derived("synonyms", "Its other symbols, the same way", Type.TEXT, _D.synonyms),
        Derived("chromosome", "Its chromosome, the same way", Type.TEXT, _D.chromosome),
    ),
)  # fmt: skip

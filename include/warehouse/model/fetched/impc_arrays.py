"""How the arrays of image documents become rows in staging: SQL, made of the declared fields."""

from __future__ import annotations

from collections.abc import Sequence

from include.sources.impc import endpoints
from include.sources.impc.endpoints import IMAGE
from include.sources.impc.fields import (
    ASSOCIATION_FIELDS,
    METADATA_FIELDS,
    SUB_TERM_FIELDS,
    TERM_FIELDS,
    TERM_PAIRS,
)
from include.sql import Expression, Row, gap, joined, literal, sql
from include.warehouse.model.declaration import S
from include.warehouse.model.source_model import Unfolded

_M = Row("m")


def digest_of(row: Row, fields: Sequence[str]) -> Expression:
    """The digest that stands for the arrays of a document; null where it has none of them."""
    columns = joined(", ", (row[name] for name in fields))
    return sql("case when num_nonnulls(", columns, ") > 0 then md5(row(", columns, ")::text) end")


def _array(column: Expression) -> Expression:
    """An array as sent, as jsonb; what is none is an array of one text. Postgres keeps no NUL in jsonb."""
    return sql(
        "case when ", column, " is null then '[]'::jsonb when pg_input_is_valid(", column, ", 'jsonb') and ",
        column, " is json array then ", column, "::jsonb else jsonb_build_array(", column, ") end",
    )  # fmt: skip


def _sets(fields: Sequence[str]) -> Expression:
    """The distinct combinations of arrays that documents have, each with its digest."""
    columns = joined(", ", (S[name] for name in fields))
    return sql(
        "select ", digest_of(S, fields), " as set_digest, ", columns, " from ", gap(IMAGE.name),
        " s where num_nonnulls(", columns, ") > 0 group by ", columns,
    )  # fmt: skip


def _terms() -> Expression:
    """Pairs of identifier and name; where they are no pairs, each alone."""
    values = joined(
        ", ",
        (
            sql(
                f"({literal(item.ontology)}, {literal(item.relation)}, ", _M[item.ids], ", ", _M[item.terms],
                ", ", _M[item.pairs] if item.pairs else "null::text", ")",
            )
            for item in TERM_PAIRS
        ),
    )  # fmt: skip
    return sql(
        "select m.set_digest || '/' || p.ontology || '.' || p.relation || '.' || e.part || e.ordinal"
        " as element_id, m.set_digest, p.ontology, p.relation, e.ordinal::text as ordinal, e.term_id, e.term,"
        " a.alignment from (", _sets(TERM_FIELDS), ") m cross join lateral (values ", values,
        ") p (ontology, relation, ids, terms, pairs) cross join lateral (select ",
        _array(Row("p").ids), " as ids, ", _array(Row("p").terms), " as terms, ",
        _array(Row("p").pairs), " as pairs) j cross join lateral (select case"
        " when jsonb_array_length(j.ids) <> jsonb_array_length(j.terms) then 'unequal'"
        " when jsonb_array_length(j.pairs) > 0 and exists (select from"
        " jsonb_array_elements_text(j.ids) with ordinality i (value, n)"
        " join jsonb_array_elements_text(j.terms) with ordinality t (value, n) using (n)"
        " where not exists (select from jsonb_array_elements_text(j.pairs) b (value)"
        " where starts_with(b.value, i.value) and right(b.value, length(t.value)) = t.value))"
        " then 'contradicted'"
        " when jsonb_array_length(j.pairs) > 0 then 'confirmed'"
        " when jsonb_array_length(j.ids) = 1 then 'single' else 'position' end as alignment) a"
        " cross join lateral ("
        "select 'pair' as part, n as ordinal, i.value as term_id, t.value as term"
        " from jsonb_array_elements_text(j.ids) with ordinality i (value, n)"
        " join jsonb_array_elements_text(j.terms) with ordinality t (value, n) using (n)"
        " where a.alignment not in ('unequal', 'contradicted')"
        " union all select 'id', n, i.value, null"
        " from jsonb_array_elements_text(j.ids) with ordinality i (value, n)"
        " where a.alignment in ('unequal', 'contradicted')"
        " union all select 'term', n, null, t.value"
        " from jsonb_array_elements_text(j.terms) with ordinality t (value, n)"
        " where a.alignment in ('unequal', 'contradicted')) e where num_nonnulls(e.term_id, e.term) > 0",
    )  # fmt: skip


def _synonyms() -> Expression:
    values = joined(
        ", ",
        (
            sql(f"({literal(item.ontology)}, {literal(item.relation)}, ", _M[item.synonyms], ")")
            for item in TERM_PAIRS
            if item.synonyms
        ),
    )
    return sql(
        "select m.set_digest || '/' || p.ontology || '.' || p.relation || '.' || e.n as element_id,"
        " m.set_digest, p.ontology, p.relation, e.n::text as ordinal, e.value as synonym from (",
        _sets(TERM_FIELDS), ") m cross join lateral (values ", values,
        ") p (ontology, relation, synonyms) cross join lateral jsonb_array_elements_text(",
        _array(Row("p").synonyms), ") with ordinality e (value, n)",
    )  # fmt: skip


def _by_position(fields: Sequence[str], names: Sequence[str]) -> Expression:
    """Elements that belong together by position; a field of another length than the first stays in its array.

    :param names: of the elements' columns, in the order of the fields.
    """
    pairs = list(zip(fields, names, strict=True))
    arrays = joined(", ", (sql(_array(_M[field]), f" as {name}") for field, name in pairs))
    lengths = ", ".join(f"jsonb_array_length(j.{name})" for name in names)
    length = f"coalesce(nullif(jsonb_array_length(j.{names[0]}), 0), greatest({lengths}))"
    items = ", ".join(
        f"case when jsonb_array_length(j.{name}) = l.length then j.{name} ->> (k.n - 1) end as {name}"
        for name in names
    )
    unaligned = ", ".join(
        f"case when jsonb_array_length(j.{name}) not in (0, l.length) then '{field}' end"
        for field, name in pairs
    )
    return sql(
        f"select m.set_digest || '/' || k.n as element_id, m.set_digest, k.n::text as ordinal, {items},"
        f" nullif(concat_ws(', ', {unaligned}), '') as unaligned from (", _sets(fields),
        ") m cross join lateral (select ", arrays, f") j cross join lateral (select {length} as length) l"
        " cross join lateral generate_series(1, l.length) k (n)",
    )  # fmt: skip


def _metadata() -> Expression:
    return sql(
        "select m.set_digest || '/' || e.n as element_id, m.set_digest, e.n::text as ordinal, e.value as raw,"
        " btrim(left(e.value, p.place - 1)) as item, btrim(substr(e.value, p.place + 1)) as value from (",
        _sets(METADATA_FIELDS), ") m cross join lateral jsonb_array_elements_text(", _array(_M.metadata),
        ") with ordinality e (value, n) cross join lateral (select coalesce("
        "nullif(position(' = ' in e.value), 0) + 1, nullif(position('=' in e.value), 0)) as place) p",
    )  # fmt: skip


def _unfolded(name: str, rows: Expression) -> Unfolded:
    return Unfolded(name, IMAGE.name, rows)


_ASSOCIATION = ("stable_id", "sequence_id", "dim_id", "name", "value")
_SUB_TERM = ("sub_term_id", "name", "description")

UNFOLDED = (
    _unfolded(endpoints.TERM_SET.name, _sets(TERM_FIELDS)),
    _unfolded(endpoints.ASSOCIATION_SET.name, _sets(ASSOCIATION_FIELDS)),
    _unfolded(endpoints.SUB_TERM_SET.name, _sets(SUB_TERM_FIELDS)),
    _unfolded(endpoints.METADATA_SET.name, _sets(METADATA_FIELDS)),
    _unfolded(endpoints.SET_TERM.name, _terms()),
    _unfolded(endpoints.SET_SYNONYM.name, _synonyms()),
    _unfolded(endpoints.SET_ASSOCIATION.name, _by_position(ASSOCIATION_FIELDS, _ASSOCIATION)),
    _unfolded(endpoints.SET_SUB_TERM.name, _by_position(SUB_TERM_FIELDS, _SUB_TERM)),
    _unfolded(endpoints.SET_METADATA.name, _metadata()),
)

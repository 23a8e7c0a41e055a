"""Harmonised terms in the star: columns of dimensions, and views of what is mapped and what is not."""

from __future__ import annotations

from collections.abc import Iterator

from include.sql import literal, literals, sql_file
from include.warehouse.model.declaration import Bridge, Dimension, Fact
from include.warehouse.model.registry import DIMENSION, VERSIONED, model_of
from include.warehouse.terms.domains import DOMAINS, Domain
from include.warehouse.terms.match import MAPPED, PROPOSED, REJECTED, UNMAPPED
from include.warehouse.views.as_of import is_valid

#: (name, meaning, SQL) of each column of a view.
ViewColumn = tuple[str, str, str]

FUNCTION = """
create or replace function star.term_id(domain text, reported text, preferred text) returns uuid
language sql immutable parallel safe
return md5(domain || '|' || length(coalesce(reported, '')) || '|' || coalesce(reported, '') || '|'
    || coalesce(preferred, ''))::uuid
"""

_BY_DIMENSION = {item.dimension: item for item in DOMAINS}
_MAPPED = literals(MAPPED)
_OPEN = literals((UNMAPPED, PROPOSED, REJECTED))


def row_of(domain: Domain) -> str:
    """Alias, in a dimension's view, of the row that holds the terms."""
    return "h" if DIMENSION[domain.dimension].is_versioned else "k"


def joined(dimension: Dimension) -> str:
    """SQL that joins the mapping `m` to a dimension's view; empty for a dimension without terms.

    It is joined by its key, so that a query that reads none of its columns does not read it.
    """
    domain = _BY_DIMENSION.get(dimension.name)
    if domain is None:
        return ""
    return f"\nleft join history.term_mapping m on m.term_id = {_term_id(domain, row_of(domain))}"


def columns(dimension: Dimension) -> list[ViewColumn]:
    """The columns that the mapping gives a dimension."""
    domain = _BY_DIMENSION.get(dimension.name)
    if domain is None:
        return []
    shown = f"case when m.status in ({_MAPPED}) then"
    alias = row_of(domain)
    has_term = " or ".join(
        f"btrim({text.over(t=alias).text}) <> ''" for text in (domain.reported, domain.preferred)
    )
    found = [
        (f"{domain.name}_harmonised", f"Term of {domain.vocabulary} that it is; null when unmapped",
         f"{shown} m.term end"),
        ("mapping_status", "How that is known: exact, alias or accepted; unmapped, proposed or rejected",
         f"case when {has_term} then coalesce(m.status, {literal(UNMAPPED)}) end"),
    ]  # fmt: skip
    if domain.names:
        name = (f"{domain.name}_harmonised_name", "What a person calls that term", f"{shown} m.term_name end")
        found.insert(1, name)
    return found


def definitions() -> Iterator[tuple[str, str, str, list[ViewColumn]]]:
    """Name, comment, query and columns of the views of terms."""
    about = "One reported term and the vocabulary term it is, with the evidence"
    yield "term_mapping", about, sql_file("include.warehouse.views.sql", "term_mapping"), _MAPPING_COLUMNS
    about = "One reported term without a harmonised one, with the rows that use it"
    query = "\nunion all\n".join(_unmapped(domain) for domain in DOMAINS)
    yield "unmapped_term", about, query, _UNMAPPED_COLUMNS


_MAPPING_COLUMNS: list[ViewColumn] = [
    ("domain", "Kind of term: analyte, virus_strain, cell_population, unit ...", ""),
    ("reported", "Term as reported; empty for none", ""),
    ("preferred", "What ImmPort preferred; empty for nothing", ""),
    ("vocabulary", "Vocabulary of the term it is mapped to", ""),
    ("term", "Term it is mapped to; of a proposal the one to decide on", ""),
    ("term_name", "What a person calls that term", ""),
    ("status", "exact, alias, proposed or unmapped by the evidence; accepted or rejected by a person", ""),
    ("method", "How the term was found", ""),
    ("evidence", "Why it is that term, or why it is none", ""),
    ("decided_by", "Person who decided", ""),
    ("decided_at", "When", ""),
    ("changed_at", "When the mapping last changed", ""),
    ("is_listed", "The vocabulary lists the term as of its last fetch", ""),
]
_UNMAPPED_COLUMNS: list[ViewColumn] = [
    ("domain", "Kind of term", ""),
    ("reported", "Term as reported; empty for none", ""),
    ("preferred", "What ImmPort preferred; empty for nothing", ""),
    ("status", "unmapped, proposed or rejected", ""),
    ("evidence", "Why it is not mapped", ""),
    ("tables", "Tables of the star whose rows use it", ""),
    ("rows", "Rows that use it", ""),
]


def _term_id(domain: Domain, alias: str) -> str:
    reported, preferred = (text.over(t=alias).text for text in (domain.reported, domain.preferred))
    return f"star.term_id({literal(domain.name)}, {reported}, {preferred})"


def _unmapped(domain: Domain) -> str:
    dimension = DIMENSION[domain.dimension]
    key = dimension.key_column
    # A version of a member belongs to one study, and stands for the rows of that study.
    alias, source, study, same = "k", f"history.{dimension.key_table} k", "", "u.key = t.key"
    if dimension.is_versioned:
        alias, source = "h", f"history.{dimension.relation} h where {_valid(dimension)}"
        scope = dimension.scope_key
        study, same = f", h.{scope}", f"u.key = t.key and u.{scope} = t.{scope}"
    reported, preferred = (text.over(t=alias).text for text in (domain.reported, domain.preferred))
    # Read from history and not from the star's views, which can so be dropped in any order.
    used = "\n    union all ".join(
        f"select {literal(table.relation)} as relation, h.{reference.column} as key{study},"
        f" {_count(table)} as rows from history.{table.relation} h where {_valid(table)}"
        f" group by h.{reference.column}{study}"
        for table in VERSIONED
        for reference in table.references
        # A bridge row to a sample does not use the sample's type.
        if reference.dimension == domain.dimension
        and not (dimension.is_versioned and isinstance(table, Bridge))
    )
    return f"""select {literal(domain.name)} as domain, t.reported, t.preferred,
    coalesce(m.status, {literal(UNMAPPED)}) as status,
    coalesce(m.evidence, 'not looked at yet') as evidence,
    coalesce(string_agg(distinct u.relation, ', '), '') as tables, coalesce(sum(u.rows), 0)::bigint as rows
from (select {alias}.{key} as key{study}, coalesce({reported}, '') as reported,
    coalesce({preferred}, '') as preferred from {source}) t
left join history.term_mapping m on m.term_id = star.term_id({literal(domain.name)}, t.reported, t.preferred)
left join ({used}) u on {same}
where t.key > 0 and (btrim(t.reported) <> '' or btrim(t.preferred) <> '')
    and coalesce(m.status, {literal(UNMAPPED)}) in ({_OPEN})
group by t.reported, t.preferred, m.status, m.evidence"""


def _valid(table: Dimension | Fact) -> str:
    return is_valid("h", model_of(table).source)


def _count(table: Dimension | Fact) -> str:
    """Rows of a table as the star shows them: a subject of several studies is one."""
    return f"count(distinct h.{table.identity})" if isinstance(table, Dimension) else "count(*)"

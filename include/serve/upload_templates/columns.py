"""Which column of the star a template's column is filled from, and the query that follows from it."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from include.serve.upload_templates.origins import (
    ACCESSIONS,
    DESCRIBED_ELSEWHERE,
    GATHERED,
    NOT_SHARED,
    QUERIES,
    REASONS,
    Origin,
)
from include.sql import identifier, sql_file
from include.submission.templates.declarations import TemplateColumn, TemplateTable
from include.submission.templates.roles import roles_of
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import DIMENSIONS, FACTS

_QUERIES = f"{__package__}.queries"
_DECLARED: tuple[Dimension | Fact, ...] = (*DIMENSIONS, *FACTS)
_TABLES = {table.relation: table for table in _DECLARED}
#: A record's own identifier, or that of another one: `Planned Visit ID`, `Protocol ID(s)`.
_IDENTIFIER = re.compile(r"(.+) ID")
_OWN = "User Defined ID"


class OriginError(ValueError):
    """A declared origin names what the star does not have; the message names both."""


@dataclass(frozen=True)
class FilledColumn:
    """What one column of a template is filled with.

    :ivar sql: expression of text; None where the star has nothing.
    :ivar why: why it stays empty; empty for a column that is filled.
    :ivar is_claimed: whether an empty column is to be reported: not one that another template fills.
    """

    column: TemplateColumn
    sql: str | None
    why: str = ""
    is_claimed: bool = True


@dataclass(frozen=True)
class _Joined:
    alias: str
    relation: str
    key: str | None

    @functools.cached_property
    def columns(self) -> frozenset[str]:
        return _columns(self.relation)

    @property
    def source(self) -> str:
        """The relation, or the query in its place."""
        if self.relation in QUERIES:
            return f"({sql_file(_QUERIES, self.relation)})"
        return identifier("star", self.relation)


def cells(origin: Origin, table: TemplateTable) -> list[FilledColumn]:
    """How each column of a template's table is filled, in their order."""
    joined = _joined(origin)
    roles = roles_of(table)
    found = []
    for place, column in enumerate(table.columns):
        owners = set(roles.owners.get(place, ()))
        if owners and owners <= DESCRIBED_ELSEWHERE:
            found.append(FilledColumn(column, None, "in the template of such records", False))
        elif column.is_separator:
            found.append(FilledColumn(column, None, "ImmPort's own", False))
        elif sql := origin.cells[column.name] if column.name in origin.cells else _sql(joined, column):
            found.append(FilledColumn(column, sql))
        else:
            found.append(FilledColumn(column, None, REASONS.get(column.name, NOT_SHARED)))
    return found


def counted(origin: Origin) -> dict[str, str]:
    """By relation of the star whose rows become rows, or results, of the template: what identifies a row."""
    if origin.is_distinct:
        return {}
    first, *others = _joined(origin)
    if first.relation in GATHERED:
        relation, column = GATHERED[first.relation]
        return {relation: f"{first.alias}.{column}"}
    found = [first, *(one for one in others if one.key and one.relation in _TABLES)]
    return {one.relation: " || '/' || ".join(_order(one)) for one in found if one.relation in _TABLES}


def query(origin: Origin, found: list[FilledColumn]) -> str:
    """The query of all rows of a table: a text per column, then what identifies the rows that are counted.

    Its parameters are `study_key` and what the origin's `rows` name.
    """
    first, *others = joined = _joined(origin)
    values = ", ".join(f"{cell.sql or 'null'} as c{place}" for place, cell in enumerate(found))
    identities = counted(origin)
    values += "".join(f", {sql} as of_{relation}" for relation, sql in identities.items())
    lines = [f"{'select distinct' if origin.is_distinct else 'select'} {values}"]
    lines.append(f"from {first.source} as {first.alias}")
    for number, other in enumerate(others, start=1):
        lines.append(f"left join {other.source} as {other.alias} on {_condition(other, joined[:number])}")
    conditions = [f"{first.alias}.study_key = :study_key"] if origin.is_of_study else []
    if "is_inferred" in first.columns:
        conditions.append(f"not {first.alias}.is_inferred")
    conditions += [f"({origin.rows})"] if origin.rows else []
    lines.append(f"where {' and '.join(conditions)}")
    order = ", ".join(f"length({name}), {name}" for name in identities.values())
    lines.append(f"order by {order or '1'}")
    return "\n".join(lines)


def _joined(origin: Origin) -> list[_Joined]:
    found = []
    for word in origin.relations.split():
        alias, _, relation = word.partition("=")
        relation, _, key = relation.partition("@")
        if relation not in QUERIES and relation not in _TABLES:
            raise OriginError(f"{origin.table}: the star has no relation {relation}")
        found.append(_Joined(alias, relation, key or None))
    return found


@functools.cache
def _columns(relation: str) -> frozenset[str]:
    """The columns that a relation shows."""
    if relation in QUERIES:
        return frozenset(QUERIES[relation])
    table = _TABLES[relation]
    names = {item.name for item in (*table.columns, *table.identified_by) if not item.is_masked}
    names |= {item.name for item in table.derived} | {item.column for item in table.references}
    if isinstance(table, Dimension):
        names |= {table.key_column}
        names |= {"is_inferred"} if table.is_versioned else set()
    return frozenset(names | {table.scope_key})


def _order(first: _Joined) -> list[str]:
    if first.relation in QUERIES:
        names = QUERIES[first.relation][:2]
    else:
        names = tuple(item.name for item in _TABLES[first.relation].identified_by)
    return [f"{first.alias}.{name}::text" for name in names]


def _condition(other: _Joined, before: list[_Joined]) -> str:
    """On which key a relation is joined. Keys of members that are no record, 0 and below, join nothing."""
    key = other.key
    if key is None:
        table = _TABLES.get(other.relation)
        key = QUERIES[other.relation][0] if table is None else getattr(table, "key_column", "")
    for one in before:
        if key in one.columns:
            numbered = f" and {other.alias}.{key} > 0" if key.endswith("_key") else ""
            return f"{one.alias}.{key} = {other.alias}.{key}{numbered}"
    raise OriginError(f"{other.alias}={other.relation}: nothing before it has the key {key}")


def _sql(joined: list[_Joined], column: TemplateColumn) -> str | None:
    """The expression of a column that is declared by its names alone."""
    for alias, name in _candidates(joined, column):
        if name in alias.columns:
            return _text(alias, name, column)
    return None


def _candidates(joined: list[_Joined], column: TemplateColumn) -> list[tuple[_Joined, str]]:
    """Where the value may be, the most certain place first."""
    if (found := _IDENTIFIER.match(column.name)) and column.table_name is not None:
        kind = column.table_name if column.name == _OWN else _snake(found[1])
        names = [ACCESSIONS.get(kind, f"{kind}_accession")]
        if column.name == _OWN or column.references or column.combined_column:
            own = [one for one in joined if one.alias == column.table_name]
            return [(one, name) for name in names for one in (*own, *joined)]
    label, stored, table = _snake(column.name), column.table_column or "", column.table_name or ""
    own = [one for one in joined if one.alias == table]
    named = [one for one in joined if label.startswith(f"{one.alias}_")]
    return [
        *((one, label.removeprefix(f"{one.alias}_")) for one in named),
        *((one, f"{table}_{stored}") for one in joined),
        *((one, stored) for one in own),
        *((one, f"{stored}_reported") for one in own),
        *((one, label) for one in joined),
        *((one, stored.removeprefix("hla-").replace(".allele", "")) for one in joined),
        *((one, stored) for one in joined),
    ]


def _text(one: _Joined, name: str, column: TemplateColumn) -> str:
    """A column as text, with the characters that the star has."""
    place = f"{one.alias}.{identifier(name)}"
    if column.json_data_type == "date":
        return f"to_char({place}, 'DD-Mon-YYYY')"
    text = f"{place}::text"
    return f"coalesce({text}, {one.alias}.{name}_text)" if f"{name}_text" in one.columns else text


def _snake(name: str) -> str:
    return re.sub(r"\W+", "_", name.casefold()).strip("_")

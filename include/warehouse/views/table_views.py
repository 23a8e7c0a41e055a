"""The view of each declared table: its rows that are valid as of one data release."""

from __future__ import annotations

from include.sources.immport.source import IMMPORT
from include.sql import nearly_all
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import model_of
from include.warehouse.model.relations import NOT_APPLICABLE, UNKNOWN
from include.warehouse.schema.history_tables import describe
from include.warehouse.views import term_views
from include.warehouse.views.as_of import is_valid
from include.warehouse.views.term_views import ViewColumn


def _member(dimension: Dimension) -> ViewColumn:
    key = f"{_stored(dimension)}.{dimension.key_column}"
    sql = f"case {key} when {UNKNOWN} then 'unknown' when {NOT_APPLICABLE}"
    return ("member", "known, unknown or not applicable", f"{sql} then 'not applicable' else 'known' end")


def _scope(table: Dimension | Fact) -> ViewColumn:
    return (table.scope_key, table.scope.title.capitalize(), f"h.{table.scope_key}")


def _stored(table: Dimension | Fact) -> str:
    """Alias of the row with the stored columns: members that never change have a key and no versions."""
    return "h" if isinstance(table, Fact) or table.is_versioned else "k"


def view_columns(table: Dimension | Fact) -> list[ViewColumn]:
    """What the view of a table shows."""
    columns: list[ViewColumn] = []
    stored = _stored(table)
    if isinstance(table, Dimension):
        columns.append((table.key_column, f"Key: {table.grain}", f"{stored}.{table.key_column}"))
        natural = table.natural_key
        columns += [(item.name, describe(item.meaning, item.unit), f"k.{item.name}") for item in natural]
        if table.is_versioned and not table.shared and not table.is_of_scopes:
            columns.append(_scope(table))
    else:
        columns += [_scope(table), (table.identity, table.row_id.meaning, f"h.{table.identity}")]
    columns += [(item.column, item.meaning, f"h.{item.column}") for item in table.references]
    columns += [
        (c.name, describe(c.meaning, c.unit), f"h.{c.name}") for c in table.columns if not c.is_masked
    ]
    for item in table.derived:
        computed = item.expression.over(h=stored).text
        columns.append((item.name, describe(item.meaning, item.unit), f"({computed})::{item.type}"))
    if isinstance(table, Dimension):
        if table.is_versioned:
            columns.append(
                ("is_inferred", "Named by a row of the study, not described by it", "h.is_inferred")
            )
        columns += term_views.columns(table)
        columns.append(_member(table))
    return columns


def select(table: Dimension | Fact, columns: list[ViewColumn]) -> str:
    """The query of the view of a table.

    Of a fact: `select h.study_key as study_key, h.result_id as result_id, ... from history.fact_hai h
    left join history.unit_definition u on ... where h.valid_from <= (as of) and h.valid_to > (as of)`.
    """
    items = ",\n    ".join(f"{sql} as {name}" for name, _, sql in columns)
    history = f"history.{table.relation} h"
    lookup = f"\n{table.lookup.sql.over(h=_stored(table)).text}" if table.lookup else ""
    source_of = model_of(table).source if isinstance(table, Fact) or table.is_versioned else IMMPORT
    valid = is_valid("h", source_of)
    if isinstance(table, Fact):
        return f"select\n    {items}\nfrom {history}{lookup}\nwhere {valid}"
    key = table.key_column
    if not table.is_versioned:
        history = f"history.{table.key_table} k{lookup}{term_views.joined(table)}"
        return f"select\n    {items}\nfrom {history}"
    # Every version's key is there. A query that reads no natural key is planned without the table.
    source = f"from {history}\nleft join history.{table.key_table} k on k.{key} = h.{key}{lookup}"
    source += term_views.joined(table)
    if not table.shared:
        return f"select\n    {items}\n{source}\nwhere {valid}"
    # Several scopes describe the member: the newest description that is not a guess is shown.
    # By a join, not by a subquery for each row: one that names the row's columns keeps a plan from workers.
    of, scope = model_of(table).of_scopes, table.scope_key
    named = of.natural_key[0].name
    source += f"""
left join history.{of.key_table} t on t.{scope} = h.{scope}
left join (history.{table.relation} o left join history.{of.key_table} u on u.{scope} = o.{scope})
    on o.{key} = h.{key} and o.{scope} <> h.{scope} and {is_valid("o", source_of)}
        and (o.is_inferred, -o.valid_from, u.{named})
            < (h.is_inferred, -h.valid_from, t.{named})"""
    is_best = nearly_all(f"o.{key} is null")
    return f"select\n    {items}\n{source}\nwhere {valid}\n    and {is_best}"

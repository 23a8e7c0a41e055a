"""What lies between two data releases: row by row, by count, and what of a study is known at all.

Nothing is compared that did not change: of all versions only those are read that are valid at one of the
two releases and not at the other, of studies that were captured in between.

    >>> print(_versions(DIMENSION["arm"], "new_key", "old_key"))
    (select h.* from history.dim_arm h where h.study_key = any (scopes)
    and h.valid_from <= new_key and h.valid_to > new_key
    and not (h.valid_from <= old_key and h.valid_to > old_key))
"""

from __future__ import annotations

from collections.abc import Iterator

from include.sources.immport.source import IMMPORT
from include.sql import literal, literals, sql_file
from include.warehouse.access.resource_visibility import TABLES, is_shown
from include.warehouse.access.rights import SEE_ALL, is_open
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import DIMENSION, SOURCES
from include.warehouse.model.relations import NOT_APPLICABLE, UNKNOWN
from include.warehouse.model.source_model import SourceModel
from include.warehouse.views import as_of

_SQL = "include.warehouse.views.sql"
#: What stands for a value that the star does not show.
MASKED = "(not shown)"


def natural_text(dimension: Dimension, alias: str) -> str:
    """SQL for the natural key of a member as text; the parts of a compound one stand side by side.

    >>> natural_text(DIMENSION["arm"], "k")
    "case k.arm_key when 0 then 'unknown' when -1 then 'not applicable' else k.arm_accession::text end"
    """
    parts = [f"{alias}.{item.name}::text" for item in dimension.natural_key]
    whole = (
        parts[0] if len(parts) == 1 else f"concat_ws(' / ', {', '.join(_or_dash(item) for item in parts)})"
    )
    return (
        f"case {alias}.{dimension.key_column} when {UNKNOWN} then 'unknown'"
        f" when {NOT_APPLICABLE} then 'not applicable' else {whole} end"
    )


def _or_dash(part: str) -> str:
    return f"coalesce({part}, '-')"


def _compared(table: Dimension | Fact) -> Iterator[tuple[str, str, str, str]]:
    """Of each column: its name, whether it differs, its old and its new value as text."""
    for reference in table.references:
        target, name = DIMENSION[reference.dimension], reference.column
        differs = f"a.{name} is distinct from b.{name}"
        # Looked up only for what differs: CASE leaves the others alone.
        old, new = (
            f"case when {differs} then (select {natural_text(target, 'r')}"
            f" from history.{target.key_table} r where r.{target.key_column} = {side}.{name}) end"
            for side in "ab"
        )
        yield name, differs, old, new
    for column in (item for item in table.columns if item.is_compared):
        old, new = (
            literal(MASKED) if column.is_masked else f"{side}.{column.name}::text" for side in ("a", "b")
        )
        yield column.name, f"a.{column.name} is distinct from b.{column.name}", old, new
    if isinstance(table, Dimension):
        yield "is_inferred", "a.is_inferred <> b.is_inferred", "a.is_inferred::text", "b.is_inferred::text"


def _versions(table: Dimension | Fact, at: str, not_at: str) -> str:
    of = TABLES.get(f"history.{table.relation}")
    shown = "" if of is None else f"\n            and (sees_all or {is_shown(of, 'h.')})"
    return f"""(select h.* from history.{table.relation} h where h.{table.scope_key} = any (scopes)
            and h.valid_from <= {at} and h.valid_to > {at}
            and not (h.valid_from <= {not_at} and h.valid_to > {not_at}){shown})"""


def _branch(table: Dimension | Fact, of: Dimension) -> str:
    """The differences of one table, as a part of the function.

    :param of: the dimension of the scopes.
    """
    scope = of.key_column
    values = ",\n            ".join(
        f"({literal(name)}, {differs}, {old}, {new})" for name, differs, old, new in _compared(table)
    )
    pairs = (
        ""
        if not values
        else f"""
        union all
        select v.* from (values
            {values}) v (column_name, differs, old_value, new_value)
        where a.{scope} is not null and b.{scope} is not null"""
    )
    ids = dict.fromkeys((scope, table.identity))
    same = " and ".join(f"b.{name} = a.{name}" for name in ids)
    join, row_key = "", f"coalesce(a.{table.identity}, b.{table.identity})::text"
    if isinstance(table, Dimension):
        key = table.key_column
        join = f"\n    join history.{table.key_table} k on k.{key} = coalesce(a.{key}, b.{key})"
        row_key = natural_text(table, "k")
    return f"""
if relation is null or relation = {literal(table.relation)} then
    return query
    select {literal(table.relation)}, s.{of.natural_key[0].name}, {row_key},
        case when b.{scope} is null then 'withdrawn' when a.{scope} is not null then 'corrected'
            when s.{scope} = any (first_captured) then 'first captured' else 'added' end,
        d.column_name, d.old_value, d.new_value
    from {_versions(table, "old_key", "new_key")} a
    full join {_versions(table, "new_key", "old_key")} b on {same}
    join history.{of.key_table} s on s.{scope} = coalesce(a.{scope}, b.{scope}){join}
    cross join lateral (
        select null::text as column_name, true as differs, null::text as old_value, null::text as new_value
        where a.{scope} is null or b.{scope} is null{pairs}) d
    where d.differs;
end if;"""


#: SQL: whether the caller sees all studies. The function reads with its owner's rights, past the policies.
_CALLER = "case current_setting('role') when 'none' then session_user::text else current_setting('role') end"
_SEES_ALL = f"""exists (select from pg_roles r where pg_has_role({_CALLER}, r.oid, 'usage')
        and (r.rolname = current_user or r.rolname in ({literals(SEE_ALL)})))"""


def difference_function(model: SourceModel) -> str:
    """SQL that makes the function which compares two releases of a source."""
    source, of = model.source, model.of_scopes
    relations = literals(table.relation for table in model.tables)
    branches = "".join(_branch(table, of) for table in model.tables)
    scope, key, (named,) = source.scope.name, of.key_column, (item.name for item in of.natural_key)
    name = as_of.difference_function(source)
    # The studies that a reader may see are those of the policies; scopes of other sources are open, and rows
    # of theirs that name studies are looked at one by one.
    visible = f"({is_open('k.')} or sees_all)" if source is IMMPORT else "true"
    # A plan for all parameters would read whole tables: each call is planned for the scopes it concerns.
    return f"""
drop function if exists {name};
create function {name}(
    from_release text, to_release text, {scope} text default null, relation text default null)
returns table (star_table text, {named} text, row_key text, change text,
    column_name text, old_value text, new_value text)
language plpgsql stable set plan_cache_mode = force_custom_plan set datestyle = 'ISO, YMD' as $body$
#variable_conflict use_column
declare
    old_key integer := {as_of.key_function(source)}(from_release);
    new_key integer := {as_of.key_function(source)}(to_release);
    sees_all boolean := {_SEES_ALL};
    visible bigint[];
    scopes bigint[];
    first_captured bigint[];
begin
if old_key > new_key then
    raise exception '{name}: % is later than %, name the older release first',
        coalesce(from_release, 'now'), to_release using errcode = 'invalid_parameter_value';
end if;
select array_agg(k.{key}) into visible from history.{of.key_table} k
where ({scope} is null or k.{named} = {scope}) and {visible};
if {scope} is not null and visible is null then
    raise exception '{name}: this warehouse knows no {scope} %', quote_literal({scope})
        using errcode = 'invalid_parameter_value';
end if;
if relation not in ({relations}) then
    raise exception '{name}: {source.title} has no table % with versions', quote_literal(relation)
        using errcode = 'invalid_parameter_value';
end if;
select coalesce(array_agg(distinct k.{key}), '{{}}') into scopes
from ops.capture c join history.{of.key_table} k on k.{named} = c.scope and c.source = {literal(source.name)}
where c.release_key > old_key and c.release_key <= new_key and k.{key} = any (visible);
select coalesce(array_agg(k.{key}), '{{}}') into first_captured
from history.{of.key_table} k where k.{key} = any (scopes) and not exists
    (select from ops.capture c where c.source = {literal(source.name)} and c.scope = k.{named}
        and c.release_key <= old_key);
{branches}
end $body$
"""


#: In a function the setting can be another for a while: its own SET restores what it was.
_SUMMARY_FUNCTION = sql_file(_SQL, "assay_summary")

FUNCTIONS = (*map(difference_function, SOURCES.values()), _SUMMARY_FUNCTION)

_CHANGE_COLUMNS = [
    ("study_accession", "Study", ""),
    ("release_version", "Data release that was published", ""),
    ("release_key", "Release key from which it is valid", ""),
    ("kind", "full, withdrawn, or replaced by a later publish of the same release", ""),
    ("published_at", "When it was published", ""),
    ("is_late", "A later release of the study had been published before", ""),
    ("star_table", "Table of the star", ""),
    ("added", "Rows that were not there as of that release", ""),
    ("corrected", "Rows that were there with other values", ""),
    ("withdrawn", "Rows that are there no more", ""),
    ("unchanged", "Rows that did not change", ""),
]

_CAPTURE_COLUMNS = [
    ("study_accession", "Study", ""),
    ("state", "captured, not yet captured or withdrawn, as of the release", ""),
    ("since_release", "Release of the capture that the star shows, or of the withdrawal", ""),
    ("reason", "Of a withdrawal: withdrawn, restricted or moved, and how that is known", ""),
    (
        "lacks",
        "Tables of the star, and columns as table.column, that no load of the capture provided: they"
        " hold what the release before held",
        "",
    ),
    ("first_release", "First release at which the study was captured whole", ""),
]


def definitions() -> Iterator[tuple[str, str, str, list[tuple[str, str, str]]]]:
    """Name, comment, query and columns of the views, as those of the star."""
    about = "What one publish of one study at one release changed in one table"
    yield "release_change", about, sql_file(_SQL, "release_change"), _CHANGE_COLUMNS
    about = "One study that the warehouse has met, and whether it was captured as of the release"
    yield "study_capture", about, sql_file(_SQL, "study_capture"), _CAPTURE_COLUMNS


def every_difference(named: str) -> str:
    """SQL of the rows that differ between two releases of the source that the parameter `:source` names.

    Of a table that the source does not have, none.

    :param named: relation of one row: `older`, `newer`, and `scope` and `relation`, which may be null.
    """
    return "\nunion all\n".join(
        f"select d.{model.of_scopes.natural_key[0].name} as scope, d.row_key, d.change, d.column_name,"
        f" d.old_value, d.new_value from {named} as n cross join lateral"
        f" {as_of.difference_function(model.source)}(n.older, n.newer, n.scope, n.relation) as d"
        f" where :source = {literal(model.source.name)}"
        for model in SOURCES.values()
    )

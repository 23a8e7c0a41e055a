"""The checks of the audit that look at history alone: keys, versions, references and weights.

>>> print(next(item.broken for item in of_versions(DIMENSION["arm"]) if item.check_id == "interval"))
select h.study_key, h.arm_key, h.valid_from, h.valid_to
from history.dim_arm h where h.valid_from >= h.valid_to
"""

from __future__ import annotations

from collections.abc import Iterator

from include.quality.audit_check import AuditCheck, row_keys
from include.quality.checks import Severity
from include.sources.release import OPEN
from include.sql import literal
from include.warehouse.model.declaration import Dimension, Fact, Weight
from include.warehouse.model.registry import DIMENSION, model_of
from include.warehouse.model.relations import NOT_APPLICABLE, UNKNOWN

#: A sum of divisions is one but for rounding.
ROUNDING = "0.000001"


def of_keys(dimension: Dimension) -> Iterator[AuditCheck]:
    """Members and their surrogate keys belong together one to one."""
    key, table = dimension.key_column, f"history.{dimension.key_table}"
    natural = ", ".join(item.name for item in dimension.natural_key)
    yield AuditCheck(
        "one_key",
        dimension.key_table,
        "a natural key with several surrogate keys",
        f"select min({key}) as {key}, count(*) as keys from {table} where {key} > 0 group by {natural}"
        " having count(*) > 1",
    )
    yield AuditCheck(
        "special_members",
        dimension.key_table,
        "a missing member unknown or not applicable",
        f"select n.{key} from (values ({UNKNOWN}), ({NOT_APPLICABLE})) n ({key})"
        f" where not exists (select from {table} k where k.{key} = n.{key})",
    )


def of_versions(table: Dimension | Fact) -> Iterator[AuditCheck]:
    """At any release a row has one version."""
    keys = row_keys(table)
    source = f"history.{table.relation} h"
    yield AuditCheck(
        "one_open_version",
        table.relation,
        "a row with several open versions",
        f"select {keys}, count(*) as versions from {source} where h.valid_to = {OPEN}"
        f" group by {keys} having count(*) > 1",
    )
    yield AuditCheck(
        "interval",
        table.relation,
        "a version that ends before it begins",
        f"select {keys}, h.valid_from, h.valid_to from {source} where h.valid_from >= h.valid_to",
    )
    yield AuditCheck(
        "no_overlap",
        table.relation,
        "a version that begins before an earlier one of the row ends",
        _overlapping(table, keys),
    )


def _overlapping(table: Dimension | Fact, grain: str) -> str:
    """Versions that begin before an earlier one of the same grain has ended."""
    return f"""select {row_keys(table, "o")}, o.valid_from, o.ended from (
            select {row_keys(table)}, h.valid_from, max(h.valid_to) over (partition by {grain}
                order by h.valid_from rows between unbounded preceding and 1 preceding) as ended
            from history.{table.relation} h) o
        where o.ended > o.valid_from"""


def one_home(dimension: Dimension) -> AuditCheck:
    """A join to such a dimension would find the member twice."""
    return AuditCheck(
        "grain",
        dimension.relation,
        f"a member that two {dimension.scope.plural} describe at one release",
        _overlapping(dimension, f"h.{dimension.key_column}"),
    )


def of_references(table: Dimension | Fact) -> Iterator[AuditCheck]:
    """Every key leads to a member, and that member shows whenever the row does."""
    targets = {item.column: DIMENSION[item.dimension] for item in table.references}
    if isinstance(table, Dimension):
        targets[table.key_column] = table
    if table.identity != table.scope_key:
        targets[table.scope_key] = model_of(table).of_scopes
    for column, target in targets.items():
        keys, key = row_keys(table), target.key_column
        yield AuditCheck(
            f"key_exists:{column}",
            table.relation,
            f"a row whose {column} is in no key table",
            f"""select {keys}, h.valid_from, h.{column} as missing from history.{table.relation} h
                where not exists (select from history.{target.key_table} k where k.{key} = h.{column})""",
        )
        if target.is_versioned and target is not table:
            yield AuditCheck(
                f"member_visible:{column}",
                table.relation,
                f"a row whose {column} leads to no member of the star as of some release",
                # Rows of one member and interval are judged once; an inner join would lose all of them.
                f"""select h.{column}, h.valid_from, h.valid_to, h.rows_lost from (
                    select {column}, valid_from, valid_to, count(*) as rows_lost
                    from history.{table.relation} where {column} > 0 and valid_from < valid_to
                    group by {column}, valid_from, valid_to) h
                left join (select {key}, range_agg(int4range(valid_from, valid_to)) as shown
                    from history.{target.relation} where valid_from < valid_to group by {key}) d
                    on d.{key} = h.{column}
                where (d.shown @> int4range(h.valid_from, h.valid_to)) is not true""",
            )


def inferred(dimension: Dimension) -> AuditCheck:
    """Named once is an oversight of one release; named for longer is a gap in what the source shares."""
    model = model_of(dimension)
    of, source = model.of_scopes, literal(model.source.name)
    return AuditCheck(
        "inferred_for_long",
        dimension.relation,
        "a member that its endpoint did not describe in a later release either",
        f"""select {row_keys(dimension)}, h.valid_from, max(c.release_key) as captured
            from history.{dimension.relation} h
            join history.{of.key_table} k on k.{of.key_column} = h.{of.key_column}
            join ops.capture c on c.source = {source} and c.scope = k.{of.natural_key[0].name}
                and c.kind = 'full' and c.release_key > h.valid_from
            where h.is_inferred and h.valid_to = {OPEN} and h.{dimension.key_column} > 0
            group by {row_keys(dimension)}, h.valid_from""",
        Severity.WARNING,
    )


def weights(fact: Fact, weight: Weight) -> AuditCheck:
    shared = ", ".join(weight.within)
    return AuditCheck(
        "weights",
        fact.relation,
        f"rows of one {shared} whose weights do not sum to one",
        f"select {shared}, sum(weight) as weight from star.{fact.relation} group by {shared}"
        f" having abs(sum(weight) - 1) > {ROUNDING}",
    )

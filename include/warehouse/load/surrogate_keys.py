"""The members that a staged study names: durable keys for new ones, rows for those without a description.

`named_member` has each of them once, however many rows and tables name it:

    dimension    | name          | parts             | is_described | natural_key | is_new | member_key
    arm          | ARM1          |                   | t            | 9f2c...     | f      | 4
    virus_strain | A/X/2009<1f>X | {"A/X/2009",X}    | f            | 07aa...     | t      | 12
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa

from include.sources.release import OPEN
from include.sql import Expression, Row, literal
from include.warehouse.load import reference_contexts
from include.warehouse.load.staged_load import StagedLoad
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.natural_keys import digest, digest_of, name_of, natural_key
from include.warehouse.model.registry import DIMENSION
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.statements import run_sql


def known_scope(connection: sa.Connection, model: SourceModel, scope: str) -> int | None:
    """The key of a scope; None where it has none."""
    of = model.of_scopes
    key = sa.text(
        f"select {of.key_column} from history.{of.key_table} where natural_key = {digest_of(':scope')}"
    )
    return connection.scalar(key, {"scope": scope})


def of_scope(connection: sa.Connection, model: SourceModel, scope: str) -> int:
    """The key of a scope, a new one where it has none."""
    (name,), table = (item.name for item in model.of_scopes.natural_key), model.of_scopes.key_table
    new = sa.text(f"""insert into history.{table} ({name}, natural_key)
        select n.scope, {digest_of("n.scope")} from (select cast(:scope as text) as scope) n
        where not exists (select from history.{table} k where k.{name} = n.scope)
        on conflict (natural_key) do nothing""")
    connection.execute(new, {"scope": scope})
    key = known_scope(connection, model, scope)
    if key is None:
        raise LookupError(f"{model.source.name} {scope}: has no key")
    return key


def add(
    connection: sa.Connection, load: StagedLoad, tables: Sequence[Dimension | Fact]
) -> frozenset[Dimension]:
    """Give every member that rows of these tables name its key, a new one where it has none.

    :param tables: tables with staged rows.
    :returns: the dimensions of which a member is named that the load does not describe.
    """
    found = list(filter(None, (_of_dimension(item, load, tables) for item in DIMENSION.values())))
    run_sql(
        connection,
        "create temporary table named_member (dimension text, name text, parts text[], is_described boolean,"
        " natural_key uuid, is_new boolean, member_key bigint) on commit drop;"
        + (f"insert into named_member {' union all '.join(found)};" if found else "")
        + "create index on named_member (dimension); analyze named_member",
    )
    counts = run_sql(
        connection,
        "select dimension, count(*) filter (where is_new), not bool_and(is_described)"
        " from named_member group by dimension",
    ).all()
    missing = {name: count for name, count, _ in counts}
    # Parents before children, and of each in the order of the digests: two studies that add the same
    # members wait, and never deadlock.
    for dimension in DIMENSION.values():
        if missing.get(dimension.name):
            _insert(connection, dimension, missing[dimension.name])
    return frozenset(DIMENSION[name] for name, _, is_inferred in counts if is_inferred)


def _of_dimension(dimension: Dimension, load: StagedLoad, tables: Sequence[Dimension | Fact]) -> str | None:
    """The members of one dimension that are named, with their keys, in the order of the digests.

    `select 'arm', n.name, n.parts, n.is_described, n.natural_key, n.known is null, coalesce(n.known,
    nextval((select pg_get_serial_sequence('history.key_arm', 'arm_key')::regclass))) from (select m.*,
    k.arm_key as known from (select name, null::text[] as parts, bool_or(is_described) as is_described,
    md5(name)::uuid as natural_key from (...) f where name is not null group by name) m left join
    history.key_arm k on k.natural_key = m.natural_key order by m.natural_key) n`.
    """
    places = " union all ".join(_places(dimension, load, tables))
    if not places:
        return None
    parts = "null::text[]" if len(dimension.natural_key) == 1 else "any_value(parts)"
    key, table = dimension.key_column, f"history.{dimension.key_table}"
    keys = f"select pg_get_serial_sequence({literal(table)}, {literal(key)})::regclass"
    return f"""select {literal(dimension.name)}, n.name, n.parts, n.is_described, n.natural_key,
            n.known is null, coalesce(n.known, nextval(({keys})))
        from (select m.*, k.{key} as known
            from (select name, {parts} as parts, bool_or(is_described) as is_described,
                    {digest_of("name")} as natural_key
                from ({places}) f where name is not null group by name) m
            left join {table} k on k.natural_key = m.natural_key
            order by m.natural_key) n"""


def _places(dimension: Dimension, load: StagedLoad, tables: Sequence[Dimension | Fact]) -> Iterator[str]:
    """Every place where members of a dimension are named: its own rows, contexts, and single references."""
    if dimension.is_versioned and dimension in tables:
        yield _named(dimension, natural_key(dimension), f"{load.own(dimension)} where {load.kept(dimension)}",
                     is_described=True)  # fmt: skip
    for context in reference_contexts.contexts(*tables):
        for reference in context.references:
            if reference.dimension == dimension.name:
                yield _named(dimension, reference.key, context.rows)
    for table in tables:
        for reference in reference_contexts.single(table):
            if reference.dimension == dimension.name:
                rows = f"{load.source(table)} where {load.kept(table)}"
                yield _named(dimension, reference.key, rows)


def _named(
    dimension: Dimension, key: tuple[Expression, ...], rows: str, *, is_described: bool = False
) -> str:
    parts = f", array[{', '.join(item.text for item in key)}] as parts" if len(key) > 1 else ""
    described = str(is_described).lower()
    return f"select {name_of(dimension, key)} as name{parts}, {described} as is_described from {rows}"


def _insert(connection: sa.Connection, dimension: Dimension, missing: int) -> None:
    """Store the members of a dimension that are new.

    :param missing: number of them.
    """
    key, table, of = dimension.key_column, f"history.{dimension.key_table}", literal(dimension.name)
    names = ", ".join(item.name for item in dimension.natural_key)
    typed = ", ".join(
        f"{f'n.parts[{place}]' if len(dimension.natural_key) > 1 else 'n.name'}::{item.type}"
        for place, item in enumerate(dimension.natural_key, start=1)
    )
    found = run_sql(
        connection,
        f"""insert into {table} ({key}, {names}, natural_key)
            select n.member_key, {typed}, n.natural_key from named_member n
            where n.dimension = {of} and n.is_new order by n.natural_key
            on conflict (natural_key) do nothing""",
    ).rowcount
    if found < missing:  # another study has added some of them meanwhile
        run_sql(
            connection,
            f"""update named_member n set member_key = k.{key} from {table} k
            where n.dimension = {of} and n.is_new and k.natural_key = n.natural_key
                and k.{key} <> n.member_key""",
        )


def inferred(
    dimension: Dimension,
    scope_key: int,
    rows: Mapping[Dimension | Fact, str],
    whole: Collection[Dimension | Fact],
) -> tuple[list[str], str] | None:
    """Members that rows of the study name but its own endpoint does not describe.

    :param rows: by table the relation with its rows of the study, as they are about to be valid.
    :param whole: tables of which every staged row is such a row, as it was staged: contexts have their keys.
    :returns: columns and a query for them; None when no table names members of the dimension.
    """
    key = dimension.key_column
    named = " union ".join(
        (reference_contexts.named_keys(table, reference) if table in whole else None)
        or f"select distinct {reference.column} from {relation}"
        for table, relation in rows.items()
        for reference in table.references
        if reference.dimension == dimension.name
    )
    if not named:
        return None
    columns, items, joins = [], [], []
    natural = {item.raw: Row("k")[item.name] for item in dimension.natural_key}
    for number, reference in enumerate(dimension.references):
        if all(part in natural for part in reference.key):
            known = tuple(natural[part] for part in reference.key)
            target = DIMENSION[reference.dimension]
            joins.append(
                f"left join history.{target.key_table} r{number}"
                f" on r{number}.natural_key = {digest(target, known)}"
            )
            items.append(f"coalesce(r{number}.{target.key_column}, 0)")
        else:
            items.append("0")
        columns.append(reference.column)
    # A member that another study describes is not guessed at here: a join would find it twice.
    elsewhere = (
        f"and not exists (select 1 from history.{dimension.relation} h where h.{key} = n.{key}"
        f" and h.{dimension.scope_key} <> {scope_key} and h.valid_to = {OPEN})"
    )
    if dimension.shared or dimension.is_of_scopes:
        elsewhere = ""
    names = [key, *columns, "is_inferred"]
    values = zip([f"n.{key}", *items, "true"], names, strict=True)
    return (
        names,
        f"""select {", ".join(f"{value} as {name}" for value, name in values)}
        from ({named}) n ({key}) join history.{dimension.key_table} k on k.{key} = n.{key} {" ".join(joins)}
        where n.{key} > 0
            and not exists (select 1 from {rows[dimension]} i where i.{key} = n.{key})
            {elsewhere}""",
    )

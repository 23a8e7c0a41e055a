"""Carrying forward what a load does not know.

A package knows the description of a sample, the API does not send it; no package holds a manifest. Where a
load is silent, what was known at its release stays: a column keeps its value, a table its rows. It is so
whatever order the releases of a study come in: a silent capture has what the one before it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from include.sources.endpoint import Route
from include.sources.immport.source import IMMPORT
from include.sources.release import OPEN
from include.sql import Expression, Row, call, literal, sql
from include.warehouse.load import unreported_columns
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.registry import DIMENSION, IMMPORT_MODEL
from include.warehouse.model.relations import UNKNOWN, Reference
from include.warehouse.schema.history_tables import HISTORY
from include.warehouse.schema.ops_tables import CAPTURE, LEDGER
from include.warehouse.schema.statements import run_sql

_WITHDRAWN = "withdrawn"
#: The rows that a carried value is made of.
_BEFORE, _NOW = Row("before"), Row("now")


@dataclass(frozen=True)
class Knowledge:
    """What one capture of a scope reports.

    :param unreported: the endpoints it reports, and of each the columns that it does not; None for a capture
        that knows all there is.
    """

    unreported: dict[str, frozenset[str]] | None

    def knows(self, table: Dimension | Fact) -> bool:
        """Whether the table's rows are reported at all."""
        return self.unreported is None or (table.endpoint or "") in self.unreported

    def unknown(self, table: Dimension | Fact) -> tuple[str, ...]:
        """Columns of a table whose values are made of nothing but what is not reported."""
        made: list[tuple[str, tuple[Expression, ...]]] = [(item.name, (item.raw,)) for item in table.columns]
        made += [(item.column, item.key) for item in table.references]
        return tuple(name for name, parts in made if self._is_silent(table, parts))

    def lacks(self, tables: Iterable[Dimension | Fact]) -> list[str]:
        """What the capture does not report of a source's tables: tables, and columns as `table.column`."""
        return [
            name
            for table in tables
            for name in (
                [f"{table.relation}.{column}" for column in self.unknown(table)]
                if self.knows(table)
                else [table.relation]
            )
        ]

    def carried(self, table: Dimension | Fact) -> dict[str, Expression]:
        """Columns of a table that take their value from the previous row, as expressions over two rows.

        `before.name`: `before` is the previous row, `now` the row made of what the capture reports.
        """
        keys = {item.column: item for item in table.references}
        found = {
            name: call("coalesce", _BEFORE[name], str(UNKNOWN)) if name in keys else _BEFORE[name]
            for name in self.unknown(table)
        }
        for name, reference in keys.items():
            parts = zip(DIMENSION[reference.dimension].natural_key, reference.key, strict=True)
            known = tuple(item.name for item, part in parts if not self._is_silent(table, (part,)))
            if name not in found and len(known) < len(reference.key):
                found[name] = _member(reference, known)
        return found

    def _is_silent(self, table: Dimension | Fact, parts: Iterable[Expression]) -> bool:
        fields = [field for part in parts for field in table.reads(part)]
        return bool(fields) and not any(self._reports(*field) for field in fields)

    def _reports(self, endpoint: str, column: str) -> bool:
        if self.unreported is None:
            return True
        return endpoint in self.unreported and column not in self.unreported[endpoint]


def single_route(route: Route) -> dict[str, tuple[str, ...]]:
    """Columns of the star that the other route alone knows, by table; all of a table that a route lacks."""
    provided = (item for item in IMMPORT.endpoints.values() if item.is_provided_by(route))
    known = Knowledge({item.name: item.unknown_columns(route) for item in provided})
    unknown = {table.relation: known.unknown(table) for table in IMMPORT_MODEL.tables}
    return {relation: columns for relation, columns in unknown.items() if columns}


@dataclass(frozen=True)
class Later:
    """A capture of a later release."""

    release: int
    knowledge: Knowledge


def knowledge(connection: sa.Connection, load_ids: Iterable[int]) -> Knowledge:
    """What loads of one release know together."""
    return Knowledge(unreported_columns.by_endpoint(connection, load_ids))


def captured(connection: sa.Connection, source: str, scope: str, release: int) -> Knowledge:
    """What the loads of a scope that were published at a release know together."""
    loads = sa.select(LEDGER.c.load_id).where(
        LEDGER.c.source == source, LEDGER.c.scope == scope, LEDGER.c.release_key == release
    )
    return knowledge(connection, connection.scalars(loads).all())


def later_captures(connection: sa.Connection, source: str, scope: str, release: int) -> tuple[Later, ...]:
    """The captures of a scope after a release, in order."""
    captures = sa.select(CAPTURE.c.release_key, CAPTURE.c.kind).where(
        CAPTURE.c.source == source, CAPTURE.c.scope == scope, CAPTURE.c.release_key > release
    )
    loads = sa.select(LEDGER.c.release_key, LEDGER.c.load_id).where(
        LEDGER.c.source == source, LEDGER.c.scope == scope
    )
    published: dict[int, list[int]] = {}
    for key, load_id in connection.execute(loads):
        published.setdefault(key, []).append(load_id)
    return tuple(
        Later(
            key,
            Knowledge(None) if kind == _WITHDRAWN else knowledge(connection, published.get(key, [])),
        )
        for key, kind in connection.execute(captures.order_by(CAPTURE.c.release_key)).all()
    )


def following(table: Dimension | Fact, later: tuple[Later, ...]) -> int:
    """Release key of the next capture that reports the table's rows."""
    return next((item.release for item in later if item.knowledge.knows(table)), OPEN)


def forward(
    connection: sa.Connection, table: Dimension | Fact, knowledge: Knowledge, scope_key: int, release: int
) -> None:
    """Complete a table's incoming rows by what was known at the release."""
    relation, identity = table.relation, table.identity
    valid = f"h.{table.scope_key} = {scope_key} and h.valid_from <= {release} and h.valid_to > {release}"
    if not knowledge.knows(table):
        names = ", ".join(
            column.name for column in HISTORY[relation].columns if column.name in _stored(table)
        )
        # A guess is made anew, for what the load itself names.
        described = " and not h.is_inferred" if isinstance(table, Dimension) else ""
        run_sql(
            connection,
            f"insert into incoming_{relation} ({names})"
            f" select {names} from history.{relation} h where {valid}{described}",
        )
        return
    values = knowledge.carried(table)
    if values:
        items = (f"{name} = {value.over(before='h', now='i').text}" for name, value in values.items())
        run_sql(
            connection,
            f"update incoming_{relation} i set {', '.join(items)}"
            f" from history.{relation} h where h.{identity} = i.{identity} and {valid}",
        )


def named(knowledge: Knowledge, holding: Iterable[Dimension | Fact]) -> frozenset[Dimension]:
    """The dimensions whose members are named by rows or columns that a load does not report.

    :param holding: the tables that have earlier rows.
    """
    return frozenset(
        DIMENSION[item.dimension]
        for table in holding
        for item in table.references
        if not knowledge.knows(table) or item.column in knowledge.carried(table)
    )


def valid_rows(table: Dimension | Fact, scope_key: int, release: int) -> str:
    """SQL of the rows of a scope that are valid at a release."""
    at = f"valid_from <= {release} and valid_to > {release}"
    return f"(select * from history.{table.relation} where {table.scope_key} = {scope_key} and {at})"


def no_longer_described(
    connection: sa.Connection,
    kept: Iterable[Dimension | Fact],
    holding: Iterable[Dimension | Fact],
    scope_key: int,
    release: int,
) -> frozenset[Dimension]:
    """The dimensions that have members at a release which a load does not describe any more, and which rows
    of kept tables may name.

    :param kept: tables whose rows stay as they are.
    :param holding: the tables that have earlier rows.
    """
    named = {DIMENSION[item.dimension] for table in kept for item in table.references}
    query = " union all ".join(
        f"select {literal(item.name)} where exists (select {item.identity}"
        f" from {valid_rows(item, scope_key, release)} h"
        f" except select {item.identity} from incoming_{item.relation})"
        for item in sorted(named.intersection(holding), key=lambda item: item.name)
    )
    found = run_sql(connection, query).scalars() if query else ()
    return frozenset(DIMENSION[name] for name in found)


def _member(reference: Reference, known: tuple[str, ...]) -> Expression:
    """A key of which a part is not reported: the previous member, if it agrees in the reported parts.

    `coalesce((select o.analyte_key from history.key_analyte o, history.key_analyte n where o.analyte_key =
    before.analyte_key and n.analyte_key = now.analyte_key and ...), now.analyte_key)`.
    """
    key, table = DIMENSION[reference.dimension].key_column, DIMENSION[reference.dimension].key_table
    same = " and ".join(f"o.{name} is not distinct from n.{name}" for name in known)
    before, now = _BEFORE[reference.column], _NOW[reference.column]
    return sql(
        f"coalesce((select o.{key} from history.{table} o, history.{table} n where o.{key} = ", before,
        f" and n.{key} = ", now, f" and {same}), ", now, ")",
    )  # fmt: skip


def fill(
    connection: sa.Connection, table: Dimension | Fact, scope_key: int, later: tuple[Later, ...]
) -> bool:
    """Repeat at each later capture what it does not report. Returns whether that changed a version."""
    waiting = {name for item in later for name in item.knowledge.carried(table)}
    changed = 0
    for place, item in enumerate(later):
        if item.knowledge.knows(table):
            carried = item.knowledge.carried(table)
            waiting &= carried.keys()
            if not waiting:
                break
            values = {name: carried[name].over(before="a", now="b").text for name in sorted(waiting)}
            changed += _fill(connection, table, scope_key, item.release, values)
        elif isinstance(table, Dimension):
            end = following(table, later[place + 1 :])
            changed += _describe(connection, table, scope_key, item.release, end)
    return changed > 0


def _describe(connection: sa.Connection, dimension: Dimension, scope_key: int, release: int, end: int) -> int:
    """Give a member that a capture only inferred, without reporting its table, its previous description.

    :param end: release key of the next capture that reports the table: until then a description is valid,
        whether or not the member is named.
    """
    relation, identity, scope = f"history.{dimension.relation}", dimension.identity, dimension.scope_key
    names = sorted(_stored(dimension) - {identity})
    return run_sql(
        connection,
        f"""update {relation} h set {", ".join(f"{name} = a.{name}" for name in names)},
            valid_to = greatest(h.valid_to, least({end}, (select min(n.valid_from) from {relation} n
                where n.{scope} = {scope_key} and n.{identity} = h.{identity}
                    and n.valid_from > h.valid_from)))
        from {relation} a
        where h.{scope} = {scope_key} and h.valid_from = {release} and h.is_inferred
            and a.{scope} = {scope_key} and a.{identity} = h.{identity} and a.valid_to = {release}
            and not a.is_inferred""",
    ).rowcount


def _fill(
    connection: sa.Connection, table: Dimension | Fact, scope_key: int, release: int, values: dict[str, str]
) -> int:
    """Versions that begin at a silent capture have the values of those that end there, or none.

    :param values: SQL of values by column, over `a`, the version that ends, and `b`, the one that begins.
    """
    relation, identity, scope = f"history.{table.relation}", table.identity, table.scope_key
    before = ", ".join(f"{value} as {name}" for name, value in values.items())
    return run_sql(
        connection,
        f"""update {relation} h set {", ".join(f"{name} = p.{name}" for name in values)}
        from {relation} b left join {relation} a
            on a.{scope} = {scope_key} and a.{identity} = b.{identity} and a.valid_to = {release}
            cross join lateral (select {before}) p
        where b.{scope} = {scope_key} and b.valid_from = {release}
            and h.{scope} = {scope_key} and h.{identity} = b.{identity} and h.valid_from = {release}
            and row({", ".join(f"h.{name}" for name in values)})
                is distinct from row({", ".join(f"p.{name}" for name in values)})""",
    ).rowcount


def _stored(table: Dimension | Fact) -> set[str]:
    """Columns that an incoming table has."""
    inferred = {"is_inferred"} if isinstance(table, Dimension) else set()
    references = {item.column for item in table.references}
    return {table.identity, *references, *(item.name for item in table.columns), *inferred}

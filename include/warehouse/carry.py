"""Carrying forward what a load does not know.

A package knows the description of a sample, the API does not send it; no package holds a manifest. Where a
load is silent, what was known at its release stays: a column keeps its value, a table its rows. It is so
whatever order the releases of a study come in: a silent capture says what the one before it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from include.sources.immport import ENDPOINTS
from include.sources.model import Route
from include.sources.release import OPEN
from include.warehouse.declare import Dimension, Fact
from include.warehouse.model import VERSIONED
from include.warehouse.ops_tables import CAPTURE, LEDGER, LOAD, STAGED
from include.warehouse.tables import HISTORY

#: `{summary} y`: the alias of a further endpoint in a declaration's joins, and what is read of one.
_JOINED = re.compile(r"\{(\w+)\} (\w)\b")
_READ = re.compile(r"\b([a-z])\.([a-z]\w*)")
_WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Knowledge:
    """What one capture of a study tells of: endpoints, by the routes they came by; None for all there is."""

    routes: dict[str, frozenset[Route]] | None

    def knows(self, table: Dimension | Fact) -> bool:
        """Whether the table's rows are told at all."""
        return self.routes is None or (table.endpoint or "") in self.routes

    def unknown(self, table: Dimension | Fact) -> tuple[str, ...]:
        """Columns of a table whose values are made of nothing but what is not told."""
        if self.routes is None:
            return ()
        made: list[tuple[str, tuple[str, ...]]] = [(item.name, (item.raw,)) for item in table.columns]
        made += [(item.column, item.key) for item in table.references]
        return tuple(name for name, parts in made if self._is_silent(list(_reads(table, parts))))

    def _is_silent(self, fields: list[tuple[str, str]]) -> bool:
        return bool(fields) and not any(self._tells(endpoint, column) for endpoint, column in fields)

    def _tells(self, endpoint: str, column: str) -> bool:
        routes = (self.routes or {}).get(endpoint, frozenset())
        return any(column not in ENDPOINTS[endpoint].unknown_columns(route) for route in routes)


def single_route(route: Route) -> dict[str, tuple[str, ...]]:
    """Columns of the star that the other route alone knows, by table; all of a table that a route lacks."""
    told = (item for item in ENDPOINTS.values() if item.is_told_by(route))
    known = Knowledge({item.name: frozenset({route}) for item in told})
    unknown = {table.relation: known.unknown(table) for table in VERSIONED}
    return {relation: columns for relation, columns in unknown.items() if columns}


@dataclass(frozen=True)
class Later:
    """A capture of a later release."""

    release: int
    knowledge: Knowledge


def knowledge(connection: sa.Connection, load_ids: Iterable[int]) -> Knowledge:
    """What loads of one release know together."""
    found = connection.execute(
        sa.select(STAGED.c.endpoint, STAGED.c.pieces, LOAD.c.route)
        .join(LOAD, LOAD.c.load_id == STAGED.c.load_id)
        .where(STAGED.c.load_id.in_(list(load_ids)), STAGED.c.is_known)
    )
    routes: dict[str, set[Route]] = {}
    for endpoint, pieces, route in found:
        # Of a package load, what was asked for beside the package came by the API.
        by_package = route == Route.PACKAGE and not pieces
        routes.setdefault(endpoint, set()).add(Route.PACKAGE if by_package else Route.API)
    return Knowledge({name: frozenset(items) for name, items in routes.items()})


def later_captures(connection: sa.Connection, study: str, release: int) -> tuple[Later, ...]:
    """The captures of a study after a release, in order."""
    captures = sa.select(CAPTURE.c.release_key, CAPTURE.c.kind).where(
        CAPTURE.c.study_accession == study, CAPTURE.c.release_key > release
    )
    loads = sa.select(LEDGER.c.release_key, LEDGER.c.load_id).where(LEDGER.c.study_accession == study)
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
    """Release key of the next capture that tells the table's rows."""
    return next((item.release for item in later if item.knowledge.knows(table)), OPEN)


def forward(
    connection: sa.Connection, table: Dimension | Fact, told: Knowledge, study_key: int, release: int
) -> None:
    """Complete a table's incoming rows by what was known at the release."""
    relation, identity = table.relation, table.identity
    valid = f"h.study_key = {study_key} and h.valid_from <= {release} and h.valid_to > {release}"
    if not told.knows(table):
        names = ", ".join(
            column.name for column in HISTORY[relation].columns if column.name in _stored(table)
        )
        # A guess is made anew, for what the load itself names.
        described = " and not h.is_inferred" if isinstance(table, Dimension) else ""
        connection.exec_driver_sql(
            f"insert into incoming_{relation} ({names})"
            f" select {names} from history.{relation} h where {valid}{described}"
        )
        return
    unknown = told.unknown(table)
    if unknown:
        connection.exec_driver_sql(
            f"update incoming_{relation} i set {', '.join(f'{name} = h.{name}' for name in unknown)}"
            f" from history.{relation} h where h.{identity} = i.{identity} and {valid}"
        )


def fill(
    connection: sa.Connection, table: Dimension | Fact, study_key: int, later: tuple[Later, ...]
) -> bool:
    """Say again at each later capture what it does not know. Returns whether that changed a version."""
    waiting = {name for item in later for name in item.knowledge.unknown(table)}
    changed = 0
    for place, item in enumerate(later):
        if item.knowledge.knows(table):
            waiting &= set(item.knowledge.unknown(table))
            if not waiting:
                break
            changed += _fill(connection, table, study_key, item.release, sorted(waiting))
        elif isinstance(table, Dimension):
            end = following(table, later[place + 1 :])
            changed += _describe(connection, table, study_key, item.release, end)
    return changed > 0


def _describe(connection: sa.Connection, dimension: Dimension, study_key: int, release: int, end: int) -> int:
    """A member that a silent capture could only guess at is as it was described before.

    :param end: release key of the next capture that tells the table: until then a description holds, whether
        or not the member is named.
    """
    relation, identity = f"history.{dimension.relation}", dimension.identity
    names = sorted(_stored(dimension) - {identity})
    return connection.exec_driver_sql(
        f"""update {relation} h set {", ".join(f"{name} = a.{name}" for name in names)},
            valid_to = greatest(h.valid_to, least({end}, (select min(n.valid_from) from {relation} n
                where n.study_key = {study_key} and n.{identity} = h.{identity}
                    and n.valid_from > h.valid_from)))
        from {relation} a
        where h.study_key = {study_key} and h.valid_from = {release} and h.is_inferred
            and a.study_key = {study_key} and a.{identity} = h.{identity} and a.valid_to = {release}
            and not a.is_inferred"""
    ).rowcount


def _fill(
    connection: sa.Connection, table: Dimension | Fact, study_key: int, release: int, names: list[str]
) -> int:
    """Versions that begin at a silent capture have the values of those that end there, or none."""
    relation, identity = f"history.{table.relation}", table.identity
    values = ", ".join(f"{name} = p.{name}" for name in names)
    before = ", ".join(f"a.{name}" for name in names)
    return connection.exec_driver_sql(
        f"""update {relation} h set {values}
        from {relation} b left join {relation} a
            on a.study_key = {study_key} and a.{identity} = b.{identity} and a.valid_to = {release}
            cross join lateral (select {before}) p
        where b.study_key = {study_key} and b.valid_from = {release}
            and h.study_key = {study_key} and h.{identity} = b.{identity} and h.valid_from = {release}
            and row({", ".join(f"h.{name}" for name in names)})
                is distinct from row({", ".join(f"p.{name}" for name in names)})"""
    ).rowcount


def _stored(table: Dimension | Fact) -> set[str]:
    """Columns that an incoming table has."""
    inferred = {"is_inferred"} if isinstance(table, Dimension) else set()
    references = {item.column for item in table.references}
    return {table.identity, *references, *(item.name for item in table.columns), *inferred}


def _reads(table: Dimension | Fact, parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Endpoint and column of every staged value that expressions read."""
    home = {"s": table.endpoint or "", **{alias: name for name, alias in _JOINED.findall(table.joins)}}
    for part in parts:
        for alias, column in _READ.findall(part):
            if alias in home:
                yield home[alias], column

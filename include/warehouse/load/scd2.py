"""Versions of one table's rows along the data releases.

A capture states what a scope's rows are at one release. Writing it changes only what differs from what
was known at that release, wherever the release lies: after all captures, between two, or before.

    known      |---- a ----|-------- b --------->      captured at DR1 and DR5
    capture of x at DR7    ...
    then       |---- a ----|-- b --|---- x ------>
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from include.sources.release import OPEN
from include.sql import literal
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.schema.history_tables import compared_columns, content_columns
from include.warehouse.schema.statements import run_sql


@dataclass(frozen=True)
class Change:
    """What a capture changed in one table, in rows.

    :param distinct_keys: keys among the staged rows it was made of; None where the load does not report it.
    """

    relation: str
    added: int = 0
    corrected: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    distinct_keys: int | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.added or self.corrected or self.withdrawn)


@dataclass(frozen=True)
class Capture:
    """One scope at one release, about to be written.

    :param release: release key of the capture.
    :param following: release key of the next capture that reports the table, OPEN when there is none.
    :param is_repeated: the scope was captured at this very release before.
    :param next_capture: release key of the next capture, whether or not it reports the table; OPEN when
        there is none.
    """

    scope_key: int
    release: int
    following: int
    is_repeated: bool
    load_id: int
    next_capture: int = OPEN


class OverlapError(RuntimeError):
    """Two versions of one row would be valid at one release."""


def holding(
    connection: sa.Connection, tables: Iterable[Dimension | Fact], scope_key: int
) -> frozenset[Dimension | Fact]:
    """Those of a source's tables that hold a version of a scope's rows, whenever it was valid."""
    relations = {table.relation: table for table in tables}
    query = " union all ".join(
        f"select {literal(name)}"
        f" where exists (select 1 from history.{name} where {table.scope_key} = {scope_key})"
        for name, table in relations.items()
    )
    return frozenset(relations[name] for name in run_sql(connection, query).scalars())


def begin(
    connection: sa.Connection, table: Dimension | Fact, capture: Capture, names: Sequence[str], rows: str
) -> int:
    """Write the first versions of a scope's rows in a table that holds none: there is nothing to compare them
    with. The caller commits. Returns their number.

    :param names: columns of the rows.
    :param rows: query for them.
    """
    return run_sql(connection, _Statements(table, capture).begin(names, rows)).rowcount


def write(
    connection: sa.Connection, table: Dimension | Fact, capture: Capture, *, has_quarantined: bool = False
) -> Change:
    """Write the versions of one table from its temporary tables. The caller commits.

    :param has_quarantined: rows of it were quarantined.
    :raises OverlapError: as `prove`.
    """
    sql = _Statements(table, capture)
    run_sql(connection, sql.differing(has_quarantined=has_quarantined))
    gone, differing, new, total = run_sql(connection, sql.counts()).one()
    if gone or differing:
        if capture.is_repeated:
            if capture.following < OPEN:
                run_sql(connection, sql.postpone())
            run_sql(connection, sql.remove())
        run_sql(connection, sql.close())
        if capture.following < OPEN:
            run_sql(connection, sql.keep_later_part())
    if new or differing:
        run_sql(connection, sql.insert())
    # Equal versions meet only where something was written between them.
    if gone or differing or new:
        if capture.is_repeated:
            run_sql(connection, sql.merge_at(capture.release))
        for release in sorted({capture.next_capture, capture.following} - {OPEN}):
            run_sql(connection, sql.merge_at(release))
        written = f"select {table.identity} from different_{table.relation}"
        prove(connection, table, capture.scope_key, among=written)
    return Change(table.relation, new, differing, gone, total - new - differing)


def prove(
    connection: sa.Connection, table: Dimension | Fact, scope_key: int, among: str | None = None
) -> None:
    """Make sure that no two versions of a row are valid at one release. Those with one end the key refuses.

    :param among: query for the identities to look at; without it, all of the scope.
    :raises OverlapError: there are such versions.
    """
    of, history, scope = table.identity, f"history.{table.relation}", table.scope_key
    found, such = run_sql(
        connection,
        f"""select count(*), min(a.{of}::text) from {history} a join {history} b on b.{of} = a.{of}
            and b.{scope} = {scope_key} and b.valid_to > a.valid_to and b.valid_from < a.valid_to
        where a.{scope} = {scope_key} {f"and a.{of} in ({among})" if among else ""}""",
    ).one()
    if found:
        raise OverlapError(f"{table.relation}: {found} versions overlap others, such as one of {of} {such}")


def merge(connection: sa.Connection, table: Dimension | Fact, capture: Capture, release: int) -> None:
    """Make one version of two equal ones that meet at a release. The caller commits."""
    run_sql(connection, _Statements(table, capture).merge_at(release))


def compare(connection: sa.Connection, table: Dimension | Fact, scope_key: int, old: int, new: int) -> Change:
    """What differs between a scope's rows at two captures, whatever order these came in."""
    names = compared_columns(table)
    one, other = (f"row({', '.join(f'{alias}.{name}' for name in names)})" for alias in "ab")
    is_same = f"{one} is not distinct from {other}"
    both = f"a.{table.identity} is not null and b.{table.identity} is not null"
    at = f"(select h.* from history.{table.relation} h where h.{table.scope_key} = {scope_key}"
    counts = run_sql(
        connection,
        f"""select count(*) filter (where a.{table.identity} is null),
            count(*) filter (where {both} and not ({is_same})),
            count(*) filter (where b.{table.identity} is null), count(*) filter (where {both} and {is_same})
        from {at} and h.valid_from <= {old} and h.valid_to > {old}) a
        full join {at} and h.valid_from <= {new} and h.valid_to > {new}) b
            on b.{table.identity} = a.{table.identity}""",
    ).one()
    return Change(table.relation, *counts)


class _Statements:
    """The SQL of one table and one capture. Every number in it is ours, none came from a source.

    >>> from include.warehouse.model.dimensions import ARM
    >>> print(_Statements(ARM, Capture(7, 500000, OPEN, is_repeated=False, load_id=1)).close())
    update history.dim_arm h set valid_to = 500000 from different_dim_arm c
    where h.study_key = 7 and h.arm_key = c.arm_key
    and h.valid_from = c.valid_from and h.valid_from < 500000
    """

    def __init__(self, table: Dimension | Fact, capture: Capture) -> None:
        self.id = table.identity
        self.relation = table.relation
        self.history = f"history.{table.relation}"
        self.different = f"different_{table.relation}"
        self.columns = content_columns(table)
        self.compared = compared_columns(table)
        self.at = capture
        self.scope = table.scope_key
        #: The table of the scopes is identified by the scope itself.
        self.leading = [] if table.identity == self.scope else [self.scope]

    @property
    def _valid(self) -> str:
        at, key = self.at.release, self.at.scope_key
        return f"h.{self.scope} = {key} and h.valid_from <= {at} and h.valid_to > {at}"

    def _row(self, alias: str) -> str:
        return f"row({', '.join(f'{alias}.{name}' for name in self.compared)})"

    def differing(self, *, has_quarantined: bool) -> str:
        """What the versions known at the release and the capture do not have in common.

        A version that is gone or differs has its validity here, a new row has none.
        """
        is_quarantined = (
            f"and not exists (select 1 from quarantined_{self.relation} x where x.{self.id} = h.{self.id})"
            if has_quarantined
            else ""
        )
        return f"""create temporary table {self.different} on commit drop as
            select coalesce(h.{self.id}, i.{self.id}) as {self.id}, h.valid_from, h.valid_to,
                i.{self.id} is null as is_gone
            from (select * from {self.history} h where {self._valid}) h
            full join incoming_{self.relation} i on i.{self.id} = h.{self.id}
            where h.{self.id} is null
                or (i.{self.id} is null or {self._row("h")} is distinct from {self._row("i")})
                    {is_quarantined}"""

    def counts(self) -> str:
        """How many versions are gone, differ, and are new, and the rows of the capture."""
        return f"""select count(*) filter (where is_gone),
                count(*) filter (where not is_gone and valid_from is not null),
                count(*) filter (where valid_from is null),
                (select count(*) from incoming_{self.relation})
            from {self.different}"""

    def postpone(self) -> str:
        """A version that began at this release and was captured again later begins there."""
        return f"""update {self.history} h set valid_from = {self.at.following} from {self.different} c
            where h.{self.scope} = {self.at.scope_key} and h.{self.id} = c.{self.id}
                and h.valid_from = c.valid_from and h.valid_from = {self.at.release}
                and h.valid_to > {self.at.following}"""

    def remove(self) -> str:
        """The same release captured anew: its earlier rows were never of that release."""
        return f"""delete from {self.history} h using {self.different} c
            where h.{self.scope} = {self.at.scope_key} and h.{self.id} = c.{self.id}
                and h.valid_from = c.valid_from and h.valid_from = {self.at.release}"""

    def close(self) -> str:
        return f"""update {self.history} h set valid_to = {self.at.release} from {self.different} c
            where h.{self.scope} = {self.at.scope_key} and h.{self.id} = c.{self.id}
                and h.valid_from = c.valid_from and h.valid_from < {self.at.release}"""

    def keep_later_part(self) -> str:
        """What is contradicted now was captured again later: that part stays.

        It comes after the closing: of one row, one version is open at any time.
        """
        names = dict.fromkeys([*self.leading, self.id, *self.columns])
        values = ", ".join(f"h.{name}" for name in names)
        return f"""insert into {self.history} ({", ".join(names)}, valid_from, valid_to, load_id, loaded_at)
            select {values}, {self.at.following}, c.valid_to, h.load_id, h.loaded_at
            from {self.history} h
            join {self.different} c on c.{self.id} = h.{self.id} and c.valid_from = h.valid_from
            where h.{self.scope} = {self.at.scope_key} and h.valid_to = {self.at.release}
                and c.valid_to > {self.at.following}"""

    def begin(self, names: Sequence[str], rows: str) -> str:
        end = f"{self.at.following}"
        if "is_inferred" in names and self.at.next_capture < OPEN:
            end = f"case when i.is_inferred then least({end}, {self.at.next_capture}) else {end} end"
        return self._insert(names, f"({rows}) i", end)

    def insert(self) -> str:
        end = f"{self.at.following}"
        if self.at.next_capture < OPEN:
            # A capture in between that knows nothing of the table may have had to infer the row.
            end = f"""least({end}, (select min(h.valid_from) from {self.history} h
                where h.{self.scope} = {self.at.scope_key} and h.{self.id} = i.{self.id}
                    and h.valid_from > {self.at.release}))"""
            if "is_inferred" in self.columns:
                # And what is only inferred now, it has inferred for itself, or nothing named it.
                end = f"case when i.is_inferred then least({end}, {self.at.next_capture}) else {end} end"
        rows = f"""incoming_{self.relation} i join {self.different} c on c.{self.id} = i.{self.id}"""
        return self._insert([self.id, *self.columns], rows, end)

    def _insert(self, names: Sequence[str], rows: str, end: str) -> str:
        leading = [f"{self.at.scope_key}"] if self.leading else []
        values = [*leading, *(f"i.{name}" for name in names)]
        return f"""insert into {self.history}
                ({", ".join([*self.leading, *names])}, valid_from, valid_to, load_id)
            select {", ".join(values)}, {self.at.release}, {end}, {self.at.load_id} from {rows}"""

    def merge_at(self, release: int) -> str:
        """Two equal versions that meet at a release are one."""
        scope, key = self.scope, self.at.scope_key
        return f"""with later as (
                delete from {self.history} b using {self.history} a
                where a.{scope} = {key} and b.{scope} = {key} and a.{self.id} = b.{self.id}
                    and a.valid_to = {release} and b.valid_from = {release}
                    and {self._row("a")} is not distinct from {self._row("b")}
                returning b.{self.id}, b.valid_to)
            update {self.history} a set valid_to = later.valid_to from later
            where a.{scope} = {key} and a.{self.id} = later.{self.id} and a.valid_to = {release}"""

"""A staged load as SQL sees it: where the rows of a table are, and which of them no check set aside."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from include.sources.immport import ENDPOINTS
from include.warehouse.declare import Dimension, Fact
from include.warehouse.ops_tables import QUARANTINE, STAGED
from include.warehouse.staging import has_table, staging_table
from include.warehouse.unpack import PACKAGE_LINE


@dataclass(frozen=True)
class StagedLoad:
    """A staged load.

    :param told: endpoints of which it has rows.
    :param set_aside: endpoints of which rows were set aside.
    :param absent: endpoints that it does not tell and has no staging table for.
    """

    load_id: int
    told: frozenset[str]
    set_aside: frozenset[str]
    absent: frozenset[str]

    @classmethod
    def read(cls, connection: sa.Connection, load_id: int) -> StagedLoad:
        """What is recorded of a load."""
        of_load = STAGED.c.load_id == load_id
        told = connection.scalars(sa.select(STAGED.c.endpoint).where(of_load & (STAGED.c.rows_staged > 0)))
        known = set(connection.scalars(sa.select(STAGED.c.endpoint).where(of_load & STAGED.c.is_known)))
        aside = sa.select(QUARANTINE.c.endpoint).where(QUARANTINE.c.load_id == load_id).distinct()
        absent = (
            item.name for item in ENDPOINTS.values() if not has_table(item, is_known=item.name in known)
        )
        return cls(load_id, frozenset(told), frozenset(connection.scalars(aside)), frozenset(absent))

    def own(self, table: Dimension | Fact) -> str:
        """The staged rows `s` of a table's endpoint alone."""
        return f"{staging_table(self.load_id, ENDPOINTS[table.endpoint or ''])} s"

    def source(self, table: Dimension | Fact) -> str:
        """The staged rows `s` that a table is made of, and what it joins to them."""
        tables = {item.name: staging_table(self.load_id, item) for item in ENDPOINTS.values()}
        joins = " ".join(item.sql.format(**tables) for item in table.joins)
        return f"{self.own(table)} {joins}"

    def kept(self, table: Dimension | Fact) -> str:
        """True of rows `s` that no check set aside. A line that is no row has none; its number is that of
        the line."""
        if table.endpoint not in self.set_aside:
            return "true"
        return (
            "s.row_number not in (select q.row_number from quality.quarantine q"
            f" where q.load_id = {self.load_id} and q.endpoint = '{table.endpoint}'"
            f" and q.rule <> '{PACKAGE_LINE}')"
        )

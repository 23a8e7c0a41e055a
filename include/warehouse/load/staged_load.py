"""A staged load as SQL sees it: where the rows of a table are, and which of them no check quarantined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from include.sources.immport.endpoints import ENDPOINTS
from include.sql import identifier, literal
from include.warehouse.load.package_findings import PACKAGE_LINE
from include.warehouse.load.staging_tables import StagedTables, no_rows
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.schema.ops_tables import QUARANTINE, QUARANTINED_VALUE, STAGED


@dataclass(frozen=True)
class StagedLoad:
    """A staged load.

    :param tables: its staging tables.
    :param provided: endpoints of which it has rows that its gate did not withhold.
    :param quarantined: endpoints of which rows were quarantined.
    :param absent: endpoints of which there is nothing to read: no row came, or its gate withheld them.
    :param unreadable: by endpoint, columns of which values were quarantined: these are null.
    """

    tables: StagedTables
    provided: frozenset[str]
    quarantined: frozenset[str]
    absent: frozenset[str]
    unreadable: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: sa.Connection, load_id: int) -> StagedLoad:
        """What is recorded of a load."""
        tables = StagedTables.read(connection, load_id)
        of_load = STAGED.c.load_id == load_id
        withheld = set(
            connection.scalars(sa.select(STAGED.c.endpoint).where(of_load & STAGED.c.withheld.is_not(None)))
        )
        aside = sa.select(QUARANTINE.c.endpoint).where(QUARANTINE.c.load_id == load_id).distinct()
        quarantined = frozenset(connection.scalars(aside))
        return cls(
            tables,
            tables.filled - withheld,
            quarantined,
            frozenset((ENDPOINTS.keys() - tables.filled - quarantined) | withheld),
            _unreadable(connection, load_id),
        )

    @property
    def load_id(self) -> int:
        return self.tables.load_id

    def rows(self, name: str) -> str:
        """The staged rows of an endpoint: none of one that was withheld, null for unreadable values."""
        endpoint = ENDPOINTS[name]
        if name in self.absent:
            return no_rows(endpoint)
        table = self.tables.rows(endpoint)
        unreadable = self.unreadable.get(name)
        if not unreadable:
            return table
        columns = (
            f"case when t.row_number not in (select v.row_number from quality.quarantined_value v"
            f" where v.load_id = {self.load_id} and v.endpoint = {literal(name)}"
            f" and v.field = {literal(column)})"
            f" then t.{column} end as {column}"
            if column in unreadable
            else f"t.{identifier(column)}"
            for column in endpoint.columns
        )
        return f"(select t.row_number, {', '.join(columns)} from {table} t)"

    def own(self, table: Dimension | Fact) -> str:
        """The staged rows `s` of a table's endpoint alone."""
        return f"{self.rows(table.endpoint or '')} s"

    def source(self, table: Dimension | Fact) -> str:
        """The staged rows `s` that a table is made of, and what it joins to them.

        `staging.l7_study s left join staging.l7_summary y on y.study_accession = s.study_accession`.
        """
        tables = {name: self.rows(name) for name in ENDPOINTS}
        joins = " ".join(item.sql.fill(tables) for item in table.joins)
        return f"{self.own(table)} {joins}"

    def kept(self, table: Dimension | Fact) -> str:
        """True of rows `s` that no check quarantined. A line that is not a row has no number of a row, but
        that of the line."""
        if table.endpoint not in self.quarantined:
            return "true"
        return (
            "s.row_number not in (select q.row_number from quality.quarantine q"
            f" where q.load_id = {self.load_id} and q.endpoint = {literal(table.endpoint or '')}"
            f" and q.rule <> {literal(PACKAGE_LINE)})"
        )


def _unreadable(connection: sa.Connection, load_id: int) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    columns = sa.select(QUARANTINED_VALUE.c.endpoint, QUARANTINED_VALUE.c.field).distinct()
    for endpoint, column in connection.execute(columns.where(QUARANTINED_VALUE.c.load_id == load_id)):
        found.setdefault(endpoint, set()).add(column)
    return {endpoint: frozenset(names) for endpoint, names in found.items()}

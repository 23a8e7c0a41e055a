"""A staged load as SQL sees it: where the rows of a table are, and which of them no check quarantined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from include.sources.endpoint import snake_case
from include.sql import identifier, literal
from include.warehouse.load import staging_tables
from include.warehouse.load.package.package_findings import PACKAGE_LINE
from include.warehouse.load.staging_tables import StagedTables, no_rows
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.ops_tables import QUARANTINE, QUARANTINED_VALUE, RESULT, STAGED
from include.warehouse.schema.statements import run_sql


class PublishRefusedError(RuntimeError):
    """The load must not be published: it was not checked, or it is no longer the one that was."""


class StagingLostError(PublishRefusedError):
    """Staging is not what was checked: a crash empties tables that are not logged."""


@dataclass(frozen=True)
class Count:
    """Staged rows that a table is made of, and how many they are by the table's own identity."""

    rows: int
    identities: int


@dataclass(frozen=True)
class StagedLoad:
    """A staged load.

    :param model: its source, and the tables that are made of it.
    :param tables: its staging tables.
    :param provided: endpoints of which it has rows that its gate did not withhold.
    :param quarantined: endpoints of which rows were quarantined.
    :param absent: endpoints of which there is nothing to read: no row came, or its gate withheld them.
    :param unreadable: by endpoint, columns of which values were quarantined: these are null.
    """

    model: SourceModel
    tables: StagedTables
    provided: frozenset[str]
    quarantined: frozenset[str]
    absent: frozenset[str]
    unreadable: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: sa.Connection, model: SourceModel, load_id: int) -> StagedLoad:
        """What is recorded of a load."""
        tables = StagedTables.read(connection, load_id)
        of_load = STAGED.c.load_id == load_id
        withheld = set(
            connection.scalars(sa.select(STAGED.c.endpoint).where(of_load & STAGED.c.withheld.is_not(None)))
        )
        aside = sa.select(QUARANTINE.c.endpoint).where(QUARANTINE.c.load_id == load_id).distinct()
        quarantined = frozenset(connection.scalars(aside))
        return cls(
            model,
            tables,
            tables.filled - withheld,
            quarantined,
            frozenset((model.source.endpoints.keys() - tables.filled - quarantined) | withheld),
            _unreadable(connection, load_id),
        )

    @property
    def load_id(self) -> int:
        return self.tables.load_id

    def rows(self, name: str) -> str:
        """The staged rows of an endpoint: none of one that was withheld, null for unreadable values."""
        endpoint = self.model.source.endpoints[name]
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
        tables = {name: self.rows(name) for name in self.model.source.endpoints}
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

    def present(self, table: Dimension | Fact) -> str:
        """True of rows `s` that are a row of a table: no check quarantined them, and they have an identity.

        A partial table leaves out rows without one; of other tables, the checks let none pass.
        """
        return " and ".join(
            [self.kept(table), *(f"{item.raw.text} is not null" for item in table.identified_by)]
        )

    def identity(self, table: Dimension | Fact) -> list[str]:
        """SQL of the values of a staged row `s` that make it one row of a table."""
        if isinstance(table, Fact):
            return [table.row_id.value.text]
        return [item.raw.text for item in table.natural_key]

    def count(
        self, connection: sa.Connection, tables: Iterable[Dimension | Fact]
    ) -> dict[Dimension | Fact, Count]:
        """Count the staged rows of tables.

        Of HAI results: `select 'fact_hai', count(*), count(distinct case when ... end) from staging.l7_hai s
        where true and s.result_id is not null`. Most come in the order of their numbers: to sort these takes
        less time than a hash table of them.
        """
        relations = {table.relation: table for table in tables}
        query = " union all ".join(
            f"select {literal(name)}, count(*), count(distinct {_one(self.identity(table))})"
            f" from {self.source(table)} where {self.present(table)}"
            for name, table in relations.items()
        )
        if not query:
            return {}
        return {relations[name]: Count(int(rows), made) for name, rows, made in run_sql(connection, query)}

    def several(self, table: Dimension | Fact) -> list[str]:
        """Columns of a table of which several rows of one key may have a value each."""
        several = {snake_case(name) for name in self.model.endpoint(table).several}
        return [column.name for column in table.columns if column.name in several and column.source is None]

    def gathered(self, table: Dimension | Fact, columns: list[str]) -> str:
        """The join `g` with all values of such columns, in the order of their text, where a key repeats."""
        endpoint = self.model.endpoint(table)
        keys = endpoint.key_columns
        values = ", ".join(
            f"string_agg(distinct s.{name}, ',' order by s.{name}) as {name}" for name in columns
        )
        same = " and ".join(f"g.{key} = s.{key}" for key in keys)
        of_keys = ", ".join(f"s.{key}" for key in keys)
        return (
            f"left join (select {of_keys}, {values} from {self.tables.rows(endpoint)} s"
            f" where {self.kept(table)} group by {of_keys} having count(*) > 1) g on {same}"
        )

    def quarantined_rows(self, table: Dimension | Fact) -> str:
        """The quarantined rows `s` of a table's endpoint, as they were received."""
        name = table.endpoint or ""
        columns = ", ".join(f"{identifier(column)} text" for column in self.model.endpoint(table).columns)
        return (
            f"(select r.* from quality.quarantine q, jsonb_to_record(q.row) r ({columns})"
            f" where q.load_id = {self.load_id} and q.endpoint = {literal(name)}) s"
        )


def _one(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"({', '.join(values)})"


def _unreadable(connection: sa.Connection, load_id: int) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    columns = sa.select(QUARANTINED_VALUE.c.endpoint, QUARANTINED_VALUE.c.field).distinct()
    for endpoint, column in connection.execute(columns.where(QUARANTINED_VALUE.c.load_id == load_id)):
        found.setdefault(endpoint, set()).add(column)
    return {endpoint: frozenset(names) for endpoint, names in found.items()}


def prove_checked(connection: sa.Connection, model: SourceModel, load_id: int, name: str) -> None:
    """What is about to be published must be what was checked, and it must have passed.

    :param name: scope and release, for the error.
    :raises PublishRefusedError: the load was not checked, or its gate is closed.
    :raises StagingLostError: staging is not what was checked.
    """
    results = sa.select(
        sa.func.count(),
        sa.func.count().filter(~RESULT.c.success & (RESULT.c.severity == "critical")),
    )
    total, critical = connection.execute(results.where(RESULT.c.load_id == load_id)).one()
    if not total:
        raise PublishRefusedError(f"{name}: load {load_id} was not checked")
    if critical:
        raise PublishRefusedError(f"{name}: {critical} critical checks of load {load_id} failed")
    recorded = sa.select(STAGED.c.endpoint, STAGED.c.rows_staged)
    of_load = connection.execute(recorded.where(STAGED.c.load_id == load_id))
    staged = {row.endpoint: row.rows_staged for row in of_load}
    if missing := [item.name for item in model.source.served.values() if item.name not in staged]:
        raise StagingLostError(f"{name} {', '.join(missing)}: staging is gone")
    endpoints = model.source.endpoints.values()
    for endpoint, found in staging_tables.count(connection, load_id, endpoints).items():
        checked = staged.get(endpoint, 0)
        if found is None and checked:
            raise StagingLostError(f"{name} {endpoint}: staging is gone")
        if (found or 0) != checked:
            raise StagingLostError(f"{name} {endpoint}: {found} rows in staging, {checked} were checked")

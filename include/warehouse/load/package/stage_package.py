"""Staging a study that came as a Tab package: its tables as text, then one query for each endpoint.

What is staged has the columns of the API's answers: the checks and all that follows know no difference.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import IO, Any

import sqlalchemy as sa

from include.landing.zone import Landed, Landing, LandingError, Manifest
from include.sources.endpoint import Endpoint
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.package import package_reader
from include.sources.package.package_reader import TabReader
from include.sources.package.recipe import GIVEN, Recipe
from include.sources.package.recipes import RECIPES, read_for
from include.sources.package.tables import NAMES, TABLES, TabTable
from include.sources.reader import NotDataError
from include.sources.release import Release
from include.sql import Expression, identifier, literal
from include.warehouse.load import staging_tables, unreported_columns
from include.warehouse.load.package import package_findings
from include.warehouse.load.package.package_findings import member_name
from include.warehouse.load.package.package_relations import PackageRelations, StoredTable
from include.warehouse.schema.ops_tables import DRIFT, LOAD, PACKAGE_SAMPLE, PACKAGE_TABLE, QUARANTINE
from include.warehouse.schema.statements import run_sql

#: Bytes of a row of each table that an endpoint is made of, together, up to which its own rows are taken to
#: be short: they may repeat cells. A page has 8192 bytes; the code is that of a row that is longer.
_SHORT, _TOO_LONG = 2000, "54000"


def unpack(
    connection: sa.Connection, load_id: int, landing: Landing, manifest: Manifest, endpoints: list[Endpoint]
) -> dict[str, int]:
    """Stage endpoints from the package of a fetch. Returns rows by endpoint; the caller commits.

    :raises LandingError: the package is not what was landed, not whole, or of another study or release.
    """
    landed = manifest.package
    if landed is None:
        raise LandingError(f"{manifest.scope} {manifest.release}: fetch {manifest.fetch_id} has no package")
    package_findings.forget(connection, load_id)
    found = _Tables(connection, load_id, manifest, landed)
    with landing.package(landed) as path, found.explained():
        _same(manifest, *package_reader.named(landed.path.rpartition("/")[2]))
        with package_reader.opened(path) as archive:
            members = package_reader.tables(archive)
            for name, member in members.items():
                today = NAMES.get(name)
                # Under two names at once, it is the one of today.
                is_read = today is not None and (today == name or today not in members)
                found.read(archive, name, member, TABLES[today] if today and is_read else None)
        found.finish()
    return found.make(endpoints)


def _same(manifest: Manifest, study: str, release: Release) -> None:
    if (study, release) != (manifest.scope, Release.parse(manifest.release)):
        raise NotDataError(f"it is the package of {study} {release}")


@cache
def _select(endpoint: str) -> Expression:
    """The query of an endpoint."""
    return RECIPES[endpoint].select(ENDPOINTS[endpoint])


class _Tables:
    """The tables of one package, and what was found in them."""

    def __init__(self, connection: sa.Connection, load_id: int, manifest: Manifest, landed: Landed) -> None:
        self._connection = connection
        self._load_id = load_id
        self._manifest = manifest
        self._file = landed.path.rpartition("/")[2]
        self._member = ""
        self._relations = PackageRelations(connection)
        #: Tables that have rows, by their name of today.
        self._stored: dict[str, StoredTable] = {}
        #: Table, by its name of today -> as the package names it.
        self._named: dict[str, str] = {}
        #: Columns of each table that no header of it holds.
        self._lacking: dict[str, frozenset[str]] = {}
        #: What is written down of each table, by its name in the package, and of what is wrong with it.
        self._counted: dict[str, dict[str, Any]] = {}
        self._drift: list[dict[str, Any]] = []
        self._quarantined: list[dict[str, Any]] = []

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Errors of zip files as errors of the landing zone, with study, release and member."""
        try:
            yield
        except (zipfile.BadZipFile, zlib.error, EOFError, NotDataError) as error:
            raise self._broken(str(error)) from error
        except (NotImplementedError, RuntimeError) as error:
            if isinstance(error, LandingError):
                raise
            # zipfile's own: an unknown compression, or a member that is encrypted
            raise self._broken(str(error)) from error

    def _broken(self, why: str) -> LandingError:
        place = f"{self._file} {self._member}".strip()
        return LandingError(f"{self._manifest.scope} {self._manifest.release} package: {place}: {why}")

    def read(
        self, archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo, table: TabTable | None
    ) -> None:
        """Store one table; of one that nobody reads, count the rows."""
        self._member = member.filename
        if table:
            self._named[table.name] = name
        with archive.open(member) as file:
            rows = self._store(table, file) if table else package_reader.count_rows(file)
        self._member = ""
        self._counted[name] = {
            "table_name": name,
            "rows": rows,
            "read_for": read_for(table.name) if table else None,
            "conflicts": None,
        }

    def _store(self, table: TabTable, file: IO[bytes]) -> int:
        reader = TabReader(file)
        if stored := self._relations.add(table, reader):
            self._stored[table.name] = stored
        self._lacking[table.name] = frozenset(table.holders.keys() - table.places(reader.header).keys())
        self._drift += package_findings.drift(table, reader)
        self._quarantined += package_findings.quarantined_lines(self._manifest, table, reader)
        return reader.rows + len(reader.bad)

    def finish(self) -> None:
        """All tables were read: prove that they are the study's, and write down what was found.

        :raises LandingError: the package does not describe the study it was fetched for, or another, too.
        """
        self._relations.finish()
        self._prove_study()
        relations = {name: stored.named_rows for name, stored in self._stored.items()}
        for name, number in package_findings.conflicts(self._connection, relations).items():
            if name in self._named:
                self._counted[self._named[name]]["conflicts"] = number
        samples = [stored.sample for stored in self._stored.values() if stored.sample]
        for table, rows in (
            (PACKAGE_TABLE, list(self._counted.values())),
            (DRIFT, self._drift),
            (QUARANTINE, self._quarantined),
            (PACKAGE_SAMPLE, [sample.as_row() for sample in samples]),
        ):
            package_findings.record(self._connection, table, self._load_id, rows)

    def _prove_study(self) -> None:
        query = f"select t.study_accession from {self._relation('study')} t"
        described = [study or "no study" for study in run_sql(self._connection, query).scalars()]
        if described != [self._manifest.scope]:
            self._member = member_name("study")
            raise self._broken(f"it describes {', '.join(described[:3]) or 'no study'}")

    def make(self, endpoints: list[Endpoint]) -> dict[str, int]:
        """Make the staging tables of endpoints that have rows. Returns the rows of all.

        :raises LandingError: a row of a table was lost or repeated.
        """
        tables = {name: self._relation(name) for name in TABLES} | self._given()
        made = [item for item in endpoints if self._has_rows(RECIPES[item.name])]
        short = {item.name for item in made if self._is_short(RECIPES[item.name])}
        try:
            with self._connection.begin_nested():
                rows = self._fill_all(made, tables, short)
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "pgcode", None) != _TOO_LONG:
                raise
            rows = self._fill_all(made, tables, set())
        filled = [item for item in made if rows[item.name]]
        staging_tables.analyze(self._connection, self._load_id, filled)
        staging_tables.drop(self._connection, self._load_id, [item for item in made if not rows[item.name]])
        missing = {item.name: unreported_columns.of_package(item, self._lacking) for item in filled}
        unreported_columns.record(self._connection, self._load_id, missing)
        return {item.name: rows.get(item.name, 0) for item in endpoints}

    def _fill_all(
        self, endpoints: list[Endpoint], tables: dict[str, str], short: Collection[str]
    ) -> dict[str, int]:
        staging_tables.create(self._connection, self._load_id, endpoints, short=short)
        return {item.name: self._fill(item, RECIPES[item.name], tables) for item in endpoints}

    def _is_short(self, recipe: Recipe) -> bool:
        """Whether the rows of an endpoint will fit a page: as a rule they are made of a row of each table."""
        return sum(self._stored[name].longest for name in recipe.tables if name in self._stored) <= _SHORT

    def _fill(self, endpoint: Endpoint, recipe: Recipe, tables: dict[str, str]) -> int:
        table = staging_tables.staging_table(self._load_id, endpoint)
        columns = ", ".join(("row_number", *map(identifier, endpoint.columns)))
        query = _select(endpoint.name).fill(tables)
        rows = run_sql(self._connection, f"insert into {table} ({columns}) {query}").rowcount
        base = self._stored.get(recipe.table)
        expected = base.rows if base else 0
        if recipe.is_one_to_one and rows != expected:
            raise self._broken(f"{expected} rows of {recipe.table} became {rows} of {endpoint.name}")
        return rows

    def _has_rows(self, recipe: Recipe) -> bool:
        """Whether the query of an endpoint is worth its table: there are rows that it makes rows of."""
        return any(name in self._stored for name in recipe.base_tables)

    def _given(self) -> dict[str, str]:
        """SQL of what recipes take from the load."""
        listed = sa.select(LOAD.c.listed_version).where(LOAD.c.load_id == self._load_id)
        known = (self._connection.scalar(listed), self._manifest.release, self._manifest.release_date)
        return {
            name: "null" if value is None else literal(value)
            for name, value in zip(GIVEN, known, strict=True)
        }

    def _relation(self, table: str) -> str:
        """SQL that reads a table; a package may leave out one that is empty."""
        if stored := self._stored.get(table):
            return stored.named_rows
        empty = ", ".join(f"null::text as {name}" for name in TABLES[table].columns)
        return f"(select null::bigint as row_number, {empty} where false)"

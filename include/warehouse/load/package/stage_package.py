"""Staging a study that came as a Tab package: its tables as text, then one query for each endpoint.

What is staged has the columns of the API's answers: the checks and all that follows know no difference.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO

import sqlalchemy as sa

from include.landing.zone import Landed, Landing, LandingError, Manifest
from include.sources.endpoint import Endpoint
from include.sources.package import package_reader
from include.sources.package.column_samples import ROWS, TableSample, key_places, order_sql
from include.sources.package.package_reader import QUOTE, TabReader
from include.sources.package.recipe import GIVEN, Recipe
from include.sources.package.recipes import RECIPES, read_for
from include.sources.package.tables import NAMES, TABLES, TabTable
from include.sources.reader import NotDataError
from include.sources.release import Release
from include.sql import identifier, literal
from include.warehouse.load import staging_tables, unreported_columns
from include.warehouse.load.package import package_findings
from include.warehouse.load.package.package_findings import member_name
from include.warehouse.load.staging_tables import PLAIN
from include.warehouse.schema.ops_tables import LOAD, PACKAGE_SAMPLE, PACKAGE_TABLE
from include.warehouse.schema.statements import run_sql

#: Tables of a package know no escapes, and no quotes: the one that COPY wants is in none of them.
_TAB = replace(PLAIN, options=rf"format csv, delimiter e'\t', quote e'\x{ord(QUOTE):02x}', null ''")


def unpack(
    connection: sa.Connection, load_id: int, landing: Landing, manifest: Manifest, endpoints: list[Endpoint]
) -> dict[str, int]:
    """Stage endpoints from the package of a fetch. Returns rows by endpoint; the caller commits.

    :raises LandingError: the package is not what was landed, not whole, or of another study or release.
    """
    landed = manifest.package
    if landed is None:
        raise LandingError(f"{manifest.study} {manifest.release}: fetch {manifest.fetch_id} has no package")
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
    found.prove_study()
    package_findings.count_conflicts(connection, load_id, found.by_name())
    rows = {item.name: found.make(item, RECIPES[item.name]) for item in endpoints}
    found.drop()
    return rows


def _same(manifest: Manifest, study: str, release: Release) -> None:
    if (study, release) != (manifest.study, Release.parse(manifest.release)):
        raise NotDataError(f"it is the package of {study} {release}")


class _Tables:
    """The tables of one package in staging."""

    def __init__(self, connection: sa.Connection, load_id: int, manifest: Manifest, landed: Landed) -> None:
        self._connection = connection
        self._load_id = load_id
        self._manifest = manifest
        self._file = landed.path.rpartition("/")[2]
        self._member = ""
        #: Table, by its name of today -> SQL that reads it under its columns' names.
        self._relations: dict[str, str] = {}
        self._rows: dict[str, int] = {}
        #: Table, by its name of today -> as the package names it.
        self._named: dict[str, str] = {}
        #: Columns of each table that no header of it holds.
        self._lacking: dict[str, frozenset[str]] = {}

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
        return LandingError(f"{self._manifest.study} {self._manifest.release} package: {place}: {why}")

    def read(
        self, archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo, table: TabTable | None
    ) -> None:
        """Stage one table; of one that nobody reads, count the rows."""
        self._member = member.filename
        if table:
            self._named[table.name] = name
        with archive.open(member) as file:
            rows = self._stage(table, file) if table else package_reader.count_rows(file)
        self._member = ""
        self._connection.execute(
            sa.insert(PACKAGE_TABLE).values(
                load_id=self._load_id,
                table_name=name,
                rows=rows,
                read_for=read_for(table.name) if table else None,
            )
        )

    def _stage(self, table: TabTable, file: IO[bytes]) -> int:
        reader = TabReader(file)
        name = f"staging.l{self._load_id}_p_{table.name}"
        # The columns are numbered: a name from a file gets into no statement.
        columns = [f"c{number}" for number in range(1, len(reader.header) + 1)]
        run_sql(self._connection, f"drop table if exists {name}")
        run_sql(
            self._connection,
            f"create unlogged table {name} (row_number bigint generated always as identity,"
            f" {', '.join(f'{column} text' for column in columns)})",
        )
        filling = staging_tables.Filling(self._connection, name)
        count = filling.copy(columns, _TAB, reader.blocks())
        if count != reader.rows:
            raise NotDataError(f"{reader.rows} lines became {count} rows")
        filling.prove()
        place = table.places(reader.header)
        read = (f"{_cell(place.get(item, ()))} as {item}" for item in table.columns)
        self._relations[table.name] = f"(select row_number, {', '.join(read)} from {name})"
        self._rows[table.name] = count
        self._lacking[table.name] = frozenset(table.holders.keys() - place.keys())
        keys = [f"c{at[0] + 1}" for item, at in place.items() if item.endswith(("_accession", "_id"))]
        run_sql(self._connection, f"analyze {name} ({', '.join(['row_number', *keys])})")
        package_findings.note_drift(self._connection, self._load_id, table, reader, place)
        self._sample(table, reader.header, name)
        package_findings.quarantine_lines(
            self._connection, self._load_id, self._manifest, table, reader.bad, place
        )
        return count + len(reader.bad)

    def _sample(self, table: TabTable, header: tuple[str, ...], relation: str) -> None:
        """Record a few rows, to be compared with the same ones of other releases."""
        key = key_places(table, header)
        if not key:
            return
        order = order_sql(f"c{at + 1}" for at in key)
        rows = run_sql(
            self._connection,
            f"select {', '.join(f'c{at + 1}' for at in range(len(header)))} from {relation}"
            f" order by {order}, row_number limit {ROWS}",
        )
        sample = TableSample.of_rows(table.name, header, key, [tuple(row) for row in rows])
        if sample.keys:
            values = {
                "table_name": sample.table,
                "header": list(sample.header),
                "keys": list(sample.keys),
                "cells": [list(cells) for cells in sample.cells],
            }
            self._connection.execute(sa.insert(PACKAGE_SAMPLE).values(load_id=self._load_id, **values))

    def prove_study(self) -> None:
        """Make sure that the package describes the study it was fetched for, and no other.

        :raises LandingError: it does not.
        """
        studies = run_sql(
            self._connection, f"select t.study_accession from {self._relation('study')} t"
        ).scalars()
        described = [study or "no study" for study in studies]
        if described != [self._manifest.study]:
            self._member = member_name("study")
            raise self._broken(f"it describes {', '.join(described[:3]) or 'no study'}")

    def by_name(self) -> dict[str, tuple[str, str]]:
        """By table: as the package names it, and SQL that reads it."""
        return {table: (self._named[table], relation) for table, relation in self._relations.items()}

    def make(self, endpoint: Endpoint, recipe: Recipe) -> int:
        """Make an endpoint's staging table, if it has rows. Returns their number.

        :raises LandingError: a row of its table was lost or repeated.
        """
        if not self._has_rows(recipe):
            return 0
        table = staging_tables.create(self._connection, self._load_id, endpoint)
        tables = {name: self._relation(name) for name in recipe.tables}
        query = recipe.select(endpoint).fill({**tables, **self._given()})
        columns = ", ".join(("row_number", *map(identifier, endpoint.columns)))
        rows = run_sql(self._connection, f"insert into {table} ({columns}) {query}").rowcount
        expected = self._rows.get(recipe.table, 0)
        if recipe.is_one_to_one and rows != expected:
            raise self._broken(f"{expected} rows of {recipe.table} became {rows} of {endpoint.name}")
        if rows:
            staging_tables.analyze(self._connection, self._load_id, endpoint)
            missing = unreported_columns.of_package(endpoint, recipe, self._lacking)
            unreported_columns.record(self._connection, self._load_id, endpoint, missing)
        else:
            staging_tables.drop(self._connection, self._load_id, [endpoint])
        return rows

    def _has_rows(self, recipe: Recipe) -> bool:
        """Whether the query of an endpoint is worth its table: any that it reads has rows."""
        return any(self._rows.get(name) for name in recipe.tables)

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
        empty = ", ".join(f"null::text as {name}" for name in TABLES[table].columns)
        return self._relations.get(table) or f"(select null::bigint as row_number, {empty} where false)"

    def drop(self) -> None:
        """Remove the package tables: the endpoints are made."""
        for table in self._relations:
            run_sql(self._connection, f"drop table staging.l{self._load_id}_p_{table}")


def _cell(places: tuple[int, ...]) -> str:
    """SQL of a column in a table whose columns are numbered: the first of its cells that is not empty."""
    cells = ", ".join(f"c{at + 1}" for at in places)
    return f"coalesce({cells})" if len(places) > 1 else cells or "null::text"

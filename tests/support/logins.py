"""Logins of a test: roles of its own, members of the warehouse's roles, that connect over TCP."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from include.local.server import Server
from include.warehouse.access.roles import ANALYST, RESTRICTED
from include.warehouse.load.publish import publish_load
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.ops_tables import WORK
from tests.support.clinical import whole_study
from tests.support.warehouse import Warehouse, apart, hai, publication, small_study

_PREFIX = "login"


class Logins:
    """Makes logins, and removes them in the end. Roles belong to the whole server: names are unique."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._admin = sa.create_engine(server.url(), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self._names: list[str] = []
        self._engines: list[sa.Engine] = []

    def engine(self, database: sa.URL, *roles: str, acts_as: str | None = None) -> sa.Engine:
        """Connect to a database as a new login that is a member of roles.

        :param acts_as: role that the login takes on when it connects.
        """
        name, password = f"{_PREFIX}_{os.getpid()}_{secrets.token_hex(4)}", secrets.token_hex(16)
        self.run(f"create role {name} login nosuperuser password '{password}'")
        self._names.append(name)
        for role in roles:
            self.run(f"grant {role} to {name}")
        if acts_as:
            self.run(f"alter role {name} set role = {acts_as}")
        engine = warehouse_engine(database.set(username=name, password=password))
        self._engines.append(engine)
        return engine

    def run(self, statement: str) -> None:
        """Run a statement as the server's superuser."""
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)

    def remove(self, databases: list[sa.URL]) -> None:
        """Remove the logins, with the databases in which they may own something."""
        for engine in self._engines:
            engine.dispose()
        for database in databases:
            self._server.drop_database(str(database.database))
        for name in self._names:
            self.run(f"drop role {name}")

    def drop_leftovers(self) -> None:
        """Drop the logins of sessions that were killed."""
        with self._admin.connect() as connection:
            found = sa.text("select rolname from pg_roles where rolname like :prefix")
            for name in connection.scalars(found, {"prefix": f"{_PREFIX}\\_%"}).all():
                owner = name.split("_")[1]
                if owner.isdigit() and not psutil.pid_exists(int(owner)):
                    connection.exec_driver_sql(f"drop role if exists {name}")


@pytest.fixture
def logins(postgres: Server, request: pytest.FixtureRequest) -> Iterator[Logins]:
    """Makes logins that connect to the test's database."""
    used = [
        request.getfixturevalue(name) for name in ("migrated", "database") if name in request.fixturenames
    ]
    made = Logins(postgres)
    made.drop_leftovers()
    yield made
    made.remove(used)


WHY = "restricted: on the source's list of restricted studies"
VIEWS = "select relname from pg_class where relnamespace = 'star'::regnamespace and relkind = 'v' order by 1"


@dataclass(frozen=True)
class Reader:
    """One login and what it sees."""

    engine: sa.Engine

    def rows(self, statement: str, as_of: str | None = None) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            if as_of:
                connection.execute(sa.text("select set_config('star.as_of', :it, true)"), {"it": as_of})
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def studies(self, as_of: str | None = None) -> list[str]:
        found = self.rows("select study_accession from star.dim_study where study_key > 0 order by 1", as_of)
        return [name for (name,) in found]

    def is_denied(self, statement: str) -> bool:
        """Whether the server refuses a statement for lack of a right."""
        try:
            self.rows(statement)
        except sa.exc.ProgrammingError as error:
            return getattr(error.orig, "pgcode", "") == "42501"
        return False

    def copied(self, statement: str) -> list[str]:
        text = io.StringIO()
        driver: Any = self.engine.raw_connection()
        with driver.cursor() as cursor:
            cursor.copy_expert(statement, text)
        driver.close()
        return text.getvalue().splitlines()


@pytest.fixture
def analyst(logins: Logins, migrated: sa.URL) -> Reader:
    return Reader(logins.engine(migrated, ANALYST))


@pytest.fixture
def trusted(logins: Logins, migrated: sa.URL) -> Reader:
    return Reader(logins.engine(migrated, RESTRICTED))


def load_two_studies(warehouse: Warehouse) -> None:
    """SDY1 with all there is, and SDY2 with the subjects of SDY1."""
    warehouse.load(whole_study())
    second = apart(small_study(hai(1, study="SDY2"), hai(2, who=2, study="SDY2"), study="SDY2"), "2")
    warehouse.load(second, study="SDY2")


def restrict(warehouse: Warehouse, study: str, release: str, reason: str | None = WHY) -> None:
    load = warehouse.open_load(study, release, "withdrawal")
    if reason:
        with warehouse.engine.begin() as connection:
            row = {"run_id": "r", "scope": study, "release_version": release, "reason": reason}
            connection.execute(sa.insert(WORK).values(row | {"action": "withdraw", "load_id": load.load_id}))
    publish_load(warehouse.engine, publication(load, is_withdrawal=True), load.fence)

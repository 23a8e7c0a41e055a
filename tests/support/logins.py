"""Logins of a test: roles of its own, members of the warehouse's roles, that connect over TCP."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import psutil
import pytest
import sqlalchemy as sa

from include.local.server import Server
from include.warehouse.connect import warehouse_engine

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

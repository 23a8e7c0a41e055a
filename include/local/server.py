"""A running Postgres server: its URL and its databases."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from psycopg2 import sql
from sqlalchemy import URL

from include.local.ports import HOST
from include.warehouse.schema.engine import connect

USER = "warehouse"
#: Airflow's metadata database; those of the sandbox's worlds have the world's name after it.
METADATA = "airflow"
_PLAIN = {"sslmode": "disable", "gssencmode": "disable"}


@dataclass(frozen=True)
class Server:
    """A running server: where it listens and how to get in."""

    port: int
    password: str = field(repr=False)

    def url(self, database: str = "postgres") -> URL:
        """The SQLAlchemy URL of a database, password included.

        The server has no TLS and no Kerberos: what a shell asks of other servers (PGSSLMODE) is not for it.
        """
        return URL.create("postgresql+psycopg2", USER, self.password, HOST, self.port, database, _PLAIN)

    def databases(self) -> list[str]:
        """Names of all databases, templates left out."""
        with self._cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY datname")
            return [name for (name,) in cursor]

    def warehouses(self) -> list[str]:
        """Names of the databases that are neither the server's own nor Airflow's."""
        return [
            name for name in self.databases() if name != "postgres" and name.partition("_")[0] != METADATA
        ]

    def ensure_database(self, name: str) -> URL:
        """Create the database unless it exists; its URL."""
        with self._cursor() as cursor:
            # CREATE DATABASE has no IF NOT EXISTS: the lock keeps two callers from both creating it.
            cursor.execute("SELECT pg_advisory_lock(hashtext('ensure_database'))")
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop the database if it exists, ending its sessions."""
        with self._cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[Any]:
        connection = connect(self.url())
        connection.autocommit = True  # databases cannot be created in a transaction
        with contextlib.closing(connection), connection.cursor() as cursor:
            yield cursor

"""Postgres for tests: one embedded server for all sessions at once, a fresh empty database per test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import psutil
import pytest
from sqlalchemy import URL

from include.local.paths import Paths
from include.local.postgres import EmbeddedPostgres
from include.local.server import Server

#: A test's data need not survive the machine.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # it would visit hundreds of databases that are gone a second later
    "max_connections": "200",
    "max_wal_size": "256MB",  # it lies in memory
}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running Postgres server; it stops with the last session that uses it."""
    with EmbeddedPostgres.of_tests(Paths.default().postgres_tests, FAST).running() as server:
        _drop_leftovers(server)
        yield server


@pytest.fixture
def database(postgres: Server) -> Iterator[URL]:
    """The URL of a database that is new and empty."""
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    yield postgres.ensure_database(name)
    postgres.drop_database(name)


def _drop_leftovers(server: Server) -> None:
    """Drop the databases of sessions that were killed."""
    for name in server.databases():
        prefix, _, rest = name.partition("_")
        owner = rest.partition("_")[0]
        if prefix == "test" and owner.isdigit() and not psutil.pid_exists(int(owner)):
            server.drop_database(name)

"""Postgres for tests: one embedded server per session, a fresh empty database per test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from include.local.postgres import EmbeddedPostgres
from include.local.server import Server

#: A test's data need not survive the machine.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running Postgres server, gone at the end of the session."""
    embedded = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), FAST)
    try:
        yield embedded.start()
    finally:
        embedded.remove()


@pytest.fixture
def database(postgres: Server) -> Iterator[URL]:
    """The URL of a database that is new and empty."""
    name = f"test_{secrets.token_hex(4)}"
    yield postgres.ensure_database(name)
    postgres.drop_database(name)

"""Databases of a running server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import URL, create_engine, text

from include.local.server import Server


@pytest.mark.parametrize("name", ["plain", "SDY139 archives", 'quote " and per % cent', "synthetic-8-400-1"])
def test_a_database_is_made_once_whatever_its_name(postgres: Server, name: str) -> None:
    url = postgres.ensure_database(name)
    assert postgres.ensure_database(name) == url
    assert postgres.databases().count(name) == 1
    with create_engine(url).connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == name
    postgres.drop_database(name)
    assert name not in postgres.databases()


def test_two_callers_may_create_the_same_new_database(postgres: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(postgres.ensure_database, ["race"] * 8))) == 1


def test_the_server_speaks_utc_and_unicode_and_wants_the_password(database: URL) -> None:
    with create_engine(database).connect() as connection:
        assert connection.scalar(text("SHOW timezone")) == "UTC"
        assert connection.scalar(text("SELECT upper('é')")) == "É"
        assert connection.scalar(text("SHOW listen_addresses")) == "127.0.0.1"
    with pytest.raises(Exception, match="password authentication failed"):
        create_engine(database.set(password="wrong")).connect()


def test_the_password_stays_out_of_the_repr(postgres: Server) -> None:
    assert postgres.password not in repr(postgres)

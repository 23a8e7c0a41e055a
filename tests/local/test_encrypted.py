"""A server that accepts only TLS, and shells that request TLS from a server without it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from airflow.sdk import Connection

from include.local.postgres import EmbeddedPostgres
from include.local.server import Server
from include.warehouse.migrate import upgrade
from include.warehouse.schema.engine import psql_arguments, warehouse_engine, warehouse_url
from tests.support.encrypted import Encrypted, certify
from tests.support.warehouse import Warehouse, small_study


def _connection(encrypted: Encrypted, database: sa.URL, **extra: str) -> Connection:
    return Connection(
        conn_id="warehouse_default", conn_type="postgres", host="127.0.0.1", port=encrypted.port,
        login=database.username, password=str(database.password), schema=database.database,
        extra=json.dumps(extra),
    )  # fmt: skip


def test_verify_full_is_verified(
    encrypted: Encrypted, database: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # libpq looks for a certificate there, too
    url = warehouse_url(_connection(encrypted, database, sslmode="verify-full"))
    with pytest.raises(sa.exc.OperationalError, match="root certificate file"):
        warehouse_engine(url).connect()
    other = tmp_path / "other"
    other.mkdir()
    root = str(certify(other))
    url = warehouse_url(_connection(encrypted, database, sslmode="verify-full", sslrootcert=root))
    with pytest.raises(sa.exc.OperationalError, match="certificate verify failed"):
        warehouse_engine(url).connect()


def test_every_session_of_a_load_is_encrypted(
    encrypted: Encrypted, warehouse: Warehouse, migrated: sa.URL
) -> None:
    root = str(encrypted.certificate)
    url = warehouse_url(_connection(encrypted, migrated, sslmode="verify-full", sslrootcert=root))
    upgrade(url)
    engine = warehouse_engine(url)
    over = Warehouse(replace(warehouse.tools, engine=engine))
    load = over.land(small_study())
    over.stage(load)
    before = encrypted.sessions
    assert not over.judge(load).failed
    assert encrypted.sessions > before, "the checks have sessions of their own"
    over.publish(load)
    assert over.value("select count(*) from star.fact_hai") == 3
    assert encrypted.refused == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PGSSLMODE", "verify-full"),
        ("PGSSLROOTCERT", "/nowhere"),
        ("PGGSSENCMODE", "require"),
        ("PGHOST", "192.0.2.1"),
        ("PGUSER", "nobody"),
        ("PGCLIENTENCODING", "LATIN1"),
    ],
)
def test_a_shells_settings_for_other_servers_do_not_reach_this_one(
    postgres: Server, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert "postgres" in postgres.databases()
    with warehouse_engine(postgres.url()).connect() as connection:
        assert connection.scalar(sa.text("select 'é'")) == "é"


def test_psql_connects_as_the_project_does(postgres: Server) -> None:
    shell = {**os.environ, "PGSSLMODE": "verify-full", "PGSERVICE": "none", "PGHOSTADDR": "192.0.2.1",
             "PGDATESTYLE": "SQL", "PGOPTIONS": "-c nonsense=1"}  # fmt: skip
    address, environment = psql_arguments(postgres.url(), shell)
    assert postgres.password not in address
    statement = "select date '2026-02-01', current_setting('search_path'), current_setting('client_encoding')"
    psql = EmbeddedPostgres(Path("/unused")).programs.binaries / "psql"
    done = subprocess.run(
        [str(psql), "--no-psqlrc", "--csv", "--tuples-only", "--dbname", address, "--command", statement],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("2026-02-01,public,UTF8\n", "")

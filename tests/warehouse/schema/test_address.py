"""Which warehouse a command is for, and that no command line holds its password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from include.local.server import Server
from include.warehouse import migrate
from include.warehouse.schema import address
from include.warehouse.terms import commands

ROOT = Path(__file__).parents[3]
SECRET = "s3cret blank"


@pytest.fixture(autouse=True)
def _no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(address.VARIABLE, raising=False)


@pytest.mark.parametrize("main", [migrate.main, commands.run])
@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg2://me:{SECRET}@127.0.0.1/immport",
        f"postgresql+psycopg2://me@127.0.0.1/immport?password={SECRET}",
        f"postgresql+psycopg2://me@127.0.0.1/immport?sslkey=k&sslpassword={SECRET}",
    ],
)
def test_a_password_on_the_command_line_is_refused_with_the_way_to_do_it(
    monkeypatch: pytest.MonkeyPatch, main: object, url: str
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["command", url, "propose"] if main is commands.run else ["command", url]
    )
    assert callable(main)
    with pytest.raises(SystemExit) as refused:
        main()
    message = str(refused.value)
    assert SECRET not in message
    assert "WAREHOUSE_URL" in message
    assert "--url-file FILE" in message
    assert "--connection warehouse_default" in message


def test_the_command_takes_its_address_from_each_place(
    database: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = database.render_as_string(hide_password=False)
    connection = {
        "conn_type": "postgres",
        "host": database.host,
        "port": database.port,
        "login": database.username,
        "password": database.password,
        "schema": database.database,
        "extra": dict(database.query),
    }
    file = tmp_path / "address"
    file.write_text(text + "\n")
    without = database._replace(password=None).render_as_string()
    places: list[tuple[list[str], dict[str, str]]] = [
        (["--url-file", str(file)], {"WAREHOUSE_URL": "postgresql://nowhere/x"}),
        (["--connection", "elsewhere"], {"AIRFLOW_CONN_ELSEWHERE": json.dumps(connection)}),
        ([], {"WAREHOUSE_URL": text}),
        ([], {"AIRFLOW_CONN_WAREHOUSE_DEFAULT": json.dumps(connection)}),
        ([without], {"PGPASSWORD": str(database.password)}),
    ]
    for arguments, environment in places:
        with monkeypatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["migrate", *arguments])
            migrate.main()


def test_the_real_command_shows_no_password_to_others(database: sa.URL) -> None:
    text = database.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", "include.warehouse.migrate"],
        env={**os.environ, "WAREHOUSE_URL": text},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = subprocess.run(
        [sys.executable, "-m", "include.warehouse.terms", "list"],
        env={**os.environ, "WAREHOUSE_URL": text},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "0 of 0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("what is this", "WAREHOUSE_URL is not an SQLAlchemy URL such as"),
        ("postgresql://me:secret/b@host:x/y", "WAREHOUSE_URL is not an SQLAlchemy URL such as"),
        ("mysql://me:secret@host/y", "WAREHOUSE_URL is of mysql, not of Postgres"),
    ],
)
def test_an_address_that_is_none_is_an_error_in_a_line(
    monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", text)
    monkeypatch.setattr(sys, "argv", ["migrate"])
    with pytest.raises(SystemExit, match=message) as refused:
        migrate.main()
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_unknown_connection_is_named(monkeypatch: pytest.MonkeyPatch, postgres: Server) -> None:
    monkeypatch.setattr(sys, "argv", ["migrate", "--connection", "warehuose"])
    with pytest.raises(SystemExit, match="there is no Airflow connection warehuose: provide the address by"):
        migrate.main()

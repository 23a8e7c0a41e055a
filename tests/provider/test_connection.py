"""The connection that set-up makes: a row that the form edits, replaced when set-up is given another."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest
import yaml

from immport_provider.connection import CONN_ID, DIGEST, GIVEN, ensure
from tests.support.runs import Processes


def given(key: str, **extra: str) -> str:
    """A connection as `make up` and compose give it."""
    return json.dumps({"conn_type": "immport", "password": key, "extra": extra})


def set_up(connection: str, result: str) -> None:
    """Set-up and what a task would then find, in a process with Airflow's database."""
    from airflow.models import Connection
    from airflow.utils.session import create_session

    outcome = ensure(connection).name
    with create_session() as session:
        (row,) = session.query(Connection).filter_by(conn_id=CONN_ID).all()
        found = [outcome, row.conn_type, row.password, row.extra_dejson]
    Path(result).write_text(json.dumps(found))


def edit(key: str) -> None:
    """Another key in the form."""
    from airflow.models import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(Connection).filter_by(conn_id=CONN_ID).one().set_password(key)


def test_what_the_form_edited_stays_until_set_up_is_given_another(
    processes: Processes, tmp_path: Path
) -> None:
    with sqlite3.connect(processes.home / "airflow.db") as database:
        database.execute("delete from connection where conn_id = ?", [CONN_ID])
        database.execute("delete from variable where key = ?", [DIGEST])

    def call(connection: str) -> list[object]:
        log, result = tmp_path / "log", tmp_path / "result"
        arguments = {"connection": connection, "result": str(result)}
        assert processes.call("tests.provider.test_connection:set_up", log, **arguments) == 0, log.read_text()
        return list(json.loads(result.read_text()))

    first = given("first", expires_at="2026-05-21T20:55:24Z")
    made = ["immport", "first", {"expires_at": "2026-05-21T20:55:24Z"}]
    assert call(first) == ["MADE", *made]
    assert call(first) == ["KEPT", *made]
    assert processes.call("tests.provider.test_connection:edit", tmp_path / "log", key="edited") == 0
    assert call(first)[:3] == ["KEPT", "immport", "edited"]
    assert call(given("second")) == ["REPLACED", "immport", "second", {}]
    assert call("immport://:third@") == ["REPLACED", "immport", "third", {}]
    with sqlite3.connect(processes.home / "airflow.db") as database:
        kept = str(database.execute("select * from connection").fetchall())
        kept += str(database.execute("select * from variable").fetchall())
    assert "third" not in kept


def test_what_is_not_a_connection_is_refused_without_its_text() -> None:
    for text in ('{"password": "secret"', '{"conn_type": 1, "extra": 5, "nonsense": "secret"}'):
        with pytest.raises(ValueError, match="not a connection") as caught:
            ensure(text)
        assert "secret" not in str(caught.value)


def test_compose_gives_the_connection_to_set_up_alone() -> None:
    """In the environment of a service it would go before the form."""
    path = Path(__file__).parents[2] / "docker-compose.yaml"
    services = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]
    environments = {name: service.get("environment", {}) for name, service in services.items()}
    assert len(environments) > 4
    assert [name for name, found in environments.items() if GIVEN in found] == ["airflow-init"]
    for name, found in environments.items():
        assert f"AIRFLOW_CONN_{CONN_ID.upper()}" not in found, name
    filled = {
        "IMMPORT_HOST": "https://example.org",
        "IMMPORT_API_KEY": "a key",
        "IMMPORT_ALLOW_HTTP": "false",
        "IMMPORT_API_KEY_EXPIRES_AT": "2026-05-21T20:55:24Z",
    }
    text = re.sub(r"\$\{(\w+)[^}]*\}", lambda found: filled[found[1]], environments["airflow-init"][GIVEN])
    assert json.loads(text) == {
        "conn_type": "immport",
        "host": "https://example.org",
        "password": "a key",
        "extra": {"allow_http": False, "expires_at": "2026-05-21T20:55:24Z"},
    }

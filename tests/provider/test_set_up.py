"""Set-up by one process: Airflow's tables, the pools and the connection."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from immport_provider import pools, set_up
from immport_provider.connection import CONN_ID, DIGEST, GIVEN
from immport_provider.pools import POOLS
from tests.support.runs import Processes


def make(given: str) -> None:
    """All of set-up, in a process with Airflow's database."""
    for line in set_up.make(given):
        print(line)


def test_one_process_makes_all_that_is_missing(processes: Processes, tmp_path: Path) -> None:
    with sqlite3.connect(processes.home / "airflow.db") as database:
        database.execute("delete from slot_pool where pool <> 'default_pool'")
        database.execute("delete from connection where conn_id = ?", [CONN_ID])
        database.execute("delete from variable where key = ?", [DIGEST])
    log = tmp_path / "log"
    assert processes.call("tests.provider.test_set_up:make", log, given="immport://:a-secret@") == 0
    written = log.read_text()
    with sqlite3.connect(processes.home / "airflow.db") as database:
        made = {name for (name,) in database.execute("select pool from slot_pool")}
        kinds = database.execute("select conn_type from connection where conn_id = ?", [CONN_ID]).fetchall()
    assert made == {"default_pool", *(item.name for item in POOLS)}
    assert kinds == [("immport",)]
    assert f"connection {CONN_ID}: made" in written
    assert "a-secret" not in written


def test_what_is_not_a_connection_is_an_error_that_shows_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(set_up, "migrate", lambda: None)
    monkeypatch.setattr(pools, "ensure", list)
    monkeypatch.setenv(GIVEN, "{a-secret")
    monkeypatch.setattr("sys.argv", ["set_up"])
    assert set_up.main() == 1
    shown = capsys.readouterr()
    assert f"error: {GIVEN} is not a connection" in shown.err
    assert "a-secret" not in shown.err + shown.out

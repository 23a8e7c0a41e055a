"""Background processes are found by their mark, ended with their children, and no other is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from sqlalchemy import make_url

from include.local.airflow import AirflowSetUp
from include.local.options import LocalError, WorldOptions
from include.local.paths import Paths
from include.local.postgres import EmbeddedPostgres
from include.local.processes import BusyError, alone, end_marked, exit_status, mark, marked_processes, spawn
from include.local.sandbox import SandboxControl
from include.local.standing import system
from include.local.standing.state import SystemState, births, is_alive
from tests.support.long import cases


@pytest.fixture
def marked(tmp_path: Path) -> Iterator[str]:
    made = mark(tmp_path, "test")
    yield made
    end_marked(made)


def _sleeper(marked: str, tmp_path: Path) -> subprocess.Popen[bytes]:
    return spawn(["timeit", "-n", "1", "import time; time.sleep(600)"], marked, tmp_path / "log")


def _note_running(paths: Paths, *world: str) -> None:
    """Note this process as a system that loads from ImmPort itself."""
    processes = births({"scheduler": os.getpid()})
    SystemState("http://127.0.0.1:18080", "world", None, processes, list(world), None).write(paths)


def test_only_what_carries_the_mark_is_ended(marked: str, tmp_path: Path) -> None:
    ours = _sleeper(marked, tmp_path)
    other = mark(tmp_path / "other", "test")
    theirs = _sleeper(other, tmp_path)
    try:
        assert [process.pid for process in marked_processes(marked)] == [ours.pid]
        assert end_marked(marked) == 1
        assert marked_processes(marked) == []
        assert not psutil.pid_exists(ours.pid)
        assert theirs.poll() is None
    finally:
        end_marked(other)


def test_a_child_that_outlived_its_killed_parent_is_found(marked: str, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('ready', flush=True)\n"
        "child.wait()\n"
    )
    parent = spawn(["cProfile", str(script)], marked, tmp_path / "log")
    while "ready" not in (tmp_path / "log").read_text():
        assert parent.poll() is None
    parent.kill()
    parent.wait(10)
    (child,) = marked_processes(marked)
    assert end_marked(marked) == 1
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_logs_are_for_the_user_only(marked: str, tmp_path: Path) -> None:
    _sleeper(marked, tmp_path)
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_lock_has_one_owner(tmp_path: Path) -> None:
    with (
        alone(tmp_path / "lock", "busy"),
        pytest.raises(BusyError, match="busy"),
        alone(tmp_path / "lock", "busy"),
    ):
        pass
    with alone(tmp_path / "lock", "busy"):
        pass


def test_a_second_up_says_where_the_system_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = Paths(tmp_path)
    _note_running(paths)
    monkeypatch.setattr(system, "_start", lambda *_: pytest.fail("started a second one"))
    assert system.start_system(paths, WorldOptions(), None) == 0
    shown = capsys.readouterr().out
    assert "already running" in shown
    assert "http://127.0.0.1:18080" in shown


@pytest.mark.parametrize(
    ("world", "port", "key", "message"),
    [
        (WorldOptions(), 18080, None, None),
        (WorldOptions(studies=3), None, None, None),
        (
            WorldOptions(),
            18081,
            None,
            "already runs at http://127.0.0.1:18080, but not with PORT=18081: make down",
        ),
        (WorldOptions(studies=4), None, None, "not with STUDIES=4: make down"),
        (WorldOptions(studies=3, rows=9), None, None, "not with STUDIES=3 ROWS=9: make down"),
        (
            WorldOptions(),
            None,
            "a key",
            "not with that API key: make down first, or put the key into the form",
        ),
    ],
)
def test_a_second_up_with_other_settings_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    world: WorldOptions,
    port: int | None,
    key: str | None,
    message: str | None,
) -> None:
    _note_running(Paths(tmp_path), "--studies", "3")
    monkeypatch.setattr(system, "_start", lambda *_: pytest.fail("started a second one"))
    if key:
        monkeypatch.setenv("IMMPORT_API_KEY", key)
    if message is None:
        assert system.start_system(Paths(tmp_path), world, port) == 0
    else:
        with pytest.raises(LocalError, match=message):
            system.start_system(Paths(tmp_path), world, port)


def test_a_world_does_not_go_with_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_start", lambda *_: pytest.fail("started with a world that is ignored"))
    monkeypatch.setenv("IMMPORT_API_KEY", "a key")
    with pytest.raises(LocalError, match="STUDIES, ROWS, SEED and ARCHIVES do not go with it"):
        system.start_system(Paths(tmp_path), WorldOptions(studies=3), None)


def test_a_key_and_its_end_become_one_connection_out_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IMMPORT_API_KEY", "a key")
    monkeypatch.setenv("IMMPORT_API_KEY_EXPIRES_AT", "2026-05-21T20:55:24Z")
    assert json.loads(system._real_immport() or "") == {
        "conn_type": "immport",
        "password": "a key",
        "extra": {"expires_at": "2026-05-21T20:55:24Z"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_IMMPORT_DEFAULT", "immport://:key@")
    assert system._real_immport() == "immport://:key@"
    assert "AIRFLOW_CONN_IMMPORT_DEFAULT" not in os.environ


@pytest.mark.long
@pytest.mark.parametrize("real", cases({"ImmPort": True, "the sandbox": False}, quick=["the sandbox"]))
def test_what_runs_by_itself_against_the_sandbox_has_another_airflow_than_immport(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real: bool
) -> None:
    """Postgres, warehouse, sandbox and services are real processes; Airflow itself is not started.

    Its connection to the source is a row alone.
    """
    given: list[Mapping[str, str]] = []
    name = "AIRFLOW_CONN_IMMPORT_DEFAULT"

    def note(environment: Mapping[str, str], _: str, log: Path, connection: str) -> AirflowSetUp:
        given.append({**environment, "made": connection})
        return AirflowSetUp(spawn(["this"], mark(tmp_path, "noted"), log), log)

    if real:
        monkeypatch.setenv(name, "immport://:key@")
    for prepared in ("wait_until_healthy", "begin_to_load"):
        monkeypatch.setattr(system, prepared, lambda *_: None)
    monkeypatch.setattr(AirflowSetUp, "begin", note)
    monkeypatch.setattr(system, "why_unusable", lambda _: None)
    monkeypatch.setattr(
        system, "SERVICES", {"api-server": ["timeit", "-n", "1", "import time; time.sleep(600)"]}
    )
    paths = Paths(tmp_path)
    world = WorldOptions(studies=None if real else 2, rows=None if real else 4)
    try:
        assert system.start_system(paths, world, None) == 0
        services, deadline = list[psutil.Process](), time.monotonic() + 30
        # Service, log keeper, perhaps sandbox; the environment of a process shows a moment after it began.
        while len(services) < 3 - real:
            assert time.monotonic() < deadline
            services = marked_processes(mark(paths.var, "up"))
        assert [name for process in services if name in process.environ()] == []
        (environment,) = given
        assert name not in environment
        metadata = make_url(environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]).database
        created_on = environment.get("AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION")
        state = SystemState.read(paths)
        assert state is not None
        if real:
            assert (environment["made"], metadata, created_on) == ("immport://:key@", "airflow", None)
        else:
            assert (metadata, created_on) == ("airflow_synthetic_n2_r4_s1", "False")
            assert state.sandbox is not None
            assert SandboxControl(state.sandbox).status()["current"] == "DR50"
    finally:
        system.stop_system(paths)
        EmbeddedPostgres(paths.postgres).remove()


def test_a_number_that_went_to_another_process_is_not_the_system(tmp_path: Path) -> None:
    own = psutil.Process()
    assert is_alive(own.pid, own.create_time())
    assert not is_alive(own.pid, own.create_time() - 60)


def test_a_full_disk_is_reported_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "FREE_BYTES_NEEDED", sys.maxsize)
    monkeypatch.setattr(system, "_start", lambda *_: pytest.fail("started on a full disk"))
    with pytest.raises(LocalError, match="nearly full"):
        system.start_system(Paths(tmp_path), WorldOptions(), 18080)


def test_a_failed_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = Paths(tmp_path)

    def start(*_: object) -> None:
        _sleeper(mark(tmp_path, "up"), tmp_path)
        raise LocalError("not healthy")

    monkeypatch.setattr(system, "_start", start)
    monkeypatch.setattr(system, "why_unusable", lambda _: None)
    with pytest.raises(LocalError, match="not healthy"):
        system.start_system(paths, WorldOptions(), 18080)
    assert marked_processes(mark(tmp_path, "up")) == []


def test_down_ends_what_a_killed_demo_left_but_not_one_at_work(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    left = _sleeper(mark(tmp_path, "demo"), tmp_path)
    with alone(paths.var / "demo.lock", "busy"):
        system.stop_system(paths)
        assert left.poll() is None
    system.stop_system(paths)
    assert marked_processes(mark(tmp_path, "demo")) == []
    assert not psutil.pid_exists(left.pid)


def test_a_process_that_does_not_end_is_ended_with_what_it_started(tmp_path: Path) -> None:
    marked = mark(tmp_path, "deadline")
    process = spawn(["http.server", "0", "--bind", "127.0.0.1"], marked, tmp_path / "log")
    with pytest.raises(LocalError, match="serving took longer than"):
        exit_status(process, "serving", 0.1)
    assert process.poll() is not None
    assert marked_processes(marked) == []

"""The embedded server: start, stop, restart, crash, stale pid files, several users at once."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text

from include.local import postgres
from include.local.ports import HOST
from include.local.postgres import EmbeddedPostgres
from include.local.postgres_programs import PostgresError

#: Only `fsync` is off: the server still writes a commit before it reports it, so a killed server loses none.
SETTINGS = {"fsync": "off"}


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that was never started, in a folder whose path has a space."""
    made = EmbeddedPostgres(tmp_path / "a home" / "of Postgres", SETTINGS)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home that the tests share: making one takes seconds."""
    path = tmp_path_factory.mktemp("a home")
    yield path
    EmbeddedPostgres(path).remove()


@pytest.fixture
def embedded(home: Path) -> Iterator[EmbeddedPostgres]:
    """A server that does not run at the moment."""
    made = EmbeddedPostgres(home, SETTINGS)
    yield made
    made.stop()


def _pid(embedded: EmbeddedPostgres) -> int:
    return int((embedded.data / "postmaster.pid").read_text().split()[0])


def _write(embedded: EmbeddedPostgres, statement: str) -> None:
    with create_engine(embedded.last_server().url()).begin() as connection:
        connection.execute(text(statement))


def _read(embedded: EmbeddedPostgres, query: str) -> object:
    with create_engine(embedded.last_server().url()).connect() as connection:
        return connection.scalar(text(query))


def _kill(pid: int) -> None:
    children = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    psutil.wait_procs(children, timeout=10)


def test_data_port_and_password_last_from_run_to_run(embedded: EmbeddedPostgres) -> None:
    first = embedded.start()
    _write(embedded, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 1 AS one")
    embedded.stop()
    assert not embedded.is_running
    assert embedded.start() == first
    assert _read(embedded, "SELECT one FROM kept") == 1


@pytest.mark.parametrize("least", [1 << 20, 1 << 60])
def test_data_of_tests_go_when_their_server_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    monkeypatch.setattr(postgres, "MEMORY_BYTES", least)
    of_tests = EmbeddedPostgres.of_tests(tmp_path / "home", SETTINGS)
    fits = postgres.MEMORY.is_dir() and shutil.disk_usage(postgres.MEMORY).total >= least
    try:
        for _ in range(2):
            with of_tests.running() as server:
                server.ensure_database("first")
                assert of_tests.data.is_relative_to(postgres.MEMORY if fits else of_tests.folder)
                assert of_tests.data.exists()
            assert not of_tests.data.exists()
    finally:
        of_tests.remove()
    assert not of_tests.data.parent.exists()
    assert not of_tests.folder.exists()


def test_only_the_owner_reads_password_and_data(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    for path, mode in (
        (embedded.folder / "password", 0o600),
        (embedded.data, 0o700),
        (embedded.data.parent, 0o700),
    ):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_second_start_finds_the_running_server(embedded: EmbeddedPostgres) -> None:
    first = embedded.start()
    pid = _pid(embedded)
    assert EmbeddedPostgres(embedded.home, SETTINGS).start() == first
    assert _pid(embedded) == pid


def test_running_stops_only_what_it_started(embedded: EmbeddedPostgres) -> None:
    with embedded.running():
        assert embedded.is_running
    assert not embedded.is_running
    embedded.start()
    with embedded.running():
        pass
    assert embedded.is_running


def test_the_last_of_two_users_stops_it(embedded: EmbeddedPostgres) -> None:
    with embedded.running():
        with EmbeddedPostgres(embedded.home, SETTINGS).running():
            pass
        assert _read(embedded, "SELECT 1") == 1
    assert not embedded.is_running


def test_the_one_who_started_it_may_leave_first(embedded: EmbeddedPostgres) -> None:
    other = EmbeddedPostgres(embedded.home, SETTINGS)
    starter, guest = embedded.running(), other.running()
    starter.__enter__()
    guest.__enter__()
    starter.__exit__(None, None, None)
    assert _read(other, "SELECT 1") == 1
    guest.__exit__(None, None, None)
    assert not other.is_running


def test_retiring_waits_for_the_last_user(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    with embedded.running():
        assert not embedded.retire()
        assert _read(embedded, "SELECT 1") == 1
    assert not embedded.is_running
    embedded.start()
    assert embedded.retire()


def test_two_processes_start_it_at_once(fresh: EmbeddedPostgres) -> None:
    code = (
        "import sys; from pathlib import Path; from include.local.postgres import EmbeddedPostgres;"
        "print(EmbeddedPostgres(Path(sys.argv[1])).start().port)"
    )
    command = [sys.executable, "-c", code, str(fresh.home)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    ports = {process.communicate(timeout=120)[0] for process in started}
    assert [process.returncode for process in started] == [0, 0, 0]
    assert ports == {f"{fresh.last_server().port}\n"}


def test_it_comes_back_after_a_crash(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    _write(embedded, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 1 AS one")
    _kill(_pid(embedded))
    assert not embedded.is_running
    embedded.start()
    assert _read(embedded, "SELECT one FROM kept") == 1


def test_a_pid_file_whose_number_went_to_another_process(embedded: EmbeddedPostgres) -> None:
    """As after a restart of a container, where numbers are given out again from 1."""
    embedded.start()
    lines = (embedded.data / "postmaster.pid").read_text().splitlines()
    embedded.stop()
    account = embedded.programs.account
    user = account.pw_uid if account else None  # the server heeds its own account only
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, cwd="/", user=user) as stranger:
        (embedded.data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert not embedded.is_running
        embedded.start()
        assert embedded.is_running
        assert stranger.poll() is None
        stranger.communicate(b"")


def test_a_taken_port_is_not_waited_for(embedded: EmbeddedPostgres) -> None:
    port = embedded.start().port
    embedded.stop()
    with socket.create_server((HOST, port)):
        assert embedded.start().port != port
        assert _read(embedded, "SELECT 1") == 1


def test_the_error_has_what_the_log_says(embedded: EmbeddedPostgres) -> None:
    wrong = EmbeddedPostgres(embedded.home, {"shared_buffers": "none"})
    with pytest.raises(PostgresError, match='invalid value for parameter "shared_buffers": "none"'):
        wrong.start()
    assert not wrong.is_running


def test_data_of_another_major_version_is_left_alone(embedded: EmbeddedPostgres) -> None:
    embedded.start()
    embedded.stop()
    version = embedded.data / "PG_VERSION"
    right = version.read_text()
    version.write_text("9\n")
    with pytest.raises(PostgresError, match="of Postgres 9"):
        embedded.start()
    version.write_text(right)


def test_a_first_start_that_was_killed_half_way_is_begun_anew(fresh: EmbeddedPostgres) -> None:
    half = fresh.data.with_name("data.new")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    fresh.start()
    assert _read(fresh, "SELECT 1") == 1


def test_nothing_is_left_after_remove(fresh: EmbeddedPostgres) -> None:
    fresh.start()
    server = psutil.Process(_pid(fresh))
    fresh.remove()
    assert not fresh.folder.exists()
    gone, _ = psutil.wait_procs([server], timeout=10)
    assert gone == [server]

"""Logs are begun anew at each start, limited while they grow, and removed when they are old."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from include.local import logs
from include.local.paths import Paths


def _start(log: Path, text: str) -> None:
    descriptor = logs.open_log(log)
    os.write(descriptor, text.encode())
    os.close(descriptor)


def test_a_start_begins_a_log_and_keeps_those_before_it(tmp_path: Path) -> None:
    log = tmp_path / "logs/scheduler.log"
    for number in range(6):
        _start(log, f"start {number}")
    found = {path.name: path.read_text() for path in log.parent.iterdir()}
    assert found == {
        "scheduler.log": "start 5",
        "scheduler.log.1": "start 4",
        "scheduler.log.2": "start 3",
        "scheduler.log.3": "start 2",
    }
    assert {path.stat().st_mode & 0o777 for path in log.parent.iterdir()} == {0o600}


def test_a_log_that_grew_is_emptied_under_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "api-server.log"
    descriptor = logs.open_log(log)
    with subprocess.Popen(
        [sys.executable, "-uc", "print('before' * 100); input(); print('after')"],
        stdin=subprocess.PIPE,
        stdout=descriptor,
    ) as writer:
        while log.stat().st_size < 601:
            assert writer.poll() is None
        assert not logs.limit(log, 601)
        assert logs.limit(log, 600)
        writer.communicate(b"\n", timeout=30)
    os.close(descriptor)
    assert log.read_text() == "after\n"
    assert (tmp_path / "api-server.log.1").read_text() == "before" * 100 + "\n"
    assert (tmp_path / "api-server.log.1").stat().st_mode & 0o777 == 0o600


def test_every_log_and_that_of_postgres_is_limited(tmp_path: Path) -> None:
    """By a round of the keeper as `make up` starts it."""
    paths, other, small = Paths(tmp_path / "var"), tmp_path / "postgres.log", tmp_path / "var/logs/small.log"
    for log in (paths.logs / "scheduler.log", paths.logs / "sandbox.log", other, small):
        _start(log, "a line\n")
        if log != small:
            os.truncate(log, logs.MOST_BYTES + 1)
    with subprocess.Popen(
        [sys.executable, "-m", "include.local.logs", str(paths.var), str(other)],
        cwd=Path(__file__).parents[2],
    ) as keeper:
        try:
            deadline = time.monotonic() + 30
            while other.stat().st_size or not other.with_name("postgres.log.1").exists():
                assert keeper.poll() is None
                assert time.monotonic() < deadline
            keeper.terminate()
            assert keeper.wait(30) == 0
        finally:
            keeper.kill()
    emptied = {path.name for path in (*paths.logs.glob("*.log"), other) if not path.stat().st_size}
    assert emptied == {"scheduler.log", "sandbox.log", "postgres.log"}
    assert small.read_text() == "a line\n"
    older = [path.stat().st_size for path in tmp_path.rglob("*.log.1")]
    assert older == [logs.MOST_BYTES + 1] * 3


def test_old_task_logs_go_and_young_ones_stay(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    old = paths.airflow / "logs/dag_id=a/run_id=old/attempt=1.log"
    young = paths.airflow_demo / "logs/dag_id=a/run_id=young/attempt=1.log"
    for log in (old, young):
        log.parent.mkdir(parents=True)
        log.write_text("a line")
    os.utime(old, (0, 0))
    logs.keep(paths)
    assert not old.exists()
    assert young.exists()
    logs.keep(paths)
    assert not (paths.airflow / "logs/dag_id=a").exists()


def test_nothing_to_keep_is_fine(tmp_path: Path) -> None:
    logs.keep(Paths(tmp_path / "not there"))
    assert not logs.limit(tmp_path / "no.log")

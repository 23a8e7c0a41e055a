"""A lock that another process does not give back is waited for with a deadline."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from include.file_lock import lock
from include.local.options import LocalError
from include.local.postgres import EmbeddedPostgres


def test_a_lock_that_is_not_given_back_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as holder, path.open("w") as waiting:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError, match="locked by another process for"):
            lock(waiting, 0.1)
    with path.open("w") as free:
        lock(free, 0.1)


def test_a_stopped_command_does_not_stop_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.local.postgres.LOCK_SECONDS", 0.1)
    server = EmbeddedPostgres(tmp_path)
    with server._lock(), pytest.raises(LocalError, match="locked by another process"), server._lock():
        pytest.fail("two commands had the lock")

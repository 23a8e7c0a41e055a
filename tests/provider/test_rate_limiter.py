"""The rate of calls: evenly spread, shared by processes, never more at once than allowed."""

from __future__ import annotations

import fcntl
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Lock

import pytest

from immport_provider.hooks.rate_limiter import RateLimiter
from include.sources.immport.endpoints import ENDPOINTS
from tests.provider.conftest import Connect, Waits, rows_of
from tests.support.sandbox import RunningSandbox

HOST = "127.0.0.1:8099"


class Time:
    """A clock that only the test moves, and the waits that the limiter requested."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def rate_limiter(self, folder: Path, per_second: float, at_once: int = 1) -> RateLimiter:
        return RateLimiter(
            HOST, at_once, per_second, now=lambda: self.now, sleep=self.slept.append, folder=folder
        )

    def rounded(self) -> list[float]:
        return [round(wait, 3) for wait in self.slept]


@pytest.fixture
def time() -> Time:
    return Time()


def take(limiter: RateLimiter, calls: int) -> None:
    for _ in range(calls):
        with limiter.acquire():
            pass


def test_calls_are_spread_evenly(time: Time, tmp_path: Path) -> None:
    limiter = time.rate_limiter(tmp_path, per_second=4)
    take(limiter, 3)
    assert time.rounded() == [0.25, 0.5]  # the first need not wait
    time.now += 10
    take(limiter, 2)
    assert time.rounded() == [0.25, 0.5, 0.25]  # time unused is not saved up


def test_no_limit_waits_for_nothing_and_writes_nothing(time: Time, tmp_path: Path) -> None:
    take(time.rate_limiter(tmp_path, per_second=0), 5)
    assert time.slept == []
    assert list(tmp_path.iterdir()) == []


def _reserve(folder: Path, calls: int) -> None:
    take(Time().rate_limiter(folder, per_second=10), calls)


def test_processes_share_the_pace(time: Time, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_reserve, args=(tmp_path, 5)) for _ in range(3)]
    for process in others:
        process.start()
    for process in others:
        process.join()
    take(time.rate_limiter(tmp_path, per_second=10), 1)
    assert time.rounded() == [1.5]  # behind fifteen calls of others


def test_a_clock_set_back_does_not_stop_everything(time: Time, tmp_path: Path) -> None:
    take(time.rate_limiter(tmp_path, per_second=1), 1)
    time.now -= 86_400
    take(time.rate_limiter(tmp_path, per_second=1), 2)
    assert time.rounded() == [1.0]


def test_a_file_that_a_crash_left_empty_is_a_new_one(time: Time, tmp_path: Path) -> None:
    limiter = time.rate_limiter(tmp_path, per_second=1)
    take(limiter, 1)
    (file,) = tmp_path.iterdir()
    file.write_text("")
    take(limiter, 2)
    assert time.rounded() == [1.0]


def test_without_a_file_each_process_keeps_its_own_pace(
    time: Time, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    limiter = time.rate_limiter(tmp_path / "file", per_second=2)
    take(limiter, 3)
    assert time.rounded() == [0.5, 1.0]
    assert caplog.text.count("limits its own rate") == 1


def _hold(file: Path, is_locked: Event, may_end: Event) -> None:
    with file.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        is_locked.set()
        may_end.wait(60)


def test_a_process_that_does_not_give_the_file_back_is_not_waited_for(
    time: Time, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("immport_provider.hooks.rate_limiter._LOCK_SECONDS", 0.1)
    context = multiprocessing.get_context("fork")
    is_locked, may_end = context.Event(), context.Event()
    other = context.Process(
        target=_hold, args=(tmp_path / "127.0.0.1_8099.pace", is_locked, may_end), daemon=True
    )
    other.start()
    assert is_locked.wait(30)
    limiter = time.rate_limiter(tmp_path, per_second=2)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(take, limiter, 3)
        try:
            done.result(20)
        finally:
            may_end.set()
    other.join(30)
    assert time.rounded() == [0.5, 1.0]
    assert "locked by another process for 0.1 s; this process limits its own rate" in caplog.text


def test_a_link_in_the_place_of_the_file_is_not_followed(time: Time, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = tmp_path / "pace"
    folder.mkdir()
    (folder / "127.0.0.1_8099.pace").symlink_to(victim)
    take(time.rate_limiter(folder, per_second=2), 2)
    assert victim.read_text() == "mine"
    assert time.rounded() == [0.5]


def test_no_more_calls_at_once_than_allowed(connect: Connect, sandbox: RunningSandbox, study: str) -> None:
    """Two threads meet within their answers; a third never joins them."""
    arm, lock = ENDPOINTS["arm"], Lock()
    meeting, inside, most = Barrier(2), 0, 0

    def receive(chunks: Iterator[bytes]) -> int:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        try:
            meeting.wait(20)
        except BrokenBarrierError:
            pytest.fail("the calls were made one after the other")
        rows = rows_of(arm)(chunks)
        with lock:
            inside -= 1
        return len(rows)

    hook = connect(extra={"calls_in_flight": 2})
    with hook as immport, ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(lambda _: immport.fetch(arm, study, receive), range(6)))
    assert most == 2
    assert len(set(counts)) == 1
    assert len(sandbox.requests()) == 6


def test_threads_exchange_one_token(connect: Connect, sandbox: RunningSandbox, study: str) -> None:
    arm = ENDPOINTS["arm"]
    hook = connect(login="sandbox", extra={"calls_in_flight": 4})
    with hook as immport, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: immport.fetch(arm, study, rows_of(arm)), range(8)))
    endpoints = [request["endpoint"] for request in sandbox.requests()]
    assert endpoints.count("token") == 1
    assert endpoints.count("arm") == 8


def test_the_hook_keeps_the_pace_of_its_connection(
    connect: Connect, study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: Waits
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    arm = ENDPOINTS["arm"]
    with connect(extra={"calls_per_second": 8}) as immport:
        for _ in range(3):
            immport.fetch(arm, study, rows_of(arm))
    assert [round(wait, 3) for wait in waits.slept] == [0.125, 0.25]

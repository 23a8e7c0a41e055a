"""Limits the calls to the source: so many at once, and spread evenly over time."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Lock

from include.file_lock import lock

#: How long to wait for the lock on the file, which others hold for microseconds.
_LOCK_SECONDS = 10.0
#: A waiting time that no queue of calls explains: the clock was set back.
_IMPLAUSIBLE_CALLS, _IMPLAUSIBLE_SECONDS = 1000, 60.0
log = logging.getLogger(__name__)


class RateLimiter:
    """Starts calls at least `1 / per_second` apart, whichever task makes them.

    The next free moment is kept in a small locked file, so that all tasks on one machine share it; where
    no file can be written, or another process does not give it back, each process has its own rate, and
    says so.

    :param host: host and port that requests go to.
    :param at_once: calls of this process that are in flight at once.
    :param per_second: calls that begin in a second; 0 for no limit.
    :param now: seconds of a clock that the processes share.
    :param sleep: how to wait.
    :param folder: where the file lies; this account's folder for temporary files unless given.
    """

    def __init__(
        self,
        host: str,
        at_once: int,
        per_second: float,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        folder: Path | None = None,
    ) -> None:
        self._apart = 1 / per_second if per_second else 0.0
        self._now = now
        self._sleep = sleep
        folder = folder or Path(tempfile.gettempdir()) / f"immport-warehouse-{os.getuid()}"
        self._file = folder / f"{re.sub(r'[^A-Za-z0-9.-]', '_', host)}.pace"
        self._in_flight = BoundedSemaphore(at_once)
        self._lock = Lock()
        self._own = 0.0
        self._is_alone = False

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Wait until a call may be made; it is in flight until the end of the block."""
        with self._in_flight:
            if self._apart:
                with self._lock:
                    delay = self._reserve()
                if delay > 0:
                    self._sleep(delay)
            yield

    async def wait(self) -> None:
        """Wait until a call may be made, in an event loop that makes one at a time."""
        if self._apart and (delay := await asyncio.to_thread(self._reserve)) > 0:
            await asyncio.sleep(delay)

    def _reserve(self) -> float:
        """Seconds until the next free moment, which is taken."""
        if not self._is_alone:
            try:
                return self._reserve_shared()
            except OSError as error:
                self._is_alone = True
                log.warning("%s: %s; this process limits its own rate", self._file, error.strerror)
        delay, self._own = self._next(self._own)
        return delay

    def _reserve_shared(self) -> float:
        self._file.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
        number = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "r+") as file:
            lock(file, _LOCK_SECONDS)  # let go when the file is closed
            delay, free = self._next(_number(file.read()))
            file.seek(0)
            file.write(f"{free:.6f}")
            file.truncate()
        return delay

    def _next(self, free: float) -> tuple[float, float]:
        """The wait of a call, and the moment that is free after it."""
        now = self._now()
        if free - now > max(_IMPLAUSIBLE_SECONDS, _IMPLAUSIBLE_CALLS * self._apart):
            free = now
        at = max(now, free)
        return at - now, at + self._apart


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # a new file, or one that a crash left empty
        return 0.0

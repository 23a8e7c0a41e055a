"""Counts of the calls that a client makes: every HTTP request, where it is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from include.sources.errors import ImmPortError, RetriableError


@dataclass
class Call:
    """One request on its way.

    :ivar size: bytes of its answer that came, headers included.
    """

    size: int = 0


@dataclass
class CallCount:
    """What was called of one endpoint at one host.

    :ivar calls: requests that were sent, repeated ones included.
    :ivar retries: of these, those that repeat a request that had failed.
    :ivar errors: of these, those without a good answer.
    :ivar refusals: of the errors, those that the source decided on, such as 401, 403 or 404: a try later
        would not help.
    :ivar size: bytes of the answers, headers included, as they came: compressed where they were.
    :ivar seconds: from the connection to the last byte, of all calls together.
    :ivar slowest: the same, of the slowest call.
    :ivar answered_at: end of the last call with a good answer, UTC; `failed_at` of the last without.
    :ivar failure: kind of that failure, and the HTTP status if there was one. It names nothing that was
        requested.
    """

    calls: int = 0
    retries: int = 0
    errors: int = 0
    refusals: int = 0
    size: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    answered_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None


@dataclass
class CallCounts:
    """The counts of a client, by host and endpoint. Several threads may call and count."""

    _counts: dict[tuple[str, str], CallCount] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def call(self, host: str, endpoint: str, *, is_retry: bool = False) -> Iterator[Call]:
        """Count the call that the block makes.

        An error of the source, an `ImmPortError`, counts as one; the block may fail otherwise, such as
        at a full disk.

        :param host: host and port that is called.
        :param is_retry: it repeats one that failed.
        """
        call, begun = Call(), time.monotonic()
        error: ImmPortError | None = None
        is_answered = False
        try:
            yield call
            is_answered = True
        except ImmPortError as problem:
            error = problem
            raise
        finally:
            seconds, now = time.monotonic() - begun, datetime.now(UTC)
            with self._lock:
                count = self._counts.setdefault((host, endpoint), CallCount())
                count.calls += 1
                count.retries += is_retry
                count.size += call.size
                count.seconds += seconds
                count.slowest = max(count.slowest, seconds)
                if is_answered:
                    count.answered_at = now
                elif error is not None:
                    count.errors += 1
                    count.refusals += not isinstance(error, RetriableError)
                    count.failed_at, count.failure = now, _kind(error)

    def take(self) -> dict[tuple[str, str], CallCount]:
        """What was counted since the last time, by host and endpoint."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken


def _kind(error: ImmPortError) -> str:
    status = f" {error.status}" if error.status is not None else ""
    return f"{type(error).__name__}{status}"

"""When a request is tried again, and how long to wait before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
)
from tenacity.stop import stop_base, stop_never
from tenacity.wait import wait_base, wait_random, wait_random_exponential

from include.sources.errors import RetriableError, is_request_too_large

#: Seconds a task waits at most when ImmPort says how long. Beyond, Airflow's own retry comes later.
LONGEST_WAIT = 120.0

BACKOFF = wait_random_exponential(multiplier=1, max=30)


def retrying(
    tries: int,
    wait: wait_base,
    sleep: Callable[[float], None],
    warn: Callable[..., None],
    *,
    divisible: bool = False,
) -> Retrying:
    """Try again after retriable errors only, with backoff and the pause that `Retry-After` requests.

    :param divisible: the caller requests less instead when the source does not manage it in time.
    """

    def log_retry(state: RetryCallState) -> None:
        warn("%s; trying again in %.1f s", _error(state), state.upcoming_sleep)

    return Retrying(
        retry=retry_if_exception_type(RetriableError),
        stop=stop_after_attempt(tries) | _TooLong() | (_TooMuch() if divisible else stop_never),
        wait=_RetryAfter(wait),
        sleep=sleep,
        before_sleep=log_retry,
        reraise=True,
    )


def until_whole(sleep: Callable[[float], None]) -> Retrying:
    """Call again, after a pause, as long as the answer is false: it is not whole yet, but it grows."""
    return Retrying(retry=retry_if_result(lambda whole: not whole), wait=wait_random(0, 1), sleep=sleep)


def read_retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header requests, in either of its forms; None without a usable one."""
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # Python does not accept a year of many digits
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


class _RetryAfter(wait_base):
    def __init__(self, backoff: wait_base) -> None:
        self._backoff = backoff

    def __call__(self, retry_state: RetryCallState) -> float:
        return max(self._backoff(retry_state), _error(retry_state).retry_after or 0.0)


class _TooLong(stop_base):
    def __call__(self, retry_state: RetryCallState) -> bool:
        return (_error(retry_state).retry_after or 0.0) > LONGEST_WAIT


class _TooMuch(stop_base):
    def __call__(self, retry_state: RetryCallState) -> bool:
        return is_request_too_large(_error(retry_state))


def _error(state: RetryCallState) -> RetriableError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, RetriableError):  # tenacity asks only after a retriable error
        raise TypeError(f"not retriable: {type(error).__name__}")
    return error

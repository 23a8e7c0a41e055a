"""An Airflow connection as an HTTP client: limits, rate, retries, and the callback for each call."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from airflow.sdk import BaseHook

from immport_provider.hooks.answers import Request, check, explained
from immport_provider.hooks.bodies import ACCEPT_ENCODING, whole
from immport_provider.hooks.settings import CONNECT_TIMEOUT, Connection, Settings
from include.sources.calls import CallCounts
from include.sources.errors import ConfigurationError, RetriableError

if TYPE_CHECKING:
    import httpx
    from tenacity.wait import wait_base

    from immport_provider.hooks.rate_limiter import RateLimiter
    from immport_provider.hooks.wire import Guard
    from include.sources.client import CallWatch

T = TypeVar("T")


class HttpClient(BaseHook):
    """A connection as an HTTP client. It sends no credentials: a class that has some adds them.

    Use it as a context manager: one HTTP client, closed at the end. Timeouts, lost connections, 429, 5xx and
    answers that are not data are tried again with jittered backoff; other refusals never. Several threads may
    use one: it makes no more calls at once, and none sooner, than its connection allows.

    :cvar prefix: what stands before every path.
    :cvar default_conn_name: connection of who names none.
    :ivar watch: called for every call; None for no callback.
    :ivar calls: counts of the requests that it sent.

    :param conn_id: Airflow connection; without it the default one.
    :param wait: waiting time between tries; a matter of tests.
    :param sleep: how to wait; a matter of tests.
    :param clock: what time it is; a matter of tests.
    """

    prefix: ClassVar[str] = ""
    default_conn_name: ClassVar[str]

    def __init__(
        self,
        conn_id: str | None = None,
        *,
        wait: wait_base | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self.conn_id = conn_id or self.default_conn_name
        self._wait = wait
        self._sleep = sleep
        self._clock = clock
        self._settings: Settings | None = None
        self._client: httpx.Client | None = None
        #: Guards what is made at first use: settings, client, rate limiter.
        self._making = RLock()
        self._rate_limiter: RateLimiter | None = None
        self.watch: CallWatch | None = None
        self.calls = CallCounts()

    def __enter__(self) -> Self:
        self.get_conn()
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    def read_settings(self, connection: Connection) -> Settings:
        """The connection, checked.

        :raises ValueError: which field is wrong, never what a secret one holds.
        """
        raise NotImplementedError

    def why_refused(self) -> str:
        """What a 401 means, and what to do about it."""
        raise NotImplementedError

    def secret_headers(self, request: Request) -> Mapping[str, str]:
        """Headers with the credentials that a request needs."""
        return {}

    def form(self, request: Request) -> Mapping[str, Any]:
        """The form that a request sends, as arguments of httpx."""
        return {}

    def check_answer(self, request: Request, answer: httpx.Response) -> None:
        """Let only a good answer pass.

        :raises ImmPortError: the kind that fits the status.
        """
        check(answer, self.why_refused(), self._clock())

    @property
    def settings(self) -> Settings:
        """The connection, read once.

        :raises ConfigurationError: a field of the connection is wrong.
        """
        with self._making:
            if self._settings is None:
                try:
                    self._settings = self.read_settings(self.get_connection(self.conn_id))
                except ValueError as error:
                    raise ConfigurationError(f"{error} (Airflow connection {self.conn_id})") from None
            return self._settings

    def get_conn(self) -> httpx.Client:
        """The HTTP client: TLS always verified, no redirect followed, so that no key goes astray."""
        import httpx

        from immport_provider.hooks.wire import watch_connections

        with self._making:
            if self._client is None:
                # At DEBUG, httpcore logs answers' headers, and so the signed address of a redirect.
                logging.getLogger("httpcore").setLevel(logging.INFO)
                self._client = watch_connections(
                    httpx.Client(
                        base_url=self.settings.base,
                        headers={
                            "Accept": "application/json",
                            "Accept-Encoding": ACCEPT_ENCODING,
                            "User-Agent": "immport-warehouse",
                        },
                        timeout=httpx.Timeout(self.settings.timeout, connect=CONNECT_TIMEOUT),
                        follow_redirects=False,
                        trust_env=not self.settings.is_loopback,
                    ),
                    self.guard(),
                )
            return self._client

    def guard(self) -> Guard | None:
        """What looks at each address that is connected to; None where the connection names the host."""
        return None

    @property
    def rate_limiter(self) -> RateLimiter:
        """When calls may be made: `with hook.rate_limiter.acquire()` around each."""
        from immport_provider.hooks.rate_limiter import RateLimiter

        with self._making:
            if self._rate_limiter is None:
                self._rate_limiter = RateLimiter(
                    self.settings.source,
                    self.settings.calls_in_flight,
                    self.settings.calls_per_second,
                    now=lambda: self._clock().timestamp(),
                    sleep=self._sleep,
                )
            return self._rate_limiter

    def _request(
        self,
        request: Request,
        receive: Callable[[Iterator[bytes]], T],
        tries: int | None = None,
        *,
        divisible: bool = False,
    ) -> T:
        """Send a request, again after errors that may pass; `receive` takes the body of a good answer."""
        return self._attempt(request, self._taking(request, receive), tries, divisible=divisible)

    def _taking(
        self, request: Request, receive: Callable[[Iterator[bytes]], T]
    ) -> Callable[[httpx.Response], T]:
        """Passes on the body of a good answer, raises for any other."""

        def take(answer: httpx.Response) -> T:
            self.check_answer(request, answer)
            return receive(whole(answer, is_self_ending=request.form == "json"))

        return take

    def _attempt(
        self,
        request: Request,
        take: Callable[[httpx.Response], T],
        tries: int | None = None,
        *,
        divisible: bool = False,
    ) -> T:
        """Send a request, again after errors that may pass; `take` decides about the answer."""
        from immport_provider.hooks.retries import BACKOFF, retrying

        tries = tries or self.settings.max_retries + 1
        watch = self.watch
        if watch is not None:
            watch.before(self.settings.source)
        attempts = retrying(tries, self._wait or BACKOFF, self._sleep, self.log.warning, divisible=divisible)

        def send() -> T:
            return self._send(request, take, is_retry=attempts.statistics["attempt_number"] > 1)

        try:
            answer = attempts(send)
        except RetriableError as error:
            error.tries = attempts.statistics["attempt_number"]
            raise
        if watch is not None:
            watch.answered(self.settings.source, request.endpoint.name)
        return answer

    def _send(self, request: Request, take: Callable[[httpx.Response], T], *, is_retry: bool = False) -> T:
        """Send a request once.

        :param is_retry: it repeats one that failed.
        """
        from immport_provider.hooks.wire import answering

        client, url, source = self.get_conn(), self.prefix + request.path, self.settings.source
        with self.rate_limiter.acquire():
            # To make them may take a call of its own.
            with explained(request, source):
                headers = {**request.headers, **self.secret_headers(request)}
            sent: dict[str, Any] = {"params": request.query, "headers": headers, **self.form(request)}
            if request.body is not None:
                sent["json"] = request.body
            with (
                self.calls.call(source, request.endpoint.name, is_retry=is_retry) as call,
                explained(request, source),
                answering(client, self.settings, call, request.method, url, **sent) as answer,
            ):
                return take(answer)

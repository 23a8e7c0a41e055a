"""The HTTP client of ImmPort: credentials, rate limit, retries, and the callback for each call."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from airflow.sdk import BaseHook

from immport_provider.hooks.answers import Request, check, explained
from immport_provider.hooks.bodies import ACCEPT_ENCODING, whole
from immport_provider.hooks.settings import API, CONNECT_TIMEOUT, Settings, read_settings
from include.sources.errors import (
    BadAnswerError,
    ConfigurationError,
    CredentialError,
    RetriableError,
)
from include.sources.reader import read_json

if TYPE_CHECKING:
    import httpx
    from tenacity.wait import wait_base

    from immport_provider.hooks.credentials import Credential, Token
    from immport_provider.hooks.rate_limiter import RateLimiter
    from include.sources.client import CallWatch

T = TypeVar("T")

KEYS_PAGE = "https://www.immport.org/auth/api/keys"


class ImmPortClient(BaseHook):
    """A connection of type `immport` as an HTTP client; `ImmPortHook` has the requests.

    :ivar watch: called for every call; None for no callback.

    :param immport_conn_id: Airflow connection of type `immport`.
    :param wait: waiting time between tries; a matter of tests.
    :param sleep: how to wait; a matter of tests.
    :param clock: what time it is; a matter of tests.
    """

    default_conn_name: ClassVar[str] = "immport_default"

    def __init__(
        self,
        immport_conn_id: str = default_conn_name,
        *,
        wait: wait_base | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self.immport_conn_id = immport_conn_id
        self._wait = wait
        self._sleep = sleep
        self._clock = clock
        self._settings: Settings | None = None
        self._client: httpx.Client | None = None
        self._file_client: httpx.Client | None = None
        self._token: Token | None = None
        #: Guards what is made at first use: settings, client, token, rate limiter.
        self._making = RLock()
        self._rate_limiter: RateLimiter | None = None
        self.watch: CallWatch | None = None

    def __enter__(self) -> Self:
        self.get_conn()
        return self

    def __exit__(self, *_: object) -> None:
        for client in filter(None, (self._client, self._file_client)):
            client.close()
        self._client = self._file_client = None

    @property
    def settings(self) -> Settings:
        """The connection, read once.

        :raises ConfigurationError: a field of the connection is wrong.
        """
        with self._making:
            if self._settings is None:
                try:
                    self._settings = read_settings(self.get_connection(self.immport_conn_id))
                except ValueError as error:
                    raise ConfigurationError(f"{error} (Airflow connection {self.immport_conn_id})") from None
                if self._settings.key:
                    _hide(self._settings.key.secret)
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
                    )
                )
            return self._client

    def get_file_conn(self) -> httpx.Client:
        """The HTTP client of signed addresses: one for all files, as a new one reads all certificates."""
        from immport_provider.hooks.signed import open_client

        with self._making:
            if self._file_client is None:
                self._file_client = open_client(self.settings)
            return self._file_client

    @property
    def expires_at(self) -> datetime | None:
        """When the API key expires, UTC. None when unknown, or when tokens renew themselves."""
        key = self.settings.key
        return key.expires_at if key else None

    def _request(
        self,
        request: Request,
        receive: Callable[[Iterator[bytes]], T],
        tries: int | None = None,
        *,
        divisible: bool = False,
    ) -> T:
        from immport_provider.hooks.retries import BACKOFF, retrying

        tries = tries or self.settings.max_retries + 1
        watch = self.watch
        if watch is not None:
            watch.before(self.settings.source)
        attempts = retrying(tries, self._wait or BACKOFF, self._sleep, self.log.warning, divisible=divisible)
        try:
            answer = attempts(self._try, request, receive)
        except RetriableError as error:
            error.tries = attempts.statistics["attempt_number"]
            raise
        if watch is not None:
            watch.answered(self.settings.source, request.endpoint.name)
        return answer

    def _try(self, request: Request, receive: Callable[[Iterator[bytes]], T]) -> T:
        from immport_provider.hooks.wire import answering

        client, url = self.get_conn(), API + request.path
        with self.rate_limiter.acquire(), explained(request, self.settings.source):
            secret = self._credential().header if request.endpoint.needs_key else {}
            headers = {**request.headers, **secret}
            sent = {"params": request.query, "headers": headers}
            with answering(client, self.settings, "GET", url, **sent) as answer:
                check(answer, self._why_refused(), self._clock())
                return receive(whole(answer, is_self_ending=request.form == "json"))

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

    def _credential(self) -> Credential:
        """The key, or a token that is good for a while."""
        if self.settings.key:
            return self.settings.key
        if self.settings.login is None:
            raise CredentialError(f"the Airflow connection {self.immport_conn_id} holds no API key")
        with self._making:  # of several threads one exchanges, the others wait for its token
            if self._token is None or self._clock() >= self._token.refresh_at:
                self._token = self._exchange(*self.settings.login)
                _hide(self._token.secret)
            return self._token

    def _exchange(self, login: str, password: str) -> Token:
        from immport_provider.hooks.credentials import read_token
        from immport_provider.hooks.wire import answering

        form = {"username": login, "password": password}
        with answering(self.get_conn(), self.settings, "POST", "/auth/token", data=form) as answer:
            if answer.status_code == 400:
                raise CredentialError(self._why_refused(), 400)
            check(answer, self._why_refused(), self._clock())
            try:
                return read_token(read_json(whole(answer, is_self_ending=True)), self._clock())
            except ValueError:
                raise BadAnswerError("the token exchange gave no token", 200) from None

    def _why_refused(self) -> str:
        if self.settings.login:
            return f"user name and password of the connection {self.immport_conn_id} are not accepted"
        renew = f"create a new one at {KEYS_PAGE} and put it into the connection {self.immport_conn_id}"
        if self.expires_at is not None and self.expires_at <= self._clock():
            return f"the API key expired on {self.expires_at:%Y-%m-%d}: {renew}"
        return f"the API key is not accepted: {renew}"


def _hide(secret: str) -> None:
    """Let Airflow mask it in every task log: a key within a key file is not masked by itself."""
    from airflow.sdk.log import mask_secret

    mask_secret(secret)

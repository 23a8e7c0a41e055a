"""The HTTP client of ImmPort: credentials, and the client of signed addresses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

from immport_provider.hooks.answers import Request, check
from immport_provider.hooks.bodies import whole
from immport_provider.hooks.files.file_client import FileClient
from immport_provider.hooks.settings import API, Connection, Settings, read_settings
from include.sources.errors import BadAnswerError, CredentialError
from include.sources.reader import read_json

if TYPE_CHECKING:
    from tenacity.wait import wait_base

    from immport_provider.hooks.credentials import Credential, Token
    from immport_provider.hooks.drs.drs import DrsHook

T = TypeVar("T")

#: Name under which exchanges of a password for a token are counted.
EXCHANGE = "token"
KEYS_PAGE = "https://www.immport.org/auth/api/keys"


class ImmPortClient(FileClient):
    """A connection of type `immport` as an HTTP client; `ImmPortHook` has the requests.

    :param immport_conn_id: Airflow connection of type `immport`; the others as of `HttpClient`.
    """

    default_conn_name: ClassVar[str] = "immport_default"
    prefix: ClassVar[str] = API

    def __init__(
        self,
        immport_conn_id: str = default_conn_name,
        *,
        wait: wait_base | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(immport_conn_id, wait=wait, sleep=sleep, clock=clock)
        self.immport_conn_id = immport_conn_id
        self._token: Token | None = None
        self._drs: DrsHook | None = None

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        if self._drs is not None:
            self._drs.__exit__()

    def read_settings(self, connection: Connection) -> Settings:
        """The connection, checked, its key masked in every log.

        :raises ValueError: which field is wrong, never what a secret one holds.
        """
        settings = read_settings(connection)
        if settings.key:
            _hide(settings.key.secret)
        return settings

    @property
    def drs(self) -> DrsHook:
        """The DRS service of the connection: it is sent the same key, its calls are counted here."""
        from immport_provider.hooks.drs.immport_drs import ImmPortDrsHook

        with self._making:
            if self._drs is None:
                self._drs = ImmPortDrsHook(self, wait=self._wait, sleep=self._sleep, clock=self._clock)
            self._drs.watch = self.watch
            return self._drs

    @property
    def expires_at(self) -> datetime | None:
        """When the API key expires, UTC. None when unknown, or when tokens renew themselves."""
        key = self.settings.key
        return key.expires_at if key else None

    def secret_headers(self, request: Request) -> Mapping[str, str]:
        """The key or a token, for an endpoint that needs it."""
        return self._credential().header if request.endpoint.needs_key else {}

    def _try(self, request: Request, receive: Callable[[Iterator[bytes]], T], *, is_retry: bool = False) -> T:
        """Send a request once."""
        return self._send(request, self._taking(request, receive), is_retry=is_retry)

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
        with (
            self.calls.call(self.settings.source, EXCHANGE) as call,
            answering(self.get_conn(), self.settings, call, "POST", "/auth/token", data=form) as answer,
        ):
            if answer.status_code == 400:
                raise CredentialError(self.why_refused(), 400)
            check(answer, self.why_refused(), self._clock())
            try:
                return read_token(read_json(whole(answer, is_self_ending=True)), self._clock())
            except ValueError:
                raise BadAnswerError("the token exchange gave no token", 200) from None

    def why_refused(self) -> str:
        """What a 401 means, and what to do about it."""
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

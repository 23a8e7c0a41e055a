"""The hook: the only place that speaks HTTP with ImmPort."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, TypeVar
from urllib.parse import quote

from airflow.sdk import BaseHook

from immport_provider.errors import (
    AccessError,
    BadAnswerError,
    ConfigurationError,
    CredentialError,
    ImmPortError,
    RetriableError,
)
from immport_provider.hooks.answers import Request, check, check_framing, explained
from immport_provider.hooks.settings import API, CONNECT_TIMEOUT, Settings, read_settings
from include.sources.immport import (
    DRS_DOWNLOAD,
    ENDPOINTS,
    RESTRICTED_STUDIES,
    SEARCH,
    STUDY_ENDPOINTS,
)
from include.sources.model import Endpoint
from include.sources.reader import read_rows

if TYPE_CHECKING:
    import httpx
    from tenacity.wait import wait_base

    from immport_provider.hooks.credentials import Credential, Token
    from immport_provider.hooks.files import Downloaded, ListedFile, RemoteFile
    from immport_provider.hooks.listing import Listing, Page
    from immport_provider.hooks.pace import Pace

T = TypeVar("T")

KEYS_PAGE = "https://www.immport.org/auth/api/keys"
NOTICE = timedelta(days=7)


class Watch(Protocol):
    """Somebody who must know of calls: it may forbid them, and learns which were answered."""

    def before(self, source: str) -> None:
        """A call to this host and port is about to be made. What it raises is raised instead."""

    def answered(self, source: str, endpoint: str) -> None:
        """An endpoint at this host and port gave a good answer."""


class ImmPortHook(BaseHook):
    """ImmPort's Shared Data API.

    Use it as a context manager: one HTTP client, closed at the end. Timeouts, lost connections, 429,
    5xx and answers that are no data are tried again with jittered backoff; credentials and other
    4xx never. Several threads may use one hook: it makes no more calls at once, and none sooner, than
    its connection allows.

    :ivar watch: told of every call; None when nobody is.

    :param immport_conn_id: Airflow connection of type `immport`.
    :param wait: waiting time between tries; a matter of tests.
    :param sleep: how to wait; a matter of tests.
    :param clock: what time it is; a matter of tests.
    """

    conn_name_attr: ClassVar[str] = "immport_conn_id"
    default_conn_name: ClassVar[str] = "immport_default"
    conn_type: ClassVar[str] = "immport"
    hook_name: ClassVar[str] = "ImmPort"

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
        self._token: Token | None = None
        #: Guards what is made at first use: settings, client, token, pace.
        self._making = RLock()
        self._pace: Pace | None = None
        self.watch: Watch | None = None

    def __enter__(self) -> Self:
        self.get_conn()
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

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

        with self._making:
            if self._client is None:
                # At DEBUG, httpcore logs answers' headers, and so the signed address of a redirect.
                logging.getLogger("httpcore").setLevel(logging.INFO)
                self._client = httpx.Client(
                    base_url=self.settings.base,
                    headers={"Accept": "application/json", "User-Agent": "immport-warehouse"},
                    timeout=httpx.Timeout(self.settings.timeout, connect=CONNECT_TIMEOUT),
                    follow_redirects=False,
                    trust_env=not self.settings.is_loopback,
                )
            return self._client

    @property
    def expires_at(self) -> datetime | None:
        """When the API key expires, UTC. None when unknown, or when tokens renew themselves."""
        key = self.settings.key
        return key.expires_at if key else None

    def expiry_notice(self, now: datetime | None = None) -> str | None:
        """From seven days before the API key expires: what to do, logged as a warning, too."""
        expires_at, now = self.expires_at, now or self._clock()
        if expires_at is None or now < expires_at - NOTICE:
            return None
        when = f"expired on {expires_at:%Y-%m-%d %H:%M} UTC"
        if now < expires_at:
            when = f"expires on {expires_at:%Y-%m-%d %H:%M} UTC, in {(expires_at - now).days} days"
        notice = (
            f"the ImmPort API key {when}: create a new one at {KEYS_PAGE}"
            f" and put it into the Airflow connection {self.immport_conn_id}"
        )
        self.log.warning(notice)
        return notice

    def fetch(
        self,
        endpoint: Endpoint,
        study: str,
        receive: Callable[[Iterator[bytes]], T],
        *,
        filters: Mapping[str, str] | None = None,
        form: str = "json",
        tries: int | None = None,
        divisible: bool = False,
    ) -> T:
        """Stream the answer of one endpoint for one study, or for a part of it.

        :param receive: takes the body's chunks to the end; called anew for every try, so that what
            an earlier try gave must be dropped. A `NotDataError` it raises counts as a bad answer.
        :param filters: parameters that ask for a part of the study's rows.
        :param form: `json` or `tsv`.
        :param tries: how often it is tried at most; as often as the connection says without it.
        :param divisible: the caller can ask for less: what takes ImmPort too long is not tried again.
        :raises CredentialError: the key is not accepted.
        :raises AccessError: the study is not open to the key.
        :raises RequestError: ImmPort refuses the request.
        :raises RetriableError: still no answer after all tries.
        """
        request = Request(endpoint, *endpoint.request(study), study, filters or {}, form)
        return self._ask(request, receive, tries, divisible=divisible)

    def vocabulary(self, endpoint: Endpoint, receive: Callable[[Iterator[bytes]], T]) -> T:
        """Stream the terms of one vocabulary; `receive` and errors as of `fetch`."""
        return self._ask(Request(endpoint, endpoint.path), receive)

    def studies(self) -> Listing:
        """Every shared study. A listing that is not complete is taken once more.

        :raises ImmPortError: as `fetch`.
        """
        from immport_provider.hooks.listing import walk

        listing = walk(self._page)
        if not listing.complete:
            self.log.warning("the study search is not complete (%s): listing once more", listing.reason)
            listing = walk(self._page)
        return listing

    def restricted_studies(self) -> frozenset[str]:
        """Accessions that ImmPort restricts: they were shared once, or are not open to everybody.

        :raises ImmPortError: as `fetch`; the list needs the key.
        """
        from immport_provider.hooks.listing import read_accessions

        return self._ask(Request(RESTRICTED_STUDIES, RESTRICTED_STUDIES.path), read_accessions)

    def release_files(self, study: str) -> tuple[ListedFile, ...]:
        """The release files of a study as its manifest lists them, by name.

        :raises ImmPortError: as `fetch`.
        """
        # Other types are left out here, too: a filter may be ignored.
        found = [file for file in self.manifest(study, "release_file") if file.kind == "release_file"]
        return tuple({file.name: file for file in sorted(found, key=lambda file: file.name)}.values())

    def manifest(self, study: str, file_type: str = "all") -> list[ListedFile]:
        """Files that ImmPort keeps of a study, each UUID once.

        :param file_type: `result_file`, `protocol_file`, `study_file`, `release_file`, `archive_file` ...
        Raises as `fetch`.
        """
        from immport_provider.hooks.files import read_manifest

        endpoint = ENDPOINTS["manifest"]
        path, parameters = endpoint.request(study)
        if file_type != "all":
            parameters["fileType"] = file_type
        request = Request(endpoint, path, parameters, study)
        return self._ask(request, lambda chunks: read_manifest(chunks, endpoint, study))

    def download(
        self, file: RemoteFile, target: Path, *, progress: Callable[[int], None] | None = None
    ) -> Downloaded:
        """Bring a file to `target`, verified; what `target` holds of it already is not fetched again.

        The retries of the connection count tries in a row that brought no byte.

        :param progress: told how many bytes of the file are there, while they come.
        :raises MissingFileError: ImmPort lists the file, but does not have it.
        :raises WrongFileError: size or MD5 are wrong, twice; nothing of it is left.
        :raises OSError: it cannot be written; what came stays for the next try.
        Raises as `fetch` for the rest.
        """
        from immport_provider.hooks.downloads import Transfer
        from immport_provider.hooks.retries import BACKOFF, retrying

        hosts: set[str] = set()

        def announce(host: str) -> None:
            # The file store is a service of its own: it may be down while the API answers.
            if self.watch is not None:
                self.watch.before(host)
            hosts.add(host)

        tries = self.settings.max_retries + 1
        attempts = retrying(tries, self._wait or BACKOFF, self._sleep, self.log.warning)
        transfer = Transfer(
            file,
            target,
            self.settings,
            address=lambda method: self._address(file, method),
            clock=self._clock,
            say=self.log.warning,
            progress=progress,
            announce=announce,
        )
        with transfer:
            done = transfer.bring(attempts, self._sleep)
        for host in hosts:
            if self.watch is not None:
                self.watch.answered(host, DRS_DOWNLOAD.name)
        return done

    def test_connection(self) -> tuple[bool, str]:
        """Ask for a study, and then for what only a valid key may see of it."""
        root = STUDY_ENDPOINTS[0]
        try:
            with self:
                page = self._page(0, size=1, tries=1)
                for study in page.studies:
                    request = Request(root, *root.request(study), study)
                    self._ask(request, lambda chunks: list(read_rows(chunks, root)), tries=1)
        except ConfigurationError as error:
            return False, f"Correct the connection: {error.what}"
        except (CredentialError, AccessError) as error:
            return False, str(error)
        except ImmPortError as error:
            return False, f"{error}. Check the address and the network, then try again."
        if not page.studies:
            return False, f"{self.settings.source} answers, but lists no study: check the address."
        return True, self.expiry_notice() or f"{self.settings.source} accepts the credentials."

    def _address(self, file: RemoteFile, method: str) -> str:
        """A signed address of a file: a secret."""
        from immport_provider.hooks.files import read_address

        gaps = {"accessMethod": method, "fileUUID": quote(file.uuid, safe="")}
        request = Request(DRS_DOWNLOAD, DRS_DOWNLOAD.path.format_map(gaps), study=file.study)
        return self._try(request, read_address)

    def _page(self, start: int, size: int | None = None, tries: int | None = None) -> Page:
        from immport_provider.hooks.listing import read_page

        parameters = {
            "fromRecord": str(start),
            "pageSize": str(size or self.settings.page_size),
            "sourceFields": ",".join(SEARCH.names),
        }
        return self._ask(Request(SEARCH, SEARCH.path, parameters), read_page, tries)

    def _ask(
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
        client = self.get_conn()
        with self.pace.turn(), explained(request, self.settings.source):
            secret = self._credential().header if request.endpoint.needs_key else {}
            headers = {**request.headers, **secret}
            with client.stream("GET", API + request.path, params=request.query, headers=headers) as answer:
                check(answer, self._why_refused(), self._clock())
                if request.form == "tsv":
                    check_framing(answer)
                return receive(answer.iter_bytes())

    @property
    def pace(self) -> Pace:
        """When calls may be made: `with hook.pace.turn()` around each."""
        from immport_provider.hooks.pace import Pace

        with self._making:
            if self._pace is None:
                self._pace = Pace(
                    self.settings.source,
                    self.settings.calls_in_flight,
                    self.settings.calls_per_second,
                    now=lambda: self._clock().timestamp(),
                    sleep=self._sleep,
                )
            return self._pace

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

        form = {"username": login, "password": password}
        with self.get_conn().stream("POST", "/auth/token", data=form) as answer:
            if answer.status_code == 400:
                raise CredentialError(self._why_refused(), 400)
            check(answer, self._why_refused(), self._clock())
            try:
                return read_token(json.loads(answer.read()), self._clock())
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

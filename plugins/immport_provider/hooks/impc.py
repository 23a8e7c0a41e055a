"""The hook of IMPC: its Solr core of images and the metadata of its releases, without credentials."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

from immport_provider.hooks.answers import Request, check
from immport_provider.hooks.bodies import whole
from immport_provider.hooks.http_client import HttpClient
from immport_provider.hooks.settings import Connection, Settings, address_of, read_open_settings
from include.sources.client import Received
from include.sources.endpoint import Endpoint
from include.sources.errors import ConfigurationError, ImmPortError, MissingFileError
from include.sources.fetched.offering import Validators
from include.sources.impc.core import find_release, read_core
from include.sources.impc.endpoints import RELEASE

if TYPE_CHECKING:
    import httpx
    from tenacity.wait import wait_base

T = TypeVar("T")

#: Where EBI serves the cores, and where IMPC keeps the metadata of its releases.
SOLR_HOST = "https://www.ebi.ac.uk"
RELEASE_HOST = "https://impc-datasets.s3.eu-west-2.amazonaws.com"


@dataclass(frozen=True)
class ImpcSettings(Settings):
    """How to reach IMPC.

    :param release_base: scheme, host and port of the metadata of releases.
    """

    release_base: str = RELEASE_HOST


class ImpcHook(HttpClient):
    """IMPC's images.

    What may pass is tried again, within the limits of the connection, as of `ImmPortHook`.

    :param impc_conn_id: Airflow connection of type `impc`; the others as of `HttpClient`.
    """

    conn_name_attr: ClassVar[str] = "impc_conn_id"
    default_conn_name: ClassVar[str] = "impc_default"
    conn_type: ClassVar[str] = "impc"
    hook_name: ClassVar[str] = "IMPC images"

    def __init__(
        self,
        impc_conn_id: str = default_conn_name,
        *,
        wait: wait_base | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(impc_conn_id, wait=wait, sleep=sleep, clock=clock)

    def read_settings(self, connection: Connection) -> ImpcSettings:
        """The connection, checked.

        :raises ValueError: which field is wrong; one that holds credentials is.
        """
        settings = read_open_settings(connection, SOLR_HOST)
        given = str(connection.extra_dejson.get("release_host") or "").strip()
        # A stand-in serves both.
        host = given or (RELEASE_HOST if settings.base == SOLR_HOST else settings.base)
        base = address_of(host, RELEASE_HOST, allow_http=settings.allow_http)
        return ImpcSettings(**vars(settings), release_base=base)

    def why_refused(self) -> str:
        """What a 401 means, and what to do about it."""
        return f"IMPC's data need no key: check the address in the connection {self.conn_id}"

    def request(
        self,
        endpoint: Endpoint,
        scope: str,
        receive: Callable[[Iterator[bytes]], T],
        *,
        form: str = "json",
        page: Mapping[str, str] | None = None,
    ) -> Received[T]:
        """Stream the answer of the core to one query, or the metadata of a release.

        :param scope: the centre, or the number of the release; empty for what concerns all centres.
        :param receive: takes the chunks to the end; called anew for every try.
        :param page: further parameters of the query.
        :raises MissingFileError: there are no metadata of the release.
        :raises RequestError: the core refuses the query.
        :raises RetriableError: still no good answer after all tries.
        """
        path, parameters = endpoint.request(scope)
        request = Request(
            endpoint, self._place(endpoint, path), {**parameters, **(page or {})}, scope or None
        )

        def take(answer: httpx.Response) -> T:
            self._check(endpoint, answer)
            return receive(whole(answer, is_self_ending=True))

        return Received(self._attempt(request, take), Validators())

    def probe(self, endpoint: Endpoint, scope: str, *, form: str = "json") -> Validators:
        """Nothing: the listing of the source says which build all answers are of."""
        return Validators()

    def test_connection(self) -> tuple[bool, str]:
        """Request the number of documents, and look for the newest release."""
        try:
            with self:
                core, release = read_core(self), find_release(self)
        except ConfigurationError as error:
            return False, f"Correct the connection: {error.what}"
        except ImmPortError as error:
            return False, f"{error}. Check the address and the network, then try again."
        if release is None:
            return False, f"{self.settings.source} answers, but there are no metadata of a release."
        return (
            True,
            f"{self.settings.source} has {core.total} documents; the newest release is {release.release}.",
        )

    def _place(self, endpoint: Endpoint, path: str) -> str:
        """The address of an endpoint: that of releases is on a host of its own."""
        settings = self.settings
        if endpoint is RELEASE and isinstance(settings, ImpcSettings):
            return f"{settings.release_base}{path}"
        return path

    def _check(self, endpoint: Endpoint, answer: httpx.Response) -> None:
        """Let only a good answer pass.

        :raises ImmPortError: the kind that fits the status.
        """
        if endpoint is RELEASE and answer.status_code in (403, 404):
            raise MissingFileError(f"{answer.status_code}; no such release", answer.status_code)
        check(answer, self.why_refused(), self._clock())

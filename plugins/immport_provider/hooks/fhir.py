"""The hook of a FHIR server: searches page by page, and what the server says when one fails."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

from immport_provider.hooks.answers import Request, check
from immport_provider.hooks.bodies import whole
from immport_provider.hooks.http_client import HttpClient
from immport_provider.hooks.settings import Connection, Settings, read_source_settings
from include.sources.client import Received
from include.sources.endpoint import Endpoint
from include.sources.errors import ConfigurationError, ImmPortError, PagesExpiredError
from include.sources.fetched.offering import Validators
from include.sources.fhir.bundle import NEXT, linked, outcome_text, read_capabilities
from include.sources.fhir.endpoints import CAPABILITIES
from include.sources.fhir.source import read_state

if TYPE_CHECKING:
    import httpx
    from tenacity.wait import wait_base

T = TypeVar("T")

#: ImmPort's server, with the folder under which it has its resources.
FHIR_HOST = "https://fhir.immport.org/fhir"
#: Bytes of an answer about an error that are looked at.
_MOST_OF_OUTCOME = 1 << 16
_ACCEPT = {"Accept": "application/fhir+json, application/json;q=0.9"}


class FhirHook(HttpClient):
    """A FHIR server.

    What may pass is tried again, within the limits of the connection, as of `ImmPortHook`. Links to further
    pages are followed at the connection's own address, whatever host they name: a key goes nowhere else.

    :param fhir_conn_id: Airflow connection of type `fhir`; the others as of `HttpClient`.
    """

    conn_name_attr: ClassVar[str] = "fhir_conn_id"
    default_conn_name: ClassVar[str] = "fhir_default"
    conn_type: ClassVar[str] = "fhir"
    hook_name: ClassVar[str] = "FHIR server"

    def __init__(
        self,
        fhir_conn_id: str = default_conn_name,
        *,
        wait: wait_base | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(fhir_conn_id, wait=wait, sleep=sleep, clock=clock)

    def read_settings(self, connection: Connection) -> Settings:
        """The connection, checked. It may hold a key, a name and a password, or nothing of both.

        :raises ValueError: which field is wrong, never what a secret one holds.
        """
        return read_source_settings(connection, FHIR_HOST)

    def why_refused(self) -> str:
        """What a 401 means, and what to do about it."""
        if self.settings.key is None and self.settings.login is None:
            return f"the server wants credentials: put them into the connection {self.conn_id}"
        return f"the server does not accept the credentials of the connection {self.conn_id}: renew them"

    def secret_headers(self, request: Request) -> Mapping[str, str]:
        """The key, or name and password, if the connection has either."""
        if self.settings.key is not None:
            return self.settings.key.header
        if self.settings.login is not None:
            pair = base64.b64encode(":".join(self.settings.login).encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}

    def request(
        self,
        endpoint: Endpoint,
        scope: str,
        receive: Callable[[Iterator[bytes]], T],
        *,
        form: str = "json",
        page: Mapping[str, str] | None = None,
    ) -> Received[T]:
        """Stream the answer of a search for the resources of a type, or the server's capabilities.

        :param scope: the type; empty for what concerns all types.
        :param receive: takes the chunks to the end; called anew for every try.
        :param page: parameters of the search, or the link to one of its pages, under `next`.
        :raises PagesExpiredError: the link is of a search that the server no longer knows.
        :raises RequestError: the server refuses the search; the error says its words.
        :raises RetriableError: still no good answer after all tries.
        """
        given = dict(page or {})
        link = given.pop(NEXT, None)
        path = endpoint.address(scope, form)
        if link is not None:
            end, given = linked(link, scope)
            # Whole: httpx would put a stroke behind the folder of the server.
            path = f"{self.settings.base}{end}"
        request = Request(endpoint, path, given, scope or None, form="json", conditions=_ACCEPT)

        def take(answer: httpx.Response) -> T:
            self._check(answer, is_page=link is not None)
            return receive(whole(answer, is_self_ending=True))

        return Received(self._attempt(request, take), Validators())

    def probe(self, endpoint: Endpoint, scope: str, *, form: str = "json") -> Validators:
        """Nothing: the listing of the source says what changes an answer."""
        return Validators()

    def test_connection(self) -> tuple[bool, str]:
        """Request the capabilities, and the number of studies."""
        try:
            with self:
                about = self.request(CAPABILITIES, "", read_capabilities).content
                studies = read_state(self, "ResearchStudy").total
        except ConfigurationError as error:
            return False, f"Correct the connection: {error.what}"
        except ImmPortError as error:
            return False, f"{error}. Check the address and the network, then try again."
        count = "an unknown number of" if studies is None else str(studies)
        return True, f"{self.settings.source} is {about}; it has {count} studies."

    def _check(self, answer: httpx.Response, *, is_page: bool) -> None:
        """Let only a good answer pass.

        :raises ImmPortError: the kind that fits the status, with what the server says of it.
        """
        try:
            check(answer, self.why_refused(), self._clock())
        except ImmPortError as error:
            said = self._outcome(answer)
            if is_page and answer.status_code in (404, 410):
                what = f"{answer.status_code}; the pages of the search are no longer there"
                raise PagesExpiredError(what, answer.status_code) from None
            if said:
                error.what += f": {said}"
            raise

    def _outcome(self, answer: httpx.Response) -> str | None:
        """What the server says of an error; None for anything but an OperationOutcome."""
        body = b""
        try:
            for chunk in whole(answer, is_self_ending=True):
                body += chunk
                if len(body) > _MOST_OF_OUTCOME:
                    return None
            found = json.loads(body)
        except (ImmPortError, ValueError, RecursionError):
            return None
        if not isinstance(found, dict) or found.get("resourceType") != "OperationOutcome":
            return None
        said = outcome_text(found)
        # A server may repeat the headers that it was sent.
        return "words with a secret in them" if any(item in said for item in self._secrets()) else said

    def _secrets(self) -> Iterator[str]:
        if self.settings.key is not None:
            yield self.settings.key.secret
        if self.settings.login is not None and self.settings.login[1]:
            yield self.settings.login[1]
            yield base64.b64encode(":".join(self.settings.login).encode()).decode()

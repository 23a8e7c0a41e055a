"""The hook of a FHIR server: searches page by page, and what the server says when one fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from immport_provider.hooks.answers import Request
from immport_provider.hooks.bodies import whole
from immport_provider.hooks.settings import Connection, Settings, read_source_settings
from immport_provider.hooks.source_hook import SourceHook
from include.sources.endpoint import Endpoint
from include.sources.errors import ImmPortError, PagesExpiredError
from include.sources.fhir.bundle import NEXT, linked, outcome_text, read_capabilities
from include.sources.fhir.endpoints import CAPABILITIES
from include.sources.fhir.source import read_state

if TYPE_CHECKING:
    import httpx

#: ImmPort's server, with the folder under which it has its resources.
FHIR_HOST = "https://fhir.immport.org/fhir"
#: Bytes of an answer about an error that are looked at.
_MOST_OF_OUTCOME = 1 << 16
_ACCEPT = {"Accept": "application/fhir+json, application/json;q=0.9"}


class FhirHook(SourceHook):
    """A FHIR server.

    What may pass is tried again, within the limits of the connection, as of `ImmPortHook`. Links to further
    pages are followed at the connection's own address, whatever host they name: a key goes nowhere else.

    Parameters as of `HttpClient`; the connection is of type `fhir`.
    """

    default_conn_name: ClassVar[str] = "fhir_default"
    conn_type: ClassVar[str] = "fhir"
    hook_name: ClassVar[str] = "FHIR server"

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
        return self.settings.credentials

    def request_of(self, endpoint: Endpoint, scope: str, form: str, page: Mapping[str, str]) -> Request:
        """A search for the resources of a type, a page of one, or the server's capabilities.

        :param scope: the type; empty for what concerns all types.
        :param page: parameters of the search, or the link to one of its pages, under `next`.
        """
        given = dict(page)
        link = given.pop(NEXT, None)
        path = endpoint.address(scope, form)
        if link is not None:
            end, given = linked(link, scope)
            # Whole: httpx would put a stroke behind the folder of the server.
            path = f"{self.settings.base}{end}"
        return Request(endpoint, path, given, scope or None, conditions=_ACCEPT)

    def check_answer(self, request: Request, answer: httpx.Response) -> None:
        """Let only a good answer pass.

        :raises PagesExpiredError: a link is of a search that the server no longer knows.
        :raises ImmPortError: the kind that fits the status, with what the server says of it.
        """
        try:
            super().check_answer(request, answer)
        except ImmPortError as error:
            said = self._outcome(answer)
            if _is_page(request) and answer.status_code in (404, 410):
                what = f"{answer.status_code}; the pages of the search are no longer there"
                raise PagesExpiredError(what, answer.status_code) from None
            if said:
                error.what += f": {said}"
            raise

    def look(self) -> tuple[bool, str]:
        """The capabilities, and the number of studies."""
        about = self.request(CAPABILITIES, "", read_capabilities).content
        studies = read_state(self, "ResearchStudy").total
        count = "an unknown number of" if studies is None else str(studies)
        return True, f"{self.settings.source} is {about}; it has {count} studies."

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
        yield from (header.partition(" ")[2] for header in self.settings.credentials.values())
        if self.settings.login is not None and self.settings.login[1]:
            yield self.settings.login[1]


def _is_page(request: Request) -> bool:
    """Whether a request is for a page that a link leads to: its address is whole."""
    return "://" in request.path

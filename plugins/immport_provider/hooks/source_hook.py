"""A connection as the client of a source that is read scope by scope: what such clients have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, TypeVar

from immport_provider.hooks.answers import Request
from immport_provider.hooks.http_client import HttpClient
from immport_provider.hooks.settings import Connection, Settings, read_open_settings
from include.sources.client import Received
from include.sources.endpoint import Endpoint
from include.sources.errors import ConfigurationError, ImmPortError
from include.sources.fetched.offering import Validators

T = TypeVar("T")


class SourceHook(HttpClient):
    """A source that is open to everybody and answers its endpoints as they are declared.

    What may pass is tried again, within the limits of the connection, as of `ImmPortHook`. The client of a
    source declares the variables of the class and what it looks for in a test of the connection; where the
    source answers otherwise, it says so in `request_of` and `check_answer`. Parameters as of `HttpClient`.

    :cvar home: address that an empty field of the connection stands for.
    :cvar needs_no_key: that the source needs no key, as the beginning of a sentence.
    """

    conn_name_attr: ClassVar[str] = "conn_id"
    home: ClassVar[str]
    needs_no_key: ClassVar[str]

    def read_settings(self, connection: Connection) -> Settings:
        """The connection, checked.

        :raises ValueError: which field is wrong; one that holds credentials is.
        """
        return read_open_settings(connection, self.home)

    def why_refused(self) -> str:
        """What a 401 means, and what to do about it."""
        return f"{self.needs_no_key}: check the address in the connection {self.conn_id}"

    def request(
        self,
        endpoint: Endpoint,
        scope: str,
        receive: Callable[[Iterator[bytes]], T],
        *,
        form: str = "json",
        page: Mapping[str, str] | None = None,
    ) -> Received[T]:
        """Stream the answer of an endpoint for a scope, or a page of it.

        :param scope: identifier of the scope; empty for what is of none.
        :param receive: takes the chunks to the end; called anew for every try.
        :param page: parameters of the page.
        :raises RequestError: the source refuses the request.
        :raises RetriableError: still no good answer after all tries.
        """
        request = self.request_of(endpoint, scope, form, page or {})
        return Received(self._request(request, receive), Validators())

    def request_of(self, endpoint: Endpoint, scope: str, form: str, page: Mapping[str, str]) -> Request:
        """What is sent for a page of an endpoint: its address and parameters, as declared."""
        path, parameters = endpoint.request(scope)
        return Request(endpoint, path, {**parameters, **page}, scope or None)

    def probe(self, endpoint: Endpoint, scope: str, *, form: str = "json") -> Validators:
        """Nothing: the listing of the source says what changes an answer."""
        return Validators()

    def test_connection(self) -> tuple[bool, str]:
        """Whether the source has what it should: the button of the connection's form."""
        try:
            with self:
                return self.look()
        except ConfigurationError as error:
            return False, f"Correct the connection: {error.what}"
        except ImmPortError as error:
            return False, f"{error}. Check the address and the network, then try again."

    def look(self) -> tuple[bool, str]:
        """Whether the source has what it should, and what it has, in a sentence.

        :raises ImmPortError: it cannot be found out.
        """
        raise NotImplementedError

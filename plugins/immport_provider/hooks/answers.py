"""From what HTTP says to what the caller does about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from immport_provider.hooks.retries import read_retry_after
from include.sources.endpoint import Endpoint
from include.sources.errors import (
    AccessError,
    AnswerTimeoutError,
    BadAnswerError,
    ConnectionLostError,
    CredentialError,
    ImmPortError,
    NeverConnectedError,
    NoConnectionError,
    NotReadyError,
    RateLimitError,
    RequestError,
    ServerError,
)
from include.sources.reader import NotDataError

if TYPE_CHECKING:
    import httpx


#: Media type by the name that the parameter `format` has for it.
ACCEPT = {"json": "application/json", "tsv": "text/tab-separated-values"}


@dataclass(frozen=True)
class Request:
    """What is requested: an endpoint, of one study or of none.

    :param filters: further parameters, which select a part of the study.
    :param form: that of the answer: `json`, `tsv`, or another one, for which no parameter is sent.
    :param conditions: headers under which the answer may be that nothing changed.
    :param body: sent as JSON; None for none.
    """

    endpoint: Endpoint
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    study: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    form: str = "json"
    method: str = "GET"
    conditions: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    @property
    def query(self) -> dict[str, str]:
        """All query parameters."""
        form = {"format": self.form} if self.form == "tsv" else {}
        return {**self.parameters, **self.filters, **form}

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": ACCEPT.get(self.form, "*/*"), **self.conditions}


def check(answer: httpx.Response, refused: str, now: datetime) -> None:
    """Let only status 200 pass.

    :param refused: what a 401 means and what to do about it.
    :raises ImmPortError: the kind that fits the status.
    """
    status = answer.status_code
    if status == 200:
        return
    if status == 401:
        raise CredentialError(f"401; {refused}", status)
    if status == 403:
        raise AccessError("403; not open to this key", status)
    if status in (202, 429) or status >= 500:
        kind = {202: NotReadyError, 429: RateLimitError}.get(status, ServerError)
        seconds = read_retry_after(answer.headers.get("Retry-After"), now)
        delay = "" if seconds is None else f", asks to wait {seconds:.0f} s"
        error = kind(f"HTTP {status}{delay}", status)
        error.retry_after = seconds
        raise error
    if answer.has_redirect_location:
        # The host only: the whole address may be a signed one.
        raise RequestError(
            f"HTTP {status} to {_host(answer.headers['Location'])}; redirects are not followed", status
        )
    if status < 300:
        raise BadAnswerError(f"HTTP {status} where 200 was expected", status)
    raise RequestError(f"HTTP {status}", status)


def _host(location: str) -> str:
    """Host of a redirect, for messages."""
    try:
        return urlsplit(location).hostname or "the same host"
    except ValueError:
        return "an address that cannot be read"


@contextmanager
def explained(request: Request, source: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into an error that says which request it was."""
    try:
        with _translated():
            yield
    except ImmPortError as error:
        error.source = source
        error.endpoint = request.endpoint.name
        error.study = request.study
        error.parameters = request.query
        error.filters = dict(request.filters)
        raise


@contextmanager
def _translated() -> Iterator[None]:
    import httpx

    try:
        yield
    except NotDataError as error:
        raise BadAnswerError(str(error), 200) from None
    except (httpx.ConnectTimeout, httpx.PoolTimeout):
        raise NoConnectionError("no connection in time") from None
    except httpx.TimeoutException:
        raise AnswerTimeoutError("nothing arrived in time") from None
    except httpx.ConnectError as error:
        raise NeverConnectedError(f"no connection: {error}") from None
    except httpx.TransportError as error:
        # Not its text: it may quote a header.
        raise ConnectionLostError(f"the connection broke ({type(error).__name__})") from None

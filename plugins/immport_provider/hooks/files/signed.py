"""Signed addresses: secrets of their own, for whoever has one gets the file.

The hook calls them without the key, and neither a log line nor an error contains them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from immport_provider.hooks.secret_traffic import secret_traffic
from immport_provider.hooks.settings import CONNECT_TIMEOUT, Settings, is_loopback
from include.sources.calls import Call
from include.sources.drs.objects import AccessUrl
from include.sources.errors import BadAnswerError, ConfigurationError

if TYPE_CHECKING:
    import httpx

#: No file has more bytes than fit into 18 digits, and Python reads no number of thousands.
_LENGTH = re.compile("[0-9]{1,18}")
#: A version that a request may name: not a weak one, nor one of characters that no header holds.
_STRONG = re.compile(r"(?!W/)[\x21-\x7e]{1,1000}")
_RANGE = re.compile(rf"bytes (?:({_LENGTH.pattern})-{_LENGTH.pattern}|\*)/(?:({_LENGTH.pattern})|\*)")

#: Name under which requests to signed addresses are counted.
FILE = "download"


@dataclass(frozen=True)
class Address:
    """A signed address, never shown, and the headers to send to it."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2]


def read_address(given: AccessUrl, settings: Settings) -> Address:
    """An address as DRS gives it.

    :raises BadAnswerError: it is none.
    :raises ConfigurationError: the bytes would come unencrypted.
    :raises AddressError: it is in a network that the connection is not part of. Of a name that shows when it
        is connected to, or a proxy decides.
    """
    import httpx

    from immport_provider.hooks.reach import guard_of, resolve

    url, literals = httpx.URL(), []
    # Not the error's text: it may quote the address. A name may be none in Unicode, in DNS or in both.
    with contextlib.suppress(httpx.InvalidURL, UnicodeError, OSError):
        read = httpx.URL(given.url)
        literals = resolve(read.host, only_literal=True)
        url = read
    if not url.host or url.userinfo or url.scheme not in ("http", "https"):
        raise BadAnswerError("DRS did not give an address", 200)
    for literal in literals:
        guard_of(settings.host)(url.host, literal)
    if url.scheme == "http" and not (settings.allow_http or is_loopback(url.host)):
        raise ConfigurationError(f"DRS gave an unencrypted address at {url.host} (allow_http is off)")
    return Address(given.url, given.pairs)


def open_client(settings: Settings) -> httpx.Client:
    """A client that knows neither ImmPort's address nor the key: TLS verified, no redirect followed."""
    import httpx

    from immport_provider.hooks.reach import guard_of
    from immport_provider.hooks.wire import watch_connections

    client = httpx.Client(
        # Compressed on the way, a range of the file would not be one of its bytes.
        headers={"User-Agent": "immport-warehouse", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(settings.timeout, connect=CONNECT_TIMEOUT),
        follow_redirects=False,
        trust_env=not settings.is_loopback,
    )
    return watch_connections(client, guard_of(settings.host))


@contextlib.contextmanager
def requesting(
    client: httpx.Client,
    settings: Settings,
    call: Call,
    address: Address,
    first: int = 0,
    etag: str | None = None,
    last: int | None = None,
) -> Iterator[httpx.Response]:
    """The answer of a signed address; nothing is logged of it until it is left.

    :param call: is given the number of bytes that came.
    :param first: the byte from which on the file is requested.
    :param etag: the version that the bytes before are of: the whole file is requested if it is another now.
    :param last: the last byte that is requested; all to the end when None.
    """
    from immport_provider.hooks.wire import answering

    # The own ones go last: no header of DRS takes the place of the range.
    headers = {**address.headers, **_range(first, last, etag)}
    with (
        secret_traffic(),
        answering(client, settings, call, "GET", address.url, headers=headers) as answer,
    ):
        yield answer


def _range(first: int, last: int | None, etag: str | None) -> dict[str, str]:
    if not first and last is None:
        return {}
    named = {"If-Range": etag} if etag and _STRONG.fullmatch(etag) else {}
    return {"Range": f"bytes={first}-{'' if last is None else last}", **named}


def place(answer: httpx.Response) -> tuple[int, int | None]:
    """Where the body starts in the file, and how long the whole file is, if the answer states it."""
    if answer.status_code == 206:
        start, total = content_range(answer)
        if start is None:
            raise BadAnswerError("206 without a Content-Range", 206)
        return start, total
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if _LENGTH.fullmatch(length) else None


def content_range(answer: httpx.Response) -> tuple[int | None, int | None]:
    """First byte and length of the whole; None for what the header does not state."""
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    first, total = found.groups() if found else (None, None)
    return int(first) if first else None, int(total) if total else None

"""The connections below both HTTP clients: every answer has a deadline and a least rate, and a client may
refuse addresses that a name resolves to.

httpx limits each read of a socket. A source that sends a byte a second passes every such limit, so what all
reads of one answer may take is watched here, below headers, body and TLS alike.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any

import httpcore

from immport_provider.hooks.reach import resolve
from immport_provider.hooks.settings import Settings
from include.sources.calls import Call
from include.sources.errors import AnswerTimeoutError, TooSlowError

if TYPE_CHECKING:
    import ssl

    import httpx

#: Raises if no request may go to an address that a name resolves to.
Guard = Callable[[str, IPv4Address | IPv6Address], None]


@dataclass
class Limit:
    """What one answer may take, from the connection to its last byte.

    :param seconds: until its last byte.
    :param least_rate: bytes per second that must arrive, 0 for no such limit.
    :param span: seconds of waiting over which the rate is taken. The wait for the first byte does not count:
        the source may compute; nor does the time in which the receiver is busy.
    """

    seconds: float
    least_rate: float
    span: float
    _ends: float = field(init=False)
    _has_begun: bool = False
    _waited: float = 0.0
    _received: int = 0
    #: Bytes that came, the first ones included.
    size: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + self.seconds

    def left(self, timeout: float | None) -> float:
        """Seconds that one operation may take.

        :raises AnswerTimeoutError: the deadline is over.
        :raises TooSlowError: it is, and what came until then came too slowly.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            self._judge()
            raise AnswerTimeoutError(f"not answered whole within {self.seconds:g} s")
        return left if timeout is None else min(timeout, left)

    def received(self, size: int, waited: float) -> None:
        """Count bytes and the seconds that were waited for them.

        :raises TooSlowError: they come too slowly.
        """
        self.size += size
        if not self._has_begun:
            self._has_begun = True
            return
        self._received += size
        self._waited += waited
        if self._waited >= self.span:
            self._judge()
            self._received, self._waited = 0, 0.0

    def _judge(self) -> None:
        if self._received < self.least_rate * self._waited:
            raise TooSlowError(
                f"too slow: {self._received:,} bytes in {self._waited:.1f} s, at least"
                f" {self.least_rate:,g} bytes per second are expected"
            )


_LIMIT: ContextVar[Limit] = ContextVar("limit")


@contextmanager
def answering(
    client: httpx.Client, settings: Settings, call: Call, method: str, url: str, **request: Any
) -> Iterator[httpx.Response]:
    """Send a request and give its answer, headers and body within the limits of the connection.

    The hook sends every request this way: it reads no byte without a limit, and counts all.

    :param call: is given the number of bytes that came.
    :raises AnswerTimeoutError: the deadline was over.
    :raises TooSlowError: bytes came too slowly.
    """
    limit = Limit(settings.max_answer_seconds, settings.min_bytes_per_second, settings.timeout)
    token = _LIMIT.set(limit)
    try:
        with client.stream(method, url, **request) as answer:
            yield answer
    finally:
        call.size += limit.size
        _LIMIT.reset(token)


def watch_connections(client: httpx.Client, guard: Guard | None = None) -> httpx.Client:
    """Let a client make its connections here.

    :param guard: sees each address before a connection is made to it. A proxy connects by itself: its own
        address is not looked at.
    """
    # httpx has no parameter for what httpcore calls the network backend, and one transport per proxy.
    for transport in (client._transport, *client._mounts.values()):
        if transport is not None:
            is_direct = transport is client._transport
            pool = transport._pool  # type: ignore[attr-defined]  # httpx shows it nowhere else
            pool._network_backend = _Backend(pool._network_backend, guard if is_direct else None)
    return client


class _Backend(httpcore.NetworkBackend):
    """Makes connections to addresses that were looked at."""

    def __init__(self, inner: httpcore.NetworkBackend, guard: Guard | None) -> None:
        self._inner = inner
        self._guard = guard

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        limit = _LIMIT.get()
        connect = partial(
            self._inner.connect_tcp, port=port, local_address=local_address, socket_options=socket_options
        )
        try:
            addresses = resolve(host, port, timeout=limit.left(timeout))
        except socket.gaierror as error:
            raise httpcore.ConnectError(error.strerror) from None
        if self._guard is not None:
            for address in addresses:
                self._guard(host, address)
        # To the address that was looked at: resolved again, the name might resolve to another.
        for address in addresses[:-1]:
            try:
                return _Stream(connect(str(address), timeout=limit.left(timeout)))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return _Stream(connect(str(addresses[-1]), timeout=limit.left(timeout)))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection whose operations end with the limit of the answer they are for."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        limit = _LIMIT.get()
        begun = time.monotonic()
        try:
            block = self._inner.read(max_bytes, limit.left(timeout))
        except httpcore.ReadTimeout:
            limit.left(timeout)  # says so, if it was the deadline
            raise
        limit.received(len(block), time.monotonic() - begun)
        return block

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _LIMIT.get().left(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _LIMIT.get().left(timeout)))

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

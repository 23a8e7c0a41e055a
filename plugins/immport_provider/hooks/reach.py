"""From where an IP address can be reached: a file's address may not lead into a network that the connection
is not part of."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Future
from enum import IntEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread
from typing import Any

from include.sources.errors import ForbiddenAddressError

IP = IPv4Address | IPv6Address

#: How long name servers may take where no answer's limit is shorter: the system tries each for 5 s, twice.
NAME_SECONDS = 30.0


class Reach(IntEnum):
    """From where an address can be reached, the widest first."""

    PUBLIC = 0
    PRIVATE = 1
    MACHINE = 2
    #: Link-local (there are the keys of cloud machines), multicast, reserved: nothing of ours is there.
    NOTHING = 3


_PRIVATE = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
#: Of IPv6, whose last 32 bits are an IPv4 address: NAT64 and the older compatible form.
_EMBEDDING = (ip_network("64:ff9b::/96"), ip_network("::/96"))


def reach_of(address: IP) -> Reach:
    """From where an address can be reached; of an IPv6 form of an IPv4 address, from where that can."""
    if address.is_loopback:
        return Reach.MACHINE
    address = _embedded(address)
    if address.is_loopback:
        return Reach.MACHINE
    if any(address in network for network in _PRIVATE):
        return Reach.PRIVATE
    if address.is_global and not address.is_multicast:
        return Reach.PUBLIC
    return Reach.NOTHING


def resolve(
    host: str, port: int | None = None, *, only_literal: bool = False, timeout: float = NAME_SECONDS
) -> list[IP]:
    """Addresses of a host, as the system would connect to them: `0x7f.1` is 127.0.0.1.

    :param only_literal: only what needs no name server; none for a name.
    :param timeout: seconds that the name servers may take.
    :raises socket.gaierror: the name is not known, or not within that time.
    """
    flags = socket.AI_NUMERICHOST if only_literal else 0
    try:
        found = _resolve(host, port, flags, timeout)
    except socket.gaierror as error:
        if only_literal and error.errno == socket.EAI_NONAME:
            return []
        raise
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    # A zone (`fe80::1%eth0`) is of a link: what is refused anyway.
    return list(dict.fromkeys(ip_address(str(item[4][0])) for item in found))


def _resolve(host: str, port: int | None, flags: int, timeout: float) -> list[tuple[Any, ...]]:
    """What the system's resolver says. It knows no deadline: a thread calls it. The caller waits
    for the thread until the timeout; the thread ends when the resolver answers.

    :raises socket.gaierror: the name is not known, or not within that time.
    """
    if flags & socket.AI_NUMERICHOST:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags))
    answer: Future[list[tuple[Any, ...]]] = Future()

    def resolve() -> None:
        try:
            answer.set_result(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)))
        except (OSError, UnicodeError) as error:  # the thread that waits raises it
            answer.set_exception(error)

    # Not one of a pool: those are waited for when the process ends.
    Thread(target=resolve, name=f"resolve {host}", daemon=True).start()
    try:
        return answer.result(timeout)
    except TimeoutError:
        why = f"the address of {host} was not known within {timeout:g} s"
        raise socket.gaierror(socket.EAI_AGAIN, why) from None


def guard_of(base: str) -> Callable[[str, IP], None]:
    """Which addresses a source at `base` may name: none that is nearer than the source itself.

    A public source may name public addresses, one in a private network private ones, too, and only one on
    this machine others on this machine.

    :param base: host of the connection.
    """

    @cache
    def widest() -> Reach:
        try:
            return min(map(reach_of, resolve(base)), default=Reach.PUBLIC)
        except socket.gaierror:
            return Reach.PUBLIC  # behind a proxy names need not resolve here

    def guard(host: str, address: IP) -> None:
        """:raises ForbiddenAddressError: the address may not be requested."""
        reach = reach_of(address)
        if reach is Reach.PUBLIC:
            return
        if reach is Reach.NOTHING or reach > widest():
            at = "" if host == str(address) else f" ({host})"
            raise ForbiddenAddressError(f"{address}{at} is not an address that files of {base} may come from")

    return guard


def _embedded(address: IP) -> IP:
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and any(address in network for network in _EMBEDDING):
        inner = IPv4Address(int(address) & 0xFFFF_FFFF)
    return inner or address

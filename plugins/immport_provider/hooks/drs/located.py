"""The service and the object that a URI of DRS names; compact identifiers by the connection's resolver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from immport_provider.hooks.answers import Request, check, explained
from immport_provider.hooks.drs.drs import DrsHook
from immport_provider.hooks.drs.drs_settings import DrsSettings
from immport_provider.hooks.files.signed import read_address
from immport_provider.hooks.http_client import HttpClient
from immport_provider.hooks.reach import guard_of
from immport_provider.hooks.settings import Settings
from include.sources.drs.endpoints import LOCATED, NAMESPACE, PREFIX, RESOURCES
from include.sources.drs.objects import AccessUrl
from include.sources.drs.registries import (
    IDENTIFIERS_ORG,
    receive_namespace,
    receive_prefix,
    receive_resources,
)
from include.sources.drs.uris import CompactUri, HostUri, filled, object_address, parse
from include.sources.drs.versions import BASE
from include.sources.errors import BadAnswerError, ConfigurationError, RequestError

if TYPE_CHECKING:
    import httpx

    from immport_provider.hooks.wire import Guard

#: How long what a registry says is kept, in seconds, and how often one address may lead to another.
KEPT, MOST_REDIRECTS = 24 * 3600.0, 5
_PATTERNS: dict[tuple[str, str], tuple[float, str]] = {}


@dataclass(frozen=True)
class Located:
    """Where an object is.

    :param drs: the service, to be used as a context manager; without credentials if it is not the
        connection's own.
    """

    drs: DrsHook
    object_id: str


class _Beside(HttpClient):
    """A client for a host that the connection does not name: without credentials, and guarded."""

    def __init__(self, owner: DrsHook, base: str) -> None:
        super().__init__(owner.conn_id, wait=owner._wait, sleep=owner._sleep, clock=owner._clock)
        self._owner = owner
        self._settings = _without_credentials(owner, base)
        self.calls, self.watch = owner.calls, owner.watch

    def guard(self) -> Guard | None:
        """Nothing nearer than the connection's own service is connected to."""
        return guard_of(self._owner.settings.host)

    def why_refused(self) -> str:
        """What a 401 means."""
        return f"{self.settings.source} requires credentials, which are for the connection's own service"


class _OtherDrs(DrsHook):
    """Another service of DRS: without credentials, and guarded."""

    def __init__(self, owner: DrsHook, base: str) -> None:
        super().__init__(owner.conn_id, wait=owner._wait, sleep=owner._sleep, clock=owner._clock)
        self._owner = owner
        self._settings = _without_credentials(owner, base)
        self.calls, self.watch = owner.calls, owner.watch

    def guard(self) -> Guard | None:
        """As of `_Beside`."""
        return guard_of(self._owner.settings.host)


def _without_credentials(owner: DrsHook, base: str) -> Settings:
    return replace(owner.settings, base=base, key=None, login=None)


def locate(drs: DrsHook, text: str) -> Located:
    """The service and the identifier that a URI names.

    :param drs: the service of the connection: its key goes to no other.
    :raises ValueError: it is not a URI of DRS.
    :raises ConfigurationError: a compact identifier, and the connection names no resolver.
    :raises ForbiddenAddressError: it leads into a network that the connection is not part of.
    Raises as `DrsHook.object` for the rest.
    """
    uri = parse(text)
    if isinstance(uri, HostUri):
        if uri.host == drs.settings.host:
            return Located(drs, uri.object_id)
        return _service(drs, object_address(uri))
    return _service(drs, _followed(drs, filled(pattern_of(drs, uri), uri.accession)))


def pattern_of(drs: DrsHook, uri: CompactUri) -> str:
    """The pattern of addresses that the connection's resolver has for a prefix, kept for a day."""
    settings = drs.settings
    resolver = settings.resolver if isinstance(settings, DrsSettings) else None
    if resolver is None:
        raise ConfigurationError(
            f"{uri} is a compact identifier, and the connection {drs.conn_id} names no resolver"
        )
    kept = _PATTERNS.get((resolver, uri.prefix))
    now = drs._clock().timestamp()
    if kept is not None and now - kept[0] < KEPT:
        return kept[1]
    with _Beside(drs, resolver) as registry:
        if resolver.endswith(IDENTIFIERS_ORG):
            named = Request(NAMESPACE, NAMESPACE.path, {"prefix": uri.namespace})
            number = registry._request(named, receive_namespace)
            listed = Request(RESOURCES, RESOURCES.path, {"id": number})
            found = registry._request(listed, lambda chunks: receive_resources(chunks, uri.provider))
        else:
            path = PREFIX.path.format(prefix=uri.prefix)
            found = registry._request(Request(PREFIX, path, form="text"), receive_prefix)
    _PATTERNS[resolver, uri.prefix] = now, found
    return found


def _followed(drs: DrsHook, address: str) -> str:
    """Where an address leads in the end, by redirects of a registry or a service."""
    for _ in range(MOST_REDIRECTS):
        _check_address(drs, address)
        parts = urlsplit(address)
        if parts.hostname == drs.settings.host and BASE in parts.path:
            return address  # the connection's own service
        with _Beside(drs, f"{parts.scheme}://{parts.netloc}") as beside:
            request = Request(LOCATED, parts.path, dict(parse_qsl(parts.query)))
            found = beside._attempt(request, partial(_leads, beside))
        if found is None:
            return address
        address = urljoin(address, found)
    raise RequestError(f"more than {MOST_REDIRECTS} redirects from one address to another")


def _leads(beside: HttpClient, answer: httpx.Response) -> str | None:
    """Where a redirect leads; None for an answer of the service, which may be that it wants credentials."""
    if answer.has_redirect_location:
        return str(answer.headers["Location"])
    if answer.status_code not in (202, 401, 403):
        check(answer, beside.why_refused(), beside._clock())
    return None


def _check_address(drs: DrsHook, address: str) -> None:
    with explained(Request(LOCATED, ""), drs.settings.source):
        read_address(AccessUrl(address), drs.settings)


def _service(drs: DrsHook, address: str) -> Located:
    """The service and the identifier in the address of an object."""
    _check_address(drs, address)
    parts = urlsplit(address)
    before, found, object_id = parts.path.partition(f"{BASE}/objects/")
    if not found or not object_id or "/" in object_id:
        raise BadAnswerError("what a compact identifier leads to is not an object of DRS")
    if parts.hostname == drs.settings.host:
        return Located(drs, unquote(object_id))
    return Located(_OtherDrs(drs, f"{parts.scheme}://{parts.netloc}{before}"), unquote(object_id))

"""URIs of DRS: with the name of a server, or a compact identifier that a registry resolves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from include.sources.drs.versions import BASE
from include.sources.foreign import quoted

SCHEME = "drs://"
#: ImmPort's server.
IMMPORT_HOST = "drs.immport.org"
#: An identifier that need not be encoded, as a regular expression.
DRS_ID = "[A-Za-z0-9._~-]+"
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_PREFIX = re.compile(r"[A-Za-z0-9._]+")
#: How a pattern of a registry marks the place of the accession: identifiers.org `{$id}`, n2t.net `$id`.
_GAP = re.compile(r"\{\$id\}|\$\{id\}|\$id")


@dataclass(frozen=True)
class HostUri:
    """`drs://drs.example.org/314159`.

    :param object_id: decoded.
    """

    host: str
    object_id: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.host}/{encoded(self.object_id)}"


@dataclass(frozen=True)
class CompactUri:
    """`drs://drs.42:314159`, or with a provider `drs://mirror/drs.42:314159`.

    :param accession: as it stands: compact identifiers are not encoded.
    """

    provider: str | None
    namespace: str
    accession: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.prefix}:{self.accession}"

    @property
    def prefix(self) -> str:
        """Provider and namespace, as registries name them."""
        return f"{self.provider}/{self.namespace}" if self.provider else self.namespace


def parse(text: str) -> HostUri | CompactUri:
    """A URI of either kind: only a compact identifier has a colon.

    :raises ValueError: it is not a URI of DRS.
    """
    if not text[: len(SCHEME)].lower() == SCHEME or not text.isprintable() or " " in text:
        raise ValueError(f"not a URI of DRS: {quoted(text)}")
    rest = text[len(SCHEME) :]
    before, colon, accession = rest.partition(":")
    if colon:
        provider, _, namespace = before.rpartition("/")
        names = [namespace, *([provider] if provider or before.startswith("/") else [])]
        if not accession or not all(_PREFIX.fullmatch(name) for name in names):
            raise ValueError(f"not a compact identifier of DRS: {quoted(text)}")
        return CompactUri(provider or None, namespace, accession)
    host, _, object_id = rest.partition("/")
    if not _HOST.fullmatch(host) or not object_id or set(object_id) & set("/?#"):
        raise ValueError(f"not a URI of DRS: {quoted(text)}")
    return HostUri(host.lower(), unquote(object_id))


def encoded(object_id: str) -> str:
    """An identifier as part of a path."""
    return quote(object_id, safe="")


def object_address(uri: HostUri) -> str:
    """Where the object of a URI with a server's name is requested: always by https, at the usual port."""
    return f"https://{uri.host}{BASE}/objects/{encoded(uri.object_id)}"


def filled(pattern: str, accession: str) -> str:
    """The address that a registry's pattern gives for an accession.

    :raises ValueError: the pattern has no place for it.
    """
    address, count = _GAP.subn(lambda _: encoded(accession), pattern, count=1)
    if not count:
        raise ValueError(f"a pattern without a place for the accession: {quoted(pattern)}")
    return address

"""What registries of compact identifiers say of a prefix: the pattern of the addresses of its accessions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from include.sources.drs.versions import BASE
from include.sources.reader import NotDataError, read_json

#: What an address of identifiers.org's registry ends with.
IDENTIFIERS_ORG = "/restApi"
_NUMBER = re.compile(r".*/namespaces/(\d+)(?:[/?{].*)?")
_REDIRECT = re.compile(r"^\s*redirect:\s*(\S+)\s*$", re.MULTILINE)
#: The most bytes of a page of a registry.
_LONGEST = 1 << 20


def receive_namespace(chunks: Iterable[bytes]) -> str:
    """The number of a namespace, by its links.

    :raises NotDataError: the answer has none.
    """
    found = read_json(chunks)
    links = found.get("_links") if isinstance(found, dict) else None
    for name in ("namespace", "self"):
        link = links.get(name) if isinstance(links, dict) else None
        address = link.get("href") if isinstance(link, dict) else None
        if isinstance(address, str) and (number := _NUMBER.fullmatch(address)):
            return number[1]
    raise NotDataError("not a namespace of identifiers.org")


def receive_resources(chunks: Iterable[bytes], provider: str | None) -> str:
    """The pattern of a namespace: of the provider, of DRS, of the official one.

    :raises NotDataError: there is none.
    """
    found = read_json(chunks)
    embedded = found.get("_embedded") if isinstance(found, dict) else None
    listed = embedded.get("resources") if isinstance(embedded, dict) else None
    resources = [item for item in listed or [] if isinstance(item, dict) and _pattern(item)]
    resources = [item for item in resources if item.get("deprecated") is not True]
    if provider is not None:
        resources = [item for item in resources if item.get("providerCode") == provider]
    if not resources:
        raise NotDataError("identifiers.org has no address for the prefix")
    return _pattern(min(resources, key=lambda item: (BASE not in _pattern(item), not item.get("official"))))


def receive_prefix(chunks: Iterable[bytes]) -> str:
    """The pattern in the text that n2t.net has of a prefix.

    :raises NotDataError: there is none.
    """
    text = b""
    for chunk in chunks:
        text += chunk
        if len(text) > _LONGEST:
            raise NotDataError("a text too long for a prefix")
    found = _REDIRECT.search(text.decode(errors="replace"))
    if found is None:
        raise NotDataError("n2t.net has no address for the prefix")
    return found[1]


def _pattern(resource: dict[str, Any]) -> str:
    value = resource.get("urlPattern")
    return value if isinstance(value, str) else ""

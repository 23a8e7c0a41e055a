"""What DRS says of an object: read from all that servers send, written as a version of DRS has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.sources.drs.checksums import Checksum, read_checksum
from include.sources.drs.versions import ACCESS_FIELDS, has
from include.sources.foreign import quoted
from include.sources.reader import NotDataError, read_json

#: Bundles within bundles are read this deep.
DEEPEST = 64


@dataclass(frozen=True)
class AccessUrl:
    """Where bytes can be had: an address, and the headers to send to it. Both may be secrets: never shown."""

    url: str = field(repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)

    @property
    def pairs(self) -> dict[str, str]:
        """The headers by name.

        :raises NotDataError: one of them is not a header.
        """
        found = {}
        for text in self.headers:
            name, colon, value = text.partition(":")
            is_fit = name.strip().replace("-", "").isalnum() and value.strip().isprintable()
            if not (colon and is_fit and text.isascii()):
                raise NotDataError("DRS gave a header that none is")
            found[name.strip()] = value.strip()
        return found


@dataclass(frozen=True)
class AccessMethod:
    """A way to the bytes of an object.

    :param type: `https`, `s3` ...
    :param access_id: what an address is requested with, where there is none yet.
    :param available: false where the bytes must be brought from an archive first.
    """

    type: str
    access_id: str | None = None
    access_url: AccessUrl | None = None
    region: str | None = None
    cloud: str | None = None
    available: bool | None = None


@dataclass(frozen=True)
class Content:
    """A member of a bundle.

    :param name: its name within the bundle.
    :param object_id: none is needed within a nested bundle.
    :param contents: of a nested bundle its members; None where they were not sent.
    """

    name: str
    object_id: str | None = None
    uris: tuple[str, ...] = ()
    contents: tuple[Content, ...] | None = None


@dataclass(frozen=True)
class DrsObject:
    """A blob, or a bundle of objects.

    :param size: bytes; of a bundle those of all its members; None where a server does not say.
    :param created_time: RFC 3339, as sent.
    :param contents: members of a bundle; None for a blob.
    """

    object_id: str
    self_uri: str
    size: int | None
    created_time: str
    checksums: tuple[Checksum, ...] = ()
    name: str | None = None
    updated_time: str | None = None
    version: str | None = None
    mime_type: str | None = None
    description: str | None = None
    access_methods: tuple[AccessMethod, ...] = ()
    contents: tuple[Content, ...] | None = None

    @property
    def is_bundle(self) -> bool:
        return self.contents is not None

    def checksum(self, type_name: str) -> str | None:
        """Its checksum of a type; None without one."""
        return next((item.value for item in self.checksums if item.type == type_name), None)


def receive_object(chunks: Iterable[bytes]) -> DrsObject:
    """An object as a server sends it.

    :raises NotDataError: it is not one.
    """
    return read_object(read_json(chunks))


def read_object(found: Any) -> DrsObject:
    """As `receive_object`, of parsed JSON. Fields that are not known are ignored, those that are needed to
    get the bytes must be readable.

    :raises NotDataError: it is not an object of DRS.
    """
    if not isinstance(found, dict) or not isinstance(found.get("id"), str) or not found["id"]:
        raise NotDataError("not an object of DRS (id, size, checksums)")
    contents = found.get("contents")
    return DrsObject(
        found["id"],
        _text(found, "self_uri") or "",
        _size(found.get("size")),
        _text(found, "created_time") or "",
        tuple(
            read_checksum(item["type"], item["checksum"])
            for item in _dicts(found, "checksums")
            if isinstance(item.get("type"), str) and isinstance(item.get("checksum"), str)
        ),
        _text(found, "name"),
        _text(found, "updated_time"),
        _text(found, "version"),
        _text(found, "mime_type"),
        _text(found, "description"),
        tuple(_method(item) for item in _dicts(found, "access_methods")),
        # Some servers send an empty list for a blob: it has ways to its bytes, a bundle needs none.
        _contents(found) if contents or (contents is not None and not found.get("access_methods")) else None,
    )


def receive_access(chunks: Iterable[bytes]) -> AccessUrl:
    """The address in an answer to a request for one. No message contains any of it.

    :raises NotDataError: it holds none.
    """
    return read_access(read_json(chunks))


def read_access(found: Any) -> AccessUrl:
    """As `receive_access`, of parsed JSON."""
    if not isinstance(found, dict) or not isinstance(found.get("url"), str) or not found["url"]:
        raise NotDataError("DRS gave no address")
    headers = found.get("headers") or []
    if isinstance(headers, dict):  # some servers send names and values
        headers = [f"{name}: {value}" for name, value in headers.items()]
    if not isinstance(headers, list) or not all(isinstance(item, str) for item in headers):
        raise NotDataError("DRS gave headers that none are")
    return AccessUrl(found["url"], tuple(headers))


def _method(found: Mapping[str, Any]) -> AccessMethod:
    url, available = found.get("access_url"), found.get("available")
    return AccessMethod(
        _text(found, "type") or "https",
        _text(found, "access_id"),
        read_access(url) if isinstance(url, dict) and url.get("url") else None,
        _text(found, "region"),
        _text(found, "cloud"),
        available if isinstance(available, bool) else None,
    )


def _contents(found: Mapping[str, Any], depth: int = 0) -> tuple[Content, ...]:
    if depth > DEEPEST:
        raise NotDataError(f"a bundle deeper than {DEEPEST} levels")
    made = []
    for item in _dicts(found, "contents"):
        name = _text(item, "name")
        if name is None:
            raise NotDataError("a member of a bundle without a name")
        uris = item.get("drs_uri") or []
        uris = [uris] if isinstance(uris, str) else uris
        nested = _contents(item, depth + 1) if item.get("contents") else None
        texts = tuple(uri for uri in uris if isinstance(uri, str)) if isinstance(uris, list) else ()
        made.append(Content(name, _text(item, "id"), texts, nested))
    return tuple(made)


def _dicts(found: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = found.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise NotDataError(f"{name} of {quoted(str(found.get('id')))} is not a list of objects")
    return value


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None


def _size(value: Any) -> int | None:
    """A number of bytes; some servers send it as text."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        return None
    return value


def written(found: DrsObject, version: str, *, expand: bool = False) -> dict[str, Any]:
    """An object as a version of DRS has it.

    :param expand: the members of nested bundles, too.
    """
    made: dict[str, Any] = {
        "id": found.object_id,
        "name": found.name,
        "self_uri": found.self_uri,
        "size": found.size,
        "created_time": found.created_time,
        "updated_time": found.updated_time,
        "version": found.version,
        "mime_type": found.mime_type,
        "checksums": [{"checksum": item.value, "type": item.type} for item in found.checksums],
        "description": found.description,
    }
    if found.access_methods:
        made["access_methods"] = [_written_method(item, version) for item in found.access_methods]
    if found.contents is not None:
        made["contents"] = [_written_content(item, expand=expand) for item in found.contents]
    return {name: value for name, value in made.items() if value is not None}


def written_access(found: AccessUrl) -> dict[str, Any]:
    """An address as every version has it."""
    return {"url": found.url} | ({"headers": list(found.headers)} if found.headers else {})


def _written_method(method: AccessMethod, version: str) -> dict[str, Any]:
    made = {
        "type": method.type,
        "access_id": method.access_id,
        "access_url": written_access(method.access_url) if method.access_url else None,
        "region": method.region,
        "cloud": method.cloud,
        "available": method.available,
    }
    return {
        name: value
        for name, value in made.items()
        if value is not None and (name not in ACCESS_FIELDS or has(version, ACCESS_FIELDS[name]))
    }


def _written_content(content: Content, *, expand: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"name": content.name}
    if content.object_id is not None:
        made["id"] = content.object_id
    if content.uris:
        made["drs_uri"] = list(content.uris)
    if expand and content.contents is not None:
        made["contents"] = [_written_content(item, expand=True) for item in content.contents]
    return made

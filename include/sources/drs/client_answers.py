"""What a client reads of a DRS service itself, and its answers about several objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from include.sources.drs.objects import DrsObject, read_object
from include.sources.drs.versions import BULK, has
from include.sources.reader import NotDataError, read_json


@dataclass(frozen=True)
class ServiceInfo:
    """What a service is.

    :param version: version of DRS that it speaks, as it says.
    :param most_at_once: objects that one request may name; 0 where it takes one at a time.
    """

    version: str
    most_at_once: int = 0


def receive_service_info(chunks: Iterable[bytes]) -> ServiceInfo:
    """The information as a service sends it.

    :raises NotDataError: it is not a DRS service.
    """
    found = read_json(chunks)
    kind = found.get("type") if isinstance(found, dict) else None
    if not isinstance(kind, dict) or kind.get("artifact") != "drs":
        raise NotDataError("not the information of a DRS service (type.artifact is drs)")
    version = str(kind.get("version") or "")
    return ServiceInfo(version, _most(found) if has(version, BULK) else 0)


@dataclass(frozen=True)
class SeveralObjects:
    """The answer to a request for several objects.

    :param found: the objects, by the identifiers that they have themselves.
    :param missing: HTTP status by the identifier of each that the service does not give.
    """

    found: Mapping[str, DrsObject]
    missing: Mapping[str, int]


def receive_objects(chunks: Iterable[bytes]) -> SeveralObjects:
    """Several objects as a service sends them.

    :raises NotDataError: it is not an answer to a request for several.
    """
    sent = read_json(chunks)
    listed = sent.get("resolved_drs_object") if isinstance(sent, dict) else None
    if not isinstance(listed, list):
        raise NotDataError("not an answer with several objects (summary, resolved_drs_object)")
    objects = [read_object(item) for item in listed]
    missing: dict[str, int] = {}
    for group in sent.get("unresolved_drs_objects") or []:
        code = group.get("error_code") if isinstance(group, dict) else None
        names = group.get("object_ids") if isinstance(group, dict) else None
        for name in names if isinstance(names, list) else []:
            missing[str(name)] = code if isinstance(code, int) else 404
    return SeveralObjects({item.object_id: item for item in objects}, missing)


def _most(found: Mapping[str, Any]) -> int:
    """Stated in the section `drs` from 1.5 on, at the root before that."""
    section = found.get("drs")
    for place in (section if isinstance(section, dict) else {}, found):
        value = place.get("maxBulkRequestLength")
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return 0

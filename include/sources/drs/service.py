"""How a service of DRS answers, whatever it serves and whichever web framework carries it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from include.sources.drs.objects import AccessUrl, DrsObject, written, written_access
from include.sources.drs.versions import AUTHORIZATIONS, BULK, SECTION, has

#: Objects that one request may name.
MOST_AT_ONCE = 100


class RefusedError(Exception):
    """A request that is not answered with what it is about.

    :param status: HTTP status.
    :param retry_after: seconds after which to request again; for 202.
    """

    def __init__(self, status: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.retry_after = status, message, retry_after


class Catalogue(Protocol):
    """The objects that a service has."""

    def find(self, object_id: str) -> DrsObject | None:
        """An object, bundles with all their members; None when there is none.

        :raises RefusedError: it may not be had, or not yet.
        """

    def address(self, found: DrsObject, access_id: str) -> AccessUrl | None:
        """Where the bytes of an object are; None for an access method that it does not have.

        :raises RefusedError: as `find`.
        """

    def totals(self) -> tuple[int, int]:
        """How many objects there are, and their bytes."""


@dataclass(frozen=True)
class About:
    """What a service says of itself.

    :param service_id: reverse domain name.
    :param version: of the software.
    :param authorization: what a client must send: `None`, `BearerAuth` ...
    """

    service_id: str
    name: str
    organization: str
    organization_url: str
    version: str
    description: str
    authorization: str = "BearerAuth"


@dataclass(frozen=True)
class DrsAnswer:
    """Status, JSON and headers of an answer; None for no body."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class DrsService:
    """A service of one version of DRS.

    :param version: the version that it speaks: what came later is not there.
    """

    def __init__(self, about: About, catalogue: Catalogue, version: str) -> None:
        self.about, self.catalogue, self.version = about, catalogue, version

    def answer(self, method: str, path: Sequence[str], query: Mapping[str, str], body: Any) -> DrsAnswer:
        """DrsAnswer a request.

        :param path: below the base, decoded: `("objects", ID, "access", ACCESS_ID)`.
        :param body: of a POST or OPTIONS parsed JSON; None without one.
        """
        try:
            shown = self._body(method, tuple(path), query, body)
            if shown is None:
                raise RefusedError(405 if _is_known(tuple(path)) else 404, "not an operation of this service")
            return DrsAnswer(200, shown)
        except RefusedError as error:
            delay = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
            shown = None if error.status == HTTPStatus.ACCEPTED else _error(error.status, error.message)
            return DrsAnswer(error.status, shown, delay)

    def _body(self, method: str, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Any:
        is_read = method in ("GET", "POST")
        if method == "POST" and not isinstance(body, dict):
            raise RefusedError(400, "a JSON object is expected")
        expand = _is_true(body.get("expand") if method == "POST" else query.get("expand"))
        shown: Any = None
        match path:
            case ("service-info",) if method == "GET":
                shown = self.service_info()
            case ("objects", "access") if method == "POST" and has(self.version, BULK):
                shown = self._addresses(body)
            case ("objects", object_id) if is_read:
                shown = written(self._found(object_id), self.version, expand=expand)
            case ("objects", object_id, "access", access_id) if is_read:
                shown = written_access(self._address(object_id, access_id))
            case ("objects", object_id) if method == "OPTIONS" and has(self.version, AUTHORIZATIONS):
                shown = self._authorization(self._found(object_id))
            case ("objects",) if method == "POST" and has(self.version, BULK):
                shown = self._objects(body, _is_true(query.get("expand")))
            case ("objects",) if method == "OPTIONS" and has(self.version, BULK):
                shown = self._authorizations(body)
        return shown

    def service_info(self) -> dict[str, Any]:
        """What the service is."""
        about = self.about
        made: dict[str, Any] = {
            "id": about.service_id,
            "name": about.name,
            "type": {"group": "org.ga4gh", "artifact": "drs", "version": self.version},
            "description": about.description,
            "organization": {"name": about.organization, "url": about.organization_url},
            "version": about.version,
        }
        if has(self.version, BULK):
            made["maxBulkRequestLength"] = MOST_AT_ONCE
        if has(self.version, SECTION):
            count, size = self.catalogue.totals()
            made["drs"] = {
                "maxBulkRequestLength": MOST_AT_ONCE, "objectCount": count, "totalObjectSize": size,
            }  # fmt: skip
        return made

    def _found(self, object_id: str) -> DrsObject:
        found = self.catalogue.find(object_id)
        if found is None:
            raise RefusedError(404, "unknown object")
        return found

    def _address(self, object_id: str, access_id: str) -> AccessUrl:
        address = self.catalogue.address(self._found(object_id), access_id)
        if address is None:
            raise RefusedError(404, "the object has no such access method")
        return address

    def _authorization(self, found: DrsObject) -> dict[str, Any]:
        return {"drs_object_id": found.object_id, "supported_types": [self.about.authorization]}

    def _objects(self, body: Mapping[str, Any], expand: bool) -> dict[str, Any]:
        names = _texts(body, "bulk_object_ids")
        found, missing = self._each(names)
        shown = [written(item, self.version, expand=expand) for item in found]
        return _bulk("resolved_drs_object", shown, missing, len(names))

    def _authorizations(self, body: Any) -> dict[str, Any]:
        names = _texts(body if isinstance(body, dict) else {}, "bulk_object_ids")
        found, missing = self._each(names)
        shown = [self._authorization(item) for item in found]
        return _bulk("resolved_drs_object", shown, missing, len(names))

    def _addresses(self, body: Mapping[str, Any]) -> dict[str, Any]:
        pairs = _pairs(body)
        shown, missing = [], []
        for object_id, access_id in pairs:
            try:
                address = written_access(self._address(object_id, access_id))
                shown.append({"drs_object_id": object_id, "drs_access_id": access_id, **address})
            except RefusedError as error:
                missing.append((error.status, object_id))
        return _bulk("resolved_drs_object_access_urls", shown, missing, len(pairs))

    def _each(self, names: Iterable[str]) -> tuple[list[DrsObject], list[tuple[int, str]]]:
        found, missing = [], []
        for name in names:
            try:
                found.append(self._found(name))
            except RefusedError as error:
                missing.append((error.status, name))
        return found, missing


def _bulk(name: str, shown: list[Any], missing: list[tuple[int, str]], requested: int) -> dict[str, Any]:
    """The answer to a request for several: those that cannot be had by the status that they would get."""
    by_status: dict[int, list[str]] = {}
    for status, object_id in missing:
        by_status.setdefault(status, []).append(object_id)
    counts = {"requested": requested, "resolved": len(shown), "unresolved": requested - len(shown)}
    listed = [{"error_code": status, "object_ids": names} for status, names in by_status.items()]
    return {"summary": counts, "unresolved_drs_objects": listed, name: shown}


def _texts(body: Mapping[str, Any], name: str) -> list[str]:
    """A list of identifiers.

    :raises RefusedError: it is not one, or too long.
    """
    found = body.get(name)
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise RefusedError(400, f"{name} is a list of identifiers")
    _check_length(len(found))
    return found


def _pairs(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = body.get("bulk_object_access_ids")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise RefusedError(400, "bulk_object_access_ids is a list of objects")
    pairs = []
    for item in found:
        names = item.get("bulk_access_ids")
        if not isinstance(item.get("bulk_object_id"), str) or not isinstance(names, list):
            raise RefusedError(400, "each of bulk_object_access_ids has bulk_object_id and bulk_access_ids")
        pairs += [(item["bulk_object_id"], str(name)) for name in names]
        _check_length(len(pairs))
    return pairs


def _check_length(length: int) -> None:
    if length > MOST_AT_ONCE:
        raise RefusedError(413, f"{MOST_AT_ONCE} at once are the most")


def _is_known(path: Sequence[str]) -> bool:
    """Whether another method may be right for a path."""
    return path[:1] == ("service-info",) or (path[:1] == ("objects",) and len(path) in (1, 2, 4))


def _is_true(value: object) -> bool:
    return value is True or str(value).lower() in ("true", "1")


def _error(status: int, message: str) -> dict[str, Any]:
    return {"msg": message, "status_code": status}

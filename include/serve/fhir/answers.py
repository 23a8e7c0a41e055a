"""Answers to the requests of a FHIR client: a resource, a page of a search, what the server can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import sqlalchemy as sa

from include.serve.fhir import capability, included, reading
from include.serve.fhir.cursor import encoded
from include.serve.fhir.declaration import Resource
from include.serve.fhir.elements import build
from include.serve.fhir.identity import fhir_id, key_of
from include.serve.fhir.outcome import FhirError, outcome
from include.serve.fhir.resources import RESOURCES
from include.serve.fhir.search import AFTER, RELEASE, Search, parse
from include.serve.fhir.version import accepted_version
from include.sources.fhir.vocabulary import SYSTEM, FhirVersion, wrong_codes

#: Numbers keep the characters that the star has of them.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class FhirRequest:
    """What a client sent.

    :param base: address of the server, without a slash at its end.
    :param parameters: of the address, in their order.
    :param accept: header of this name.
    :param prefer: header of this name.
    """

    base: str
    parameters: Sequence[tuple[str, str]] = ()
    accept: str = ""
    prefer: str = ""

    @property
    def version(self) -> FhirVersion:
        """The version that the client takes.

        :raises FhirError: 406, none that is served.
        """
        return accepted_version(self.accept, dict(self.parameters).get("_format"))

    @property
    def is_strict(self) -> bool:
        """Whether a parameter that is not known is an error."""
        return any(item.strip() == "handling=strict" for item in self.prefer.lower().split(","))


def as_json(body: Mapping[str, Any]) -> bytes:
    """A resource as it is sent."""
    return _ENCODER.encode(body)


def metadata(request: FhirRequest) -> dict[str, Any]:
    """The CapabilityStatement."""
    return capability.statement(request.base, request.version)


def read(connection: sa.Connection, request: FhirRequest, type_name: str, resource_id: str) -> dict[str, Any]:
    """One resource, as of a release.

    :raises FhirError: 404, there is not such a one that the reader may see; 410, an earlier release had it.
    """
    resource, version = _declared(type_name), request.version
    wanted = parse(resource, version, request.parameters, is_strict=request.is_strict)
    known = reading.releases(connection)
    release, key = _release(wanted, known), key_of(resource_id, len(resource.key))
    if key is None or release is None:
        raise _not_found(type_name, resource_id)
    reading.use_release(connection, release)
    row = reading.one(connection, resource, key)
    if row is not None:
        return wanted.subset.of_resource(_resource(resource, version, row), version)
    for earlier in known[known.index(release) + 1 :]:
        reading.use_release(connection, earlier)
        if reading.one(connection, resource, key) is not None:
            message = f"{type_name}/{resource_id} is withdrawn; release={earlier} has it"
            raise FhirError(410, "deleted", message)
    raise _not_found(type_name, resource_id)


def search(connection: sa.Connection, request: FhirRequest, type_name: str) -> dict[str, Any]:
    """A page of the resources of a type, as of a release.

    :raises FhirError: 400, a parameter is wrong; 404, the type is not served; 410, the release that a next
        link is about is not known any more.
    """
    resource, version = _declared(type_name), request.version
    wanted = parse(resource, version, request.parameters, is_strict=request.is_strict)
    release = _release(wanted, reading.releases(connection))
    if release is None:
        wanted.is_empty = True
    else:
        reading.use_release(connection, release)
    rows = [] if wanted.only_total else reading.page(connection, wanted)
    count = reading.total(connection, wanted) if wanted.wants_total or wanted.only_total else None
    shown, has_more = rows[: wanted.size], len(rows) > wanted.size
    pinned = [*wanted.used, *([(RELEASE, release)] if release else [])]
    links = [_link("self", request.base, type_name, pinned)]
    if has_more:
        place = encoded([shown[-1][f"cursor_{n}"] for n in range(1, len(resource.cursor) + 1)])
        links.append(_link("next", request.base, type_name, [*pinned, (AFTER, place)]))
    page = [_resource(resource, version, row) for row in shown]
    others = [
        _resource(other, version, row)
        for other, row in included.rows(connection, RESOURCES, page, wanted.includes)
    ]
    entries = [
        _entry(request.base, wanted.subset.of_resource(made, version), mode)
        for mode, several in (("match", page), ("include", others))
        for made in several
    ]
    return {
        "resourceType": "Bundle",
        **({"meta": {"tag": [{"system": f"{SYSTEM}release", "code": release}]}} if release else {}),
        "type": "searchset",
        **({"total": count} if count is not None else {}),
        "link": links,
        **({"entry": entries + _notes(wanted)} if entries or wanted.ignored else {}),
    }


def _declared(type_name: str) -> Resource:
    if type_name not in RESOURCES:
        served = ", ".join(RESOURCES)
        raise FhirError(404, "not-supported", f"{type_name[:64]!r} is not served; {served} are")
    return RESOURCES[type_name]


def _release(wanted: Search, known: Sequence[str]) -> str | None:
    """The release that is meant; null in a warehouse that has none."""
    if wanted.release is None:
        return known[0] if known else None
    if wanted.release in known:
        return wanted.release
    if wanted.after is not None:
        raise FhirError(410, "expired", f"release {wanted.release[:50]!r} is gone: start the search anew")
    newest = f"the newest is {known[0]}" if known else "it has none yet"
    raise FhirError(400, "value", f"this warehouse knows no release {wanted.release[:50]!r}; {newest}")


def _resource(resource: Resource, version: FhirVersion, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a resource.

    :raises FhirError: 500, an element has a code that FHIR does not know: a mistake of the declaration.
    """
    day = row["last_updated"]
    made = {
        "resourceType": resource.name,
        "id": fhir_id(*(row[name] for name in resource.key)),
        **({"meta": {"lastUpdated": f"{day.isoformat()}T00:00:00Z"}} if day else {}),
        **build(resource.elements_of(version), row),
    }
    wrong = list(wrong_codes(made, version))
    if wrong:
        raise FhirError(500, "exception", f"{resource.name}/{made['id']}: {'; '.join(wrong)}")
    return made


def _entry(base: str, made: dict[str, Any], mode: str) -> dict[str, Any]:
    return {
        "fullUrl": f"{base}/{made['resourceType']}/{made['id']}",
        "resource": made,
        "search": {"mode": mode},
    }


def _notes(wanted: Search) -> list[dict[str, Any]]:
    """What the client is to know of the search: parameters that were ignored."""
    if not wanted.ignored:
        return []
    names = ", ".join(repr(name[:64]) for name in wanted.ignored[:20])
    note = outcome("not-supported", f"ignored, as not known: {names}", "warning")
    return [{"resource": note, "search": {"mode": "outcome"}}]


def _link(relation: str, base: str, type_name: str, parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    query = urlencode(parameters, quote_via=quote)
    return {"relation": relation, "url": f"{base}/{type_name}" + (f"?{query}" if query else "")}


def _not_found(type_name: str, resource_id: str) -> FhirError:
    return FhirError(404, "not-found", f"{type_name}/{resource_id[:64]} is not known")

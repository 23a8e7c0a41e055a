"""The stand-in's FHIR server: searches and their pages, reads, capabilities, and outcomes of what went wrong.

As HAPI does it: a search is kept under an id, and its pages are links with that id to the base address.
"""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from include.sandbox.archive.undecodable import json_bytes
from include.sandbox.fhir.resources import Resource, Resources
from include.sandbox.fhir.search import SearchError, check_names, matching, ordered, page_size
from include.sandbox.fhir.study_rows import study_rows
from include.sandbox.row import Row
from include.sandbox.server.faults import Fault, bend_body
from include.sandbox.server.responses import Cut
from include.sandbox.server.serialize import json_text
from include.sandbox.world import Test
from include.sources.fhir.vocabulary import TYPES, FhirVersion
from include.sources.release import Release

BASE = "/fhir"
#: Words for these addresses in faults and in the record of requests.
PAGES, METADATA = "fhirPages", "fhirMetadata"
FHIR_NAMES = (PAGES, METADATA, *(f"fhir{of}" for of in TYPES))
FHIR_ROUTES = {
    BASE: PAGES,
    f"{BASE}/": PAGES,
    f"{BASE}/metadata": METADATA,
    **{f"{BASE}/{of}": f"fhir{of}" for of in TYPES},
    **{f"{BASE}/{of}/{{id}}": f"fhir{of}" for of in TYPES},
}
#: A host that answers nobody: what a server behind a proxy may call itself.
OTHER_HOST = "http://hapi.internal.invalid:8080/hapi-fhir/fhir"
_KEPT_SEARCHES = 200


class StudyWorld(Protocol):
    """What is needed of a world."""

    def studies(self, release: Release) -> Sequence[str]: ...

    def rows(
        self, endpoint: str, study: str, release: Release, tests: Sequence[Test] = ()
    ) -> Iterator[Row]: ...


class FhirService:
    """The FHIR server of a world.

    :param releases: the world's releases with their dates.
    :ivar version: of FHIR that it speaks now.
    """

    def __init__(self, world: StudyWorld, releases: dict[Release, date], version: FhirVersion) -> None:
        self.world, self.version = world, version
        self._releases = releases
        self._searches: OrderedDict[str, tuple[str, list[Resource]]] = OrderedDict()
        self._lock = Lock()
        self._made = lru_cache(maxsize=2 * len(TYPES))(self._make)

    def answer(self, request: Request, name: str, release: Release, fault: Fault | None) -> Response:
        """The answer to a request under one of the names."""
        if fault is not None and fault.fault == "outcome":
            return outcome(400, "processing", "the index of resources is being built")
        if name == METADATA:
            return self._sent(self.capabilities(), fault)
        if name == PAGES:
            return self._page(request, fault)
        of = name.removeprefix("fhir")
        if "id" in request.path_params:
            return self._read(of, request.path_params["id"], release, fault)
        try:
            return self._search(of, request, release, fault)
        except SearchError as error:
            return outcome(400, "invalid", str(error))

    def type_of(self, name: str, request: Request) -> str | None:
        """The type of the resources that a request is about; of a page that of its search."""
        if name != PAGES:
            return name.removeprefix("fhir")
        found = self._searches.get(request.query_params.get("_getpages", ""))
        return found[0] if found else None

    def resources(self, of: str, release: Release, fault: Fault | None = None) -> list[Resource]:
        """All resources of a type at a release, in the order of their ids."""
        kind = fault.fault if fault else ""
        studies = tuple(self.world.studies(release))
        reissued = tuple(sorted(getattr(self.world, "reissued", {}).items()))
        found = self._made(of, release, studies, reissued, self.version)
        if kind == "lacking":
            return found[1:]
        if kind == "altered" and found:
            return [_altered(found[0]), *found[1:]]
        if kind == "wrong_code" and found:
            return [{**found[0], "status": "nearly done"}, *found[1:]]
        return found

    def _make(
        self, of: str, release: Release, studies: tuple[str, ...], _: object, version: FhirVersion
    ) -> list[Resource]:
        """All resources of a type, each once, in the order of their ids."""
        dates = list(self._releases)
        found: dict[str, Resource] = {}
        for study in studies:
            rows = study_rows(self.world.rows, study, release)
            stated = str(rows.document.get("latestDataReleaseVersion") or release)
            known = next((item for item in dates if str(item) == stated), release)
            for resource in Resources(version).makers[of](rows):
                before = found.get(resource["id"])
                made = _with_meta(resource, dates.index(known) + 1, self._releases[known])
                if before is None or before["meta"]["lastUpdated"] < made["meta"]["lastUpdated"]:
                    found[resource["id"]] = made
        return [found[id_] for id_ in sorted(found)]

    def _search(self, of: str, request: Request, release: Release, fault: Fault | None) -> Response:
        given = request.query_params
        check_names(given, of)
        kind = fault.fault if fault else ""
        order = "" if kind == "unsorted" else given.get("_sort", "")
        found = ordered(matching(self.resources(of, release, fault), given), order)
        if given.get("_summary") == "count":
            bundle = self._bundle(len(found) if kind != "no_count" else None)
            return self._sent(bundle, fault)
        count = page_size(given.get("_count"))
        search = str(uuid.uuid4())
        with self._lock:
            self._searches[search] = (of, found)
            while len(self._searches) > _KEPT_SEARCHES:
                self._searches.popitem(last=False)
        url = str(request.url)
        return self._sent(self._paged(request, search, found, 0, count, url, fault), fault)

    def _page(self, request: Request, fault: Fault | None) -> Response:
        given = request.query_params
        search = given.get("_getpages", "")
        if fault is not None and fault.fault == "pages_expired":
            with self._lock:
                self._searches.pop(search, None)
        kept = self._searches.get(search)
        if kept is None:
            return outcome(410, "processing", f'Search ID "{search}" does not exist and may have expired')
        try:
            start, count = int(given.get("_getpagesoffset", "0")), page_size(given.get("_count"))
        except ValueError as error:
            return outcome(400, "invalid", str(error))
        url = str(request.url)
        return self._sent(self._paged(request, search, kept[1], start, count, url, fault), fault)

    def _paged(
        self,
        request: Request,
        search: str,
        found: list[Resource],
        start: int,
        count: int,
        url: str,
        fault: Fault | None,
    ) -> Resource:
        kind = fault.fault if fault else ""
        base = str(request.base_url).rstrip("/") + BASE
        home = OTHER_HOST if kind == "other_host" else base
        bundle = self._bundle(None if kind in ("no_total", "no_count") else len(found))
        bundle["link"] = [{"relation": "self", "url": url}]

        def page(relation: str, offset: int) -> None:
            where = f"_getpages={search}&_getpagesoffset={offset}&_count={count}&_bundletype=searchset"
            bundle["link"].append({"relation": relation, "url": f"{home}?{where}"})

        if start + count < len(found):
            page("next", start if kind == "circle" else start + count)
        if start:
            page("previous", max(0, start - count))
        entries = found[start : start + count]
        if entries:
            bundle["entry"] = [
                {
                    "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
                    "resource": resource,
                    "search": {"mode": "match"},
                }
                for resource in entries
            ]
        return bundle

    def _bundle(self, total: int | None) -> Resource:
        made: Resource = {
            "resourceType": "Bundle",
            "id": str(uuid.uuid4()),
            "meta": {"lastUpdated": f"{max(self._releases.values()).isoformat()}T12:00:00.000+00:00"},
            "type": "searchset",
        }
        return made if total is None else {**made, "total": total}

    def _read(self, of: str, id_: str, release: Release, fault: Fault | None) -> Response:
        for resource in self.resources(of, release, fault):
            if resource["id"] == id_:
                return self._sent(resource, fault)
        return outcome(404, "not-found", f"Resource {of}/{id_} is not known")

    def capabilities(self) -> Resource:
        """What the server says of itself."""
        kinds = [
            {
                "type": of,
                "interaction": [{"code": "read"}, {"code": "search-type"}],
                "searchParam": [
                    {"name": "_id", "type": "token"},
                    {"name": "_lastUpdated", "type": "date"},
                    {"name": "identifier", "type": "token"},
                ],
            }
            for of in TYPES
        ]
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2021-09-03",
            "kind": "instance",
            "software": {"name": "HAPI FHIR Server", "version": "5.6.0-PRE2-SNAPSHOT"},
            "implementation": {"description": "Stand-in for ImmPort's FHIR server"},
            "fhirVersion": self.version.value,
            "format": ["application/fhir+json", "json"],
            "rest": [{"mode": "server", "resource": kinds}],
        }

    def _sent(self, body: Resource, fault: Fault | None) -> Response:
        kind = fault.fault if fault else ""
        text = b"".join(bend_body(fault, iter([printed(body)])))
        media = "application/fhir+json;charset=UTF-8"
        if kind == "cut":
            return Cut(text[: len(text) // 2], media_type=media)
        return Response(text, media_type=media)


def _with_meta(resource: Resource, version: int, changed: date) -> Resource:
    """A resource with what a server says of it: HAPI states a time with its zone."""
    meta = {"versionId": str(version), "lastUpdated": f"{changed.isoformat()}T06:00:00.000+00:00"}
    kind, id_ = resource["resourceType"], resource["id"]
    return {"resourceType": kind, "id": id_, "meta": meta} | {
        name: value for name, value in resource.items() if name not in ("resourceType", "id")
    }


def outcome(status: int, code: str, diagnostics: str) -> Response:
    """What HAPI says of a request that it does not fulfil."""
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    return Response(printed(body), status_code=status, media_type="application/fhir+json;charset=UTF-8")


def printed(value: Any) -> bytes:
    """A resource as JSON; numbers keep their digits."""
    return json_bytes(_json(value))


def _json(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_json(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return json_text(value)


def _altered(resource: Resource) -> Resource:
    """A resource that says something else than Shared Data does, changed on the day after."""
    values: dict[str, tuple[str, Any]] = {
        "Patient": ("gender", "other"),
        "Group": ("name", "Another arm"),
        "Specimen": ("type", {"text": "Tears"}),
        "Observation": ("valueQuantity", {"value": Decimal("-1.50"), "unit": "g/dL"}),
    }
    name, other = values.get(resource["resourceType"], ("language", "en"))
    changed = resource["meta"]["lastUpdated"].replace("T06:00", "T07:00")
    return {**resource, "meta": {"versionId": "9", "lastUpdated": changed}, name: other}

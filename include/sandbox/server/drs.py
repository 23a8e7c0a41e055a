"""The stand-in's DRS service: the files of its world, and a bundle of each study at each release."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from include.sandbox.server.downloads import METHODS, Downloads
from include.sandbox.server.faults import STATUSES, Fault
from include.sandbox.server.responses import stream
from include.sandbox.stored_files import StoredFile, study_of
from include.sources.drs.bundles import blob, bundle_scope, bundles, unexpanded
from include.sources.drs.checksums import Checksum
from include.sources.drs.endpoints import ACCESS, BULK_OBJECTS, OBJECT, SERVICE_INFO
from include.sources.drs.objects import AccessMethod, AccessUrl, DrsObject
from include.sources.drs.service import About, DrsService, RefusedError
from include.sources.drs.uris import IMMPORT_HOST
from include.sources.drs.versions import VERSIONS, base_of
from include.sources.release import Release

Respond = Callable[[Request, Fault | None], Response]
#: Paths below the base, and the names of their faults.
ROUTES = {
    "/service-info": SERVICE_INFO.name,
    "/objects": BULK_OBJECTS.name,
    "/objects/access": BULK_OBJECTS.name,
    "/objects/{file}": OBJECT.name,
    "/objects/{file}/access/{access}": ACCESS.name,
}
_ABOUT = About(
    "org.immport.sandbox.drs",
    "ImmPort stand-in",
    "ImmPort",
    "https://www.immport.org",
    "1",
    "The files of the studies of a sandbox",
)
#: Types of access methods and ImmPort's names for them.
_TYPES = {"s3": "s3", "stream": "https"}


@dataclass(frozen=True)
class DrsFiles:
    """The objects of a world at a release, under a fault.

    :param base: scheme, host and port that the client used.
    """

    downloads: Downloads
    release: Release
    base: str
    fault: Fault | None = None

    def find(self, object_id: str) -> DrsObject | None:
        """A file, or the bundle of a study at a release."""
        if study_of(object_id) in self.downloads.world.restricted(self.release):
            raise RefusedError(403, "not open to this key")
        file = self.downloads.kept(object_id, self.release)
        found = self._bundle(object_id) if file is None else self._blob(file)
        return found if found is None else self._bent(found)

    def address(self, found: DrsObject, access_id: str) -> AccessUrl | None:
        """A signed address."""
        if found.is_bundle or access_id not in METHODS:
            return None
        return AccessUrl(self.downloads.sign(self.base, access_id, found.object_id))

    def totals(self) -> tuple[int, int]:
        """Files of all studies, and their bytes."""
        sizes = [
            file.length for study in self.downloads.world.studies(self.release) for file in self._files(study)
        ]
        return len(sizes), sum(sizes)

    def _files(self, study: str, release: Release | None = None) -> Iterator[StoredFile]:
        """Files that have bytes: a lost one has neither checksum nor object."""
        at = release or self.release
        return (file for file in self.downloads.world.files(study, at) if file.md5 is not None)

    def _blob(self, file: StoredFile) -> DrsObject:
        return blob(
            file.uuid,
            IMMPORT_HOST,
            file.name,
            file.length,
            [Checksum("md5", file.md5)] if file.md5 else [],
            _midnight(file.updated),
            tuple(AccessMethod(_TYPES[name], name) for name in METHODS),
        )

    def _bundle(self, object_id: str) -> DrsObject | None:
        scope = bundle_scope(object_id)
        if scope is None:
            return None
        study, version = scope
        world = self.downloads.world
        until = [item for item in world.releases if item <= self.release]
        release = next((item for item in until if str(item) == version), None)
        if study in world.restricted(self.release):
            raise RefusedError(403, "not open to this key")
        if release is None or study not in world.studies(release):
            return None
        files = [(file.path, self._blob(file)) for file in self._files(study, release)]
        day = _midnight(world.releases[release])
        return bundles(f"{study}.{version}", files, IMMPORT_HOST, day).get(object_id)

    def _bent(self, found: DrsObject) -> DrsObject:
        """An object under its fault."""
        kind = self.fault.fault if self.fault else None
        if kind == "wrong_md5":
            return replace(found, checksums=(Checksum("md5", "0" * 32),))
        if kind == "wrong_size":
            return replace(found, size=(found.size or 0) + 1)
        if kind == "no_access":
            return replace(found, access_methods=(AccessMethod("https"),))
        if kind == "inline" and not found.is_bundle:
            url = AccessUrl(self.downloads.sign(self.base, "stream", found.object_id))
            return replace(found, access_methods=(AccessMethod("https", access_url=url),))
        return unexpanded(found) if kind == "unexpanded" and found.is_bundle else found


def routes(
    guard: Callable[[str | None, bool, Respond], Callable[[Request], Awaitable[Response]]],
    downloads: Downloads,
    current: Callable[[], Release],
) -> Iterator[Route]:
    """The routes of the service, once for each version that it speaks.

    :param guard: puts an answer behind what every request meets first.
    """
    for version in VERSIONS:

        def answer(request: Request, fault: Fault | None, version: str = version) -> Response:
            return _answer(request, version, downloads, current(), fault)

        for path, name in ROUTES.items():
            yield Route(
                base_of(version) + path, guard(name, True, answer), methods=["GET", "POST", "OPTIONS"]
            )


def _answer(
    request: Request, version: str, downloads: Downloads, release: Release, fault: Fault | None
) -> Response:
    """Answer a request to the service of a version."""
    if fault is not None and fault.fault == "pending":
        delay = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return Response(status_code=202, headers=delay)
    body = getattr(request, "_body", b"")
    try:
        parsed = json.loads(body) if body else None
    except ValueError:
        parsed = None
    path = request.url.path.partition("/ga4gh/drs/v1/")[2].split("/")
    parts = urlsplit(str(request.base_url))
    files = DrsFiles(downloads, release, f"{parts.scheme}://{parts.netloc}", fault)
    found = DrsService(_ABOUT, files, version).answer(request.method, path, request.query_params, parsed)
    if found.body is None or (found.status >= 400 and fault is not None and fault.fault == "bare"):
        return Response(status_code=found.status, headers=dict(found.headers))
    if found.status == 200:
        return stream(iter([json.dumps(found.body).encode()]), fault)
    return JSONResponse(found.body, found.status, dict(found.headers))


def refusal(fault: Fault | None) -> Response | None:
    """A refusal as DRS words it, under a fault that is one."""
    if fault is None or fault.fault not in STATUSES:
        return None
    status = int(fault.fault)
    delay = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return JSONResponse({"msg": "a fault of the stand-in", "status_code": status}, status, delay)


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"

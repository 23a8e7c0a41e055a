"""The control under `/_sandbox`: release, faults, requests, restricted and hidden studies, reissues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from include.sandbox.fhir.fhir_server import FHIR_NAMES, FhirService
from include.sandbox.gene_lists.public_object import SERVED_FILES
from include.sandbox.impc.solr_server import IMPC_NAMES
from include.sandbox.server.faults import Fault, Faults, Requests
from include.sandbox.server.guard import guarded
from include.sandbox.server.hidden_studies import HiddenStudies
from include.sandbox.uploads.upload_service import UPLOAD_NAMES, UploadService
from include.sources.drs.endpoints import OPERATIONS
from include.sources.fhir.vocabulary import FhirVersion
from include.sources.immport.endpoints import SHARED_DATA
from include.sources.release import Release

#: Names of endpoints that faults can strike.
_ENDPOINTS = (*SHARED_DATA, *SERVED_FILES, *IMPC_NAMES, *OPERATIONS, *FHIR_NAMES, *UPLOAD_NAMES)


class Controlled(Protocol):
    """What the control of a sandbox shows and changes."""

    world: HiddenStudies
    current: Release
    faults: Faults
    requests: Requests
    fhir: FhirService
    uploads: UploadService


class Control:
    """The control of one sandbox; it needs no key, and refuses what a page of another site sends."""

    def __init__(self, sandbox: Controlled) -> None:
        self.sandbox = sandbox

    def routes(self) -> Sequence[Route]:
        """The routes it serves."""
        kept = ["GET", "PUT", "DELETE"]
        answers = (
            ("", self._status, ["GET"]),
            ("/release", self._set_release, ["PUT"]),
            ("/faults", self._faults, ["GET", "POST", "DELETE"]),
            ("/requests", self._requests, ["GET", "DELETE"]),
            ("/restricted", self._restricted, kept),
            ("/hidden", self._hidden, kept),
            ("/reissued", self._reissued, kept),
            ("/fhir", self._fhir, ["GET", "PUT"]),
            ("/uploads", self.sandbox.uploads.control, kept),
        )
        return [
            Route(f"/_sandbox{path}", guarded(answer), methods=methods) for path, answer, methods in answers
        ]

    async def _status(self, request: Request) -> Response:
        world, current = self.sandbox.world, self.sandbox.current
        return JSONResponse(
            {
                "world": world.name,
                "releases": [str(release) for release in world.releases],
                "current": str(current),
                "studies": len(world.studies(current)),
            }
        )

    async def _set_release(self, request: Request) -> Response:
        try:
            release = Release.parse((await request.json())["release"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"error": 'expected {"release": "DR50"}'}, 400)
        if release not in self.sandbox.world.releases:
            return JSONResponse({"error": f"no such release here: {release}"}, 404)
        self.sandbox.current = release
        return await self._status(request)

    async def _faults(self, request: Request) -> Response:
        faults = self.sandbox.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            try:
                fault = Fault(**await request.json())
                if fault.endpoint not in (*_ENDPOINTS, "token", "download", "*"):
                    raise ValueError(f"no such endpoint: {fault.endpoint!r}")
                faults.add(fault)
            except (ValueError, TypeError) as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(faults.list())

    async def _requests(self, request: Request) -> Response:
        requests = self.sandbox.requests
        seen = requests.list()
        if request.method == "DELETE":
            requests.clear()
        return JSONResponse(seen)

    async def _fhir(self, request: Request) -> Response:
        service = self.sandbox.fhir
        if request.method == "PUT":
            try:
                service.version = FhirVersion[(await request.json())["version"]]
            except (KeyError, TypeError, ValueError):
                known = ", ".join(FhirVersion.__members__)
                return JSONResponse({"error": f"expected a version: one of {known}"}, 400)
        return JSONResponse({"version": service.version.name})

    async def _restricted(self, request: Request) -> Response:
        world = self.sandbox.world
        try:
            world.kept_restricted = await _named(request, world.kept_restricted)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"studies": world.kept_restricted})

    async def _hidden(self, request: Request) -> Response:
        world = self.sandbox.world
        try:
            world.hidden = await _named(request, world.hidden)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"studies": world.hidden})

    async def _reissued(self, request: Request) -> Response:
        world = self.sandbox.world
        try:
            if request.method == "PUT":
                body = await request.json()
                world.reissue(body["study"], Release.parse(body["release"]))
            elif request.method == "DELETE":
                for study in list(world.reissued):
                    world.reissue(study, None)
        except (KeyError, TypeError, AttributeError):
            return JSONResponse({"error": 'expected {"study": "SDY1001", "release": "DR51"}'}, 400)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({study: str(release) for study, release in world.reissued.items()})


async def _named(request: Request, now: tuple[str, ...]) -> tuple[str, ...]:
    """The studies a request names: all it puts, none to delete, those there are to get.

    :raises ValueError: it names no studies.
    """
    if request.method == "GET":
        return now
    if request.method == "DELETE":
        return ()
    body = await request.json()
    studies = body.get("studies") if isinstance(body, dict) else None
    if not isinstance(studies, list) or not all(re.fullmatch(r"SDY\d+", str(study)) for study in studies):
        raise ValueError('expected {"studies": ["SDY1001"]}')
    return tuple(studies)

"""The routes: ImmPort's, derived from the declared endpoints, and those of the control."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from include.sandbox.archive.undecodable import json_bytes
from include.sandbox.fhir.fhir_server import FHIR_NAMES, FHIR_ROUTES, FhirService
from include.sandbox.gene_lists.public_object import SERVED_FILES, GeneListWorld
from include.sandbox.impc.image_world import ImageWorld
from include.sandbox.impc.solr_server import IMPC_ROUTES, ImpcService
from include.sandbox.row import Row
from include.sandbox.server import drs
from include.sandbox.server.auth import BROWSE, UPLOAD, Keys
from include.sandbox.server.bucket import Bucket, refused
from include.sandbox.server.control import Control
from include.sandbox.server.downloads import METHODS, Downloads
from include.sandbox.server.faults import (
    FILTERS,
    TABLES,
    Fault,
    Faults,
    FaultTarget,
    Requests,
    bend_header,
    bend_names,
    bend_rows,
)
from include.sandbox.server.hidden_studies import HiddenStudies
from include.sandbox.server.responses import Drip, Unanswered, failure, not_found, replaced, stream
from include.sandbox.server.search import search
from include.sandbox.server.serialize import filters, json_array, json_object, tsv_lines
from include.sandbox.server.targets import target_of
from include.sandbox.stored_files import study_of
from include.sandbox.uploads.upload_service import UPLOAD_NAMES, UploadService, read_form
from include.sandbox.world import World, subject_documents
from include.sources.drs.endpoints import OPERATIONS
from include.sources.endpoint import Endpoint, Group, Shape
from include.sources.fhir.vocabulary import FhirVersion
from include.sources.immport.endpoints import DRS_DOWNLOAD, SEARCH, SHARED_DATA
from include.sources.release import Release

#: Where ImmPort's query service lies under the base address; endpoints declare their path below it.
QUERY = "/data/query"

_TSV = "text/tab-separated-values"

Answer = Callable[[Request, Fault | None], Response]


class Sandbox:
    """A world at its current release, with the faults switched on and the requests seen.

    :param lists: the gene lists of the public bucket.
    :param images: the images of IMPC.
    :param fhir: version of FHIR that its FHIR server speaks.
    :param uploads: the services that take data.
    """

    def __init__(
        self,
        world: World,
        lists: GeneListWorld,
        images: ImageWorld,
        keys: Keys,
        current: Release,
        url_seconds: int = 604_800,
        fhir: FhirVersion = FhirVersion.BALLOT,
        uploads: UploadService | None = None,
    ) -> None:
        self.world, self.keys, self.current = HiddenStudies(world), keys, current
        self.bucket, self.impc = Bucket(lists), ImpcService(images)
        self.downloads = Downloads(self.world, url_seconds)
        self.fhir = FhirService(self.world, dict(world.releases), fhir)
        self.uploads = uploads or UploadService()
        self.faults, self.requests = Faults(), Requests()

    def app(self) -> Starlette:
        """The ASGI application."""
        # A path without a gap comes first: `{study}` would take its last word for an accession.
        declared = sorted(SHARED_DATA.values(), key=lambda endpoint: "{" in endpoint.path)
        routes = [self._route(endpoint) for endpoint in declared]
        routes.append(Route("/auth/token", self._guard("token", False, self._token), methods=["POST"]))
        routes.append(Route(QUERY + "/{rest:path}", self._guard(None, True, not_found)))
        routes += [
            *(
                Route(file.path, self._guard(file.name, False, self._public))
                for file in SERVED_FILES.values()
            ),
            *(Route(path, self._guard(name, False, self._impc)) for path, name in IMPC_ROUTES.items()),
            *drs.routes(self._guard, self.downloads, lambda: self.current),
            *(Route(path, self._guard(name, False, self._fhir(name))) for path, name in FHIR_ROUTES.items()),
            *self.uploads.routes(self._guard),
            Route("/release/{key:path}", self._guard(None, False, self._public)),
            *(Route(f"/{way}/{{file}}", self._guard("download", False, self._send)) for way in METHODS),
            *Control(self).routes(),
        ]
        return Starlette(routes=routes)

    def _route(self, endpoint: Endpoint) -> Route:
        def answer(request: Request, fault: Fault | None) -> Response:
            if endpoint is DRS_DOWNLOAD:
                return self.downloads.link(request, self.current)
            if endpoint.shape is Shape.SEARCH:
                return self._search(endpoint, request, fault)
            return self._rows(endpoint, request, fault)

        return Route(QUERY + endpoint.path, self._guard(endpoint.name, endpoint.needs_key, answer))

    def _send(self, request: Request, fault: Fault | None) -> Response:
        return self.downloads.send(request, self.current, fault)

    def _public(self, request: Request, fault: Fault | None) -> Response:
        return self.bucket.send(request, list(self.world.releases).index(self.current), fault)

    def _impc(self, request: Request, fault: Fault | None) -> Response:
        if "image" in request.path_params:
            return self.impc.file(request, fault)
        releases = list(self.world.releases)
        release = self.impc.release_at(releases.index(self.current), len(releases))
        if "release" in request.path_params:
            return self.impc.metadata(request.path_params["release"], release)
        return self.impc.select(request, release, fault)

    def _fhir(self, name: str) -> Answer:
        return lambda request, fault: self.fhir.answer(request, name, self.current, fault)

    def _guard(
        self, name: str | None, needs_key: bool, answer: Answer
    ) -> Callable[[Request], Awaitable[Response]]:
        """An answer behind what every request meets first: the record, the faults, the key."""

        async def respond(request: Request) -> Response:
            target = await self._target(name, request)
            fault = self.faults.strike(target) if name else None
            response = refused(fault) if name in SERVED_FILES else None
            if name in OPERATIONS:
                response = drs.refusal(fault)
            response = response or replaced(fault)
            scope = UPLOAD if name in UPLOAD_NAMES else BROWSE
            refusal = self.keys.refusal(request.headers.get("authorization"), scope) if needs_key else None
            if response is None and refusal is not None:
                response = failure(refusal)
            elif response is None:
                # Kept by the request, so that no answer need be async.
                if name in OPERATIONS:
                    await request.body()
                elif request.method == "POST":
                    await read_form(request, fault)
                response = await run_in_threadpool(answer, request, fault)
            if fault is not None and fault.fault == "drip":
                response = Drip(response, fault.seconds)
            self.requests.add(
                endpoint=name,
                study=target.study,
                method=request.method,
                path=request.url.path,
                query="" if name == "download" else request.url.query,
                range=request.headers.get("range"),
                status=None if isinstance(response, Unanswered) else response.status_code,
            )
            return response

        return respond

    async def _target(self, name: str | None, request: Request) -> FaultTarget:
        """What a request is about. The name of a file is looked up only if a fault names one."""
        if name is not None and name in SERVED_FILES:
            return FaultTarget(name, file=[request.url.path.rpartition("/")[2]])
        uuid = request.path_params.get("file") or request.path_params.get("fileUUID")
        if name in FHIR_NAMES:
            return FaultTarget(name, self.fhir.type_of(name, request))
        if uuid is None:
            return target_of(name or "", request)
        files = [uuid]
        if self.faults.of_files and (
            file := await run_in_threadpool(self.downloads.file, uuid, self.current)
        ):
            files.append(file.name)
        return FaultTarget(name or "", study_of(uuid), files)

    def _rows(self, endpoint: Endpoint, request: Request, fault: Fault | None) -> Response:
        names = bend_names(fault, endpoint.names, endpoint.key)
        study = request.path_params.get("study")
        if study is not None and study in self.world.restricted(self.current):
            return failure(403)
        if study is not None and study not in self.world.studies(self.current):
            return JSONResponse({"error": f"Study {study} not found"}, 404)
        # Seen at ImmPort: the documented parameter breaks this one endpoint.
        if endpoint.name == "elisa" and "sex" in request.query_params:
            return failure(500)
        try:
            rows = self._found(endpoint, request)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        large, rows = self.faults.strike_rows(target_of(endpoint.name, request), rows)
        if response := replaced(large):
            return response
        if large is not None:
            fault, names = large, bend_names(large, endpoint.names, endpoint.key)
        rows = bend_rows(fault, rows, names, endpoint.key)
        return self._printed(endpoint, request, names, rows, fault)

    def _printed(
        self,
        endpoint: Endpoint,
        request: Request,
        names: Sequence[str],
        rows: Iterator[Row],
        fault: Fault | None,
    ) -> Response:
        """Rows in the shape of the endpoint and the requested format."""
        if endpoint.shape is Shape.VALUES:
            return stream(iter([json.dumps([row[endpoint.key[0]] for row in rows]).encode()]), fault)
        if endpoint.shape is Shape.OBJECT:
            return stream(iter([json_bytes(json_object(names, next(rows)))]), fault)
        if request.query_params.get("format") == "tsv":
            bent = self.faults.strike(target_of(endpoint.name, request), TABLES)
            header, torn = (
                bend_header(bent, names, endpoint.key),
                bent is not None and bent.fault == "tsv_broken",
            )
            return stream(tsv_lines(names, rows, header, torn), fault, _TSV)
        return stream(json_array(names, rows), fault)

    def _found(self, endpoint: Endpoint, request: Request) -> Iterator[Row]:
        """Rows that a request selects, of one study, of all, or of none.

        :raises ValueError: a filter that cannot be read.
        """
        if endpoint.study_parameter is not None:
            return self._filtered(endpoint, request)
        if endpoint.group is Group.VOCABULARY:
            return self.world.vocabulary(endpoint, self.current)
        if endpoint.shape is Shape.VALUES:
            return ({endpoint.key[0]: study} for study in self.world.restricted(self.current))
        rows = self.world.rows(endpoint.name, request.path_params["study"], self.current)
        kinds = {part for text in request.query_params.getlist("fileType") for part in text.split(",")}
        if endpoint.name == "manifest" and kinds and "all" not in kinds:
            return (row for row in rows if row["fileType"] in kinds)
        return rows

    def _filtered(self, endpoint: Endpoint, request: Request) -> Iterator[Row]:
        """Rows of all studies that pass the filters; only the requested studies are looked at."""
        parameters = request.query_params.multi_items()
        blank = any(not text for _, text in parameters)
        if blank and self.faults.strike(target_of(endpoint.name, request), FILTERS):
            parameters = [(name, text) for name, text in parameters if text]
        tests = filters(parameters)
        texts = [text for name, text in parameters if name == endpoint.study_parameter]
        wanted = {part.strip().casefold() for text in texts for part in text.split(",")}
        release = self.current
        studies = [item for item in self.world.studies(release) if not wanted or item.casefold() in wanted]
        return (row for study in studies for row in self.world.rows(endpoint.name, study, release, tests))

    def _search(self, endpoint: Endpoint, request: Request, fault: Fault | None) -> Response:
        parameters = {name: ",".join(request.query_params.getlist(name)) for name in request.query_params}
        try:
            answer = search(list(self._documents(endpoint, parameters)), parameters, endpoint.key[-1])
        except ValueError as error:
            return JSONResponse(
                {"error": {"type": "parsing_exception", "reason": str(error)}, "status": 400}, 400
            )
        hits = answer["hits"]["hits"]
        if fault is not None and fault.fault == "duplicate" and hits:
            hits.insert(1, hits[0])
        for hit in hits:
            names = bend_names(fault, list(hit["_source"]), endpoint.key)
            hit["_source"] = {name: hit["_source"].get(name, "new") for name in names}
        body = json_bytes(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
        return stream(iter([body]), fault)

    def _documents(self, endpoint: Endpoint, parameters: Mapping[str, str]) -> Iterator[Row]:
        """The studies, or the subjects of the requested ones, as the search index holds them."""
        release = self.current
        wanted = {part.strip().upper() for part in parameters.get("studyAccession", "").split(",") if part}
        for study in self.world.studies(release):
            if endpoint is SEARCH:
                yield self.world.document(study, release)
            elif not wanted or study in wanted:
                people = self.world.rows("demographic", study, release)
                yield from subject_documents(self.world.document(study, release), people)

    def _token(self, request: Request, fault: Fault | None) -> Response:
        form: Mapping[str, object] = request._form or {}
        token = self.keys.issue(str(form.get("username", "")), str(form.get("password", "")))
        if token is None:
            return JSONResponse({"status": 401, "error": "Invalid username or password"}, 401)
        answer = {"status": 200, "access_token": token}
        names = bend_names(fault, list(answer), ())
        body = json.dumps({name: answer.get(name, "new") for name in names}).encode()
        return stream(iter([body]), fault)

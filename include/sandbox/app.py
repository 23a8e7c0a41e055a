"""The routes: ImmPort's, derived from the declared endpoints, and the control under `/_sandbox`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from include.sandbox.answers import filters, json_array, json_object, tsv_lines
from include.sandbox.faults import STATUSES, Fault, Faults, Requests, bend_body, bend_names, bend_rows
from include.sandbox.keys import Keys
from include.sandbox.search import search
from include.sandbox.world import Row, World
from include.sources.immport import ENDPOINTS, SEARCH
from include.sources.model import Endpoint, Shape
from include.sources.release import Release

#: Where ImmPort's query service lies under the base address; endpoints declare their path below it.
QUERY = "/data/query"

_TSV = "text/tab-separated-values"
_TITLES = {
    401: "Unauthorized",
    403: "Forbidden",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}
_LOGIN = "<!DOCTYPE html>\n<html><head><title>ImmPort</title></head><body><h1>Sign in</h1></body></html>\n"

Answer = Callable[[Request, Fault | None], Response]


class Unanswered(Response):
    """`hang`: takes the request and says nothing until the client leaves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            # The server stops: close the connection, where a cancelled task would be answered with a 500.
            await Cut()(scope, receive, send)


class Cut(Response):
    """`cut`: the first half of what would have come, then the connection closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del self.headers["content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body), "more_body": True})


class Sandbox:
    """A world at its current release, with the faults switched on and the requests seen."""

    def __init__(self, world: World, keys: Keys, current: Release) -> None:
        self.world, self.keys, self.current = world, keys, current
        self.faults, self.requests = Faults(), Requests()

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [self._route(endpoint) for endpoint in (*ENDPOINTS.values(), SEARCH)]
        routes.append(Route("/auth/token", self._guard("token", False, self._token), methods=["POST"]))
        routes.append(Route(QUERY + "/{rest:path}", self._guard(None, True, _not_found)))
        routes += [
            Route("/_sandbox", self._status),
            Route("/_sandbox/release", self._set_release, methods=["PUT"]),
            Route("/_sandbox/faults", self._set_faults, methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/requests", self._seen, methods=["GET", "DELETE"]),
        ]
        return Starlette(routes=routes)

    def _route(self, endpoint: Endpoint) -> Route:
        if endpoint.shape is Shape.SEARCH:
            answer: Answer = self._search
        else:

            def answer(request: Request, fault: Fault | None) -> Response:
                return self._rows(endpoint, request, fault)

        return Route(QUERY + endpoint.path, self._guard(endpoint.name, endpoint.needs_key, answer))

    def _guard(
        self, name: str | None, needs_key: bool, answer: Answer
    ) -> Callable[[Request], Awaitable[Response]]:
        """An answer behind what every request meets first: the record, the faults, the key."""

        async def respond(request: Request) -> Response:
            study = request.path_params.get("study") or request.query_params.get("studyAccession")
            fault = self.faults.strike(name, study) if name else None
            seen = {"endpoint": name, "study": study, "method": request.method, "path": request.url.path}
            if fault is not None and fault.fault == "hang":
                self.requests.add(**seen, status=None)
                return Unanswered()
            if fault is not None and fault.fault in STATUSES:
                response = _failure(int(fault.fault), fault.retry_after)
            elif fault is not None and fault.fault == "html":
                response = HTMLResponse(_LOGIN)
            elif needs_key and not self.keys.admits(request.headers.get("authorization")):
                response = _failure(401)
            else:
                if request.method == "POST":
                    await request.form()  # kept by the request, so that no answer need be async
                response = await run_in_threadpool(answer, request, fault)
            self.requests.add(**seen, status=response.status_code)
            return response

        return respond

    def _rows(self, endpoint: Endpoint, request: Request, fault: Fault | None) -> Response:
        names, release = bend_names(fault, endpoint.names, endpoint.key), self.current
        if endpoint.study_parameter is None:
            study = request.path_params["study"]
            if study not in self.world.studies(release):
                return JSONResponse({"error": f"Study {study} not found"}, 404)
            rows = self.world.rows(endpoint.name, study, release)
        else:
            # Seen at ImmPort: the documented parameter breaks this one endpoint.
            if endpoint.name == "elisa" and "sex" in request.query_params:
                return _failure(500)
            try:
                rows = self._filtered(endpoint, request)
            except ValueError as error:
                return JSONResponse({"error": str(error)}, 400)
        rows = bend_rows(fault, rows, names, endpoint.key)
        if endpoint.shape is Shape.OBJECT:
            return _stream(iter([json_object(names, next(rows)).encode()]), fault)
        if request.query_params.get("format") == "tsv":
            return _stream(tsv_lines(names, rows), fault, _TSV)
        return _stream(json_array(names, rows), fault)

    def _filtered(self, endpoint: Endpoint, request: Request) -> Iterator[Row]:
        """Rows of all studies that pass the filters; only the studies asked for are looked at."""
        tests = filters(request.query_params.multi_items())
        texts = request.query_params.getlist(endpoint.study_parameter or "")
        asked = {part.strip().casefold() for text in texts for part in text.split(",")}
        release = self.current
        studies = [item for item in self.world.studies(release) if not asked or item.casefold() in asked]
        rows = (row for study in studies for row in self.world.rows(endpoint.name, study, release))
        return (row for row in rows if all(test(row) for test in tests))

    def _search(self, request: Request, fault: Fault | None) -> Response:
        release = self.current
        documents = [self.world.document(study, release) for study in self.world.studies(release)]
        parameters = {name: ",".join(request.query_params.getlist(name)) for name in request.query_params}
        try:
            answer = search(documents, parameters)
        except ValueError as error:
            return JSONResponse(
                {"error": {"type": "parsing_exception", "reason": str(error)}, "status": 400}, 400
            )
        hits = answer["hits"]["hits"]
        if fault is not None and fault.fault == "duplicate" and hits:
            hits.insert(1, hits[0])
        for hit in hits:
            names = bend_names(fault, list(hit["_source"]), SEARCH.key)
            hit["_source"] = {name: hit["_source"].get(name, "new") for name in names}
        return _stream(iter([json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()]), fault)

    def _token(self, request: Request, fault: Fault | None) -> Response:
        form: Mapping[str, object] = request._form or {}
        token = self.keys.issue(str(form.get("username", "")), str(form.get("password", "")))
        if token is None:
            return JSONResponse({"status": 401, "error": "Invalid username or password"}, 401)
        answer = {"status": 200, "access_token": token}
        names = bend_names(fault, list(answer), ())
        body = json.dumps({name: answer.get(name, "new") for name in names}).encode()
        return _stream(iter([body]), fault)

    async def _status(self, request: Request) -> Response:
        return JSONResponse(
            {
                "world": self.world.name,
                "releases": [str(release) for release in self.world.releases],
                "current": str(self.current),
                "studies": len(self.world.studies(self.current)),
            }
        )

    async def _set_release(self, request: Request) -> Response:
        try:
            release = Release.parse((await request.json())["release"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"error": 'expected {"release": "DR50"}'}, 400)
        if release not in self.world.releases:
            return JSONResponse({"error": f"no such release here: {release}"}, 404)
        self.current = release
        return await self._status(request)

    async def _set_faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.clear()
        elif request.method == "POST":
            try:
                fault = Fault(**await request.json())
                if fault.endpoint not in (*ENDPOINTS, SEARCH.name, "token", "*"):
                    raise ValueError(f"no such endpoint: {fault.endpoint!r}")
                self.faults.add(fault)
            except (ValueError, TypeError) as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(self.faults.list())

    async def _seen(self, request: Request) -> Response:
        seen = self.requests.list()
        if request.method == "DELETE":
            self.requests.clear()
        return JSONResponse(seen)


def _stream(body: Iterator[bytes], fault: Fault | None, kind: str = "application/json") -> Response:
    if fault is not None and fault.fault == "cut":
        first = next(body)
        return Cut(first[: len(first) // 2], media_type=kind)
    return StreamingResponse(bend_body(fault, body), media_type=kind)


def _failure(status: int, retry_after: int | str | None = None) -> Response:
    """A refusal as ImmPort words it (JSON), or a breakdown as the proxy before it does (HTML)."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    title = _TITLES[status]
    if status < 500:
        return JSONResponse({"status": status, "error": title}, status, headers)
    heading = f"{status} {title}"
    page = f"<html>\n<head><title>{heading}</title></head>\n<body><h1>{heading}</h1></body>\n</html>\n"
    return HTMLResponse(page, status, headers)


def _not_found(request: Request, fault: Fault | None) -> Response:
    return JSONResponse({"status": 404, "error": "Not Found", "path": request.url.path}, 404)

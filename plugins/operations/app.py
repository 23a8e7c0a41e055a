"""The application behind the pages: one route a page, each for who is signed in to Airflow."""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag, requires_access_view
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.middleware.base import RequestResponseEndpoint
from starlette.types import Receive, Scope, Send

from operations import fhir, listing, monitoring, rendering
from operations.access import Reader, ReaderDep
from operations.actions import routes
from operations.actions.trigger import AIRFLOW
from operations.database import NotConfiguredError, reading
from operations.drs import serving
from operations.html import render
from operations.page import Document, WebPage, address
from operations.view import NothingThereError, View

log = logging.getLogger(__name__)

#: What a page may load: files of its own. Nothing else, from nowhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class MountedApp(FastAPI):
    """An application that remembers, with each request, the one that it is mounted in: Airflow's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        scope[AIRFLOW] = scope.get("app")
        await super().__call__(scope, receive, send)


def make_app() -> FastAPI:
    """The application, with a route for each page of the registry."""
    from operations.registry import PAGES

    app = MountedApp(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(requires_access_view(AccessView.WEBSITE))],
    )
    app.middleware("http")(_with_headers)
    app.add_exception_handler(HTTPException, _refused)
    for kind in (NothingThereError, NotConfiguredError, sa.exc.SQLAlchemyError):
        app.add_exception_handler(kind, _explained)
    app.add_api_route("/", _first_page(PAGES[0]), methods=["GET"])
    app.add_api_route("/static/{name:path}", _static_file, methods=["GET"])
    monitoring.add_routes(app)
    serving.add_to(app)
    fhir.add_routes(app)
    for page in PAGES:
        own = [Depends(requires_access_dag("GET"))] if page.tab else []
        app.add_api_route(page.path, _html(page), methods=["GET"], dependencies=own)
        if page.listing:
            app.add_api_route(f"{page.path}.csv", _csv(page, page.listing), methods=["GET"], dependencies=own)
        for documents, make in page.documents.items():
            app.add_api_route(f"{page.path}/{documents}/{{name}}.svg", _document(make), methods=["GET"])
    routes.add_to(app)
    return app


def _first_page(page: WebPage) -> Callable[[], Response]:
    def first() -> Response:
        return RedirectResponse(address(page.name), 303)

    return first


def _html(page: WebPage) -> Callable[..., Response]:
    def show(request: Request, reader: ReaderDep, user: GetUserDep) -> Response:
        with reading(reader) as connection:
            view = View(reader, connection, request.query_params, user)
            shown = dict(page.load(view))
            if page.listing:
                shown["table"] = listing.show(view, page.listing, **_subject(page, view))
        return render(request, page, reader, **shown)

    show.__name__ = f"page_{page.name}"
    return show


def _subject(page: WebPage, view: View) -> dict[str, object]:
    return {name: view.text(name) or None for name in page.subject}


def _csv(page: WebPage, table: listing.PageTable) -> Callable[..., Response]:
    def lines(request: Request, reader: Reader, user: Any) -> Iterator[str]:
        with reading(reader) as connection:
            view = View(reader, connection, request.query_params, user)
            yield from listing.as_csv(view, table, **_subject(page, view))

    def download(request: Request, reader: ReaderDep, user: GetUserDep) -> Response:
        name = page.name.replace("/", "-")
        return StreamingResponse(
            lines(request, reader, user),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )

    download.__name__ = f"csv_{page.name}"
    return download


def _document(make: Callable[[str], Document | None]) -> Callable[[str], Response]:
    def show(name: str) -> Response:
        found = make(name)
        if found is None:
            raise HTTPException(404)
        return Response(found.text, media_type=found.kind, headers={"Content-Security-Policy": found.policy})

    return show


def _static_file(name: str) -> Response:
    file = rendering.static_files().get(name)
    if file is None:
        raise HTTPException(404)
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    return Response(file.read_bytes(), media_type=kind, headers={"Cache-Control": "private, max-age=86400"})


async def _explained(request: Request, error: Exception) -> Response:
    """A page that says what is wrong and what to do; the details are in the log of the API server."""
    if isinstance(error, NothingThereError):
        return render(request, None, None, 404, problem="not_found")
    log.warning("%s cannot be shown: %s", request.url.path, type(error).__name__, exc_info=error)
    if serving.is_of_drs(request):
        return serving.refused(500, "the warehouse cannot be reached or read")
    if isinstance(error, NotConfiguredError):
        return render(request, None, None, 503, problem="not_configured")
    code = getattr(getattr(error, "orig", None), "pgcode", None) or ""
    if code in {"57014", "55P03"}:
        return render(request, None, None, 504, problem="slow")
    if code.startswith("42"):
        return render(request, None, None, 503, problem="not_upgraded")
    return render(request, None, None, 503, problem="unreachable")


async def _refused(request: Request, error: Exception) -> Response:
    """Who is not signed in is sent to the sign-in; any other refusal is a page of its own."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if serving.is_of_drs(request):
        return serving.refused(
            status, "sign in to Airflow, or send its token" if status == 401 else "refused"
        )
    if status == 401 and request.headers.get("sec-fetch-dest") == "document":
        return RedirectResponse(get_auth_manager().get_url_login(next=str(request.url)), 303)
    return render(request, None, None, status, problem="refused" if status in {401, 403} else "not_found")


async def _with_headers(request: Request, call: RequestResponseEndpoint) -> Response:
    answer = await call(request)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer

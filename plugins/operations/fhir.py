"""The warehouse as a FHIR server, read-only: what requests and answers of HTTP are to `include.serve.fhir`.

Login, roles and the transaction are those of the pages. Every error is an OperationOutcome.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute

from include.serve.fhir import answers
from include.serve.fhir.identity import NoIdError
from include.serve.fhir.outcome import FhirError, outcome
from include.serve.fhir.version import MEDIA_TYPE, content_type
from operations.access import ReaderDep
from operations.database import NotConfiguredError, reading

log = logging.getLogger(__name__)

#: Where the server is, under the pages.
BASE = "/fhir"
#: SQLSTATE of a statement or a transaction that took too long, or waited too long for a lock.
_SLOW = {"57014", "55P03", "25P04"}
#: How the parameters of a search are sent in a body, and its bytes at most.
_FORM, _MOST_OF_FORM = "application/x-www-form-urlencoded", 1 << 20
_OTHERS = ["DELETE", "PATCH", "POST", "PUT"]
_REFUSED = {401: "login", 403: "forbidden"}


class FhirRoute(APIRoute):
    """A route whose errors are OperationOutcomes, those of the login among them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of a request."""
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await answer(request)
            except FhirError as error:
                return _problem(error.status, error.code, str(error))
            except NoIdError as error:
                return _problem(500, "exception", str(error))
            except HTTPException as error:
                if error.status_code == 401 and request.headers.get("sec-fetch-dest") == "document":
                    raise  # a person with a browser is sent to the sign-in, as from all pages
                return _problem(
                    error.status_code, _REFUSED.get(error.status_code, "processing"), error.detail
                )
            except (NotConfiguredError, sa.exc.SQLAlchemyError) as error:
                log.warning("%s is not answered: %s", request.url.path, type(error).__name__, exc_info=error)
                return _unreadable(error)

        return guarded


def add_routes(app: FastAPI) -> None:
    """Add `/fhir/metadata`, `/fhir/{type}`, `/fhir/{type}/_search` and `/fhir/{type}/{id}`; whatever else is
    there is a 404."""
    for path, handler in (
        (f"{BASE}/metadata", _metadata),
        (f"{BASE}/{{type_name}}", _search),
        (f"{BASE}/{{type_name}}/{{resource_id}}", _read),
        (BASE, _nothing),
        (f"{BASE}/{{rest:path}}", _nothing),
    ):
        app.router.add_api_route(path, handler, methods=["GET"], route_class_override=FhirRoute)
    app.router.add_api_route(
        f"{BASE}/{{type_name}}/_search", _search_by_form, methods=["POST"], route_class_override=FhirRoute
    )
    app.router.add_api_route(
        f"{BASE}/{{rest:path}}", _not_allowed, methods=_OTHERS, route_class_override=FhirRoute
    )


def _metadata(request: Request) -> Response:
    wanted = _request(request)
    return _answer(answers.metadata(wanted), wanted)


def _search(type_name: str, request: Request, reader: ReaderDep) -> Response:
    wanted = _request(request)
    with reading(reader) as connection:
        return _answer(answers.search(connection, wanted, type_name), wanted)


async def _form(request: Request) -> list[tuple[str, str]]:
    """The parameters in the body of a search.

    :raises FhirError: 413, 415 or 400, it is too long or not a form.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_OF_FORM:
            raise FhirError(413, "too-long", f"a search has {_MOST_OF_FORM} bytes at most")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != _FORM:
        raise FhirError(415, "not-supported", f"the parameters of a search are sent as {_FORM}")
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise FhirError(400, "structure", f"the body is not {_FORM} in UTF-8") from None


def _search_by_form(
    type_name: str,
    request: Request,
    reader: ReaderDep,
    form: Annotated[list[tuple[str, str]], Depends(_form)],
) -> Response:
    """A search whose parameters are in the body, or some of them: what is in no log of addresses."""
    wanted = _request(request)
    wanted = replace(wanted, parameters=[*wanted.parameters, *form])
    with reading(reader) as connection:
        return _answer(answers.search(connection, wanted, type_name), wanted)


def _read(type_name: str, resource_id: str, request: Request, reader: ReaderDep) -> Response:
    wanted = _request(request)
    with reading(reader) as connection:
        return _answer(answers.read(connection, wanted, type_name, resource_id), wanted)


def _nothing(rest: str = "") -> Response:
    raise FhirError(404, "not-supported", f"there is nothing at {BASE}/{rest[:200]}: see {BASE}/metadata")


def _not_allowed(rest: str) -> Response:
    raise FhirError(405, "not-supported", f"{BASE}/{rest[:200]} is read-only")


def _request(request: Request) -> answers.FhirRequest:
    # `base_url` is that of Airflow, in which these pages are mounted.
    mounted = request.scope.get("root_path", "").rstrip("/")
    return answers.FhirRequest(
        base=f"{request.url.scheme}://{request.url.netloc}{mounted}{BASE}",
        parameters=request.query_params.multi_items(),
        accept=request.headers.get("accept", ""),
        prefer=request.headers.get("prefer", ""),
    )


def _answer(body: dict[str, Any], wanted: answers.FhirRequest) -> Response:
    return Response(answers.as_json(body), headers={"Content-Type": content_type(wanted.version)})


def _problem(status: int, code: str, message: str) -> Response:
    return Response(
        answers.as_json(outcome(code, message or "refused")), status, headers={"Content-Type": MEDIA_TYPE}
    )


def _unreadable(error: Exception) -> Response:
    """What a client may know of an error of the database; the rest is in the log of the API server."""
    code = getattr(getattr(error, "orig", None), "pgcode", None) or ""
    if code in _SLOW:
        return _problem(504, "timeout", "the search takes too long: narrow it, or request fewer by _count")
    return _problem(503, "transient", "the warehouse cannot be reached or read")

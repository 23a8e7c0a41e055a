"""The routes of the DRS service: operations for who is signed in, bytes for who has a signed address."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

from airflow.models.variable import Variable
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from include.sources.drs.service import About, DrsService
from include.sources.drs.versions import BASE, VERSIONS, base_of
from operations.access import Reader, ReaderDep
from operations.database import reading
from operations.drs.catalogue import WarehouseFiles
from operations.drs.kept_files import GoneError, KeptFile
from operations.drs.signature import PARAMETER, verified

#: Where bytes are served.
FILES = "/drs/files"
#: Variable with the name of the server in URIs, where it is not that of the request.
HOST_VARIABLE = "immport_drs_host"
_PATHS = (
    "/service-info",
    "/objects",
    "/objects/access",
    "/objects/{object_id}",
    "/objects/{object_id}/access/{access_id}",
)


def is_of_drs(request: Request) -> bool:
    """Whether a request is to the service, so that it is refused in the words of DRS."""
    return BASE in request.url.path


def refused(status: int, message: str) -> Response:
    """A refusal as DRS words it."""
    return JSONResponse({"msg": message, "status_code": status}, status)


def add_to(app: FastAPI) -> None:
    """Add the routes: the newest version of DRS at the usual place, older ones below `/drs`."""
    for spoken in VERSIONS:
        for path in _PATHS:
            app.add_api_route(base_of(spoken) + path, _operation(spoken), methods=["GET", "POST", "OPTIONS"])
    # Not a route of FastAPI: it is for who is not signed in, and has a signed address.
    app.add_route(f"{FILES}/{{file_uuid}}", _bytes, methods=["GET"])


async def _body(request: Request) -> Any:
    """The JSON that was sent; None without any, or what is not JSON."""
    content = await request.body()
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def _operation(spoken: str) -> Callable[..., Response]:
    def operate(request: Request, reader: ReaderDep, body: Annotated[Any, Depends(_body)]) -> Response:
        path = request.url.path.partition(f"{BASE}/")[2].split("/")
        with reading(reader) as connection:
            host = _host(request)
            # Where the application is mounted: `base_url` is that of the one it is mounted in.
            here = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
            files = WarehouseFiles(connection, reader, host, f"{here}{FILES}")
            service = DrsService(_about(here, host), files, spoken)
            answer = service.answer(request.method, path, request.query_params, body)
        if answer.body is None:
            return Response(status_code=answer.status, headers=dict(answer.headers))
        return JSONResponse(answer.body, answer.status, dict(answer.headers))

    operate.__name__ = f"drs_{spoken.replace('.', '_')}"
    return operate


def _host(request: Request) -> str:
    """The name of the server in URIs: DRS allows no port there."""
    return Variable.get(HOST_VARIABLE, default_var=None) or request.url.hostname or "localhost"


def _about(here: str, host: str) -> About:
    return About(
        ".".join([*reversed(host.split(".")), "drs"]),
        "ImmPort Warehouse",
        "ImmPort Warehouse",
        here,
        version("immport-warehouse"),
        "Files of ImmPort's studies that this warehouse has downloaded",
    )


async def _bytes(request: Request) -> Response:
    """The bytes of a file, or a range of them."""
    return await run_in_threadpool(_file, request)


def _file(request: Request) -> Response:
    uuid = request.path_params["file_uuid"]
    signed = verified(uuid, request.query_params.get(PARAMETER, ""))
    request.scope["query_string"] = b""  # no log of the server's holds the signature
    if signed is None:
        return refused(403, "the address is not valid, or not any more")
    # Read again: the study may be restricted since it was signed.
    reader = Reader("", signed.sees_all)
    with reading(reader) as connection:
        row = WarehouseFiles(connection, reader, "", "").row(uuid)
    if row is None:
        return refused(404, "unknown file")
    kind = mimetypes.guess_type(row["file_name"] or "")[0] or "application/octet-stream"
    size = int(row["size_bytes"])
    try:
        kept = KeptFile(row["location"], row["kept_as"])
        kept.check(size)
        return kept.response(kind, size, row["md5"], request.headers)
    except GoneError as error:
        return refused(404, f"the bytes are not there: {error}")

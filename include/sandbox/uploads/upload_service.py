"""The answers of both services, and their control: `/_sandbox/uploads`."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message

from include.sandbox.server.faults import Fault
from include.sandbox.server.responses import stream
from include.sandbox.uploads.change_checks import check_changes
from include.sandbox.uploads.made_up_templates import LOOKUPS, TEMPLATES
from include.sandbox.uploads.package_checks import ReportRow, check_package, required_columns
from include.sandbox.uploads.tickets import FATES, USER, IssuedTicket, TicketOffice
from include.submission.service.services import SERVICES, SubmissionService

#: The workspaces of the sandbox's user; a date as this service writes it is in milliseconds.
WORKSPACES = {7001: "Sandbox workspace", 7002: "Another workspace"}
_MADE = int(datetime(2018, 4, 19, 15, 20, 39, tzinfo=UTC).timestamp() * 1000)
#: Name of a request -> service and which of its requests it is.
_KINDS = ("send", "offline", "validation", "status", "summary", "database", "templates", "workspaces")
UPLOAD_NAMES = {
    getattr(service, kind).name: (service, kind)
    for service in SERVICES.values()
    for kind in _KINDS
    if getattr(service, kind) is not None
}
#: Name of a request -> its path and method. Both services list the same workspaces at one address.
UPLOAD_ROUTES = {
    name: (getattr(service, kind).path, "POST" if kind in ("send", "offline", "validation") else "GET")
    for name, (service, kind) in UPLOAD_NAMES.items()
}
#: Puts an answer behind record, faults and key: name of the request, whether it needs a key, the answer.
Answer = Callable[[Request, Fault | None], Response]
Guarding = Callable[[str, bool, Answer], Callable[[Request], Awaitable[Response]]]


async def read_form(request: Request, fault: Fault | None) -> None:
    """Take a form, its files by way of the disk; under `slow_upload` with a pause before each part of it."""
    if fault is not None and fault.fault == "slow_upload":
        receive = request._receive

        async def slowly() -> Message:
            await asyncio.sleep(fault.seconds)
            return await receive()

        request._receive = slowly
    await request.form()


class UploadService:
    """Both services at one moment.

    :param folder: ImmPort's templates.json and lkTables.json; None for templates that are made up.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.office = TicketOffice()
        self._files = _documentation(folder)
        self._required = required_columns(json.loads(self._files["templates.json"]))

    def routes(self, guard: Guarding) -> list[Route]:
        """The routes of both services, each behind what every request meets first."""
        return [
            Route(path, guard(name, True, partial(self._answered, name)), methods=[method])
            for name, (path, method) in UPLOAD_ROUTES.items()
        ]

    def _answered(self, name: str, request: Request, fault: Fault | None) -> Response:
        return self.answer(request, name, fault)

    def answer(self, request: Request, name: str, fault: Fault | None) -> Response:
        """The answer to a request of one of the services."""
        service, kind = UPLOAD_NAMES[name]
        if kind == "templates":
            return Response(_zipped(self._files), media_type="application/zip")
        if kind == "workspaces":
            return _json({"workspaces": [_workspace(*item) for item in WORKSPACES.items()]}, fault)
        if kind in ("send", "offline"):
            return self._issue(service, kind, request._form or FormData(), fault)
        form = request._form or FormData()
        number = form.get("uploadTicketNumber") or request.path_params.get("ticket")
        return self._of_ticket(service, kind, str(number), fault)

    def _of_ticket(self, service: SubmissionService, kind: str, number: str, fault: Fault | None) -> Response:
        ticket = self.office.find(number)
        if ticket is None or ticket.service is not service:
            return JSONResponse({"error": f"Upload ticket {number} not found"}, 404)
        if kind == "validation":
            ticket.is_waiting = False
            return _json({"uploadTicketNumber": ticket.name, "status": ticket.status}, fault)
        if kind == "status":
            return _json({"uploadTicketNumber": ticket.name, "status": ticket.ask()}, fault)
        if not ticket.is_at_end or (kind == "database" and not ticket.status.startswith("Completed")):
            return JSONResponse({"error": f"There is no {kind} report of {ticket.name}"}, 404)
        body = _summary(ticket) if kind == "summary" else _database(ticket)
        return _json({**body, "uploadTicketNumber": ticket.name, "type": kind}, fault)

    def _issue(self, service: SubmissionService, kind: str, form: FormData, fault: Fault | None) -> Response:
        files = [item for item in form.getlist("file") if isinstance(item, UploadFile)]
        given = {name: str(form.get(name) or "") for name in ("workspaceId", "packageName", "uploadPurpose")}
        if given["workspaceId"] not in map(str, WORKSPACES):
            return JSONResponse({"error": f"No access to the workspace {given['workspaceId']}"}, 403)
        if why := _wrong(service, kind, given, files):
            return JSONResponse({"error": why}, 400)
        workspace, report = int(given["workspaceId"]), None
        name = given["packageName"]
        if files:
            name = name or files[0].filename or "package"
            known = self.office.stored.get(workspace, set())
            given_name = files[0].filename or ""
            if service.is_of_templates:
                report = check_package(given_name, files[0].file, known, self._required)
            else:
                report = check_changes(given_name, files[0].file)
            for file in files:
                file.file.close()
        ticket = self.office.issue(service, given["uploadPurpose"], workspace, name, report)
        answer = {
            "uploadTicketNumber": ticket.name,
            "uploadPurpose": ticket.purpose,
            "workspaceId": workspace,
            "status": ticket.status,
        }
        return _json(answer, fault)

    async def control(self, request: Request) -> Response:
        """List tickets; choose the fate of the next one; let offline files arrive; forget all."""
        if request.method == "DELETE":
            self.office.clear()
        elif request.method == "PUT":
            body = await request.json()
            fate, arrived = body.get("fate", "deserved"), body.get("arrived")
            if fate not in FATES or not isinstance(body.get("errors", []), list):
                return JSONResponse({"error": f"expected a fate: {', '.join(FATES)}"}, 400)
            self.office.fate, self.office.errors = fate, body.get("errors", [])
            if arrived is not None:
                if (ticket := self.office.tickets.get(arrived)) is None:
                    return JSONResponse({"error": f"no ticket {arrived}"}, 404)
                ticket.is_waiting = False
        return JSONResponse([_listed(ticket) for ticket in self.office.tickets.values()])


def _wrong(service: SubmissionService, kind: str, given: dict[str, str], files: Sequence[UploadFile]) -> str:
    """What is wrong with a form; empty for nothing."""
    if given["uploadPurpose"] not in service.purposes:
        return f"The uploadPurpose [{given['uploadPurpose']}] is not valid"
    if kind == "offline":
        return "" if given["packageName"] and not files else "packageName is required, a file is not taken"
    if not files:
        return "A file is required"
    has_name, is_zip = bool(given["packageName"]), (files[0].filename or "").lower().endswith(".zip")
    must_not = is_zip or service.name != "upload"
    if has_name == must_not:
        return "packageName must be empty" if must_not else "packageName is required"
    return ""


def _listed(ticket: IssuedTicket) -> dict[str, Any]:
    return {
        "ticket": ticket.name,
        "service": ticket.service.name,
        "purpose": ticket.purpose,
        "workspace": ticket.workspace_id,
        "file": ticket.file_name,
        "status": ticket.status,
        "walk": ticket.walk,
    }


def _summary(ticket: IssuedTicket) -> dict[str, Any]:
    day = f"{ticket.day:%Y-%m-%d}"
    states = [word for word in ticket.walk[:-1] if word.partition("_")[0] in ("Registered", "Started")]
    rows: list[ReportRow] = [(ticket.file_name, None, word, "server name:", None) for word in states]
    # Of changes that were validated, ImmPort's summary names no line: its other report does.
    is_terse = ticket.purpose == "batchUpdateValidate" and ticket.report.is_good
    lines = [] if is_terse else ticket.report.rows
    rows += [*lines, (ticket.file_name, 0, ticket.status, None, None)]
    results = [
        {
            "uploadRegistrationResultId": ticket.number * 1000 + at,
            "description": description,
            "errorMessage": error,
            "fileName": name,
            "lineNumber": line,
            "status": status,
            "uploadTicketNumber": ticket.name,
            "dateCreated": day,
            "createdBy": USER,
            "dateLastUpdated": day,
            "lastUpdatedBy": USER,
        }
        for at, (name, line, status, description, error) in enumerate(rows)
    ]
    summary = {
        "uploadRegistrationId": ticket.number,
        "workspaceName": WORKSPACES[ticket.workspace_id],
        "fileName": ticket.file_name,
        "status": ticket.status,
        "uploadTicketNumber": ticket.name,
        "dateCreated": day,
        "createdBy": USER,
        "uploadMethod": "Secure Web",
        "uploadRegistrationResults": results,
    }
    return {"summary": summary}


def _database(ticket: IssuedTicket) -> dict[str, Any]:
    lines = ["Line Number\tStatus\tError Message\tDescription"]
    for _, line, status, description, error in ticket.report.rows:
        lines.append(f"{line or 0}\t{status}\t{error or ''}\t{description or ''}")
    title = f"The report is based on ImmPort workspace (workspace_id = {ticket.workspace_id})."
    return {"database": "\n".join([title, "", *lines, ""])}


def _workspace(number: int, name: str) -> dict[str, Any]:
    return {
        "workspaceId": number,
        "name": name,
        "type": "PW",
        "category": "LSR",
        "dateCreated": _MADE,
        "dateLastUpdated": _MADE,
        "createdBy": USER,
        "lastUpdatedBy": USER,
    }


def _json(value: object, fault: Fault | None) -> Response:
    return stream(iter([json.dumps(value).encode()]), fault)


def _documentation(folder: Path | None) -> dict[str, bytes]:
    """Files of the documentation, by name."""
    if folder is None:
        made_up = {"templates.json": TEMPLATES, "lkTables.json": LOOKUPS}
        return {name: json.dumps(value).encode() for name, value in made_up.items()}
    found = {name: next(folder.rglob(name), None) for name in ("templates.json", "lkTables.json")}
    if missing := [name for name, path in found.items() if path is None]:
        raise ValueError(f"there is no {missing[0]} in {folder}")
    return {name: path.read_bytes() for name, path in found.items() if path}


def _zipped(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return whole.getvalue()

"""Packages on their way to ImmPort: how far each is, its tickets, and what the reports say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.submission.service.services import SERVICES
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.rendering import of_airflow
from operations.view import NothingThereError, View

_STATES = (
    "checked", "refused", "validating", "valid", "invalid", "approved", "declined", "storing", "stored",
    "rejected",
)  # fmt: skip
#: Digits of a number of a submission.
_LONGEST = 18


def _load(view: View) -> Mapping[str, Any]:
    return {}


def _report(row: Mapping[str, Any]) -> str:
    return address("submissions/report", submission=row["submission_id"])


def _run(row: Mapping[str, Any]) -> str | None:
    dag_id, slash, run_id = (row["run_id"] or "").partition("/")
    return of_airflow(dag_id, run_id) if slash else None


def _load_report(view: View) -> Mapping[str, Any]:
    given = view.text("submission")
    if not (given.isascii() and given.isdigit() and len(given) <= _LONGEST):
        raise NothingThereError("submission")
    found = view.row("submission_facts", submission=int(given))
    service = SERVICES.get(found["service"])
    return {
        "found": {**found, "service": service.title if service else found["service"]},
        "run": _run(found),
        "tickets": view.rows("submission_tickets", submission=int(given)),
        "ticket_columns": TICKETS,
    }


TICKETS = (
    TableColumn("purpose", "Purpose"),
    TableColumn("attempt", "Attempt", "number"),
    TableColumn("state", "State", "state"),
    TableColumn("ticket_number", "Ticket", "code"),
    TableColumn("found_by", "Known by"),
    TableColumn("statuses", "Statuses"),
    TableColumn("error", "Problem"),
    TableColumn("sent_at", "Sent", "time"),
    TableColumn("ended_at", "Ended", "time"),
)
PAGE = WebPage(
    name="submissions",
    title="Submissions",
    about="Packages on their way to ImmPort: how far each is, and under which tickets.",
    load=_load,
    listing=PageTable(
        query="submissions",
        columns=(
            TableColumn("package", "Package", link=_report),
            TableColumn("workspace", "Workspace"),
            TableColumn("state", "State", "state"),
            TableColumn("rows", "Rows", "number"),
            TableColumn("errors", "Errors here", "number"),
            TableColumn("validation_ticket", "Validated as", "code"),
            TableColumn("validation_status", "Validation"),
            TableColumn("storing_ticket", "Stored as", "code"),
            TableColumn("storing_status", "Storing"),
            TableColumn("decided_by", "Decided by"),
            TableColumn("problem", "Problem"),
            TableColumn("changed_at", "Changed", "time", link=_run),
        ),
        order="-changed_at",
        key=("submission_id",),
        filters=(Filter("search", "Search"), Filter("state", "State", _STATES)),
        empty="Nothing was sent yet: trigger immport_submit with a package.",
        hidden=("run_id",),
        is_short=True,
    ),
)
REPORT = WebPage(
    name="submissions/report",
    title="A submission",
    about="The tickets of one package, and every line of its reports.",
    load=_load_report,
    listing=PageTable(
        query="submission_lines",
        columns=(
            TableColumn("purpose", "Report"),
            TableColumn("attempt", "Attempt", "number"),
            TableColumn("file_name", "File"),
            TableColumn("line_number", "Line", "number"),
            TableColumn("status", "Status"),
            TableColumn("error", "What is wrong"),
            TableColumn("description", "Details"),
        ),
        order="purpose",
        key=("purpose", "attempt", "position"),
        filters=(
            Filter("search", "Search"),
            Filter(
                "purpose",
                "Report",
                ("check", *(word for item in SERVICES.values() for word in item.purposes)),
            ),
            Filter("show", "Show", ("all", "errors")),
        ),
        empty="There is no line.",
    ),
    in_nav=False,
    subject=("submission",),
)

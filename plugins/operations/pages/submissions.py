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
#: As `include.pipeline.submissions.comparison` names them; the same are not kept, only counted.
_OUTCOMES = ("changed", "blank", "not in the star", "several records", "not compared")
#: Digits of a number of a submission.
_LONGEST = 18


def _load(view: View) -> Mapping[str, Any]:
    return {}


def _report(row: Mapping[str, Any]) -> str:
    return address("submissions/report", submission=row["submission_id"])


def _run(row: Mapping[str, Any]) -> str | None:
    dag_id, slash, run_id = (row["run_id"] or "").partition("/")
    return of_airflow(dag_id, run_id) if slash else None


def _number(view: View) -> int:
    given = view.text("submission")
    if not (given.isascii() and given.isdigit() and len(given) <= _LONGEST):
        raise NothingThereError("submission")
    return int(given)


def _load_report(view: View) -> Mapping[str, Any]:
    number = _number(view)
    found = view.row("submission_facts", submission=number)
    service = SERVICES.get(found["service"])
    has_changes = service is not None and not service.is_of_templates
    return {
        "found": {**found, "service": service.title if service else found["service"]},
        "run": _run(found),
        "tickets": view.rows("submission_tickets", submission=number),
        "ticket_columns": TICKETS,
        "changes": address("submissions/changes", submission=number) if has_changes else "",
    }


def _load_changes(view: View) -> Mapping[str, Any]:
    number = _number(view)
    counts = view.rows("submission_comparison", submission=number)
    return {
        "found": view.row("submission_facts", submission=number),
        "number": number,
        "counts": counts,
        "count_columns": COUNTS,
        "release": counts[0]["release_version"] if counts else "",
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
COUNTS = (
    TableColumn("table_name", "Table", "code"),
    TableColumn("column_name", "Column", "code"),
    TableColumn("outcome", "Beside the star"),
    TableColumn("value_count", "Values", "number"),
    TableColumn("relation", "Compared with", "code"),
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
        empty="Nothing was sent yet: trigger immport_submit or immport_batch_update with a package.",
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
CHANGES = WebPage(
    name="submissions/changes",
    title="What would change",
    about="What files of changes would change in the star, as it was compared before a person decides.",
    load=_load_changes,
    listing=PageTable(
        query="submission_changes",
        columns=(
            TableColumn("file_name", "File"),
            TableColumn("line_number", "Line", "number"),
            TableColumn("table_name", "Table", "code"),
            TableColumn("record", "Record"),
            TableColumn("column_name", "Column", "code"),
            TableColumn("star_value", "In the star"),
            TableColumn("new_value", "New"),
            TableColumn("outcome", "Beside the star"),
        ),
        order="position",
        key=("position",),
        filters=(Filter("search", "Search"), Filter("outcome", "Beside the star", _OUTCOMES)),
        empty="No value would change.",
    ),
    in_nav=False,
    subject=("submission",),
)

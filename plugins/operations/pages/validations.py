"""Packages that were checked and sent nowhere, and what was found in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.rendering import of_airflow
from operations.view import NothingThereError, View

_STATES = ("valid", "invalid")
#: Digits of a number of a validation.
_LONGEST = 18


def _load(view: View) -> Mapping[str, Any]:
    return {}


def _report(row: Mapping[str, Any]) -> str:
    return address("validations/report", validation=row["validation_id"])


def _run(row: Mapping[str, Any]) -> str | None:
    dag_id, slash, run_id = (row["run_id"] or "").partition("/")
    return of_airflow(dag_id, run_id) if slash else None


def _load_report(view: View) -> Mapping[str, Any]:
    given = view.text("validation")
    if not (given.isascii() and given.isdigit() and len(given) <= _LONGEST):
        raise NothingThereError("validation")
    found = view.row("validation_facts", validation=int(given))
    return {"found": found, "run": _run(found)}


PAGE = WebPage(
    name="validations",
    title="Validations",
    about="Packages of upload templates that were checked and not sent.",
    load=_load,
    listing=PageTable(
        query="validations",
        columns=(
            TableColumn("package", "Package", link=_report),
            TableColumn("state", "State", "state"),
            TableColumn("templates", "Templates", "number"),
            TableColumn("rows", "Rows", "number"),
            TableColumn("errors", "Errors", "number"),
            TableColumn("warnings", "Warnings", "number"),
            TableColumn("created_at", "Checked", "time", link=_run),
        ),
        order="-created_at",
        key=("validation_id",),
        filters=(Filter("search", "Search"), Filter("state", "State", _STATES)),
        empty="Nothing was checked yet: trigger immport_validate with a package.",
        hidden=("run_id",),
        is_short=True,
    ),
)
REPORT = WebPage(
    name="validations/report",
    title="A validation",
    about="Every finding in one package: where it is, which rule it breaks, what to do.",
    load=_load_report,
    listing=PageTable(
        query="validation_findings",
        columns=(
            TableColumn("severity", "Severity"),
            TableColumn("file_name", "File"),
            TableColumn("line_number", "Line", "number"),
            TableColumn("column_name", "Column"),
            TableColumn("value", "Value", "code"),
            TableColumn("rule", "Rule", "code"),
            TableColumn("message", "What is wrong"),
            TableColumn("fix", "What to write or do"),
        ),
        order="position",
        key=("position",),
        filters=(
            Filter("search", "Search"),
            Filter("severity", "Severity", ("error", "warning")),
            Filter("rule", "Rule"),
        ),
        empty="Nothing was found.",
        hidden=("position",),
    ),
    in_nav=False,
    subject=("validation",),
)

"""The pages of submissions: each package with its tickets, and the lines of its reports."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from include.pipeline.submissions.comparison import ChangeOutcome
from include.warehouse.schema.submission_tables import (
    SUBMISSION,
    SUBMISSION_CHANGE,
    SUBMISSION_COMPARISON,
    SUBMISSION_LINE,
    SUBMISSION_TICKET,
)
from operations.pages.submissions import CHANGES
from tests.operations.conftest import VIEWER, Pages
from tests.support.warehouse import Warehouse


def sent(warehouse: Warehouse) -> int:
    """A package that ImmPort has validated and then rejected."""
    package = {
        "service": "upload", "workspace_id": 7001, "content_digest": "d1", "workspace": "Lab <b>one</b>",
        "package": "study-d1.zip", "place": "/srv/study", "is_offline": False, "files": 3, "size_bytes": 2048,
        "rows": 12, "errors": 0, "warnings": 2, "declaration": "templates, SHA-256 aa", "state": "rejected",
        "decided_by": "Ada", "run_id": "immport_submit/manual__1",
    }  # fmt: skip
    with warehouse.engine.begin() as connection:
        number = connection.execute(
            sa.insert(SUBMISSION).values(package).returning(SUBMISSION.c.submission_id)
        ).scalar_one()
        for at, (purpose, status) in enumerate(
            (("validateData", "Completed_Validation"), ("uploadData", "Rejected"))
        ):
            ticket = {
                "submission_id": number, "purpose": purpose, "attempt": 1, "state": "known",
                "ticket_number": f"lab_20260501_{at}", "found_by": "answer", "status": status,
                "statuses": ["Pending", status], "sent_at": datetime(2026, 5, 1, at, tzinfo=UTC),
                "database_report": "what was stored", "run_id": "immport_submit/manual__1",
            }  # fmt: skip
            connection.execute(sa.insert(SUBMISSION_TICKET).values(ticket))
        for position, error in enumerate((None, "The name is taken.")):
            line = {
                "submission_id": number, "purpose": "uploadData", "attempt": 1, "position": position,
                "file_name": "protocols.txt", "line_number": 4, "status": "Error" if error else "Parsed",
                "error": error,
            }  # fmt: skip
            connection.execute(sa.insert(SUBMISSION_LINE).values(line))
    return number


def test_each_package_has_a_row_with_both_tickets(pages: Pages, warehouse: Warehouse) -> None:
    sent(warehouse)
    text = pages.get("/submissions", VIEWER).text
    for shown in (
        "study-d1.zip",
        "lab_20260501_0",
        "Completed_Validation",
        "lab_20260501_1",
        "Rejected",
        "Ada",
    ):
        assert shown in text
    assert "Lab &lt;b&gt;one&lt;/b&gt;" in text
    assert "study-d1.zip" not in pages.get("/submissions", state="stored").text
    assert "study-d1.zip" in pages.get("/submissions", search="LAB_20260501_1").text


def test_a_package_has_a_page_with_the_lines_of_its_reports(pages: Pages, warehouse: Warehouse) -> None:
    number = sent(warehouse)
    text = pages.get("/submissions/report", submission=number).text
    for shown in ("Pending, Rejected", "The name is taken.", "Parsed", "what was stored", "/srv/study"):
        assert shown in text
    errors = pages.get("/submissions/report", submission=number, show="errors").text
    assert "Parsed" not in errors
    assert "The name is taken." in errors
    for wrong in ("99", "x", "", "9" * 30):
        assert pages.get("/submissions/report", submission=wrong).status_code == 404, wrong


def test_what_changes_would_change_is_counted_and_listed(pages: Pages, warehouse: Warehouse) -> None:
    number = sent(warehouse)
    assert "What it would change" not in pages.get("/submissions/report", submission=number).text
    of = {"submission_id": number, "table_name": "reagent", "column_name": "name"}
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(SUBMISSION).values(service="batch_updater"))
        for outcome, count in (("changed", 1_234), ("same", 77)):
            connection.execute(
                sa.insert(SUBMISSION_COMPARISON).values(
                    **of, outcome=outcome, value_count=count, relation="dim_reagent", release_version="DR52"
                )
            )
        for position, outcome in enumerate(("changed", "not in the star")):
            connection.execute(
                sa.insert(SUBMISSION_CHANGE).values(
                    **of, position=position, file_name="a.txt", line_number=73 + position,
                    record=f"reagent_accession=ESR{position}", star_value="<i>old</i>", new_value="fresh",
                    outcome=outcome,
                )
            )  # fmt: skip
    report = pages.get("/submissions/report", submission=number).text
    assert f"/warehouse/submissions/changes?submission={number}" in report
    text = pages.get("/submissions/changes", submission=number).text
    for shown in ("DR52", "1,234", "77", "dim_reagent", "ESR0", "ESR1", "&lt;i&gt;old&lt;/i&gt;", "fresh"):
        assert shown in text
    assert "ESR1" not in pages.get("/submissions/changes", submission=number, outcome="changed").text
    lines = pages.get("/submissions/changes.csv", submission=number, search="esr0").text.splitlines()
    assert len(lines) == 2
    assert pages.get("/submissions/changes", submission="x").status_code == 404
    assert CHANGES.listing is not None
    assert CHANGES.listing.filters[1].choices == tuple(
        outcome for outcome in ChangeOutcome if outcome is not ChangeOutcome.SAME
    )

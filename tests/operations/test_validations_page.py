"""The pages of validations: each package that was checked, and every finding in it."""

from __future__ import annotations

from pathlib import Path

from include.pipeline.submissions.validation_record import record
from include.submission.findings import Findings
from include.submission.validate import Validation
from tests.operations.conftest import VIEWER, Pages
from tests.support.warehouse import Warehouse


def checked(warehouse: Warehouse) -> int:
    findings = Findings()
    report = findings.of("protocols.txt", "protocols")
    report.add("vocabulary", "not a term", line=4, column="Type", value="<b>Asay</b>", fix="Assay")
    report.add("whitespace", "blanks around the value", line=5, column="Name")
    validation = Validation(
        Path("/srv/lab/study.zip"), findings.ordered(), [("protocols", 12)], "templates, SHA-256 aa"
    )
    return record(warehouse.engine, "immport_validate/manual__1", validation)


def test_each_validation_has_a_row_and_a_page_of_findings(pages: Pages, warehouse: Warehouse) -> None:
    number = checked(warehouse)
    text = pages.get("/validations", VIEWER).text
    assert "study.zip" in text
    assert "study.zip" not in pages.get("/validations", state="valid").text
    assert "study.zip" in pages.get("/validations", search="STUDY").text
    report = pages.get("/validations/report", validation=number).text
    for shown in (
        "&lt;b&gt;Asay&lt;/b&gt;",
        "not a term",
        "blanks around the value",
        "SHA-256 aa",
        "/srv/lab",
    ):
        assert shown in report
    errors = pages.get("/validations/report", validation=number, severity="error").text
    assert "blanks around the value" not in errors
    assert "not a term" in pages.get("/validations/report", validation=number, rule="vocabulary").text
    for wrong in ("99", "x", "", "9" * 30):
        assert pages.get("/validations/report", validation=wrong).status_code == 404, wrong

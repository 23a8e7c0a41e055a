"""The tab of a run: every study, how it ended, why, and where its log is."""

from __future__ import annotations

import csv
import io

import pytest

from tests.operations.conftest import Ledger, Pages

RUN = {"dag_id": "immport_release", "run_id": "run-1"}


@pytest.fixture
def run(ledger: Ledger) -> Ledger:
    """A run with a study of each outcome."""
    ledger.begin()
    ledger.work("SDY1", "load", "published")
    ledger.step("SDY1", "extract", rows=120)
    ledger.step("SDY1", "stage", rows=118)
    ledger.step("SDY1", "publish", rows=117)
    ledger.work("SDY2", "load", "failed", error="check: CheckFailedError: no rows of study")
    ledger.step("SDY2", "check", "failed")
    ledger.work("SDY3", "keep", reason="unchanged since DR8")
    ledger.work("SDY4", "hold", reason="no longer listed")
    ledger.end("partial")
    return ledger


def test_each_study_has_its_outcome_reason_rows_and_log(pages: Pages, run: Ledger) -> None:
    lines = list(csv.DictReader(io.StringIO(pages.get("/tabs/run.csv", **RUN).text)))
    # What needs a person comes first.
    assert [(line["Study"], line["Outcome"]) for line in lines] == [
        ("SDY2", "failed"), ("SDY4", "hold"), ("SDY1", "published"), ("SDY3", "keep")
    ]  # fmt: skip
    assert lines[0]["Reason"] == "check: CheckFailedError: no rows of study"
    assert (lines[2]["Extracted"], lines[2]["Staged"], lines[2]["Written"]) == ("120", "118", "117")
    text = pages.get("/tabs/run", **RUN).text
    assert 'href="/dags/immport_release/runs/run-1/tasks/load.check/mapped/0"' in text
    assert 'href="/warehouse/study?source=immport&amp;scope=SDY2"' in text


def test_the_tab_is_searched_and_filtered(pages: Pages, run: Ledger) -> None:
    def studies(**chosen: str) -> set[str]:
        lines = csv.DictReader(io.StringIO(pages.get("/tabs/run.csv", **RUN, **chosen).text))
        return {line["Study"] for line in lines}

    assert studies(outcome="failed") == {"SDY2"}
    assert studies(search="sdy4") == {"SDY4"}
    assert studies(search="LISTED") == {"SDY4"}
    assert studies(search="SDY9") == set()
    assert "No row matches" in pages.get("/tabs/run", **RUN, search="SDY9").text


def test_a_run_without_a_record_says_so(pages: Pages) -> None:
    assert "no record of this run" in pages.get("/tabs/run", dag_id="immport_release", run_id="x").text

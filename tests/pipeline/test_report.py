"""How a run ends: success only when every study ended as it should."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from include.pipeline import report, run_ledger
from include.pipeline.report import RunSummary, finish, print_report
from include.quality import quarantine_groups
from include.warehouse.schema.ops_tables import LOAD, WORK
from tests.support.warehouse import Warehouse, small_study

RUN = "immport_release/run-1"
_NUMBERS = itertools.count(1)


def begin(warehouse: Warehouse, listed: int | None = 5) -> None:
    run_ledger.start_run(warehouse.engine, RUN)
    if listed is not None:
        run_ledger.note_run(warehouse.engine, RUN, listed=listed, newest_release="DR9")


def work(warehouse: Warehouse, action: str, state: str | None = None, error: str | None = None) -> str:
    """A study on the work list, its load in a state; the study."""
    study = f"SDY{next(_NUMBERS)}"
    values: dict[str, Any] = {"scope": study, "release_version": "DR9"}
    with warehouse.engine.begin() as connection:
        number = None
        if state:
            load = sa.insert(LOAD).values(
                **values, release_key=90_000, fetch_id="f", state=state, error=error
            )
            number = connection.execute(load.returning(LOAD.c.load_id)).scalar_one()
        connection.execute(
            sa.insert(WORK).values(**values, run_id=RUN, action=action, reason=f"why {study}", load_id=number)
        )
    return study


def ended(warehouse: Warehouse) -> RunSummary:
    summary = finish(warehouse.engine, RUN)
    assert warehouse.rows("select state, ended_at is not null from ops.run") == [(summary.state, True)]
    assert sum(summary.counts.values()) == warehouse.value("select count(*) from ops.work")
    return summary


def test_all_work_done_is_a_success(warehouse: Warehouse) -> None:
    begin(warehouse)
    work(warehouse, "load", "published")
    work(warehouse, "withdraw", "published")
    work(warehouse, "keep")
    summary = ended(warehouse)
    assert summary.state == "success"
    assert summary.counts == {"loaded": 1, "unchanged": 1, "withdrawn": 1, "failed": 0, "on hold": 0}


@pytest.mark.parametrize("state", ["planned", "extracted", "staged", "checked", "failed"])
@pytest.mark.parametrize("action", ["load", "withdraw"])
def test_work_that_did_not_end_is_a_failure(warehouse: Warehouse, action: str, state: str) -> None:
    begin(warehouse)
    study = work(warehouse, action, state)
    summary = ended(warehouse)
    assert (summary.state, summary.counts["failed"]) == ("failed", 1)
    assert f"{study} DR9: was not finished" in summary.text
    work(warehouse, "load", "published")
    assert ended(warehouse).state == "partial"


def test_work_without_a_load_is_a_failure(warehouse: Warehouse) -> None:
    begin(warehouse)
    work(warehouse, "load")
    assert ended(warehouse).state == "failed"


def test_a_failure_says_why(warehouse: Warehouse) -> None:
    begin(warehouse)
    study = work(warehouse, "load", "failed", "check: hai: key_present")
    assert f"{study} DR9: check: hai: key_present" in ended(warehouse).text


def test_a_run_with_a_study_on_hold_is_partial(warehouse: Warehouse) -> None:
    begin(warehouse)
    work(warehouse, "keep")
    study = work(warehouse, "hold")
    summary = ended(warehouse)
    assert (summary.state, summary.counts["on hold"]) == ("partial", 1)
    assert f"{study}: why {study}" in summary.text


def test_a_run_that_never_listed_the_studies_failed(warehouse: Warehouse) -> None:
    begin(warehouse, listed=None)
    assert ended(warehouse).state == "failed"
    assert finish(warehouse.engine, "no such run").state == "failed"


def test_a_run_that_lists_nothing_to_do_is_a_success(warehouse: Warehouse) -> None:
    begin(warehouse, listed=0)
    assert ended(warehouse).state == "success"


def test_a_second_try_of_a_run_reopens_its_record(warehouse: Warehouse) -> None:
    begin(warehouse)
    work(warehouse, "load", "failed")
    assert ended(warehouse).state == "failed"
    begin(warehouse)
    assert warehouse.rows("select state, ended_at from ops.run") == [("running", None)]


def printed(warehouse: Warehouse, *runs: str) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=160)
    status = print_report(warehouse.engine, list(runs), console)
    assert isinstance(console.file, io.StringIO)
    return status, console.file.getvalue()


def test_the_printed_report_and_its_exit_status(warehouse: Warehouse) -> None:
    begin(warehouse)
    load = warehouse.ready(small_study())
    with warehouse.engine.begin() as connection:
        connection.execute(
            sa.insert(WORK).values(
                run_id=RUN, scope="SDY1", release_version="DR1", action="load", reason="new study",
                load_id=load.load_id,
            )
        )  # fmt: skip
    warehouse.publish(load)
    finish(warehouse.engine, RUN)
    status, text = printed(warehouse, RUN)
    assert status == 0
    assert "1 loaded, 0 unchanged, 0 withdrawn, 0 failed, 0 on hold" in text
    assert "load SDY1 (new study)" in text
    assert "fact_hai" in text
    broken = work(warehouse, "load", "failed", "check: refused")
    finish(warehouse.engine, RUN)
    status, text = printed(warehouse, RUN)
    assert status == 1
    assert f"{broken}: check: refused" in text


def test_quarantined_rows_of_published_studies_are_named(warehouse: Warehouse) -> None:
    begin(warehouse)
    published, failed = work(warehouse, "load", "published"), work(warehouse, "load", "failed")
    rule = "number_range:value_preferred"
    with warehouse.engine.begin() as connection:
        for number in (1, 2):
            connection.execute(
                sa.text(
                    "insert into quality.quarantine (load_id, scope, release_version, endpoint,"
                    " row_number, rule) select load_id, scope, 'DR9', 'hai', :number, :rule"
                    " from ops.load"
                ),
                {"number": number, "rule": rule},
            )
        for load in connection.scalars(sa.select(LOAD.c.load_id)).all():
            quarantine_groups.count(connection, load)
    missing = f"{published} DR9: published without 2 rows of hai, quarantined by {rule}"
    assert ended(warehouse).text.splitlines()[-1] == missing
    _, text = printed(warehouse, RUN)
    assert missing in text
    assert f"{failed} DR9: published without" not in text


def test_a_run_that_did_not_begin_is_a_failure(warehouse: Warehouse) -> None:
    status, text = printed(warehouse, "nothing")
    assert status == 1
    assert "did not begin" in text


def test_a_run_in_which_nothing_changed_says_so(warehouse: Warehouse) -> None:
    begin(warehouse)
    work(warehouse, "keep")
    finish(warehouse.engine, RUN)
    status, text = printed(warehouse, RUN)
    assert status == 0
    assert "no row was written" in text


def test_what_the_newest_release_changed(warehouse: Warehouse) -> None:
    """A study that came back is named by its release, one that is gone is not."""
    warehouse.load(small_study(), "DR1")
    warehouse.withdraw("SDY1", "DR2")
    read = (
        f"select distinct scope, data_release from ({report.query('release_change').strip().rstrip(';')}) q"
    )
    assert warehouse.rows(read) == [("SDY1", "no longer shared")]
    warehouse.load(small_study(), "DR1", key=20_001)
    assert warehouse.rows(read) == [("SDY1", "DR1")]

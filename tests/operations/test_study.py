"""The page of a study: what happened to it, what a release changed, where its rows went, what was landed."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.warehouse.schema.ops_tables import LOAD
from operations.pages import study_files
from tests.operations.conftest import OPERATOR, VIEWER, Ledger, Pages
from tests.support.warehouse import Warehouse, hai, small_study

SDY1 = {"source": "immport", "scope": "SDY1"}


def lines(text: str, caption: str) -> list[list[str]]:
    """Cells of the rows of a table, by the beginning of its caption."""
    table = next(part for part in text.split("<table")[1:] if f"<caption>{caption}" in part)
    body = table.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in body.split("<tr>")[1:]]
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in rows]


@pytest.fixture
def study(warehouse: Warehouse) -> Warehouse:
    """A study loaded at two releases: a result corrected, one gone, one new; one row sent twice."""
    warehouse.load(small_study(), "DR1")
    later = small_study(hai(1, "160"), hai(2, "<10", who=2), hai(9, "20"), hai(9, "20"))
    load = warehouse.land(later, "DR2")
    warehouse.stage(load)
    warehouse.judge(load)
    warehouse.publish(load)
    return warehouse


def test_the_timeline_has_every_release_the_newest_first(pages: Pages, study: Warehouse) -> None:
    text = pages.get("/study", **SDY1).text
    events = lines(text, "What happened")
    assert [(row[1], row[2]) for row in events] == [("DR2", "● published"), ("DR1", "● published")]
    of_fact = {row[0]: row[1:] for row in lines(text, "Added, corrected")}
    assert of_fact["fact_hai"] == ["1", "1", "1", "1"]
    assert "DR1, load" in pages.get("/study", **SDY1, release="DR1").text


def test_rows_that_came_are_accounted_for(pages: Pages, study: Warehouse) -> None:
    accounts = {
        row[0].split(" ")[0]: row[1:] for row in lines(pages.get("/study", **SDY1).text, "Rows of each")
    }
    assert accounts["hai"][:4] == ["4", "3", "0", "1"]
    assert accounts["hai"][4] == "● yes"
    assert all("gap" not in row[4] for row in accounts.values()), accounts


def test_a_row_that_is_missing_is_a_gap_in_red(pages: Pages, study: Warehouse) -> None:
    with study.engine.begin() as connection:
        connection.exec_driver_sql(
            "update ops.staged set rows_received = 7, rows_staged = 7 where endpoint = 'hai'"
        )
    accounts = {
        row[0].split(" ")[0]: row[5] for row in lines(pages.get("/study", **SDY1).text, "Rows of each")
    }
    assert accounts["hai"] == "✕ gap of 3 3 rows came and are neither published nor quarantined"


def test_failed_checks_come_first_and_all_on_demand(pages: Pages, study: Warehouse) -> None:
    text = pages.get("/study", **SDY1).text
    assert [row[3] for row in lines(text, "Failed checks")] == ["key_unique"]
    every = lines(pages.get("/study", **SDY1, checks="all").text, "All checks")
    assert every[0][3] == "key_unique"
    assert every[1][0] == "● passed"
    assert len(every) == study.value("select count(*) from quality.result r join ops.load l using (load_id)"
                                     " where l.release_version = 'DR2'")  # fmt: skip


def test_quarantined_rows_lead_to_the_rows(pages: Pages, warehouse: Warehouse) -> None:
    load = warehouse.land(small_study(hai(1, "40"), hai("no number", "40")), "DR1")
    warehouse.stage(load)
    warehouse.judge(load)
    warehouse.publish(load)
    text = pages.get("/study", **SDY1).text
    (row,) = lines(text, "Quarantined rows")
    assert (row[0], row[3]) == ("hai", "1")
    assert "/warehouse/quarantine?source=immport&amp;scope=SDY1&amp;rule=" in text
    accounts = {row[0].split(" ")[0]: row[1:] for row in lines(text, "Rows of each")}
    assert accounts["hai"] == ["2", "1", "1", "0", "● yes"]


def test_what_runs_left_undone_is_in_the_timeline(pages: Pages, study: Warehouse, ledger: Ledger) -> None:
    ledger.begin()
    ledger.work("SDY1", "hold", reason="no longer listed: 9 of 10 are gone")
    ledger.end("partial")
    ledger.run = "immport_release/manual__2"
    ledger.begin()
    number = ledger.work("SDY1", "load", "failed", error="check: CheckFailedError: hai")
    ledger.step("SDY1", "check", "failed", load_id=number, message="CheckFailedError: hai")
    ledger.end("partial")
    text = pages.get("/study", **SDY1).text
    events = {(row[2], row[3], row[8]) for row in lines(text, "What happened")}
    assert ("✕ failed", "check: CheckFailedError: hai", "a person") in events
    assert any(what == "‖ hold" and why.startswith("no longer listed") for what, why, _ in events)
    # The newest release is shown: of it, the load that failed, with the log of the task that did.
    assert 'href="/dags/immport_release/runs/manual__2/tasks/load.check/mapped/0"' in text
    assert "Last run" in text


def test_an_operator_is_offered_what_the_state_allows_and_a_viewer_nothing(
    pages: Pages, study: Warehouse, ledger: Ledger
) -> None:
    ledger.begin()
    ledger.work("SDY1", "load", "failed", error="check: CheckFailedError: hai")
    ledger.end("partial")
    assert 'href="/warehouse/actions/retry?source=immport&amp;scope=SDY1"' in pages.get("/study", **SDY1).text
    assert "/warehouse/actions/" not in pages.get("/study", VIEWER, **SDY1).text


def test_a_load_that_landed_the_same_shows_the_checks_that_hold_for_it(
    pages: Pages, study: Warehouse
) -> None:
    with study.engine.begin() as connection:
        earlier = connection.execute(sa.select(sa.func.max(LOAD.c.load_id))).scalar_one()
        values = {"release_version": "DR3", "release_key": 30_000, "fetch_id": "f", "state": "published"}
        connection.execute(sa.insert(LOAD).values(scope="SDY1", same_as=earlier, **values))
    text = pages.get("/study", **SDY1, release="DR3").text
    assert "sent what it had sent at DR2" in text
    assert [row[3] for row in lines(text, "Failed checks")] == ["key_unique"]


def test_a_hidden_study_and_an_unknown_one_have_the_same_answer(pages: Pages, study: Warehouse) -> None:
    with study.engine.begin() as connection:
        connection.exec_driver_sql("update history.study_access set is_open = false")
    assert pages.get("/study", OPERATOR, **SDY1).status_code == 200
    for page, more in (("/study", {}), ("/study/files", {"load": "1"}),
                       ("/releases/compare", {"relation": "fact_hai"})):  # fmt: skip
        hidden = pages.get(page, VIEWER, **SDY1, **more)
        unknown = pages.get(page, VIEWER, source="immport", scope="SDY999", **more)
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.content == unknown.content
    for other in ({"source": "nothing"}, {"scope": ""}, {"release": "DR77"}, {"load": "999"}, {"load": "x"}):
        assert pages.get("/study", OPERATOR, **{**SDY1, **other}).status_code == 404, other


def test_landed_files_are_listed_with_their_checksums(
    pages: Pages, study: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = study.value("select max(load_id) from ops.load")
    given: dict[str, Any] = {**SDY1, "load": number}
    monkeypatch.delenv("AIRFLOW_VAR_IMMPORT_LANDING", raising=False)
    assert "variable immport_landing is not set" in pages.get("/study/files", **given).text
    monkeypatch.setenv("AIRFLOW_VAR_IMMPORT_LANDING", str(study.tools.landing.root))
    fetch = study.value("select fetch_id from ops.load where load_id = :load", load=number)
    (manifest,) = [item for item in study.tools.landing.manifests("SDY1") if item.fetch_id == fetch]
    text = pages.get("/study/files", **given).text
    for item in manifest.landed:
        assert item.sha256 in text
        assert not item.path or item.path in text


def test_a_manifest_that_cannot_be_read_is_explained(
    pages: Pages, study: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = study.tools.landing.root
    monkeypatch.setenv("AIRFLOW_VAR_IMMPORT_LANDING", str(root))
    given: dict[str, Any] = {**SDY1, "load": study.value("select max(load_id) from ops.load")}
    monkeypatch.setattr(study_files, "LARGEST_BYTES", 10)
    assert "read it in the landing zone" in pages.get("/study/files", **given).text
    monkeypatch.setattr(study_files, "LARGEST_BYTES", 10**6)
    (folder,) = {path.parent for path in Path(root.path).glob("SDY1/DR2/*/manifest.json")}
    (folder / "manifest.json").write_text("secret-7 {")
    text = pages.get("/study/files", **given).text
    assert "cannot be read (JSONDecodeError)" in text
    assert "secret-7" not in text
    (folder / "manifest.json").unlink()
    assert "is not there: the fetch did not end" in pages.get("/study/files", **given).text


def test_a_withdrawn_study_says_why(pages: Pages, study: Warehouse) -> None:
    study.withdraw("SDY1", "DR3")
    text = pages.get("/study", **SDY1).text
    assert lines(text, "What happened")[0][2] == "▽ withdrawn"
    assert "A withdrawal stages nothing" in text

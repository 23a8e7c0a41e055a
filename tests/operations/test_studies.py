"""The list of all studies, and the same by release: state, last run, problems, and the reason of each."""

from __future__ import annotations

import csv
import io
import re

import pytest
import sqlalchemy as sa

from include.warehouse.schema.ops_tables import CAPTURE, LOAD, QUARANTINE, RESULT, SCOPES
from operations.pages.studies_grid import cell_of
from tests.operations.conftest import OPERATOR, VIEWER, Ledger, Pages
from tests.support.warehouse import Warehouse


def put(warehouse: Warehouse, study: str, release: str, state: str = "published", same_as: int | None = None,
        source: str = "immport", kind: str | None = "full", error: str | None = None) -> int:  # fmt: skip
    """A load of a study at a release, captured where a kind says so; its number."""
    key = int(release.removeprefix("DR")) * 10_000
    about = {"source": source, "scope": study}
    with warehouse.engine.begin() as connection:
        load = sa.insert(LOAD).values(
            **about, release_version=release, release_key=key, fetch_id="f", state=state, same_as=same_as,
            error=error, run_id="immport_release/earlier",
        )  # fmt: skip
        number = int(connection.execute(load.returning(LOAD.c.load_id)).scalar_one())
        if kind and state == "published":
            reason = "withdrawn: no longer listed" if kind == "withdrawn" else None
            captured = {"release_key": key, "kind": kind, "load_id": number, "reason": reason}
            connection.execute(sa.insert(CAPTURE).values(**about, **captured))
    return number


def hold(warehouse: Warehouse, study: str, state: str = "current", release: str = "DR8") -> None:
    """The state of a study."""
    with warehouse.engine.begin() as connection:
        connection.execute(
            sa.insert(SCOPES).values(source="immport", scope=study, state=state, release_version=release)
        )


@pytest.fixture
def world(warehouse: Warehouse, ledger: Ledger) -> Warehouse:
    """Studies in each state; a run found one unchanged, left one on hold and failed for two."""
    ledger.begin()
    first = put(warehouse, "SDY1", "DR7")
    put(warehouse, "SDY1", "DR8", same_as=first)
    hold(warehouse, "SDY1")
    ledger.work("SDY1", "keep", reason="unchanged since DR8")
    number = put(warehouse, "SDY2", "DR8")
    hold(warehouse, "SDY2")
    with warehouse.engine.begin() as connection:
        connection.execute(
            sa.insert(QUARANTINE),
            [
                {"load_id": number, "scope": "SDY2", "release_version": "DR8", "endpoint": "hai",
                 "row_number": n, "rule": "type:value", "row": {}}
                for n in (1, 2)
            ],
        )  # fmt: skip
        counted = {"check_id": "quarantine_share", "severity": "critical", "success": True}
        connection.execute(
            sa.insert(RESULT).values(load_id=number, endpoint="hai", unexpected_rows=2, **counted)
        )
    ledger.work("SDY2", "hold", reason="no longer listed: many are gone")
    put(warehouse, "SDY3", "DR7")
    hold(warehouse, "SDY3", release="DR7")
    ledger.work("SDY3", "load", "failed", error="check: CheckFailedError: hai: no rows")
    ledger.work("SDY4", "load", "failed", error="extract: NotFoundError: hai")
    put(warehouse, "SDY5", "DR7")
    put(warehouse, "SDY5", "DR8", kind="withdrawn")
    hold(warehouse, "SDY5", "withdrawn")
    ledger.end("partial")
    return warehouse


def listed(pages: Pages, **chosen: str) -> dict[str, dict[str, str]]:
    lines = csv.DictReader(io.StringIO(pages.get("/studies.csv", **chosen).text))
    return {line["Study"]: line for line in lines}


def test_each_study_has_its_state_last_run_and_reason(pages: Pages, world: Warehouse) -> None:
    found = listed(pages)
    # What needs a person comes first.
    assert list(found) == ["SDY3", "SDY4", "SDY2", "SDY1", "SDY5"]
    assert {name: (line["State"], line["Last run"]) for name, line in found.items()} == {
        "SDY1": ("current", "keep"), "SDY2": ("current", "hold"), "SDY3": ("current", "failed"),
        "SDY4": ("new", "failed"), "SDY5": ("withdrawn", ""),
    }  # fmt: skip
    assert found["SDY3"]["Why"] == "check: CheckFailedError: hai: no rows"
    assert found["SDY2"]["Quarantined"] == "2"


def test_studies_are_searched_filtered_and_sorted(pages: Pages, world: Warehouse) -> None:
    assert set(listed(pages, search="NOTFOUND")) == {"SDY4"}
    assert set(listed(pages, state="withdrawn")) == {"SDY5"}
    assert set(listed(pages, source="gene_lists")) == set()
    problems = {
        "failed": {"SDY3", "SDY4"}, "on hold": {"SDY2"}, "quarantined rows": {"SDY2"}, "not loaded": {"SDY4"},
        "any problem": {"SDY2", "SDY3", "SDY4"},
    }  # fmt: skip
    for problem, studies in problems.items():
        assert set(listed(pages, problem=problem)) == studies, problem
    assert set(listed(pages, problem="anything else")) == set()
    assert next(iter(listed(pages, order="-quarantined"))) == "SDY2"
    assert 'href="/warehouse/quarantine?source=immport&amp;scope=SDY2"' in pages.get("/studies").text


def test_a_later_run_for_one_study_hides_nothing_of_the_others(
    pages: Pages, world: Warehouse, ledger: Ledger
) -> None:
    ledger.run = "immport_release/run-2"
    ledger.begin()
    ledger.work("SDY3", "load", "published")
    ledger.end()
    found = listed(pages)
    assert found["SDY3"]["Last run"] == "published"
    assert found["SDY2"]["Last run"] == "hold"


def test_a_load_that_its_run_left_behind_has_failed(pages: Pages, ledger: Ledger) -> None:
    ledger.begin()
    ledger.work("SDY1", "load", "staged")
    assert listed(pages)["SDY1"]["Last run"] == "staged"
    ledger.end("failed")
    found = listed(pages)["SDY1"]
    assert (found["Last run"], found["Why"]) == ("failed", "was not finished")


def grid(text: str) -> dict[str, list[str]]:
    """Reasons of each study, by release, the newest first."""
    rows = re.findall(r'<tr><th scope="row">.*?scope=(SDY\d+)".*?</th>(.*?)</tr>', text, re.DOTALL)
    return {study: re.findall(r'class="reason">([^<]*)<', cells) for study, cells in rows}


def test_the_grid_gives_each_release_its_reason(pages: Pages, world: Warehouse) -> None:
    found = grid(pages.get("/studies/grid").text)
    assert found["SDY1"] == [
        "SDY1 DR9: unchanged since DR8: not loaded at this release",
        "SDY1 DR8: unchanged since DR7: the source sent the same once more",
        "SDY1 DR7: published",
    ]
    assert found["SDY2"][:2] == [
        "SDY2 DR9: on hold: no longer listed: many are gone; unchanged since DR8: not loaded at this release",
        "SDY2 DR8: published, 2 rows quarantined",
    ]
    assert found["SDY3"][0] == "SDY3 DR9: failed: check: CheckFailedError: hai: no rows"
    assert found["SDY4"][1:] == ["not in the warehouse at this release"] * 2
    assert found["SDY5"][:2] == ["SDY5 DR9: withdrawn since DR8", "SDY5 DR8: withdrawn: no longer listed"]


def test_a_cell_leads_to_the_study_at_its_release(pages: Pages, world: Warehouse) -> None:
    text = pages.get("/studies/grid", problem="failed").text
    assert set(grid(text)) == {"SDY3", "SDY4"}
    assert 'href="/warehouse/study?source=immport&amp;scope=SDY3&amp;release=DR9"' in text
    # A release at which nothing was loaded leads to the one that holds.
    assert "scope=SDY1&amp;release=DR8" in pages.get("/studies/grid", search="SDY1").text


def test_older_releases_are_a_link_away(pages: Pages, warehouse: Warehouse) -> None:
    hold(warehouse, "SDY1", release="DR30")
    for release in range(11, 31):
        put(warehouse, "SDY1", f"DR{release}")
    text = pages.get("/studies/grid").text
    assert len(grid(text)["SDY1"]) == 15
    assert "until=DR15" in text
    assert "SDY1 DR15: published" in grid(pages.get("/studies/grid", until="DR15").text)["SDY1"]


def test_a_repeat_that_failed_leaves_what_was_published() -> None:
    row = {"source": "immport", "scope": "SDY1"}
    cell = {"release_version": "DR9", "state": "failed", "error": "check: no rows", "quarantined": 0,
            "since": "DR8", "same_as": None, "withdrawn_because": None, "is_captured": True}  # fmt: skip
    assert "an earlier load of this release stay" in cell_of(row, cell).reason
    assert "earlier load" not in cell_of(row, {**cell, "is_captured": False}).reason


def test_a_viewer_sees_no_study_that_is_hidden(pages: Pages, warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into history.key_study (study_accession, natural_key)"
            " select s, md5(s)::uuid from unnest(array['SDY1', 'SDY2']) s"
        )
        connection.exec_driver_sql(
            "insert into history.study_access (study_key, is_open, is_cleared)"
            " select study_key, study_accession = 'SDY1', false from history.key_study"
            " where study_accession is not null"
        )
    for study in ("SDY1", "SDY2"):
        hold(warehouse, study)
        put(warehouse, study, "DR8")
    for page in ("/studies", "/studies/grid"):
        assert "SDY2" in pages.get(page, OPERATOR).text
        text = pages.get(page, VIEWER).text
        assert "SDY1" in text
        assert "SDY2" not in text

"""A source that nobody but a test has heard of goes from its declaration to star, quarantine and report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from include.local.paths import ROOT
from include.local.server import Server


@pytest.fixture(scope="module")
def story(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Any:
    name = f"test_{os.getpid()}_weather"
    url = postgres.ensure_database(name)
    folder = tmp_path_factory.mktemp("weather")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.weather", str(folder)],
        input=url.render_as_string(hide_password=False), cwd=ROOT,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    postgres.drop_database(name)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_each_run_ends_as_its_scopes_did(story: Any) -> None:
    first, second, third, last = story["runs"]
    assert (first["state"], first["counts"]["loaded"]) == ("success", 2)
    assert "AAA 2026-W01: published without 1 rows of reading, quarantined by type:value" in first["text"]
    assert (second["state"], second["counts"]["loaded"], second["counts"]["failed"]) == ("partial", 1, 1)
    assert "BBB 2026-W02: extract: RequestError: source.invalid: reading of BBB: HTTP 404" in second["text"]
    assert (third["state"], third["counts"]["loaded"]) == ("success", 2)
    assert "BBB: unchanged since 2026-W01, not staged or checked again" in third["text"]
    assert (last["state"], last["counts"]["withdrawn"]) == ("success", 1)
    assert [state for _, _, state in story["loads"]].count("failed") == 1
    assert story["scopes"] == [
        ["weather", "AAA", "current", "2026-W03"],
        ["weather", "BBB", "withdrawn", "2026-W02"],
    ]


def test_the_star_answers_as_of_each_release(story: Any) -> None:
    other = ["BBB", "r1", "7", "mm"]
    newer = [["AAA", "r1", "5", "mm"], ["AAA", "r3", "1", "mm"]]
    assert story["star"] == {
        "2026-W01": [["AAA", "r1", "4.50", "mm"], other],
        "2026-W02": [*newer, other],
        "2026-W03": newer,
    }
    assert story["difference"] == [
        ["fact_reading", "added", "r3", None, None, None],
        ["fact_reading", "corrected", "r1", "value", "4.50", "5"],
    ]


def test_what_was_not_published_is_in_quarantine_and_all_of_it_in_the_landing_zone(story: Any) -> None:
    assert story["quarantine"] == [["weather", "AAA", "reading", "type:value", "wet"]]
    assert set(story["landed"]) == {
        f"weather/{name}/2026-W0{week}"
        for name, week in (("AAA", 1), ("AAA", 2), ("AAA", 3), ("BBB", 1), ("BBB", 2))
    }


def test_the_report_and_the_dag_name_what_the_source_consists_of(story: Any) -> None:
    assert "2026-W03: success" in story["report"]
    assert "Stations: 1 loaded, 0 unchanged, 1 withdrawn, 0 failed, 0 on hold." in story["report"]
    assert "Rows per table" in story["report"]
    assert "withdraw BBB (withdrawn: no longer offered at 2026-W03)" in story["report"]
    steps = [f"load.{name}" for name in ("check", "extract", "publish", "stage")]
    assert story["tasks"] == sorted(["discover", *steps, "withdraw", "announce", "finish"])


def test_rows_of_another_scope_are_not_published(story: Any) -> None:
    assert story["strange"]["counts"]["failed"] == 1
    assert "AAA 2026-W04: check: CheckFailedError" in story["strange"]["text"]
    assert "reading: station:station (1 rows)" in story["strange"]["text"]
    assert story["after"] == story["star"]["2026-W03"]


def test_arrays_of_rows_in_pages_become_rows(story: Any) -> None:
    assert story["tags"] == [["p1", "fog"], ["p1", "snow"], ["p3", "sun"]]


def test_a_scope_is_of_one_build_of_its_source(story: Any) -> None:
    assert story["rebuilt"]["state"] == "success", story["rebuilt"]["text"]
    assert story["tags_after"] == [["p1", "new"], ["p1", "newer"], ["p2", "newest"]]
    assert story["overtaken"]["counts"]["loaded"] == 0
    assert "it holds 2026-W07 now, 2026-W06 was to be loaded" in story["overtaken"]["text"]
    assert story["tags_last"] == story["tags_after"]

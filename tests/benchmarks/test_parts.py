"""Every part of the benchmarks, at its smallest: it runs, its figures have their form, no time is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.__main__ import run, write
from benchmarks.bench import Sizes
from benchmarks.parts import PARTS
from benchmarks.queries import LIMIT_SECONDS

pytestmark = pytest.mark.long


SMALLEST = {
    "changes": Sizes(rows=300, rounds=1),
    "rivals": Sizes(rows=30, rounds=1),
    "memory": Sizes(rows=30, rounds=1),
    "split": Sizes(rows=600, rounds=1),
    "demo": Sizes(),
    "growth": Sizes(rows=5_000, rounds=1),
    "pages": Sizes(studies=20, rows=3_000, rounds=1),
    "release": Sizes(studies=3, rows=20, rounds=1),
    "validate": Sizes(rows=300, rounds=1),
    "workers": Sizes(studies=3, rows=20, rounds=1),
}
TOGETHER = ("land", "stage", "check", "publish", "study")


def test_every_part_is_run_here() -> None:
    assert {*SMALLEST, *TOGETHER, "queries"} == PARTS.keys()


@pytest.mark.parametrize("name", SMALLEST)
def test_a_part_notes_its_figures(name: str, tmp_path: Path) -> None:
    results = run([name], SMALLEST[name], tmp_path / "kept", Console(quiet=True))
    assert results.figures or results.left_out
    for item in results.figures:
        assert item.part == name
        assert min(item.values) <= item.median <= max(item.values)
    write(results, tmp_path / "results")
    assert f"<h2>{name}</h2>" in (tmp_path / "results" / "latest.html").read_text() or results.left_out


def test_parts_that_share_their_rounds(tmp_path: Path) -> None:
    names = list(TOGETHER)
    results = run(names, Sizes(rows=30, rounds=1), tmp_path / "kept", Console(quiet=True))
    write(results, tmp_path / "results")
    written = json.loads((tmp_path / "results" / "latest.json").read_text())
    assert written.keys() == {"machine", "versions", "figures"}
    assert {item["name"] for item in written["figures"]} > {
        "HTTP to staging, JSON", "HTTP to staging, TSV", "HTTP to staging, package", "checks",
        "publish, first load", "whole study, JSON", "whole study, package",
        "unchanged study, TSV, rows written",
    }  # fmt: skip
    for item in written["figures"]:
        assert item.keys() == {"name", "unit", "min", "median", "max", "goal", "verdict"}
        assert item["min"] <= item["median"] <= item["max"]
        assert item["verdict"] in {"met", "missed"}
    page = (tmp_path / "results" / "latest.html").read_text()
    assert page.count("<svg") >= 3
    for name in names:
        assert f"<h2>{name}</h2><p>{PARTS[name].about}." in page


def test_queries_of_analysts(tmp_path: Path) -> None:
    results = run(["queries"], Sizes(rows=3_000, rounds=1), tmp_path / "kept", Console(quiet=True))
    names = [figure.name for figure in results.figures]
    for kind in ("questions", "marts of the largest study", "their first 500 rows", "marts counted"):
        assert sum(kind in name for name in names) == 2, kind  # now, and as of a release
    assert all(0 < figure.median <= LIMIT_SECONDS for figure in results.figures)

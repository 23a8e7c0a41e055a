"""Which releases a demo loads, in which order, and what it reports until it is loaded."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from include.local.dag_runs import DagRuns
from include.local.demo import (
    BACKFILL_DAG,
    RELEASE_DAG,
    load_and_report,
    load_releases,
    load_sources,
)
from include.local.demo_releases import Left, Releases
from include.local.processes import mark
from include.local.progress import Progress, announced, read_state
from include.pipeline import run_ledger
from include.pipeline.report import finish
from include.warehouse.schema.ops_tables import LEDGER, LOAD, STEP, WORK
from include.warehouse.views import as_of
from tests.support.warehouse import Warehouse

RELEASES = ["DR50", "DR9", "DR49.1", "DR49"]


def releases(warehouse: Warehouse, *served: str, everything: bool = False) -> Releases:
    return Releases(warehouse.engine, served or RELEASES, everything=everything)


DUE = pytest.mark.parametrize(
    ("last", "everything", "expected"),
    [
        (None, False, ["DR49.1", "DR50"]),
        (None, True, ["DR9", "DR49", "DR49.1", "DR50"]),
        ("DR49", True, ["DR49", "DR49.1", "DR50"]),
        ("DR49.1", False, ["DR49.1", "DR50"]),
        ("DR50", False, ["DR50"]),
        ("DR50", True, ["DR50"]),
        ("DR51", True, []),
    ],
)


@DUE
def test_make_up_begins_where_the_warehouse_is_and_never_earlier(
    warehouse: Warehouse, last: str | None, everything: bool, expected: list[str]
) -> None:
    found = releases(warehouse, everything=everything)
    if last:
        found.note_served(last)
    assert found.first() == next(iter(expected), "DR50")


def test_a_release_that_another_command_loaded_counts_as_served(warehouse: Warehouse) -> None:
    found = releases(warehouse)
    found.note_served("DR49")
    with warehouse.engine.begin() as connection:
        for state, release in (("published", "DR49.1"), ("published", "DR9"), ("failed", "DR50")):
            about = {"source": "immport", "scope": "SDY1", "release_key": 1, "fetch_id": release}
            connection.execute(sa.insert(LOAD).values(**about, release_version=release, state=state))
    assert found.last_served == "DR49.1"
    assert found.due() == ["DR49.1", "DR50"]


@DUE
def test_releases_are_loaded_in_order_and_never_backwards(
    warehouse: Warehouse, last: str | None, everything: bool, expected: list[str]
) -> None:
    found = releases(warehouse, everything=everything)
    if last:
        found.note_served(last)
    assert found.due() == expected


@dataclass
class Runs:
    """Runs that record in a real warehouse what a run of the DAG would.

    :param outcomes: by release, how each study ends: its load's state, or `hold` or `keep`.
    """

    warehouse: Warehouse
    outcomes: dict[str, dict[str, str]]
    triggered: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    served: str = ""

    def serve(self, release: str) -> None:
        self.served = release

    def state(self, run_id: str) -> str:
        return str(self.warehouse.value("select state from ops.run where run_id = :id", id=run_id))

    def run(self, dag: str, title: str, conf: Mapping[str, Any] | None = None) -> str:
        self.triggered.append((dag, title, conf or {}))
        run_id, engine = f"{dag}/run-{secrets.token_hex(4)}", self.warehouse.engine
        run_ledger.start_run(engine, run_id)
        outcomes = self.outcomes.get(title)
        if outcomes is None:
            run_ledger.note_run(engine, run_id, state="failed")
            return run_id
        run_ledger.note_run(engine, run_id, listed=len(outcomes), newest_release=self.served)
        release = (conf or {}).get("first_release", title)
        for study, outcome in outcomes.items():
            self._end(run_id, study, release, outcome)
        finish(engine, run_id)
        return run_id

    def _end(self, run_id: str, study: str, release: str, outcome: str) -> None:
        about = {"scope": study, "release_version": release}
        action, number = (outcome, None) if outcome in ("hold", "keep") else ("load", 0)
        with self.warehouse.engine.begin() as connection:
            if number is not None:
                load = sa.insert(LOAD).values(
                    **about, release_key=1, fetch_id="f", state=outcome,
                    error=None if outcome == "published" else "extract: the service is down",
                )  # fmt: skip
                number = connection.execute(load.returning(LOAD.c.load_id)).scalar_one()
            connection.execute(
                sa.insert(WORK).values(**about, run_id=run_id, action=action, reason="why", load_id=number)
            )


def demo(runs: Runs) -> tuple[list[tuple[str, str]], list[str], dict[str, list[Left]]]:
    """A demo of two releases: the runs it made, those that wait, and what is overdue at its end."""
    runs.triggered.clear()
    found = releases(runs.warehouse, "DR50", "DR51")
    waiting = load_releases(runs, found, runs.serve)  # type: ignore[arg-type]  # of runs it does what is called
    return [(dag, title) for dag, title, _ in runs.triggered], waiting, found.overdue()


@pytest.fixture
def good() -> dict[str, dict[str, str]]:
    return {
        "DR50": {"SDY1": "published", "SDY2": "published"},
        "DR51": {"SDY1": "published", "SDY2": "keep"},
    }


def test_a_release_that_failed_is_not_followed_and_is_tried_again(
    warehouse: Warehouse, good: dict[str, dict[str, str]]
) -> None:
    runs = Runs(warehouse, {**good})
    del runs.outcomes["DR50"]
    for _ in range(2):
        assert demo(runs) == ([(RELEASE_DAG, "DR50")], ["DR50", "DR51"], {})
    runs.outcomes = good
    assert demo(runs) == ([(RELEASE_DAG, "DR50"), (RELEASE_DAG, "DR51")], [], {})


def test_a_study_that_failed_at_an_older_release_is_reported_until_it_is_loaded(
    warehouse: Warehouse, good: dict[str, dict[str, str]]
) -> None:
    good["DR50"]["SDY2"] = "failed"
    runs = Runs(warehouse, {**good, "DR50 again": {"SDY2": "failed"}})
    missing = {"DR50": [Left("SDY2", "DR50", "load", "extract: the service is down")]}
    assert demo(runs) == ([(RELEASE_DAG, "DR50"), (RELEASE_DAG, "DR51")], [], missing)
    again = [(BACKFILL_DAG, "DR50 again"), (RELEASE_DAG, "DR51")]
    assert demo(runs) == (again, [], missing)
    assert runs.triggered[0][2] == {
        "studies": ["SDY2"],
        "dry_run": False,
        "first_release": "DR50",
        "last_release": "DR50",
    }
    runs.outcomes["DR50 again"] = {"SDY2": "published"}
    assert demo(runs) == (again, [], {})
    assert demo(runs) == ([(RELEASE_DAG, "DR51")], [], {})


def test_a_study_on_hold_is_settled_by_the_next_decision(
    warehouse: Warehouse, good: dict[str, dict[str, str]]
) -> None:
    good["DR50"]["SDY2"] = "hold"
    runs = Runs(warehouse, good)
    assert demo(runs)[2] == {}
    good["DR51"]["SDY2"] = "hold"
    other = Releases(warehouse.engine, ["DR51", "DR52"], everything=False)
    load_releases(Runs(warehouse, {**good, "DR52": {"SDY1": "keep"}}), other, runs.serve)  # type: ignore[arg-type]  # of runs it does what is called
    assert other.overdue() == {"DR51": [Left("SDY2", "DR51", "hold", "why")]}


@pytest.mark.long
def test_other_sources_come_once_and_their_failure_is_reported(warehouse: Warehouse, tmp_path: Path) -> None:
    runs = without_airflow(warehouse, tmp_path)
    console = runs.console
    others = as_of.others()
    assert load_sources(runs) == [source.scope.plural for source in others]
    for name in (source.name.replace("_", "-") for source in others):
        assert f"not loaded, see {tmp_path / f'demo-{name}.log'}" in _text(console)
    note_sources(warehouse)
    assert load_sources(runs) == []
    assert _text(console).count("Vocabularies") == 1


def without_airflow(warehouse: Warehouse, folder: Path) -> DagRuns:
    """What runs share; their processes are real, and none of them can begin."""
    broken = {"AIRFLOW_HOME": str(folder), "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "nonsense://"}
    return DagRuns(warehouse.engine, _console(), broken, mark(folder, "demo"), folder)


def note_sources(warehouse: Warehouse) -> None:
    """As if something of each was published."""
    with warehouse.engine.begin() as connection:
        connection.execute(
            sa.insert(LEDGER),
            [
                {"load_id": load_id, "source": source, "scope": "one", "release_key": 1}
                for load_id, source in enumerate((item.name for item in as_of.others()), start=900_001)
            ],
        )


@dataclass(frozen=True)
class RecordedRuns(DagRuns):
    """Releases as `Runs` records them; all else that a demo starts is a process of its own."""

    releases: Runs

    def run(self, dag: str, title: str, conf: Mapping[str, Any] | None = None) -> str:
        return self.releases.run(dag, title, conf)


def whole_demo(runs: Runs, folder: Path, *served: str) -> tuple[int, str]:
    """The exit status of a demo, and what it printed."""
    shared = without_airflow(runs.warehouse, folder)
    recorded = RecordedRuns(
        shared.engine, shared.console, shared.environment, shared.marked, shared.logs, runs
    )
    status = load_and_report(recorded, releases(runs.warehouse, *served), runs.serve)
    return status, _text(shared.console)


@pytest.mark.long
def test_a_demo_loads_the_vocabularies_and_says_what_next(
    warehouse: Warehouse, good: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    runs = Runs(warehouse, good)
    status, shown = whole_demo(runs, tmp_path, "DR50", "DR51")
    assert status == 1
    assert "Vocabularies ... not loaded" in shown
    assert "Gene lists ... not loaded" in shown
    assert "The vocabularies are not loaded; the next make demo tries again." in shown
    assert [title for _, title, _ in runs.triggered] == ["DR50", "DR51"], "releases do not wait for them"
    note_sources(warehouse)
    status, shown = whole_demo(runs, tmp_path, "DR50", "DR51")
    assert status == 0
    assert "not loaded" not in shown
    for command in ("make psql", "make export", "make up", "docs/questions/README.md"):
        assert command in shown


def test_a_demo_fails_while_an_older_release_lacks_a_study(
    warehouse: Warehouse, good: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    """Also when every run of this demo is one."""
    note_sources(warehouse)
    good["DR51"]["SDY2"] = "hold"
    good["DR52"] = {"SDY1": "published"}
    runs = Runs(warehouse, good)
    for served in (("DR50", "DR51"), ("DR51", "DR52"), ("DR51", "DR52")):
        status, shown = whole_demo(runs, tmp_path, *served)
        assert status == 1
    assert [title for _, title, _ in runs.triggered][-2:] == ["DR52", "DR52"]
    assert "DR51 is not loaded whole. make demo tries these again:" in shown
    assert "SDY2 DR51: why" in shown


def test_a_demo_names_the_release_that_failed_and_those_that_wait(
    warehouse: Warehouse, good: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    note_sources(warehouse)
    del good["DR50"]
    status, shown = whole_demo(Runs(warehouse, good), tmp_path, "DR50", "DR51")
    assert status == 1
    assert "DR50 is not loaded. make demo begins with it again, before DR51." in shown


def _console(*, terminal: bool = False) -> Console:
    return Console(
        file=io.StringIO(), width=120, height=40, force_terminal=terminal, _environ={"TERM": "xterm"}
    )


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_run_shows_at_once_what_it_does_and_how_much_is_to_come(
    warehouse: Warehouse, terminal: bool
) -> None:
    engine, console = warehouse.engine, _console(terminal=terminal)
    with Progress(console, "DR50") as progress:
        progress.show(read_state(engine, []))
        assert "Airflow starts" in _text(console)
        run_ledger.start_run(engine, "d/r")
        progress.show(read_state(engine, ["d/r"]))
        assert "requesting the list of studies" in _text(console)
        work = [
            {"run_id": "d/r", "scope": f"SDY{number}", "release_version": "DR50", "action": action,
             "reason": ""}
            for number, action in enumerate(["load", "load", "load", "withdraw", "keep"])
        ]  # fmt: skip
        with engine.begin() as connection:
            connection.execute(sa.insert(WORK), work)
        progress.show(read_state(engine, ["d/r"]))
        assert "3 to load, 1 to withdraw, 1 unchanged" in _text(console)
        with engine.begin() as connection:
            for step in ("check", "publish"):
                connection.execute(
                    sa.insert(STEP).values(
                        run_id="d/r", scope="SDY0", release_version="DR50", step=step, state="done"
                    )
                )
        progress.show(read_state(engine, ["d/r"]))
    shown = (
        ["1 of 4 studies done", "check 1 of 3; publish 1 of 3"] if terminal else ["publish done", "(1 of 3)"]
    )
    assert all(text in _text(console) for text in shown)


def test_a_run_is_never_silent_for_long(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, console = warehouse.engine, _console()
    run_ledger.start_run(engine, "d/r")
    with Progress(console, "DR50") as progress:
        progress.show(read_state(engine, ["d/r"]))
        before = _text(console)
        progress.show(read_state(engine, ["d/r"]))
        assert _text(console) == before
        monkeypatch.setattr("include.local.progress._SILENCE_SECONDS", -1)
        progress.show(read_state(engine, ["d/r"]))
        assert "requesting the list of studies, 0 s so far" in _text(console)
        with engine.begin() as connection:
            connection.execute(
                sa.insert(STEP).values(
                    run_id="d/r", scope="SDY7", release_version="DR50", step="stage",
                    state="running",
                )
            )  # fmt: skip
        progress.show(read_state(engine, ["d/r"]))
        assert "SDY7 DR50 stage running" in _text(console)


def test_a_listing_without_studies_is_a_decision_too(warehouse: Warehouse) -> None:
    run_ledger.start_run(warehouse.engine, "d/r")
    run_ledger.note_run(warehouse.engine, "d/r", listed=0)
    assert read_state(warehouse.engine, ["d/r"]).phase == "studies: none"


def test_what_is_waited_for_is_said_before_it_is_there() -> None:
    console = _console()
    with announced(console, "Postgres") as mention:
        assert _text(console) == "Postgres ..."
        mention("port 5432")
    assert _text(console).startswith("Postgres ... port 5432, ready after ")
    console = _console()
    with pytest.raises(ValueError, match="no"), announced(console, "Sandbox"):
        raise ValueError("no")
    assert _text(console) == "Sandbox ...\n"

"""What each fault of the source does to its study, and that it does nothing to the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.landing.zone import Landing
from tests.end_to_end.worlds import BEFORE, CANARY, CHANGED, NEW, NEWEST, WITHDRAWN, Loaded
from tests.support.runs import Installation, Installations, Processes, Run
from tests.support.sandbox import RunningSandbox
from tests.support.star import differences, star_digest

#: Study -> endpoint, fault, and what the load's error says of it. Each persists.
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "SDY1001": ("arm", {"fault": "403"}, "403; not open to this key"),
    "SDY1002": ("biosample", {"fault": "429"}, "HTTP 429 (3 tries)"),
    "SDY1003": ("demographic", {"fault": "429", "retry_after": 1}, "asks to wait 1 s (3 tries)"),
    "SDY1004": ("pcr", {"fault": "500"}, "HTTP 500 (3 tries)"),
    "SDY1005": ("hai", {"fault": "502"}, "HTTP 502 (3 tries)"),
    "SDY1006": ("elisa", {"fault": "503"}, "HTTP 503 (3 tries)"),
    "SDY1007": ("expsample", {"fault": "504"}, "HTTP 504 (3 tries)"),
    "SDY1008": ("biosample", {"fault": "hang"}, "nothing arrived in time (3 tries)"),
    "SDY1010": ("elispot", {"fault": "cut"}, "the connection broke (RemoteProtocolError) (3 tries)"),
    "SDY1011": ("mbaa", {"fault": "html"}, "(3 tries)"),
    "SDY1014": ("study", {"fault": "broken"}, "(3 tries)"),
    "SDY1015": ("experiment", {"fault": "503", "retry_after": 7200}, "asks to wait 7200 s"),
}
#: Study -> endpoint and a fault that bends its answer; the study is published all the same.
BENT: dict[str, tuple[str, dict[str, Any]]] = {
    "SDY1009": ("hai", {"fault": "duplicate"}),
    "SDY1012": ("pcr", {"fault": "missing_key", "key": "comments"}),
    "SDY1013": ("hai", {"fault": "new_key", "key": "serumPool"}),
    "SDY1017": ("hai", {"fault": "duplicate", "differing": True}),
}
#: Long enough for an answer, short enough for a source that hangs.
EXTRA = {"max_retries": 2, "timeout": 5}


@dataclass(frozen=True)
class Faulty:
    """A warehouse, the run that met the faults, and what it requested."""

    installation: Installation
    run: Run
    requests: list[dict[str, Any]]


@pytest.fixture(scope="session")
def faulty(installations: Installations, _wide: RunningSandbox) -> Faulty:
    """The wide world loaded while every fault persists on a study of its own."""
    installation = replace(installations.fresh(_wide), extra=EXTRA)
    _wide.clear_faults()
    _wide.set_release(NEWEST)
    _wide.clear_requests()
    faults = {study: (endpoint, fault) for study, (endpoint, fault, _) in REFUSED.items()} | BENT
    for study, (endpoint, fault) in faults.items():
        _wide.fault(endpoint, study=study, **fault)
    run = installation.run(route="api")
    return Faulty(installation, run, _wide.requests())


@pytest.mark.long
def test_each_fault_fails_its_study_only(faulty: Faulty) -> None:
    installation, run = faulty.installation, faulty.run
    assert run.state == "failed"
    states = installation.states()
    assert {study for study, state in states.items() if state == "failed"} == set(REFUSED)
    assert {
        study for study, state in states.items() if state == "published"
    } == states.keys() - REFUSED.keys()
    assert len(states) == 16
    assert run.tasks["finish"] == "failed"
    assert installation.one("select state from ops.run") == "partial"
    shown = installation.query("select study_accession from star.dim_study where study_accession is not null")
    assert {study for (study,) in shown} == states.keys() - REFUSED.keys()


@pytest.mark.long
@pytest.mark.parametrize("study", REFUSED)
def test_error_names_endpoint_study_and_reason(study: str, faulty: Faulty) -> None:
    installation = faulty.installation
    endpoint, _, reason = REFUSED[study]
    error = installation.one("select error from ops.load where scope = :study", study=study)
    assert error.startswith("extract: ")
    assert f" {endpoint}" in error
    assert study in error
    assert reason in error


@pytest.mark.long
def test_refused_requests_are_repeated_only_where_that_may_help(faulty: Faulty) -> None:
    requested = [(item["study"], item["endpoint"]) for item in faulty.requests]
    tries = {study: requested.count((study, endpoint)) for study, (endpoint, *_) in REFUSED.items()}
    assert tries == dict.fromkeys(REFUSED, 3) | {"SDY1001": 1, "SDY1015": 1}


@pytest.mark.long
def test_row_sent_twice_is_published_once_with_a_warning(faulty: Faulty, wide_loaded: Loaded) -> None:
    installation = faulty.installation
    assert _fact(installation, "hai", "SDY1009") == _fact(wide_loaded.installation, "hai", "SDY1009")
    assert _broken(installation, "SDY1009") == [("hai", "key_unique", "warning", 1)]


@pytest.mark.long
def test_rows_that_contradict_each_other_are_quarantined(faulty: Faulty, wide_loaded: Loaded) -> None:
    installation = faulty.installation
    assert ("hai", "key_consistent", "row", 2) in _broken(installation, "SDY1017")
    quarantined = installation.query("select endpoint, row ->> 'result_id' from quality.quarantine")
    assert len(quarantined) == 2
    assert len(set(quarantined)) == 1
    published, all_rows = (_fact(item, "hai", "SDY1017") for item in (installation, wide_loaded.installation))
    assert len(published) == len(all_rows) - 1
    assert set(published) < set(all_rows)


@pytest.mark.long
def test_missing_key_is_null_and_reported(faulty: Faulty) -> None:
    installation = faulty.installation
    rows = installation.query(
        "select comments from star.fact_pcr join star.dim_study using (study_key)"
        " where study_accession = 'SDY1012'"
    )
    assert rows
    assert {value for (value,) in rows} == {None}
    assert _drift(installation, "SDY1012") == [("pcr", "comments", "missing", len(rows))]


@pytest.mark.long
def test_new_key_is_reported_and_kept_in_the_landing_zone(faulty: Faulty, wide_loaded: Loaded) -> None:
    installation = faulty.installation
    assert _fact(installation, "hai", "SDY1013") == _fact(wide_loaded.installation, "hai", "SDY1013")
    ((endpoint, field, kind, rows),) = _drift(installation, "SDY1013")
    assert (endpoint, field, kind) == ("hai", "serumPool", "unknown")
    assert rows == len(_fact(installation, "hai", "SDY1013"))
    (manifest,) = Landing(str(installation.landing)).manifests("SDY1013")
    assert manifest.of("hai").unknown_keys == {"serumPool": rows}


@pytest.mark.long
def test_key_of_the_source_appears_nowhere(faulty: Faulty, processes: Processes) -> None:
    installation, run = faulty.installation, faulty.run
    assert CANARY not in run.log
    for folder in (installation.landing, processes.home / "logs"):
        assert [path for path in folder.rglob("*") if path.is_file() and CANARY in _text(path)] == []
    for schema, table in _tables(installation.engine):
        found = installation.one(
            f'select count(*) from "{schema}"."{table}" t where t::text like :key', key=f"%{CANARY}%"
        )
        assert found == 0, f"{schema}.{table}"


@pytest.mark.long
def test_next_run_makes_good_what_faults_left(
    faulty: Faulty, wide: RunningSandbox, wide_loaded: Loaded, installations: Installations
) -> None:
    installation = installations.copy(faulty.installation)
    # Each fault once more: the hook's own repetition is enough.
    for study, (endpoint, fault, _) in REFUSED.items():
        if fault["fault"] != "403":
            wide.fault(endpoint, study=study, times=1, **{**fault, "retry_after": None})
    run = installation.run(route="api")
    assert run.state == "success", run.log[-4000:]
    # What was bent is loaded anew as it should be.
    wide.clear_faults()
    run = installation.run(route="api", force=True, studies=["SDY1012", "SDY1017"])
    assert run.state == "success", run.log[-4000:]
    assert differences(star_digest(installation.engine), wide_loaded.digest) == []


def test_refused_key_stops_every_request(installations: Installations, small: RunningSandbox) -> None:
    small.set_release(BEFORE)
    small.fault("summary", "401")
    installation = installations.fresh(small)
    run = installation.run(route="api", retries=2)
    assert run.state == "failed"
    assert installation.states() == {CHANGED: "failed", WITHDRAWN: "failed"}
    statuses = [request["status"] for request in small.requests()]
    assert statuses.count(401) == 1
    assert statuses[-1] == 401, "went on with a key that was refused"
    errors = [error for (error,) in installation.query("select error from ops.load")]
    spared, refused = sorted(errors, key=lambda error: "no request sent" not in error)
    assert "no request sent" in spared
    assert "summary of SDY100" in refused
    assert "401" in refused
    small.clear_faults()
    assert installation.run(route="api").state == "success"


@pytest.mark.long
def test_fault_that_outlasts_the_hook_is_left_to_airflow(
    installations: Installations, small: RunningSandbox, before: Loaded
) -> None:
    small.set_release(BEFORE)
    small.fault("arm", "503", study=CHANGED, times=3)
    installation = installations.fresh(small)
    run = installation.run(route="api", retries=1)
    assert run.state == "success", run.log[-4000:]
    assert differences(star_digest(installation.engine), before.digest) == []


@pytest.mark.long
def test_listing_without_many_studies_waits_for_a_yes(
    installations: Installations, wide_loaded: Loaded, small: RunningSandbox, wide: RunningSandbox
) -> None:
    installation = replace(installations.copy(wide_loaded.installation), sandbox=small)
    small.fault("search", "missing_key", key="latest_data_release_version")
    run = installation.run(route="api")
    assert run.state == "failed"
    # That a study is restricted is said of it by name, and there is one; but too many seem to go.
    assert _on_hold(installation, run) == {"the listing is not complete": 15, "approve_withdrawals": 1}
    small.clear_faults()
    run = installation.run(route="api")
    assert run.state == "failed"
    assert _on_hold(installation, run) == {"approve_withdrawals": 14}
    assert installation.one("select count(*) from ops.scope where state = 'current'") == 16
    assert installation.one("select count(*) from ops.capture where kind = 'withdrawn'") == 0
    run = installation.run(route="api", approve_withdrawals=True)
    assert run.state == "success", run.log[-4000:]
    states = installation.query("select scope from ops.scope where state = 'current'")
    assert {study for (study,) in states} == {CHANGED, NEW}
    shown = installation.query("select study_accession from star.dim_study where study_accession is not null")
    assert {study for (study,) in shown} == {CHANGED, NEW}


def _on_hold(installation: Installation, run: Run) -> dict[str, int]:
    reasons = installation.query(
        "select reason from ops.work where action = 'hold' and run_id = :run", run=run.run_id
    )
    words = ("the listing is not complete", "approve_withdrawals")
    found = {word: sum(word in reason for (reason,) in reasons) for word in words}
    return {word: count for word, count in found.items() if count}


def _fact(installation: Installation, fact: str, study: str) -> list[tuple[str, ...]]:
    """Rows of a study's fact that do not depend on surrogate keys."""
    return sorted(
        (str(row.result_id), str(row.value_reported), str(row.value_preferred), str(row.comments))
        for row in installation.query(
            f"select f.* from star.fact_{fact} f join star.dim_study using (study_key)"
            " where study_accession = :study",
            study=study,
        )
    )


def _broken(installation: Installation, study: str) -> list[tuple[str, str, str, int]]:
    return [
        tuple(row)
        for row in installation.query(
            "select endpoint, check_id, severity, unexpected_rows from quality.result"
            " join ops.load using (load_id) where scope = :study and not success"
            " and check_id like 'key%' order by 1, 2",
            study=study,
        )
    ]


def _drift(installation: Installation, study: str) -> list[tuple[str, str, str, int]]:
    return [
        tuple(row)
        for row in installation.query(
            "select endpoint, field, kind, rows from ops.drift join ops.load using (load_id)"
            " where scope = :study",
            study=study,
        )
    ]


def _tables(engine: sa.Engine) -> list[tuple[str, str]]:
    inspector = sa.inspect(engine)
    return [
        (schema, table)
        for schema in ("ops", "quality", "history")
        for table in inspector.get_table_names(schema=schema)
    ]


def _text(path: Path) -> str:
    return path.read_text(errors="replace")

"""`make up` against the sandbox, started as a user starts it: first loads, accounts, later releases."""

from __future__ import annotations

import httpx
import pytest

from immport_provider.dag_names import RELEASE, loading_dag
from immport_provider.page_links import MOUNT
from include.local.standing.accounts import ACCOUNTS, OPERATOR, VIEWER, password_file
from include.local.standing.greeting import OVERVIEW
from include.warehouse.model.registry import SOURCES
from tests.support.standing_system import StandingSystem

pytestmark = pytest.mark.long

LOADS = {loading_dag(name) for name in SOURCES}


def _releases(system: StandingSystem) -> list[str]:
    found = system.query(
        "SELECT DISTINCT release_version FROM ops.load WHERE source = 'immport' AND state = 'published'"
    )
    return sorted(release for (release,) in found)


def test_the_first_release_is_loaded_by_runs_that_the_page_shows(standing_system: StandingSystem) -> None:
    runs = standing_system.first_runs
    assert {*LOADS, "immport_export", "warehouse_upkeep"} <= {run["dag_id"] for run in runs}
    assert [run for run in runs if run["state"] != "success"] == []
    loads = [run["dag_id"] for run in runs if run["dag_id"] in LOADS]
    assert sorted(loads) == sorted(LOADS)  # each once
    (first,) = [run["dag_run_id"] for run in runs if run["dag_id"] == RELEASE]
    loaded = standing_system.query(
        "SELECT max(release_version) FROM ops.load WHERE run_id = :run AND state = 'published'",
        run=f"{RELEASE}/{first}",
    )
    assert loaded == [("DR50",)]
    with standing_system.client(VIEWER.name) as viewer:
        answer = viewer.get("/api/v2/dags", params={"paused": True}).raise_for_status().json()
    assert answer["dags"] == []


def test_who_may_sign_in_is_printed_and_kept_for_the_owner_alone(standing_system: StandingSystem) -> None:
    for account in ACCOUNTS:
        assert f"  {account.name:<9}{standing_system.passwords[account.name]}  " in standing_system.shown
    assert len(set(standing_system.passwords.values())) == len(ACCOUNTS)
    assert password_file(standing_system.paths.airflow).stat().st_mode & 0o777 == 0o600


def test_a_viewer_reads_and_an_operator_acts(standing_system: StandingSystem) -> None:
    (run,) = [run for run in standing_system.first_runs if run["dag_id"] == RELEASE]
    dag, run_id = f"/api/v2/dags/{RELEASE}", run["dag_run_id"]
    task = f"{dag}/dagRuns/{run_id}/taskInstances/finish"
    clear = {"dry_run": True, "dag_run_id": run_id, "task_ids": ["finish"]}
    required = f"{dag}/dagRuns/{run_id}/hitlDetails"
    with standing_system.client(VIEWER.name) as viewer, standing_system.client(OPERATOR.name) as operator:
        for reader in (viewer, operator):
            for path in (dag, task, required):
                assert reader.get(path).status_code == 200, path
        # None of these does anything: what is answered is whether the user may.
        reserved = {"logical_date": None, "dag_run_id": run_id}  # by the schedule
        answer = {"chosen_options": ["Approve"]}  # where nothing is required
        connection = {"connection_id": "x", "conn_type": "immport_public"}
        for method, path, body, allowed in (
            ("POST", f"{dag}/dagRuns", reserved, 400),
            ("POST", f"{dag}/clearTaskInstances", clear, 200),
            ("PATCH", f"{task}/dry_run", {"new_state": "success"}, 200),
            ("PATCH", f"{task}/-1/hitlDetails", answer, 404),
            ("PATCH", dag, {"is_paused": False}, 200),
            ("POST", "/api/v2/connections/test", connection, 200),
        ):
            assert viewer.request(method, path, json=body).status_code == 403, path
            assert operator.request(method, path, json=body).status_code == allowed, path
        for path in ("/api/v2/connections", "/api/v2/variables"):
            assert viewer.get(path).status_code == 403
            assert operator.get(path).status_code == 200


def test_the_pages_of_the_warehouse_are_for_who_is_signed_in(standing_system: StandingSystem) -> None:
    assert f" {standing_system.address}{OVERVIEW}\n" in standing_system.shown
    path = f"{MOUNT}/overview"
    refused = httpx.get(standing_system.address + path, trust_env=False, timeout=60)
    assert refused.status_code in (302, 303, 307, 401)
    for account in ACCOUNTS:
        with standing_system.client(account.name) as client:
            shown = client.get(path)
        assert shown.status_code == 200
        assert "DR50" in shown.text or "DR51" in shown.text


def test_up_again_starts_nothing_twice(standing_system: StandingSystem) -> None:
    before = len(standing_system.settled())
    again = standing_system.make("up")
    assert again.returncode == 0, again.stderr
    assert "already running" in again.stdout
    assert "runs now" not in again.stdout
    assert len(standing_system.settled()) == before


def test_the_next_release_is_served_then_loaded_by_a_run(standing_system: StandingSystem) -> None:
    assert "make next-release lets it serve DR51" in standing_system.make("up").stdout
    done = standing_system.make("next-release")
    assert "The sandbox serves DR51 now." in done.stdout
    assert standing_system.sandbox.status()["current"] == "DR51"
    assert standing_system.run()["state"] == "success"
    assert max(_releases(standing_system)) == "DR51"
    refused = standing_system.make("next-release")
    assert "error: DR51 is the newest release of this sandbox" in refused.stderr
    assert refused.returncode != 0

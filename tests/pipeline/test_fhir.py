"""FHIR resources as a source: all pages of every type become the star, each resource once and as received."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.fhir import FhirHook
from include.pipeline.work_decisions import LoadPolicy
from include.sources.endpoint import snake_case
from include.sources.fhir.source import FHIR
from include.sources.fhir.vocabulary import TYPES
from include.warehouse.model.registry import SOURCES
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.sources import Runs
from tests.support.warehouse import Warehouse

VERSIONS = [
    f"select xmin::text, * from history.{table.relation} order by 1, 2, 3"
    for table in SOURCES[FHIR.name].tables
]
#: More than a page of each type that has many.
PAGE = 7


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(studies=3, rows=20, packages=False, images=10) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: RunningSandbox) -> RunningSandbox:
    """The server at the newest release, in the version that ImmPort's speaks."""
    _sandbox.clear_faults()
    _sandbox.set_release("DR51")
    _sandbox.speak_fhir("BALLOT")
    _sandbox.clear_requests()
    return _sandbox


@contextmanager
def connected(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Iterator[FhirHook]:
    """A hook that requests pages of a few resources."""
    extra = {"max_retries": 1, "calls_per_second": 0, "page_size": PAGE}
    connection = {"conn_type": "fhir", "host": f"{sandbox.url}/fhir", "extra": extra, **more}
    monkeypatch.setenv("AIRFLOW_CONN_FHIR_DEFAULT", json.dumps(connection))
    with FhirHook(wait=wait_none(), sleep=lambda _: None) as client:
        yield client


@pytest.fixture
def runs(warehouse: Warehouse, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    with connected(sandbox, monkeypatch) as client:
        yield Runs(warehouse, FHIR, client)  # type: ignore[arg-type]


def served(sandbox: RunningSandbox) -> dict[str, dict[str, Any]]:
    """What the server has, by type and id, asked in one page of each type."""
    found = {}
    for of in TYPES:
        answer = sandbox.client.get(f"{sandbox.url}/fhir/{of}", params={"_count": "500"}).raise_for_status()
        bundle = answer.json()
        assert [link["relation"] for link in bundle["link"]] == ["self"], "a page has all"
        found[of] = {entry["resource"]["id"]: entry["resource"] for entry in bundle.get("entry", [])}
    return found


def stored(warehouse: Warehouse) -> dict[str, dict[str, Any]]:
    """What the star is made of, those of persons with what the star does not show."""
    found = {}
    for of in TYPES:
        rows = warehouse.rows(
            f"select resource_id, resource from history.fact_fhir_{snake_case(of)}"
            " where valid_to = 2147483647 order by 1"
        )
        assert len({row[0] for row in rows}) == len(rows), "each is there once"
        found[of] = dict(rows)
    return found


def test_resources_become_the_star_and_the_same_again_writes_nothing(
    runs: Runs, sandbox: RunningSandbox
) -> None:
    first = runs.run()
    assert first.state == "success", first.text
    assert stored(runs.warehouse) == served(sandbox)
    before = [runs.warehouse.rows(query) for query in VERSIONS]
    again = runs.run()
    assert (again.state, again.counts["unchanged"]) == ("success", len(TYPES)), again.text
    assert [runs.warehouse.rows(query) for query in VERSIONS] == before


@pytest.mark.long
def test_a_changed_resource_makes_one_version_and_only_its_type_is_read(
    runs: Runs, sandbox: RunningSandbox
) -> None:
    runs.run()
    sandbox.fault("fhirPatient", "altered")
    sandbox.clear_requests()
    changed = runs.run()
    assert changed.counts["loaded"] == 1, changed.text
    assert stored(runs.warehouse) == served(sandbox)
    twice = runs.warehouse.rows(
        "select count(*) from history.fact_fhir_patient group by resource_id having count(*) > 1"
    )
    assert twice == [(2,)]
    sandbox.fault("fhirSpecimen", "lacking")
    runs.run()
    assert stored(runs.warehouse) == served(sandbox)


@pytest.mark.long
@pytest.mark.parametrize("fault", ["other_host", "no_total", "no_count", "unsorted"])
def test_what_servers_do_differently_changes_nothing(runs: Runs, sandbox: RunningSandbox, fault: str) -> None:
    sandbox.fault("*", fault)
    assert runs.run().state == "success"
    sandbox.clear_faults()
    assert stored(runs.warehouse) == served(sandbox)


@pytest.mark.long
@pytest.mark.parametrize("version", ["R4B", "R5"])
def test_every_version_gives_the_same_columns(runs: Runs, sandbox: RunningSandbox, version: str) -> None:
    runs.run()
    query = (
        "select r.study_reference, r.subject_reference, r.assigned_arm, r.actual_arm, s.sponsor,"
        " s.principal_investigator, s.groups, g.arm_type from star.fact_fhir_research_subject r"
        " join star.fact_fhir_research_study s on 'ResearchStudy/' || s.resource_id = r.study_reference"
        " join star.fact_fhir_group g on g.resource_id = r.assigned_arm order by 1, 2, 3"
    )
    before = runs.warehouse.rows(query)
    assert before
    assert all(value is not None for row in before for value in row)
    sandbox.speak_fhir(version)
    runs.run(LoadPolicy(force=True))
    assert stored(runs.warehouse) == served(sandbox)
    assert runs.warehouse.rows(query) == before


@pytest.mark.long
def test_what_a_server_says_wrongly_is_quarantined_or_named(runs: Runs, sandbox: RunningSandbox) -> None:
    sandbox.fault("fhirObservation", "wrong_code")
    sandbox.fault("fhirGroup", "outcome")
    ended = runs.run()
    assert ended.state == "success", ended.text
    sandbox.clear_faults()
    refused = runs.warehouse.rows(
        "select rule, \"row\" ->> 'wrong_codes' from quality.quarantine where endpoint = 'fhirObservation'"
    )
    assert len(refused) == 1
    assert refused[0][0] == "refused:wrong_codes"
    assert "status 'nearly done' is not one of amended, cancelled" in str(refused[0][1])
    assert runs.warehouse.rows("select count(*) from star.fact_fhir_observation")[0][0] == (
        len(served(sandbox)["Observation"]) - 1
    )
    noted = runs.warehouse.rows("select note from ops.run")
    assert "it refuses a search for Group" in str(noted)


def test_pages_that_expire_are_read_anew_and_nothing_is_doubled(runs: Runs, sandbox: RunningSandbox) -> None:
    runs.begin()
    sandbox.fault("fhirPages", "pages_expired", study="Observation", times=1)
    assert runs.go_on().state == "success"
    assert stored(runs.warehouse) == served(sandbox)
    expired = [seen for seen in sandbox.requests() if seen["status"] == 410]
    assert len(expired) == 1

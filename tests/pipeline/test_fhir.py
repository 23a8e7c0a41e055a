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
from include.sources.errors import ServerError
from include.sources.fhir.source import FHIR
from include.sources.fhir.vocabulary import TYPES
from include.warehouse.model.registry import SOURCES
from tests.support.fhir import served, stored
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.sources import Runs
from tests.support.warehouse import Warehouse

VERSIONS = [
    f"select xmin::text, * from history.{table.relation} order by 1, 2, 3"
    for table in SOURCES[FHIR.name].tables
]
#: Seconds that a client was to wait, in their order.
WAITED: list[float] = []
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
    with FhirHook(wait=wait_none(), sleep=WAITED.append) as client:
        yield client


@pytest.fixture
def runs(warehouse: Warehouse, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    with connected(sandbox, monkeypatch) as client:
        yield Runs(warehouse, FHIR, client)  # type: ignore[arg-type]  # of a client it does what is called


def test_resources_become_the_star_and_the_same_again_writes_nothing(
    runs: Runs, sandbox: RunningSandbox
) -> None:
    first = runs.run()
    assert first.state == "success", first.text
    assert stored(runs.warehouse.rows) == served(sandbox)
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
    assert stored(runs.warehouse.rows) == served(sandbox)
    twice = runs.warehouse.rows(
        "select count(*) from history.fact_fhir_patient group by resource_id having count(*) > 1"
    )
    assert twice == [(2,)]
    sandbox.fault("fhirSpecimen", "lacking")
    runs.run()
    assert stored(runs.warehouse.rows) == served(sandbox)


@pytest.mark.long
@pytest.mark.parametrize("fault", ["other_host", "no_total", "no_count", "unsorted"])
def test_what_servers_do_differently_changes_nothing(runs: Runs, sandbox: RunningSandbox, fault: str) -> None:
    sandbox.fault("*", fault)
    assert runs.run().state == "success"
    sandbox.clear_faults()
    assert stored(runs.warehouse.rows) == served(sandbox)


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
    assert stored(runs.warehouse.rows) == served(sandbox)
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
    assert stored(runs.warehouse.rows) == served(sandbox)
    expired = [seen for seen in sandbox.requests() if seen["status"] == 410]
    assert len(expired) == 1


@pytest.mark.long
def test_what_passes_is_tried_again_and_nothing_is_doubled(runs: Runs, sandbox: RunningSandbox) -> None:
    WAITED.clear()
    runs.begin()
    sandbox.fault("fhirPatient", "429", times=1, retry_after=7)
    sandbox.fault("fhirSpecimen", "503", times=1)
    sandbox.fault("fhirPages", "broken", study="Observation", times=1)
    sandbox.fault("fhirPages", "cut", study="DiagnosticReport", times=1)
    # The first page leads to itself: the rows do not add up, and the type is read anew.
    sandbox.fault("fhirPages", "circle", study="ResearchSubject", times=1)
    ended = runs.go_on()
    assert ended.state == "success", ended.text
    assert any(seconds >= 7 for seconds in WAITED)
    assert {429, 503} <= {seen["status"] for seen in sandbox.requests()}
    assert sandbox.faults() == []
    assert stored(runs.warehouse.rows) == served(sandbox)


#: Fault that does not pass, what it strikes, of which type, and what the type's load says of it.
LASTING = (
    ("circle", "fhirPages", "Observation", "comes one that was read before"),
    ("429", "fhirPatient", "Patient", "HTTP 429"),
    ("500", "fhirSpecimen", "Specimen", "HTTP 500"),
    ("broken", "fhirGroup", "Group", "JSON"),
)


@pytest.mark.long
def test_what_does_not_pass_fails_its_own_type_alone(runs: Runs, sandbox: RunningSandbox) -> None:
    runs.begin()
    for fault, endpoint, of, _ in LASTING:
        sandbox.fault(endpoint, fault, study=of)
    ended = runs.go_on()
    assert ended.state == "partial", ended.text
    failed = dict(runs.warehouse.rows("select scope, error from ops.load where state = 'failed'"))
    assert failed.keys() == {of for _, _, of, _ in LASTING}
    for fault, _, of, said in LASTING:
        assert said in failed[of], (fault, failed[of])
        assert f" of {of}: " in failed[of], failed[of]
    sandbox.clear_faults()
    everything, found = served(sandbox), stored(runs.warehouse.rows)
    assert {of: found[of] for of in TYPES if of not in failed} == {
        of: everything[of] for of in TYPES if of not in failed
    }
    assert not any(found[of] for of in failed)
    assert runs.run().state == "success"
    assert stored(runs.warehouse.rows) == everything


@pytest.mark.long
def test_a_type_that_discovery_cannot_count_fails_alone(runs: Runs, sandbox: RunningSandbox) -> None:
    runs.run()
    sandbox.fault("fhirSpecimen", "500")
    sandbox.fault("fhirPatient", "altered")
    ended = runs.run()
    assert (ended.state, ended.counts["loaded"], ended.counts["failed"]) == ("partial", 1, 0), ended.text
    assert "Specimen: not offered, but the listing is not complete" in ended.text
    assert "HTTP 500" in ended.text
    sandbox.clear_faults()
    sandbox.fault("fhirPatient", "altered")
    assert stored(runs.warehouse.rows) == served(sandbox)
    sandbox.fault("*", "500")
    with pytest.raises(ServerError, match="HTTP 500"):
        runs.begin()

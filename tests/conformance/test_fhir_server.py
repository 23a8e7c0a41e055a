"""Third-party clients of FHIR read the warehouse, and a third-party validator accepts what it sends."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI

from immport_provider.hooks.fhir import FhirHook
from include.local.ports import HOST, free_port
from include.serve.fhir.resources import RESOURCES
from include.sources.fhir.source import FHIR
from include.sources.fhir.vocabulary import TYPES, FhirVersion, wrong_codes
from operations.page import MOUNT
from tests.operations.conftest import Pages, app, pages  # noqa: F401 - the fixtures
from tests.support.client_environment import python_with
from tests.support.fhir import stored
from tests.support.routes import land_answers, take
from tests.support.sandbox import running_sandbox
from tests.support.sources import Runs
from tests.support.warehouse import Warehouse

HERE = Path(__file__).parent
#: How many resources of a type the star has.
COUNTS = {
    "ResearchStudy": "select count(*) from star.dim_study where study_key > 0",
    "ResearchSubject": """select count(*) from star.dim_participation t
        join star.dim_subject b using (subject_key) join star.dim_species e on e.species_key = b.species_key
        where t.participation_key > 0 and e.species = 'Homo sapiens' and not b.is_pool""",
    "Patient": """select count(*) from star.dim_subject b join star.dim_species e using (species_key)
        where e.species = 'Homo sapiens' and not b.is_pool""",
    "Group": "select count(*) from star.dim_arm where arm_key > 0",
    "Specimen": "select count(*) from star.dim_biosample where biosample_key > 0",
    "Observation": """select
        (select count(*) from star.fact_lab_test) + (select count(*) from star.fact_assessment)""",
    "DiagnosticReport": """select
        (select count(distinct (lab_test_panel_accession, subject_key)) from star.fact_lab_test)
        + (select count(distinct (assessment_panel_accession, subject_key)) from star.fact_assessment)""",
    "Practitioner": "select count(*) from star.dim_person where person_key > 0",
    "PractitionerRole": "select count(*) from star.bridge_study_personnel",
    "Organization": """select count(distinct name) from (
        select btrim(organization) as name from star.dim_person
        union select btrim(sponsoring_organization) from star.dim_study) o where name <> ''""",
}
#: Types that have an element with a closed set of codes.
OF_CODES = {"ResearchStudy", "ResearchSubject", "Patient", "Group", "Observation", "DiagnosticReport"}


@contextmanager
def served(application: FastAPI) -> Iterator[str]:
    """The pages as Airflow mounts them, over HTTP; the address of the FHIR server."""
    root, port = FastAPI(), free_port()
    root.mount(MOUNT, application)
    server = uvicorn.Server(uvicorn.Config(root, host=HOST, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{port}{MOUNT}/fhir"
    finally:
        server.should_exit = True
        thread.join(30)


def load_world(warehouse: Warehouse) -> None:
    """Two studies, as the sandbox serves them."""
    with running_sandbox(studies=2, rows=4, packages=False) as sandbox:
        for hit in sandbox.get("/api/search/study").json()["hits"]["hits"]:
            take(warehouse, land_answers(warehouse, sandbox, hit["_id"], "DR51"))


def token_of(pages: Pages) -> str:  # noqa: F811 - the fixture
    """A token of Airflow's own, which its login checks."""
    pages.app.dependency_overrides = {}
    token: str = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="ada", role="viewer"))
    return token


def all_pages(address: str, token: str, of: str) -> dict[str, Any]:
    """All resources of a type by id, in pages of 500."""
    found: dict[str, Any] = {}
    url: str | None = f"{address}/{of}?_count=500"
    while url is not None:
        answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=60).raise_for_status()
        page = answer.json()
        found |= {item["resource"]["id"]: item["resource"] for item in page.get("entry", [])}
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    return found


@pytest.mark.long
def test_the_source_of_fhir_resources_reads_all_that_the_warehouse_serves(
    pages: Pages,  # noqa: F811 - the fixture
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load_world(warehouse)
    token = token_of(pages)
    with served(pages.app) as address:
        extra = {"calls_per_second": 0, "page_size": 3, "max_retries": 1}
        connection = {"conn_type": "fhir", "host": address, "password": token, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_FHIR_DEFAULT", json.dumps(connection))
        assert FhirHook().test_connection()[0]
        with FhirHook() as client:
            ended = Runs(warehouse, FHIR, client).run()  # type: ignore[arg-type]  # of a client it does what is called
        assert (ended.state, ended.counts["loaded"]) == ("success", len(RESOURCES)), ended.text
        everything = {of: all_pages(address, token, of) for of in TYPES}
    assert stored(warehouse.rows) == everything
    assert all(len(everything[of]) == warehouse.value(COUNTS[of]) for of in TYPES)
    different = "select * from mart.fhir_reconciliation where finding <> 'equal' order by 2, 3"
    assert warehouse.rows(different) == []


@pytest.mark.long
def test_clients_read_all_pages_of_what_a_validator_accepts(
    pages: Pages,  # noqa: F811 - the fixture
    warehouse: Warehouse,
) -> None:
    python = python_with(HERE / "requirements-fhir.txt", "fhirpy")
    load_world(warehouse)
    token = token_of(pages)
    with served(pages.app) as address:
        command = [str(python), str(HERE / "fhir_client.py"), address, token, *RESOURCES]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["problems"] == []
    for kind in RESOURCES:
        read, there = found[f"{kind} 4.3"], warehouse.value(COUNTS[kind])
        assert read["count"] == len(read["ids"]) == len(set(read["ids"])) == there > 0, kind
        assert found[f"{kind} 5.0"] == read
        assert found[f"{kind} fhirclient"] == read["ids"]
    assert len(found["Specimen 4.3"]["ids"]) > 3 * found["count"]  # several pages
    for wrong, version in found["accepted"]:
        assert list(wrong_codes(wrong, FhirVersion(version))), wrong
    assert {wrong["resourceType"] for wrong, _ in found["accepted"]} == OF_CODES

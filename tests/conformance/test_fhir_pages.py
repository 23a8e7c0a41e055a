"""Third-party clients and validators of FHIR take the stand-in for a FHIR server, and agree with our hook."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sources.fhir.vocabulary import TYPES, FhirVersion, wrong_codes
from tests.support.client_environment import python_with
from tests.support.sandbox import RunningSandbox, running_sandbox

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(studies=2, rows=12, packages=False, images=10, seed=5) as running:
        yield running


def served(sandbox: RunningSandbox) -> dict[str, dict[str, Any]]:
    """What the server has, by type and id."""
    found = {}
    for of in TYPES:
        answer = sandbox.client.get(f"{sandbox.url}/fhir/{of}", params={"_count": "500"})
        entries = answer.raise_for_status().json().get("entry", [])
        found[of] = {entry["resource"]["id"]: entry["resource"] for entry in entries}
    return found


@pytest.mark.long
@pytest.mark.parametrize("version", ["R4B", "R5"])
def test_clients_read_all_pages_and_validators_accept_every_resource(
    sandbox: RunningSandbox, version: str
) -> None:
    python = python_with(HERE / "requirements-fhir.txt", "fhirpy")
    sandbox.speak_fhir(version)
    command = [str(python), str(HERE / "fhir_pages_client.py"), f"{sandbox.url}/fhir", version, *TYPES]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found, there = json.loads(ran.stdout.splitlines()[-1]), served(sandbox)
    assert found["problems"] == []
    ids = {of: sorted(resources) for of, resources in there.items()}
    assert {of: sorted(named) for of, named in found["fhirpy"].items()} == ids
    if version == "R4B":
        assert {of: sorted(named) for of, named in found["fhirclient"].items()} == ids
    assert [
        why for of in TYPES for item in there[of].values() for why in wrong_codes(item, FhirVersion[version])
    ] == []
    # What the validator lets through, our own check refuses.
    assert found["let_through"]
    assert all(list(wrong_codes(item, FhirVersion[version])) for item in found["let_through"])

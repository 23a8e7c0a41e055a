"""A third-party client of ImmPort's API, made from its description, takes the sandbox for ImmPort."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from include.sources.immport.endpoints import SHARED_DATA
from tests.support.client_environment import python_with
from tests.support.sandbox import running_sandbox

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"


@pytest.fixture(scope="module")
def client() -> Path:
    """Python of a virtual environment that has the client, made once."""
    return python_with(REQUIREMENTS, "immport-client")


def test_the_client_calls_every_endpoint_and_parses_every_answer(client: Path) -> None:
    with running_sandbox() as sandbox:
        command = [str(client), str(HERE / "client.py"), sandbox.url, sandbox.api_key]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert ran.returncode == 0, ran.stderr[-3000:]
        requests = sandbox.requests()
    calls = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [call for call in calls if call["lost"]] == []
    rows: Counter[str] = Counter()
    for call in calls:
        rows[call["method"]] += call["rows"]
    assert [method for method, count in rows.items() if not count] == []
    assert len(rows) == len(SHARED_DATA) + 1  # and the downloads
    assert {request["endpoint"] for request in requests} == {*SHARED_DATA, "download"}
    assert {request["status"] for request in requests} == {200}
    assert rows["download"] == rows["get_url_from_drs"] == 2 * rows["get_file_details"]

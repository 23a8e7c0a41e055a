"""Judges of DRS services: GA4GH's compliance suite, its OpenAPI document, a client from PyPI."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from tests.support.client_environment import python_with
from tests.support.cytometry import DATA
from tests.support.sandbox import ROOT

HERE = ROOT / "tests" / "conformance"
DOCUMENTS = DATA / "drs"
needs_documents = pytest.mark.skipif(
    not DOCUMENTS.is_dir(), reason=f"no OpenAPI documents of DRS in {DOCUMENTS} (IMMPORT_TEST_DATA)"
)


def compliance(
    base: str,
    token: str,
    blobs: Sequence[str],
    bundles: Sequence[str],
    folder: Path,
    certificate: Path | None = None,
) -> tuple[int, list[str]]:
    """How many checks of the suite passed, and what each that failed says.

    :param base: address that ends with /ga4gh/drs/v1.
    :param certificate: by which the service is known; None without TLS.
    """
    auth = {"auth_type": "bearer", "auth_token": token}
    config = {
        "service_info": auth,
        "drs_object_info": [
            {**auth, "drs_id": name, "is_bundle": name in bundles} for name in (*blobs, *bundles)
        ],
        "drs_object_access": [{**auth, "drs_id": name} for name in blobs],
    }
    file = folder / "suite.json"
    file.write_text(json.dumps(config))
    python = python_with(HERE / "requirements-drs-suite.txt", "drs-compliance-suite")
    command = [str(python), str(HERE / "drs_suite.py"), base, str(file)]
    ran = _run(command, folder, certificate)
    assert ran.returncode == 0, ran.stderr[-3000:]
    # The suite succeeds whatever it found: its report says what.
    report = json.loads(ran.stdout.splitlines()[-1])
    cases = [case for phase in report["phases"] for test in phase["tests"] for case in test["cases"]]
    failed = [f"{case['case_name']}: {case['message']}" for case in cases if case["status"] == "FAIL"]
    assert report["summary"]["failed"] == len(failed)
    assert report["summary"]["unknown"] == 0
    return report["summary"]["passed"], failed


def client_download(server: str, object_id: str, token: str, folder: Path, certificate: Path) -> str:
    """What ga4gh-drs-client reports of a download to a folder, its checksum validated."""
    python = python_with(HERE / "requirements-drs-client.txt", "ga4gh-drs-client")
    options = ["-t", token, "-d", "-v", "-o", str(folder)]
    command = [str(python.parent / "drs"), "get", server, object_id, *options]
    ran = _run(command, folder, certificate)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return next(folder.glob("drs_download_report*")).read_text()


def _run(command: list[str], folder: Path, certificate: Path | None) -> subprocess.CompletedProcess[str]:
    """Run a client of `requests` that knows a certificate."""
    trusted = {} if certificate is None else {"REQUESTS_CA_BUNDLE": str(certificate)}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
        env=os.environ | trusted,
    )


def check_answers(client: httpx.Client, blob: str, bundle: str, access_id: str) -> None:
    """Check the answers of a service of 1.5.0, refusals included, against the OpenAPI document.

    :param client: with the address of the service as its base, and the token.
    """
    api = OpenApi("1.5.0")
    of_object, of_access = "/objects/{object_id}", "/objects/{object_id}/access/{access_id}"
    several = {"bulk_object_ids": [blob, bundle, "nothing"]}
    pairs = {"bulk_object_access_ids": [{"bulk_object_id": blob, "bulk_access_ids": [access_id, "no"]}]}
    for path, sent, method, status, body in (
        ("/service-info", "/service-info", "GET", 200, None),
        (of_object, f"/objects/{blob}", "GET", 200, None),
        (of_object, f"/objects/{blob}", "POST", 200, {}),
        (of_object, f"/objects/{blob}", "OPTIONS", 200, None),
        (of_object, f"/objects/{bundle}?expand=true", "GET", 200, None),
        (of_object, f"/objects/{bundle}", "GET", 200, None),
        (of_object, "/objects/nothing", "GET", 404, None),
        (of_access, f"/objects/{blob}/access/{access_id}", "GET", 200, None),
        (of_access, f"/objects/{blob}/access/nothing", "GET", 404, None),
        ("/objects", "/objects", "POST", 200, several),
        ("/objects", "/objects", "POST", 400, {}),
        ("/objects", "/objects", "POST", 413, {"bulk_object_ids": ["x"] * 101}),
        ("/objects", "/objects", "OPTIONS", 200, several),
        ("/objects/access", "/objects/access", "POST", 200, pairs),
    ):
        # The base of the client is a part of the path, which a path of its own would replace.
        answer = client.request(method, f"{client.base_url}{sent.removeprefix('/')}", json=body)
        assert answer.status_code == status, (sent, answer.text)
        assert api.problems(path, method, status, answer.json()) == [], (sent, answer.text)
    assert api.problems(of_object, "GET", 200, {"id": "x"}) != []


class OpenApi:
    """The OpenAPI document of a version of DRS."""

    def __init__(self, version: str) -> None:
        self.document = json.loads((DOCUMENTS / f"drs-{version}.openapi.json").read_text())

    def problems(self, path: str, method: str, status: int, body: Any) -> list[str]:
        """What is wrong with the body of an answer, by the schema of the operation's status."""
        operation = self.document["paths"][path][method.lower()]
        response = self._found(operation["responses"][str(status)])
        content = response.get("content", {}).get("application/json")
        assert content, f"{path} {method} {status} has no schema"
        schema = {**content["schema"], "components": self.document["components"]}
        checker = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
        return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in checker.iter_errors(body)]

    def _found(self, node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return node
        found = self.document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found

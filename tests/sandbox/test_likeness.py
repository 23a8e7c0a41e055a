"""The sandbox beside ImmPort itself: its API description, and answers it really gave."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.sources.endpoint import Group
from include.sources.immport.endpoints import SHARED_DATA
from include.sources.immport.lookups import LOOKUP_ENDPOINTS
from tests.sandbox.data import ARCHIVES, SAMPLES, SCHEMA, needs_data
from tests.sandbox.server.test_serialize import STUDIES
from tests.sources.immport.test_endpoints import SENT_OTHERWISE
from tests.support.sandbox import RunningSandbox, running_sandbox

ENDPOINTS = {name: item for name, item in SHARED_DATA.items() if item.group is Group.STUDY}

#: JSON types by ImmPort's words for them.
_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "number": (int, float), "string": (str,)}


def described(endpoint: str) -> list[dict[str, Any]]:
    path = SHARED_DATA[endpoint].path.replace("{study}", "{studyAccession}")
    return json.loads(SCHEMA.read_text())["endpoints"][path]["fields"]


def answered(sandbox: RunningSandbox, endpoint: str) -> list[dict[str, Any]]:
    found = []
    for study in [hit["_id"] for hit in sandbox.get("/api/search/study").json()["hits"]["hits"]]:
        path, parameters = ENDPOINTS[endpoint].request(study)
        body = sandbox.get(path, **parameters).json()
        found += body if isinstance(body, list) else [body]
    return found


def hold_to_the_description(sandbox: RunningSandbox, endpoint: str) -> int:
    return hold(endpoint, answered(sandbox, endpoint))


def hold(endpoint: str, found: list[dict[str, Any]]) -> int:
    fields = described(endpoint)
    for row in found:
        described_names = [field["json"] for field in fields]
        assert set(row) == set(described_names)
        assert list(row) == described_names or endpoint in SENT_OTHERWISE
        for field in fields:
            value, kinds = row[field["json"]], _TYPES.get(field["type"], (list, str))
            assert value is None or isinstance(value, kinds), (endpoint, field, value)
    return len(found)


@needs_data
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_synthetic_rows_are_as_described(sandbox: RunningSandbox, endpoint: str) -> None:
    assert hold_to_the_description(sandbox, endpoint) >= len(STUDIES) // 7


@needs_data
@pytest.mark.parametrize("endpoint", [item.name for item in LOOKUP_ENDPOINTS])
def test_synthetic_terms_are_as_described(sandbox: RunningSandbox, endpoint: str) -> None:
    assert hold(endpoint, sandbox.get(SHARED_DATA[endpoint].path).json()) > 0


@pytest.mark.long
@needs_data
def test_rows_of_real_packages_are_as_described() -> None:
    with running_sandbox(archives=ARCHIVES) as sandbox:
        assert sandbox.status()["releases"] == ["DR16", "DR25"]
        for release in ("DR16", "DR25"):
            sandbox.set_release(release)
            counts = {endpoint: hold_to_the_description(sandbox, endpoint) for endpoint in ENDPOINTS}
            assert (counts["elispot"], counts["pcr"], counts["fcsAnalyzed"]) == (466, 456, 52)
            assert (counts["protocol"], counts["contract"], counts["pubmed"]) == (3, 1, 1)
            for item in LOOKUP_ENDPOINTS:
                assert hold(item.name, sandbox.get(item.path).json()) > 0
            for item in SHARED_DATA.values():
                if item.name != "drsDownload":
                    path, parameters = item.request("SDY139")
                    assert sandbox.get(path, **parameters).status_code == 200, item.name
            assert sandbox.get("/api/search/subject").json()["hits"]["total"]["value"] == 62
            header, *lines = sandbox.get(
                "/result/pcr", studyAccession="SDY139", format="tsv"
            ).text.splitlines()
            assert (len(lines), header.split("\t")) == (456, list(ENDPOINTS["pcr"].names))


@needs_data
@pytest.mark.parametrize(
    "path",
    [path for name in ENDPOINTS for path in SAMPLES.glob(f"sample_result_{name}.json")],
    ids=lambda p: p.stem,
)
def test_answers_look_like_real_ones(sandbox: RunningSandbox, path: Any) -> None:
    """Keys both have mean the same type of value: nothing real is text here or the other way round."""
    name = path.stem.removeprefix("sample_result_")
    real = json.loads(path.read_text())
    kinds: dict[str, set[bool]] = {}
    for row in answered(sandbox, name):
        for key, value in row.items():
            if value is not None:
                kinds.setdefault(key, set()).add(isinstance(value, str))
    for row in real if isinstance(real, list) else [real]:
        for key, value in row.items():
            if value is not None and key in kinds:
                assert kinds[key] == {isinstance(value, str)}, key

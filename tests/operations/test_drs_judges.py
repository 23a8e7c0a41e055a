"""What others say of the warehouse's DRS service: GA4GH's suite, its OpenAPI document, a client of PyPI."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from airflow.api_fastapi.core_api.security import get_user
from fastapi import FastAPI

from include.sources.drs.versions import BASE, base_of
from operations.page import MOUNT
from tests.operations.conftest import Pages
from tests.operations.test_drs import CONTENTS, PATHS, keep_files, uuid
from tests.support.drs_judges import check_answers, client_download, compliance, needs_documents
from tests.support.live_app import LiveApp, live
from tests.support.pages import TOKEN, user_of
from tests.support.warehouse import Warehouse


@pytest.fixture
def service(pages: Pages, warehouse: Warehouse, tmp_path: Path) -> Iterator[LiveApp]:
    """The service behind TLS, as a proxy would pass requests on to it, with files of two studies."""
    keep_files(warehouse, tmp_path / "files")
    pages.app.dependency_overrides = {get_user: user_of}
    root = FastAPI()
    root.mount(MOUNT, pages.app)
    (tmp_path / "tls").mkdir()
    with live(root, tmp_path / "tls") as running:
        yield running


@pytest.mark.long
def test_the_compliance_suite_passes(service: LiveApp, tmp_path: Path) -> None:
    blobs, bundles = [uuid(1), uuid(2)], ["SDY1.DR1"]
    address = f"{service.url}{MOUNT}"
    passed, failed = compliance(
        address + base_of("1.2.0"), TOKEN, blobs, bundles, tmp_path, service.certificate
    )
    assert (passed >= 20, failed) == (True, [])
    # The suite knows 1.2.0 alone, whose schema it closes: what 1.4 and 1.5 require is too much for it.
    _, failed = compliance(address + BASE, TOKEN, blobs, bundles, tmp_path, service.certificate)
    assert len(failed) == 1
    assert "('drs', 'maxBulkRequestLength' were unexpected)" in failed[0]


@pytest.mark.long
def test_a_client_downloads_a_file(
    service: LiveApp, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    # A test before this one may have set up Airflow's logging, which ends what other loggers pass on.
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.startswith("uvicorn"):
            monkeypatch.setattr(logger, "disabled", False)
            monkeypatch.setattr(logger, "propagate", True)
            caplog.set_level(logging.INFO, logger=name)
    folder = tmp_path / "client"
    folder.mkdir()
    report = client_download(f"{service.url}{MOUNT}", uuid(1), TOKEN, folder, service.certificate)
    assert "COMPLETED" in report
    assert "PASSED" in report
    # Where requests are logged, the signature is not.
    assert "/drs/files/" in caplog.text, {record.name for record in caplog.records}
    assert "token=" not in caplog.text
    assert CONTENTS[PATHS[0]] in [file.read_bytes() for file in folder.rglob("*") if file.is_file()]


@needs_documents
def test_answers_are_those_of_the_openapi_document(service: LiveApp) -> None:
    trust = ssl.create_default_context(cafile=service.certificate)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"{service.url}{MOUNT}{BASE}", headers=headers, verify=trust) as client:
        check_answers(client, uuid(1), "SDY1.DR1", "signed")

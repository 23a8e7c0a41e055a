"""Files of the warehouse that lie in S3: the service signs, the storage verifies, clients download."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from include.local.ports import free_port
from include.sources.drs.versions import BASE
from tests.operations.conftest import Pages
from tests.operations.test_drs import CONTENTS, PATHS, keep_files, uuid
from tests.support.drs_judges import client_download
from tests.support.pages import TOKEN
from tests.support.s3_gateway import PASSWORD, REGION, USER, S3Gateway, s3_gateway
from tests.support.s3_service import FILES, S3Service, s3_service
from tests.support.warehouse import Warehouse

pytestmark = pytest.mark.long
CONTENT = CONTENTS[PATHS[0]]


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Gateway]:
    with s3_gateway(tmp_path_factory.mktemp("s3"), free_port()) as gateway:
        gateway.put("/institute")
        yield gateway


@pytest.fixture
def service(
    request: pytest.FixtureRequest, pages: Pages, warehouse: Warehouse, storage: S3Gateway, tmp_path: Path
) -> Iterator[S3Service]:
    """The service; its credentials are those of a connection of Airflow's, or the machine's own.

    Each takes some seconds to start: a test has one of them.
    """
    user = "files_store@" if request.param == "connection" else ""
    root = f"s3://{user}institute/{request.param}"
    locations = {path: f"{root}/{path}" for path in CONTENTS}
    keep_files(warehouse, tmp_path / FILES, locations)
    connection = {
        "conn_type": "aws", "login": USER, "password": PASSWORD,
        "extra": {"endpoint_url": storage.url, "region_name": REGION},
    }  # fmt: skip
    machine = {
        "AWS_ACCESS_KEY_ID": USER, "AWS_SECRET_ACCESS_KEY": PASSWORD, "AWS_ENDPOINT_URL": storage.url,
        "AWS_DEFAULT_REGION": REGION,
    }  # fmt: skip
    environment = {"AIRFLOW_CONN_FILES_STORE": json.dumps(connection)} if user else machine
    with s3_service(root, tmp_path, **environment) as running:
        assert running.places == locations
        yield running


def client_of(service: S3Service) -> httpx.Client:
    trust = ssl.create_default_context(cafile=service.certificate)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.Client(base_url=service.url, headers=headers, verify=trust)


@pytest.mark.parametrize("service", ["machine"], indirect=True)
def test_the_storage_sends_what_the_service_signs_and_nothing_else(
    service: S3Service, storage: S3Gateway
) -> None:
    signing = f"{BASE}/objects/{uuid(1)}/access/signed"
    with client_of(service) as client:

        def signed() -> str:
            answer = client.get(signing)
            assert answer.status_code == 200, answer.text
            return str(answer.json()["url"])

        url = signed()
        assert url.startswith(f"{storage.url}/institute/")
        assert "X-Amz-Signature=" in url
        assert "X-Amz-Expires=900" in url
        assert PASSWORD not in url
        assert httpx.get(url).content == CONTENT
        part = httpx.get(url, headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, CONTENT[10:20])
        assert httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 400
        for wrong in (
            f"{url[:-1]}{'0' if url[-1] != '0' else '1'}",
            url.replace("X-Amz-Expires=900", "X-Amz-Expires=90000"),
            url.replace("plate", "slate"),
        ):
            assert httpx.get(wrong).status_code == 403, wrong
        service.sign_as_of(seconds_ago=3600)
        assert httpx.get(signed()).status_code == 403
        # Of a restricted study nothing is signed; what is not there is not, either.
        assert client.get(f"{BASE}/objects/{uuid(4)}/access/signed").status_code == 404
        path = "/institute/" + service.places[PATHS[1]].partition("institute/")[2]
        httpx.delete(storage.signed("DELETE", path)).raise_for_status()
        assert client.get(f"{BASE}/objects/{uuid(2)}/access/signed").status_code == 404


@pytest.mark.parametrize("service", ["connection"], indirect=True)
def test_a_client_downloads_a_file_from_the_storage(service: S3Service, tmp_path: Path) -> None:
    with client_of(service) as client:
        access = client.get(f"{BASE}/objects/{uuid(1)}/access/signed").json()
        assert httpx.get(access["url"]).content == CONTENT
    folder = tmp_path / "client"
    folder.mkdir()
    # It sends its token to signed addresses, too: the storage refuses that, and it takes the other way.
    report = client_download(service.url, uuid(1), TOKEN, folder, service.certificate)
    assert "PASSED" in report
    assert CONTENT in [file.read_bytes() for file in folder.rglob("*") if file.is_file()]

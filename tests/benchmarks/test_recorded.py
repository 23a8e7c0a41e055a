"""Recorded answers: one request to the source, whose answer is served again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.recorded import RecordedSource, Recording, serving
from tests.support.sandbox import RunningSandbox, running_sandbox

HAI = "/data/query/result/hai?studyAccession=SDY1001"


@contextmanager
def recorded(folder: Path) -> Iterator[tuple[RunningSandbox, RecordedSource]]:
    """A sandbox, and a server that records what it answers."""
    with (
        running_sandbox(studies=1, rows=20) as sandbox,
        serving(Recording(folder), sandbox.url, sandbox.api_key) as source,
    ):
        yield sandbox, source


def test_an_answer_is_requested_once(tmp_path: Path) -> None:
    with recorded(tmp_path) as (sandbox, source):
        headers = {"authorization": f"Bearer {source.api_key}"}
        first = source.client.get(HAI, headers=headers)
        assert first.content == sandbox.client.get(sandbox.url + HAI, headers=headers).content
        sandbox.clear_requests()
        assert source.client.get(HAI, headers=headers).content == first.content
        assert sandbox.requests() == []
        assert source.requests() == {"/data/query/result/hai": 2}
    # The next run needs no source for it.
    with serving(Recording(tmp_path), "http://127.0.0.1:9", "key") as again:
        assert again.client.get(HAI).content == first.content


def test_a_refusal_is_not_recorded(tmp_path: Path) -> None:
    with recorded(tmp_path) as (_, source):
        assert source.client.get(HAI).status_code == 401
        headers = {"authorization": f"Bearer {source.api_key}"}
        assert source.client.get(HAI, headers=headers).status_code == 200


def test_a_link_names_the_server_that_serves_it(tmp_path: Path) -> None:
    with recorded(tmp_path) as (_, source):
        headers = {"authorization": f"Bearer {source.api_key}"}
        listed = source.client.get("/data/query/api/study/manifest/SDY1001", headers=headers).json()
        file = next(item for item in listed if item["fileName"].endswith("_table_count.txt"))
        link = f"/data/query/drs/download/s3/{file['fileUUID']}"
        url = source.client.get(link, headers=headers).json()["url"]
        assert url.startswith(f"{source.url}/s3/")
        assert len(source.client.get(url).content) == file["filesizeBytes"]

"""The files DAG by GA4GH DRS: every file comes once and whole, whatever ends a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.end_to_end.test_files import KILLED, assert_all_there, bring, digests, requests_to, wanted
from tests.end_to_end.worlds import CANARY, Loaded
from tests.support.runs import Installation, Installations, Kill
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.long


@pytest.fixture
def installation(installations: Installations, after: Loaded, small: RunningSandbox) -> Installation:
    """A loaded warehouse whose connection names a DRS service for files."""
    copy = installations.copy(after.installation)
    return replace(copy, extra={**copy.extra, "drs_address": small.url})


def ranges(sandbox: RunningSandbox) -> dict[str, list[str | None]]:
    """The ranges in which the bytes of each file were requested, by path."""
    found: dict[str, list[str | None]] = {}
    for request in sandbox.requests():
        if request["endpoint"] == "download":
            found.setdefault(request["path"], []).append(request["range"])
    return found


def test_runs_that_are_killed_go_on_and_no_byte_comes_twice(installation: Installation) -> None:
    folder, sandbox = installation.landing / "files", installation.sandbox
    files = wanted(installation)
    sandbox.fault("download", "cut", times=1, after=1000)
    for kill in (
        Kill("immport_provider.hooks.drs.drs:DrsHook.object", after=True),
        Kill("immport_provider.hooks.files.file_store:requesting", call=2),
        Kill("include.pipeline.downloads.file_plan:write_plan", after=True),
        Kill("include.landing.object_store:Storage.keep"),
        Kill("include.landing.object_store:Storage.keep", after=True),
        Kill("immport_provider.hooks.drs.drs:DrsHook.address", call=2),
        Kill("include.pipeline.downloads.file_selection:finish", after=True),
    ):
        assert bring(installation, kill).exit == KILLED, kill
        whole = {path: md5 for path, md5 in digests(folder).items() if "/." not in path}
        assert whole == {path: files[path]["generatedMD5"] for path in whole}, "half a file has no name"
    run = bring(installation)
    assert run.state == "success", run.log[-4000:]
    came = sorted(ranges(sandbox).values(), key=len)
    assert came == [[None]] * (len(files) - 1) + [[None, "bytes=1000-"]]
    assert requests_to(sandbox, "drsDownload") == 0
    assert requests_to(sandbox, "drsObject") >= len(files)
    assert_all_there(installation, folder)
    assert CANARY not in run.log
    assert "Signature" not in run.log
    sandbox.clear_requests()
    assert bring(installation).state == "success"
    assert [requests_to(sandbox, name) for name in ("download", "drsObject", "drsAccess")] == [0, 0, 0]


def test_files_without_an_md5_in_the_manifest_are_verified_and_known_again(
    installation: Installation,
) -> None:
    folder, sandbox = installation.landing / "files", installation.sandbox
    files = wanted(installation)
    sandbox.fault("manifest", "missing_key", key="generatedMD5")
    sandbox.fault("download", "corrupt", times=1)
    run = bring(installation)
    assert run.state == "success", run.log[-4000:]
    known = {path: row["generatedMD5"] for path, row in files.items()}
    rows = installation.query("select path, md5, kept_md5, kept_bytes from ops.file_download")
    assert {row.path: row.kept_md5 for row in rows} == known == digests(folder)
    assert {row.path: row.kept_bytes for row in rows} == {
        path: row["filesizeBytes"] for path, row in files.items()
    }
    assert {row.md5 for row in rows} == {None}
    damaged = folder / min(files)
    damaged.write_bytes(b"?" + damaged.read_bytes()[1:])
    sandbox.clear_requests()
    assert bring(installation).state == "success"
    assert requests_to(sandbox, "download") == 1
    assert digests(folder) == known

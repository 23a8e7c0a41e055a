"""The hook that sends data: requests as ImmPort documents them, its key, its workspace, its errors."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from immport_provider.hooks.submission.upload import ImmPortUploadHook
from include.sources.errors import (
    AccessError,
    ConfigurationError,
    CredentialError,
    ImmPortError,
    NeverConnectedError,
    RequestError,
    RetriableError,
    ServerError,
    UnknownTicketError,
)
from include.submission.service.answers import read_day
from include.submission.service.services import BATCH_UPDATER, UPLOAD
from tests.provider.uploads import TEMPLATE, upload_hook
from tests.support.sandbox import RunningSandbox

Hooked = Callable[..., ImmPortUploadHook]


@pytest.fixture
def hooked(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Hooked:
    sandbox.clear_uploads()
    return lambda **fields: upload_hook(sandbox, monkeypatch, **fields)


def package(rows: str = "\tp1\tname\ta.pdf\tAssay\n") -> io.BytesIO:
    return io.BytesIO((TEMPLATE + rows).encode())


def walked(hook: ImmPortUploadHook, ticket: str, service: Any = UPLOAD) -> list[str]:
    """The statuses of a ticket to its end."""
    seen: list[str] = []
    while not seen or not seen[-1].startswith(("Completed", "Rejected")):
        seen.append(hook.status(service, ticket))
        assert len(seen) < 30
    return seen


def test_a_package_is_validated_and_then_stored(sandbox: RunningSandbox, hooked: Hooked) -> None:
    with hooked() as hook:
        checked = hook.send(UPLOAD, "validateData", package(), "protocols.txt", "notes")
        assert (checked.status, checked.purpose, checked.workspace_id) == (
            "Pending_Validation",
            "validateData",
            7001,
        )
        assert hook.status(UPLOAD, checked.number) == "Pending_Validation", "until it is requested"
        hook.request_validation(UPLOAD, checked.number)
        assert walked(hook, checked.number)[-1] == "Completed_Validation"
        stored = hook.send(UPLOAD, "uploadData", package(), "protocols.txt", "notes")
        assert walked(hook, stored.number) == [
            "Pending", "Registered", "Started", "Parsing", "Information", "Stored in:file_info", "Parsed",
            "Completed",
        ]  # fmt: skip
        summary = hook.summary(UPLOAD, stored.number)
        assert (summary.file_name, summary.errors) == ("protocols.txt", [])
        assert "Stored in:file_info" in hook.database_report(UPLOAD, stored.number)
        again = hook.send(UPLOAD, "validateData", package(), "protocols.txt", "")
        hook.request_validation(UPLOAD, again.number)
        assert walked(hook, again.number)[-1] == "Rejected_Validation"
        errors = hook.summary(UPLOAD, again.number).errors
    assert [(item.file_name, item.line, item.error) for item in errors] == [
        ("protocols.txt", 4, "The User Defined ID [p1] already exists in the workspace.")
    ]


def test_the_batch_updater_has_purposes_and_statuses_of_its_own(hooked: Hooked) -> None:
    with hooked() as hook:
        changes = io.BytesIO(
            b"table_name=reagent\tkey_columns=reagent_accession\tdata_columns=name\nESR1\tx\n"
        )
        ticket = hook.send(BATCH_UPDATER, "batchUpdateUpload", changes, "UpdateValue.Reagent.txt", "")
        assert ticket.status == "Pending_Batch_Updater"
        assert walked(hook, ticket.number, BATCH_UPDATER)[-1] == "Completed_Batch_Updater"
        with pytest.raises(UnknownTicketError):
            hook.status(UPLOAD, ticket.number)
        with pytest.raises(RequestError, match="no files on another way"):
            hook.send_offline(BATCH_UPDATER, "x", "")


def test_files_of_an_offline_ticket_come_on_another_way(sandbox: RunningSandbox, hooked: Hooked) -> None:
    with hooked() as hook:
        ticket = hook.send_offline(UPLOAD, "large.zip", "by disk").number
        assert {hook.status(UPLOAD, ticket) for _ in range(5)} == {"Pending"}
        with pytest.raises(UnknownTicketError):
            hook.summary(UPLOAD, ticket)
        sandbox.decide_upload(arrived=ticket)
        assert walked(hook, ticket)[-1] == "Completed"


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        ("401", CredentialError, "create one with the scope upload"),
        ("403", AccessError, "lacks the scope upload"),
        ("413", RequestError, "send it offline"),
        ("503", ServerError, "HTTP 503"),
        ("cut", RetriableError, "uploadOnline"),
        ("broken", RetriableError, "not JSON"),
        ("html", RetriableError, "uploadOnline"),
    ],
)
def test_a_package_is_sent_once_whatever_the_answer(
    sandbox: RunningSandbox, hooked: Hooked, fault: str, kind: type[ImmPortError], message: str
) -> None:
    sandbox.fault("uploadOnline", fault)
    with hooked() as hook, pytest.raises(kind, match=message) as caught:
        hook.send(UPLOAD, "uploadData", io.BytesIO(bytes(5_000_000)), "large.zip", "")
    assert sandbox.upload_key not in str(caught.value)
    assert [item["endpoint"] for item in sandbox.requests()] == ["uploadOnline"]


def test_questions_are_repeated(sandbox: RunningSandbox, hooked: Hooked) -> None:
    with hooked() as hook:
        ticket = hook.send(UPLOAD, "uploadData", package(), "protocols.txt", "").number
        sandbox.fault("uploadStatus", "503", times=2)
        assert hook.status(UPLOAD, ticket) == "Pending"


def test_a_slow_service_takes_a_package_whole(sandbox: RunningSandbox, hooked: Hooked) -> None:
    sandbox.fault("uploadOnline", "slow_upload", seconds=0.001)
    with hooked() as hook:
        hook.send(UPLOAD, "uploadData", io.BytesIO(bytes(2_000_000)), "large.bin", "")
        sandbox.clear_faults()
        # One that is not finished in time leaves no ticket.
        sandbox.fault("uploadOnline", "slow_upload", seconds=3)
    with hooked(extra={"max_answer_seconds": 0.5}) as hook, pytest.raises(RetriableError):
        hook.send(UPLOAD, "uploadData", io.BytesIO(bytes(40_000_000)), "larger.bin", "")
    assert [item["file"] for item in sandbox.uploads()] == ["large.bin"]


def test_the_workspace_of_the_connection_is_checked(hooked: Hooked) -> None:
    with hooked(extra={"workspace_name": "Sandbox workspace"}) as hook:
        assert hook.workspace().created == read_day("2018-04-19")
    with hooked(extra={"workspace_name": "Mine"}) as hook, pytest.raises(ConfigurationError, match="'Mine'"):
        hook.workspace()
    with hooked(extra={"workspace_id": "12"}) as hook:
        with pytest.raises(ConfigurationError, match=r"no access to the workspace 12; the key has: 7001"):
            hook.workspace()
        with pytest.raises(AccessError):
            hook.send(UPLOAD, "uploadData", package(), "x.txt", "")
    is_good, text = hooked().test_connection()
    assert is_good
    assert "Sandbox workspace (7001)" in text


def test_a_key_that_reads_sends_nothing(sandbox: RunningSandbox, hooked: Hooked, stub: Any) -> None:
    with hooked(password=sandbox.api_key) as hook, pytest.raises(AccessError):
        hook.workspace()
    reading = "h.eyJzY29wZSI6IFsiYnJvd3NlIiwgImRvd25sb2FkIl19.s"
    for fields, wrong in (
        ({"password": reading}, "has the scopes browse, download"),
        ({"password": ""}, "no API key"),
        ({"login": "me"}, "login must be empty"),
        ({"extra": {"workspace_id": "mine"}}, "workspace_id is not the number"),
        ({"extra": {"status_seconds": 0}}, "status_seconds must be at least"),
        ({"host": "http://upload.example.org"}, "plain http"),
    ):
        with pytest.raises(ConfigurationError, match=wrong) as caught:
            hooked(**fields).get_conn()
        assert reading not in str(caught.value)
    assert hooked(host="").upload_settings.updater_base == "https://immport-upload.niaid.nih.gov:9443"


def test_what_never_arrived_is_not_a_lost_answer(hooked: Hooked) -> None:
    with hooked(host="http://127.0.0.1:1") as hook, pytest.raises(NeverConnectedError):
        hook.send(UPLOAD, "uploadData", package(), "x.txt", "")


@pytest.mark.long
def test_a_large_package_passes_with_flat_memory_on_both_sides(
    sandbox: RunningSandbox, hooked: Hooked, tmp_path: Path
) -> None:
    """A sparse file of 2 GB, whose bytes are all sent."""
    large = tmp_path / "large.bin"
    with hooked() as hook:
        with large.open("wb") as file:
            file.truncate(1_000)
        with large.open("rb") as file:
            hook.send(UPLOAD, "uploadData", file, "first.bin", "")
        before = [_peak_kb(process) for process in (os.getpid(), sandbox.pid)]
        with large.open("wb") as file:
            file.truncate(2 << 30)
        with large.open("rb") as file:
            hook.send(UPLOAD, "uploadData", file, "large.bin", "")
        grown = [_peak_kb(process) for process in (os.getpid(), sandbox.pid)]
    assert [item["file"] for item in sandbox.uploads()] == ["first.bin", "large.bin"]
    assert all(after - once < 50_000 for once, after in zip(before, grown, strict=True)), (before, grown)


def _peak_kb(process: int) -> int:
    """The most memory that a process has had, kB."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        pytest.skip("peaks of memory are read from /proc, which only Linux has")
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])

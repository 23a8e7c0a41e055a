"""Downloads: whole files only, never from zero again, and no signed address anywhere."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import time
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from immport_provider.hooks.files.downloads import ListedFile, RemoteFile, Transfer
from immport_provider.hooks.files.signed import open_client
from immport_provider.hooks.files.way import FileWay
from immport_provider.hooks.settings import Settings
from include.sources.calls import CallCounts
from include.sources.drs.objects import AccessUrl
from include.sources.errors import (
    AccessError,
    BadAnswerError,
    ConfigurationError,
    ConnectionLostError,
    CredentialError,
    ImmPortError,
    MissingFileError,
    RateLimitError,
    RequestError,
    RetriableError,
    ServerError,
    WrongFileError,
)
from include.sources.foreign import quoted
from include.sources.reader import cell
from include.sources.remote_files import listed_files, unreadable
from tests.provider.conftest import CANARY, Connect, Stub, Waits, statuses
from tests.support.sandbox import RunningSandbox, running_sandbox

SIGNATURE = "X-Amz-Signature=s1gn3d"
CONTENT = random.Random(11).randbytes(300_000)
EXPIRED = (
    b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message><Expires>2026</Expires></Error>"
)
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
NO_KEY = b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"

Answer = tuple[int, dict[str, str], bytes]


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def file_of(content: bytes = CONTENT, **more: Any) -> RemoteFile:
    file = RemoteFile("SDY7", "00000007-aaaa", "SDY7-DR60_Tab.zip", len(content), md5(content))
    return replace(file, **more)


def signed(stub: Stub) -> Answer:
    """What DRS says: an address in the stub's own store."""
    url = f"{stub.url}/store/file?{SIGNATURE}"
    return 200, {}, json.dumps({"message": "Success", "url": url, "status": 200}).encode()


def whole(content: bytes = CONTENT, sent: int | None = None, etag: str = '"v1"') -> Answer:
    return 200, {"Content-Length": str(len(content)), "ETag": etag}, content[:sent]


def rest(start: int, sent: int | None = None, content: bytes = CONTENT, etag: str = '"v1"') -> Answer:
    body = content[start:]
    span = f"bytes {start}-{len(content) - 1}/{len(content)}"
    headers = {"Content-Length": str(len(body)), "Content-Range": span, "ETag": etag}
    return 206, headers, body[:sent]


def ranges(stub: Stub) -> list[tuple[str | None, str | None]]:
    """Range and If-Range of every request for bytes."""
    return [(sent.get("Range"), sent.get("If-Range")) for path, sent in stub.requests if "/store/" in path]


@pytest.fixture
def files(sandbox: RunningSandbox, study: str, connect: Connect) -> list[ListedFile]:
    with connect() as immport:
        found = immport.manifest(study)
    sandbox.clear_requests()
    return found


def test_the_manifest_lists_each_file_once(
    connect: Connect, sandbox: RunningSandbox, stub: Stub, study: str, files: list[ListedFile]
) -> None:
    rows = sandbox.get(f"/api/study/manifest/{study}").json()
    assert [(file.uuid, file.size_bytes, file.md5, file.kind, file.path) for file in files] == [
        (row["fileUUID"], row["filesizeBytes"], row["generatedMD5"], row["fileType"], row["path"])
        for row in rows
    ]
    with connect() as immport:
        packages = immport.manifest(study, "release_file")
    assert packages == [file for file in files if file.kind == "release_file"] != files
    stub.answers = [(200, {}, json.dumps([*rows, rows[0]]).encode())]
    with connect(host=stub.url) as immport:
        assert immport.manifest(study) == files


@pytest.mark.parametrize("change", [{"path": None}, {"path": ""}, {"studyAccession": "SDY2"}])
def test_a_manifest_that_is_none_is_a_bad_answer(
    connect: Connect, sandbox: RunningSandbox, stub: Stub, study: str, change: dict[str, Any]
) -> None:
    row = sandbox.get(f"/api/study/manifest/{study}").json()[0]
    stub.answers = [(200, {}, json.dumps([{**row, **change}]).encode())]
    hook = connect(host=stub.url, extra={"max_retries": 0})
    with hook as immport, pytest.raises(BadAnswerError, match=f"manifest of {study}: a?.*file"):
        immport.manifest(study)


NO_SIZES: list[Any] = [
    *("x", "-1", "1_000", "1.5", "\u0663", "7\n", "\x00", "\ud800"),
    *(2**63, 10**400, -1, 1.5, [1], True),
]
NO_DAYS: list[Any] = ["yesterday", "2026-02-30 10:00", 7, []]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("filesizeBytes", value) for value in NO_SIZES),
        *(("dateFileUpdated", value) for value in NO_DAYS),
    ],
)
def test_a_value_of_a_manifest_that_is_not_readable_is_one_value(
    connect: Connect, sandbox: RunningSandbox, stub: Stub, study: str, field: str, value: Any
) -> None:
    rows = sandbox.get(f"/api/study/manifest/{study}").json()
    stub.answers = [(200, {}, json.dumps(rows).encode())]
    with connect(host=stub.url) as immport:
        first, *others = immport.manifest(study)
    stub.answers = [(200, {}, json.dumps([{**rows[0], field: value}, *rows[1:]]).encode())]
    with connect(host=stub.url) as immport:
        found, *rest = immport.manifest(study)
    assert rest == others
    name = {"filesizeBytes": "size_bytes", "dateFileUpdated": "updated"}[field]
    assert vars(found) == {**vars(first), name: None, "unreadable": found.unreadable}
    (finding,) = found.unreadable
    assert finding == f"{field} is not readable: {quoted(cell(value))}"
    assert first.name in str(unreadable([found, *rest]))


def test_the_largest_size_has_63_bits() -> None:
    row = {"studyAccession": "SDY1", "path": "a", "filesizeBytes": 2**63 - 1}
    (file,) = listed_files([row], "SDY1")
    assert (file.size_bytes, file.unreadable) == (2**63 - 1, ())


def test_every_file_comes_whole(
    connect: Connect, files: list[ListedFile], tmp_path: Path, sandbox: RunningSandbox
) -> None:
    with connect() as immport:
        for file in files:
            seen: list[tuple[int, int]] = []
            target = tmp_path / "deep" / file.uuid
            done = immport.download(file, target, progress=lambda *both: seen.append(both))  # noqa: B023 - called within the round
            assert (done.size_bytes, done.bytes_fetched, done.md5) == (
                file.size_bytes,
                file.size_bytes,
                file.md5,
            )
            assert md5(target.read_bytes()) == file.md5
            assert seen[-1:] == ([(file.size_bytes, file.size_bytes)] if file.size_bytes else [])
            sandbox.clear_requests()
            assert immport.download(file, target).bytes_fetched == 0
            assert len(sandbox.requests()) == (0 if file.size_bytes else 2)
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == sorted(file.uuid for file in files)


def test_cut_fifty_times_in_a_row_nothing_is_fetched_twice(
    connect: Connect,
    files: list[ListedFile],
    tmp_path: Path,
    sandbox: RunningSandbox,
    waits: Waits,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every download is cut at 50 random places one after the other."""
    requests: list[tuple[str | None, int]] = []
    real = httpx.Client.send

    def send(client: httpx.Client, request: httpx.Request, **more: Any) -> httpx.Response:
        answer = real(client, request, **more)
        if "Signature" in str(request.url):
            requests.append((request.headers.get("Range"), answer.status_code))
        return answer

    monkeypatch.setattr(httpx.Client, "send", send)
    seed = 20260430
    print(f"seed {seed}")
    dice = random.Random(seed)
    with connect(extra={"max_retries": 1}) as immport:
        for file in sorted(files, key=lambda file: -(file.size_bytes or 0))[:5]:
            size = file.size_bytes or 0
            places = sorted(dice.sample(range(1, size), 50))
            for start, end in zip([0, *places], places, strict=False):
                sandbox.fault("download", "cut", times=1, after=end - start)
            requests.clear()
            target = tmp_path / file.uuid
            done = immport.download(file, target)
            assert md5(target.read_bytes()) == file.md5
            assert (done.bytes_fetched, done.requests) == (size, 51)
            assert requests == [(None, 200), *((f"bytes={place}-", 206) for place in places)]
    assert len(waits.slept) == 250


def test_a_part_of_a_killed_task_is_gone_on_with(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    target = tmp_path / "file"
    stub.answers = [signed(stub), whole(sent=1000), *[(500, {}, b"")] * 2]
    with connect(host=stub.url, extra={"max_retries": 1}) as immport, pytest.raises(ServerError) as caught:
        immport.download(file_of(), target)
    assert caught.value.tries == 2
    assert target.read_bytes() == CONTENT[:1000]
    stub.answers = [signed(stub), rest(1000)]
    with connect(host=stub.url) as immport:
        done = immport.download(file_of(), target)
    assert (done.resumed_from, done.bytes_fetched, done.md5) == (1000, len(CONTENT) - 1000, md5(CONTENT))
    assert ranges(stub) == [(None, None), *[("bytes=1000-", '"v1"')] * 3]
    assert target.read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("left", "uuid", "goes_on"),
    [
        (CONTENT[:9], "00000007-aaaa", True),
        (CONTENT[:9], "another", False),
        (CONTENT + b"x", "00000007-aaaa", False),
    ],
)
def test_only_a_part_of_the_same_file_is_used(
    connect: Connect, stub: Stub, tmp_path: Path, left: bytes, uuid: str | None, goes_on: bool
) -> None:
    (tmp_path / "file").write_bytes(left)
    (tmp_path / "file.etag").write_text(json.dumps({"uuid": uuid, "etag": '"v1"'}))
    stub.answers = [signed(stub), rest(len(left)) if goes_on else whole()]
    with connect(host=stub.url) as immport:
        done = immport.download(file_of(), tmp_path / "file")
    assert done.resumed_from == (len(left) if goes_on else 0)
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("known_md5", [True, False])
def test_a_part_of_unknown_version_counts_when_the_md5_is_known(
    connect: Connect, stub: Stub, tmp_path: Path, known_md5: bool
) -> None:
    (tmp_path / "file").write_bytes(CONTENT[:9])
    file = file_of() if known_md5 else file_of(md5=None)
    stub.answers = [signed(stub), rest(9) if known_md5 else whole()]
    with connect(host=stub.url) as immport:
        immport.download(file, tmp_path / "file")
    assert ranges(stub) == [("bytes=9-", None) if known_md5 else (None, None)]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_whole_answer_to_a_range_doubles_nothing(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    stub.answers = [signed(stub), whole(sent=1000), whole(sent=2000), whole()]
    with connect(host=stub.url) as immport:
        done = immport.download(file_of(), tmp_path / "file")
    assert [span for span, _ in ranges(stub)] == [None, "bytes=1000-", "bytes=2000-"]
    assert done.bytes_fetched == 3000 + len(CONTENT)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_page_instead_of_the_rest_costs_nothing(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    page: Answer = (200, {"Content-Length": "6"}, b"<html>")
    stub.answers = [signed(stub), whole(sent=1000), page, rest(1000)]
    with connect(host=stub.url) as immport:
        assert immport.download(file_of(), tmp_path / "file").bytes_fetched == len(CONTENT)


def test_without_ranges_and_always_cut_there_is_an_end(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    stub.answers = [signed(stub), *[whole(sent=1000)] * 5]
    with connect(host=stub.url) as immport, pytest.raises(ConnectionLostError) as caught:
        immport.download(file_of(), tmp_path / "file")
    assert (caught.value.tries, stub.answers) == (4, [])


@pytest.mark.parametrize("honest", [True, False], ids=["200", "206 of another version"])
def test_a_changed_file_starts_anew(connect: Connect, stub: Stub, tmp_path: Path, honest: bool) -> None:
    new = CONTENT[::-1]
    changed = [whole(new, etag='"v2"')]
    stub.answers = [signed(stub), whole(sent=1000)]
    stub.answers += changed if honest else [rest(1000, None, new, '"v2"'), *changed]
    with connect(host=stub.url) as immport:
        done = immport.download(file_of(new), tmp_path / "file")
    assert done.md5 == md5(new)
    assert (tmp_path / "file").read_bytes() == new


def test_nothing_more_of_a_whole_file_is_its_end(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    nothing: Answer = (416, {"Content-Range": f"bytes */{len(CONTENT)}"}, b"")
    (tmp_path / "file").write_bytes(CONTENT)
    stub.answers = [signed(stub), nothing]
    with connect(host=stub.url) as immport:
        done = immport.download(file_of(size_bytes=None), tmp_path / "file")
        assert (done.bytes_fetched, done.size_bytes) == (0, len(CONTENT))
        # Longer than the file is now: nothing of it can be used.
        (tmp_path / "file").write_bytes(CONTENT + b"more")
        stub.answers = [signed(stub), nothing, whole()]
        assert immport.download(file_of(size_bytes=None), tmp_path / "file").bytes_fetched == len(CONTENT)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_an_expired_address_is_renewed_and_the_file_goes_on(
    connect: Connect, stub: Stub, tmp_path: Path, waits: Waits
) -> None:
    stub.answers = [signed(stub), whole(sent=1000), (403, {}, EXPIRED), signed(stub), rest(1000)]
    with connect(host=stub.url) as immport:
        done = immport.download(file_of(), tmp_path / "file")
    assert (done.bytes_fetched, len(waits.slept)) == (len(CONTENT), 1)
    assert sum("/drs/" in path for path, _ in stub.requests) == 2


def test_addresses_that_expire_at_once_end_it(
    connect: Connect, files: list[ListedFile], tmp_path: Path
) -> None:
    with running_sandbox(studies=1, rows=1, url_seconds=0, api_key=CANARY) as short:
        hook = connect(host=short.url)
        with hook as immport:
            [study] = {str(row["studyAccession"]) for row in short.get("/api/study/manifest/SDY1001").json()}
            file = immport.manifest(study)[0]
            with pytest.raises(BadAnswerError, match="not valid") as caught:
                immport.download(file, tmp_path / "file")
    assert caught.value.tries == 4


def test_a_missing_file_is_reported_by_the_stream_and_requested_once(
    connect: Connect, stub: Stub, tmp_path: Path, waits: Waits
) -> None:
    stub.answers = [signed(stub), (403, {}, DENIED), signed(stub), (404, {}, NO_KEY)]
    with connect(host=stub.url) as immport, pytest.raises(MissingFileError) as caught:
        immport.download(file_of(), tmp_path / "file")
    assert [path.split("/")[-2] for path, _ in stub.requests if "/drs/" in path] == ["s3", "stream"]
    host = stub.url.removeprefix("http://")
    assert str(caught.value) == (
        f"{host}: drsDownload of SDY7: SDY7-DR60_Tab.zip: ImmPort lists it, but does not have it"
    )
    assert (waits.slept, isinstance(caught.value, RetriableError)) == ([], False)


def test_what_s3_refuses_and_the_stream_has_comes_by_the_stream(
    connect: Connect, stub: Stub, tmp_path: Path
) -> None:
    stub.answers = [signed(stub), (403, {}, DENIED), signed(stub), whole()]
    with connect(host=stub.url) as immport:
        assert immport.download(file_of(), tmp_path / "file").md5 == md5(CONTENT)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([(403, {}, DENIED)] * 2, AccessError),
        ([(404, {}, b"")], RequestError),
        ([(400, {}, b"")], RequestError),
    ],
)
def test_other_refusals_are_not_retried(
    connect: Connect, stub: Stub, tmp_path: Path, answers: list[Answer], kind: type[ImmPortError]
) -> None:
    stub.answers = [part for answer in answers for part in (signed(stub), answer)]
    with connect(host=stub.url) as immport, pytest.raises(kind) as caught:
        immport.download(file_of(), tmp_path / "file")
    assert (stub.answers, type(caught.value)) == ([], kind)


@pytest.mark.parametrize(("fault", "kind"), [("401", CredentialError), ("403", AccessError)])
def test_a_refusal_of_drs_is_not_retried(
    connect: Connect,
    sandbox: RunningSandbox,
    files: list[ListedFile],
    tmp_path: Path,
    fault: str,
    kind: type[ImmPortError],
) -> None:
    sandbox.fault("drsDownload", fault)
    with connect() as immport, pytest.raises(kind):
        immport.download(files[0], tmp_path / "file")
    assert statuses(sandbox) == [int(fault)]


@pytest.mark.parametrize("place", ["drsDownload", "download"])
@pytest.mark.parametrize("fault", ["429", "500", "503", "html", "hang"])
def test_passing_faults_pass(
    connect: Connect,
    sandbox: RunningSandbox,
    files: list[ListedFile],
    tmp_path: Path,
    waits: Waits,
    fault: str,
    place: str,
) -> None:
    wait = format_datetime(waits.now.replace(microsecond=0), usegmt=True)
    sandbox.fault(place, fault, times=3, retry_after=wait if fault == "503" else 42)
    with connect(extra={"timeout": 0.5}) as immport:
        assert immport.download(files[0], tmp_path / "file").md5 == files[0].md5
    assert len(waits.slept) == 3
    if fault == "429":
        assert waits.slept == [42] * 3
    sandbox.fault(place, "429", retry_after=3600)
    with connect() as immport, pytest.raises(RateLimitError) as caught:
        immport.download(files[0], tmp_path / "other")
    assert caught.value.tries == 1


def test_a_wrong_file_is_fetched_once_more_and_then_refused(
    connect: Connect, stub: Stub, tmp_path: Path
) -> None:
    wrong = b"x" + CONTENT[1:]
    stub.answers = [signed(stub), whole(wrong), signed(stub), whole()]
    seen: list[tuple[int, int]] = []
    with connect(host=stub.url) as immport:
        done = immport.download(file_of(), tmp_path / "file", progress=lambda *both: seen.append(both))
        assert done.bytes_fetched == 2 * len(CONTENT)
        assert seen[-1] == (len(CONTENT), 2 * len(CONTENT))
        (tmp_path / "file").unlink()
        stub.answers = [signed(stub), whole(wrong), signed(stub), whole(wrong)]
        with pytest.raises(WrongFileError) as caught:
            immport.download(file_of(), tmp_path / "file")
    assert f"of SDY7: SDY7-DR60_Tab.zip: MD5 {md5(CONTENT)} expected, {md5(wrong)} found" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_second_whole_fetch_may_break_as_often_as_the_first(
    connect: Connect, stub: Stub, tmp_path: Path
) -> None:
    stub.answers = [signed(stub), whole(b"x" + CONTENT[1:]), signed(stub), whole(sent=1000)]
    stub.answers += [rest(1000, 1000), rest(2000, 1000), rest(3000)]
    with connect(host=stub.url, extra={"max_retries": 0}) as immport:
        assert immport.download(file_of(), tmp_path / "file").md5 == md5(CONTENT)


def test_a_wrong_beginning_is_found_by_the_md5(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"something else")
    stub.answers = [signed(stub), rest(14), signed(stub), whole()]
    with connect(host=stub.url) as immport:
        assert immport.download(file_of(), tmp_path / "file").md5 == md5(CONTENT)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_another_length_than_the_manifest_says_is_refused(
    connect: Connect, stub: Stub, tmp_path: Path
) -> None:
    stub.answers = [signed(stub), *[whole(CONTENT + b"x")] * 4]
    with connect(host=stub.url) as immport, pytest.raises(BadAnswerError, match=r"300001 bytes.* 300000"):
        immport.download(file_of(), tmp_path / "file")
    # Without a length beforehand it shows at the end.
    endless: Answer = (200, {}, CONTENT + b"xyz")
    stub.answers = [signed(stub), endless, signed(stub), endless]
    with connect(host=stub.url) as immport, pytest.raises(BadAnswerError, match="300000 bytes expected"):
        immport.download(file_of(md5=None), tmp_path / "file")


def test_the_key_is_for_drs_alone(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    stub.answers = [signed(stub), whole()]
    with connect(host=stub.url) as immport:
        immport.download(file_of(), tmp_path / "file")
    (_, drs), (_, store) = stub.requests
    assert drs["Authorization"] == f"Bearer {CANARY}"
    assert CANARY not in str(store)
    assert store["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://s3.example.org/file?s1gn3d", ConfigurationError),
        ("ftp://s3.example.org/file?s1gn3d", BadAnswerError),
        ("https://user:s1gn3d@s3.example.org/file", BadAnswerError),
        ("https://s3.example.org:s1gn3d/", BadAnswerError),
        ("s1gn3d", BadAnswerError),
        ("", BadAnswerError),
        (None, BadAnswerError),
    ],
)
def test_only_a_safe_address_is_requested(
    connect: Connect, stub: Stub, tmp_path: Path, url: str | None, kind: type[ImmPortError]
) -> None:
    stub.answers = [(200, {}, json.dumps({"message": "Success", "url": url, "status": 200}).encode())]
    hook = connect(host=stub.url, extra={"max_retries": 0})
    with hook as immport, pytest.raises(kind) as caught:
        immport.download(file_of(), tmp_path / "file")
    assert "s1gn3d" not in all_texts(caught.value)


def test_a_redirect_of_the_store_is_not_followed(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    stub.answers = [signed(stub), (302, {"Location": f"{stub.url}/elsewhere?{SIGNATURE}"}, b"")]
    with connect(host=stub.url) as immport, pytest.raises(RequestError, match="redirects are not") as caught:
        immport.download(file_of(), tmp_path / "file")
    assert "s1gn3d" not in all_texts(caught.value)


def test_all_files_come_through_one_client(
    connect: Connect, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client of its own for each file would read all certificates and connect anew."""
    made: list[httpx.Client] = []

    def counted(settings: Settings) -> httpx.Client:
        made.append(open_client(settings))
        return made[-1]

    monkeypatch.setattr("immport_provider.hooks.files.signed.open_client", counted)
    stub.answers = [signed(stub), whole(), signed(stub), whole()]
    with connect(host=stub.url) as immport:
        for name in ("one", "two"):
            immport.download(file_of(), tmp_path / name)
        assert len(made) == 1
    assert made[0].is_closed


def test_two_do_not_write_one_file(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    with connect(host=stub.url) as immport:
        other = Transfer(
            FileWay(file_of(), lambda method, is_retry: AccessUrl("")),
            tmp_path / "file",
            immport.settings,
            immport.get_file_conn(),
            calls=CallCounts(),
            clock=immport._clock,
            log=print,
        )
        with other, pytest.raises(RetriableError, match="another process"):
            immport.download(file_of(), tmp_path / "file")


def all_texts(error: BaseException) -> str:
    """All that an error and those behind it say, and what the frames of their tracebacks hold."""
    texts: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        texts += [str(seen), repr(seen), repr(vars(seen)), repr(seen.args)]
        frame = seen.__traceback__
        while frame is not None:
            if "test_" not in frame.tb_frame.f_code.co_filename:
                texts.append(repr(frame.tb_frame.f_locals))
            frame = frame.tb_next
        seen = seen.__cause__ or seen.__context__
    return "\n".join(texts)


ENDINGS: dict[str, list[Answer]] = {
    "lost": [whole(sent=5), *[rest(5, 0)] * 2],
    "500": [(500, {}, b"")] * 2,
    "html": [(200, {"Content-Length": "6"}, b"<html>")] * 2,
    "compressed": [(403, {"Content-Encoding": "gzip"}, b"no gzip")] * 2,
    "bad range": [(206, {}, b"x")] * 2,
    "redirect": [(302, {"Location": f"https://s3.example.org/?{SIGNATURE}"}, b"")],
    "refused": [(404, {}, b"")],
    "no http": [(99, {"": ""}, b"")] * 2,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_signed_address_is_nowhere_to_be_read(
    connect: Connect, stub: Stub, tmp_path: Path, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    hook = connect(host=stub.url, extra={"max_retries": 1, "timeout": 0.5})
    with capture_logs() as logged, hook as immport:
        caplog.set_level(logging.DEBUG)
        for name in logging.root.manager.loggerDict:
            if name.startswith(("httpx", "httpcore")):
                caplog.set_level(logging.DEBUG, name)
        stub.answers = [signed(stub), *ENDINGS[ending]]
        with pytest.raises(ImmPortError) as caught:
            immport.download(file_of(), tmp_path / "file")
        assert stub.answers == []
        everything = caplog.text + str(logged) + all_texts(caught.value)
        everything += "".join(path.read_text(errors="ignore") for path in tmp_path.iterdir())
    assert "/drs/download/s3/" in caplog.text  # the log still has what is not secret
    for secret in ("s1gn3d", "/store/", CANARY):
        assert secret not in everything


def test_an_address_that_ended_meanwhile_is_renewed(connect: Connect, tmp_path: Path) -> None:
    with (
        running_sandbox(studies=1, rows=1, url_seconds=2, api_key=CANARY) as short,
        connect(host=short.url) as hook,
    ):
        file = max(hook.manifest("SDY1001"), key=lambda file: file.size_bytes or 0)
        short.fault("download", "cut", times=1, after=100)
        hook._sleep = lambda _: time.sleep(2.1)
        assert hook.download(file, tmp_path / "file").md5 == file.md5
        endpoints = [request["endpoint"] for request in short.requests()]
    # A slow machine may need one more: an address can end before its first use.
    assert endpoints.count("drsDownload") >= 2


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        ("corrupt", {"times": 1}),
        ("no_range", {"times": 2}),
        ("changed", {"times": 2}),
        ("expired", {"times": 1}),
        ("cut", {"times": 3}),
        ("429", {"times": 1, "retry_after": 1}),
        ("500", {"times": 2}),
    ],
)
@pytest.mark.parametrize("begun", [True, False], ids=["begun", "new"])
def test_whatever_strikes_the_file_is_whole_in_the_end(
    connect: Connect,
    files: list[ListedFile],
    tmp_path: Path,
    sandbox: RunningSandbox,
    fault: str,
    more: dict[str, Any],
    begun: bool,
) -> None:
    file = next(file for file in files if file.name.endswith("_Tab.zip"))
    sandbox.fault("download", "cut", times=1, after=1000)
    with connect() as immport:
        if begun:
            sandbox.fault("download", "500")
            with pytest.raises(ServerError):
                immport.download(file, tmp_path / "file")
            assert (tmp_path / "file").stat().st_size == 1000
            sandbox.clear_faults()
        sandbox.fault("download", fault, file=file.uuid, **more)
        done = immport.download(file, tmp_path / "file")
    assert md5((tmp_path / "file").read_bytes()) == file.md5 == done.md5
    size = file.size_bytes or 0
    if fault in {"expired", "cut", "429", "500"}:
        assert done.bytes_fetched == size - (1000 if begun else 0)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_the_store_has_lost(
    connect: Connect, files: list[ListedFile], tmp_path: Path, sandbox: RunningSandbox, waits: Waits
) -> None:
    sandbox.fault("download", "lost", file=files[0].uuid)
    with connect() as immport:
        with pytest.raises(MissingFileError, match=files[0].name):
            immport.download(files[0], tmp_path / "file")
        assert statuses(sandbox) == [200, 403, 200, 404]
        assert immport.download(files[1], tmp_path / "other").md5 == files[1].md5
    assert waits.slept == []

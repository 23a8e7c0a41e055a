"""The command: its greeting, its refusals, its releases, its end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.sandbox.__main__ import main
from tests.support.sandbox import ROOT, RunningSandbox, command, running_sandbox


def refused(capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    """The one line that says why it does not start."""
    assert main(command(**options)[3:]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


def test_a_taken_port_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in refused(capsys, port=port)


def test_a_folder_without_packages_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such folder" in refused(capsys, archives=tmp_path / "absent")
    (tmp_path / "notes.txt").write_text("nothing")
    assert "no package" in refused(capsys, archives=tmp_path)
    (tmp_path / "SDY1-DR2_Tab.zip").write_text("no zip")
    assert "cannot be read" in refused(capsys, archives=tmp_path)


def test_a_release_the_world_lacks_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "DR51" in refused(capsys, release="DR48")
    assert "not a data release" in refused(capsys, release="newest")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_with_a_request_hanging(number: signal.Signals) -> None:
    options = command(studies=1, rows=1)
    with subprocess.Popen(
        options, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("url=")
        assert re.fullmatch(r"api_key=\S+\n", process.stdout.readline())
        assert re.fullmatch(r"upload_key=\S+\n", process.stdout.readline())
        address = httpx.URL(url)
        httpx.post(f"{url}/_sandbox/faults", json={"endpoint": "search", "fault": "hang"})
        with socket.create_connection((address.host, address.port)) as hanging:
            hanging.sendall(b"GET /data/query/api/search/study HTTP/1.1\r\nHost: sandbox\r\n\r\n")
            while not httpx.get(f"{url}/_sandbox/requests").json():
                pass
            process.send_signal(number)
            rest = process.communicate(timeout=20)
        assert (process.returncode, *rest) == (0, "", "")


def test_options_reach_the_world() -> None:
    with running_sandbox(studies=3, rows=10, seed=7, release="DR49.1", api_key="given") as sandbox:
        assert sandbox.api_key == "given"
        assert sandbox.status() == {
            "world": "synthetic_n3_r10_s7",
            "releases": ["DR49", "DR49.1", "DR50", "DR51"],
            "current": "DR49.1",
            "studies": 2,
        }
        assert sandbox.get("/api/study/SDY1001").status_code == 200


def test_the_release_can_be_changed_while_it_runs(sandbox: RunningSandbox) -> None:
    assert len(sandbox.get("/result/elisa", studyAccession="SDY1008").json()) == 60
    sandbox.set_release("DR50")
    assert sandbox.status()["current"] == "DR50"
    assert sandbox.get("/result/elisa", studyAccession="SDY1008").json() == []
    assert sandbox.get("/api/study/SDY1007").status_code == 200
    for release, status in (("DR48", 404), ("newest", 400)):
        answer = sandbox.client.put(sandbox.url + "/_sandbox/release", json={"release": release})
        assert (answer.status_code, "error" in answer.json()) == (status, True)
    json = {"Content-Type": "application/json"}
    answer = sandbox.client.put(sandbox.url + "/_sandbox/release", content=b"DR50", headers=json)
    assert answer.status_code == 400


def test_a_key_on_the_command_line_is_refused_with_the_way_to_do_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in (["--api-key", "s3cret"], ["--api-key=s3cret"]):
        with pytest.raises(SystemExit):
            main(["--port", "0", *option])
        message = capsys.readouterr().err
        assert "SANDBOX_API_KEY" in message
        assert "--api-key-file FILE" in message
        assert "s3cret" not in message
    assert f"({tmp_path / 'absent'})" in refused(capsys, api_key_file=tmp_path / "absent")
    file = tmp_path / "key"
    file.write_text("\n")
    assert "is empty" in refused(capsys, api_key_file=file)
    file.write_text("given\n")
    with running_sandbox(studies=1, rows=1, api_key_file=file) as sandbox:
        assert sandbox.api_key == "given"


def test_a_folder_without_gene_lists_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no gene lists" in refused(capsys, gene_lists=tmp_path)
    assert "no such folder" in refused(capsys, gene_lists=tmp_path / "absent")

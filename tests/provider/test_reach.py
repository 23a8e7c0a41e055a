"""Where a file may come from: never nearer than the source that names the address."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from immport_provider.hooks.files import signed
from immport_provider.hooks.reach import Reach, guard_of, reach_of, resolve
from immport_provider.hooks.settings import Settings
from immport_provider.hooks.wire import answering, watch_connections
from include.sources.calls import Call
from include.sources.drs.objects import AccessUrl
from include.sources.errors import ForbiddenAddressError
from include.sources.remote_files import RemoteFile
from tests.provider.conftest import Connect, Stub

#: Addresses of no name server: a literal is its own.
PUBLIC, PRIVATE, MACHINE = "8.8.8.8", "10.0.0.1", "127.0.0.1"


def settings(base: str) -> Settings:
    return Settings(base, None, None, timeout=5, max_retries=0, page_size=1, allow_http=True)


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("8.8.8.8", Reach.PUBLIC),
        ("2606:4700::1111", Reach.PUBLIC),
        ("::ffff:8.8.8.8", Reach.PUBLIC),
        ("64:ff9b::808:808", Reach.PUBLIC),
        ("10.1.2.3", Reach.PRIVATE),
        ("172.31.0.1", Reach.PRIVATE),
        ("192.168.1.1", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("fd00:ec2::254", Reach.PRIVATE),
        ("::ffff:10.0.0.1", Reach.PRIVATE),
        ("64:ff9b::a00:1", Reach.PRIVATE),
        ("2002:a00:1::", Reach.PRIVATE),
        ("127.0.0.1", Reach.MACHINE),
        ("127.8.9.1", Reach.MACHINE),
        ("::1", Reach.MACHINE),
        ("::ffff:127.0.0.1", Reach.MACHINE),
        ("::127.0.0.1", Reach.MACHINE),
        ("64:ff9b::7f00:1", Reach.MACHINE),
        ("2002:7f00:1::", Reach.MACHINE),
        ("169.254.169.254", Reach.NOTHING),
        ("::ffff:169.254.169.254", Reach.NOTHING),
        ("fe80::1", Reach.NOTHING),
        ("fe80::1%eth0", Reach.NOTHING),
        ("0.0.0.0", Reach.NOTHING),  # noqa: S104 - judged, not listened at
        ("::", Reach.NOTHING),
        ("224.0.0.1", Reach.NOTHING),
        ("ff02::1", Reach.NOTHING),
        ("255.255.255.255", Reach.NOTHING),
        ("240.0.0.1", Reach.NOTHING),
        ("192.0.2.1", Reach.NOTHING),
        ("2001:db8::1", Reach.NOTHING),
    ],
)
def test_an_address_in_whatever_form_has_one_reach(text: str, reach: Reach) -> None:
    assert reach_of(ip_address(text)) is reach


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1", "0177.0.0.1", "0x7f000001", "127.0.0.1"])
def test_an_address_is_what_the_system_would_connect_to(host: str) -> None:
    assert [str(address) for address in resolve(host, only_literal=True)] == ["127.0.0.1"]
    assert resolve("example.org", only_literal=True) == []


@pytest.mark.parametrize(
    ("base", "allowed"),
    [(PUBLIC, {PUBLIC}), (PRIVATE, {PUBLIC, PRIVATE}), (MACHINE, {PUBLIC, PRIVATE, MACHINE})],
)
def test_a_source_names_no_address_nearer_than_itself(base: str, allowed: set[str]) -> None:
    guard, passed = guard_of(base), set()
    for text in (PUBLIC, PRIVATE, MACHINE, "169.254.169.254", "::"):
        try:
            guard("files.example.org", ip_address(text))
            passed.add(text)
        except ForbiddenAddressError as error:
            assert text in str(error)  # noqa: PT017 - the others pass
    assert passed == allowed


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "[::ffff:7f00:1]",
        "10.0.0.7",
        "169.254.169.254",
        "0",
        "[fe80::1]",
    ],
)
def test_a_public_source_leads_to_no_address_of_ours(host: str) -> None:
    with pytest.raises(ForbiddenAddressError, match="may come from") as caught:
        signed.read_address(AccessUrl(f"https://{host}/file?s1gn3d"), settings(f"https://{PUBLIC}"))
    assert "s1gn3d" not in str(caught.value)


def test_a_name_is_looked_at_when_it_is_connected_to(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    address = signed.Address(f"http://localhost:{stub.server_port}/file")
    for base, is_answered in ((MACHINE, True), (PUBLIC, False), (PRIVATE, False)):
        source = settings(f"https://{base}")
        stub.answers = [(200, {}, b"content")]
        with signed.open_client(source) as client:
            if is_answered:
                with signed.requesting(client, source, Call(), address) as answer:
                    assert answer.read() == b"content"
                continue
            with (
                pytest.raises(ForbiddenAddressError, match="localhost"),
                signed.requesting(client, source, Call(), address),
            ):
                pass
    assert len(stub.requests) == 1


def test_the_address_that_was_looked_at_is_connected_to(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client resolves a name only once: a second time, it may resolve to another address."""
    hosts: list[Any] = []
    real = socket.getaddrinfo

    def once(host: Any, *more: Any, **options: Any) -> Any:
        hosts.append(host)
        return real("127.0.0.1" if host == "rebinding.example" else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    stub.answers = [(200, {}, b"content")]
    here = settings(f"http://{MACHINE}")
    url = f"http://rebinding.example:{stub.server_port}/file"
    with signed.open_client(here) as client, answering(client, here, Call(), "GET", url) as answer:
        assert answer.read() == b"content"
    assert hosts.count("rebinding.example") == 1


@pytest.mark.parametrize("guarded", [True, False])
def test_a_name_server_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """The system's resolver knows no deadline: here it would never answer."""
    may_end, real = Event(), socket.getaddrinfo

    def getaddrinfo(host: Any, *more: Any, **options: Any) -> Any:
        if host == "silent.example":
            may_end.wait(60)
        return real("127.0.0.1", *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    here = replace(settings(f"http://{MACHINE}"), max_answer_seconds=0.2)
    client = signed.open_client(here) if guarded else watch_connections(httpx.Client())
    url = "http://silent.example:9/file"
    try:
        with (
            client,
            pytest.raises(httpx.ConnectError, match=r"silent.example was not known within 0\.\d+ s"),
            answering(client, here, Call(), "GET", url),
        ):
            pass
        assert not may_end.is_set()
    finally:
        may_end.set()


def test_a_redirect_inwards_is_not_followed(connect: Connect, stub: Stub, tmp_path: Path) -> None:
    address = json.dumps({"url": "http://169.254.169.254/latest/meta-data"}).encode()
    stub.answers = [(200, {}, address)]
    file = RemoteFile("SDY1", "uuid", "file", 1, None)
    with (
        connect(host=stub.url) as immport,
        pytest.raises(ForbiddenAddressError, match=r"of SDY1: .*169\.254"),
    ):
        immport.download(file, tmp_path / "file")
    assert len(stub.requests) == 1

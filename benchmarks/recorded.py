"""Recorded answers of the sandbox, served as files: what a benchmark fetches costs nothing to make.

An answer that is not recorded yet is requested from the sandbox, stored, and served from then on. The server
is a process of its own that lets the kernel copy a file to the socket: its work is not in a figure either.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import secrets
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from include.local.ports import HOST
from include.sandbox.server.app import QUERY
from include.sources.endpoint import Endpoint
from tests.support.sandbox import ROOT, running_sandbox

#: Headers of an answer that are recorded; the length is that of the file.
_KEPT = ("content-type", "content-encoding", "etag", "accept-ranges")
#: Signed addresses of a recording outlive it.
_URL_SECONDS = 10 * 365 * 86_400
#: The host that recorded answers name where they name their own: in links to files, whose bodies are short.
_ANY_HOST, _SHORT = b"recorded.invalid", 4096
#: Where the number of requests is found, and set to nothing.
_COUNT = "/_recorded/requests"


@dataclass(frozen=True)
class Recording:
    """The recorded answers in a folder."""

    folder: Path

    def key(self, method: str, target: str) -> str:
        """Name of an answer's files: of the path and the parameters in order."""
        url = urlsplit(target)
        request = f"{method} {url.path}?{urlencode(sorted(parse_qsl(url.query, keep_blank_values=True)))}"
        return hashlib.sha256(request.encode()).hexdigest()[:32]

    def body(self, key: str) -> Path:
        return self.folder / f"{key}.body"

    def head(self, key: str) -> dict[str, Any] | None:
        """Status and headers; None for an answer that is not recorded."""
        try:
            return dict(json.loads((self.folder / f"{key}.json").read_text()))
        except FileNotFoundError:
            return None

    def store(self, key: str, target: str, answer: httpx.Response) -> dict[str, Any]:
        """Keep an answer that is being received: the body as it is on the wire, then the head."""
        part = self.folder / f"{key}.{secrets.token_hex(4)}"
        with part.open("wb") as file:
            for chunk in answer.iter_raw():
                file.write(chunk)
        part.replace(self.body(key))
        headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
        head = {"target": target, "status": answer.status_code, "headers": headers}
        if answer.is_success:  # a refusal may be of this very moment
            part.write_text(json.dumps(head))
            part.replace(self.folder / f"{key}.json")
        return head


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: without it each answer waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    recording: Recording
    upstream: httpx.Client
    requests: Counter[str]
    locks: defaultdict[str, threading.Lock]

    def do_GET(self) -> None:
        if self.path == _COUNT:
            self._count()
            return
        self.requests[urlsplit(self.path).path] += 1
        key = self.recording.key("GET", self.path)
        with self.locks[key]:
            head = self.recording.head(key) or self._record(key)
        with self.recording.body(key).open("rb") as body:
            size = os.fstat(body.fileno()).st_size
            short = body.read().replace(_ANY_HOST, self.headers["host"].encode()) if size <= _SHORT else None
            self.send_response(head["status"])
            length = str(size if short is None else len(short))
            for name, value in {**head["headers"], "content-length": length}.items():
                self.send_header(name, value)
            self.end_headers()
            if short is None:
                self.wfile.flush()
                self.connection.sendfile(body)
            else:
                self.wfile.write(short)

    def _record(self, key: str) -> dict[str, Any]:
        kept = ("authorization", "accept", "accept-encoding")
        headers = {name: self.headers[name] for name in kept if name in self.headers}
        headers["host"] = _ANY_HOST.decode()
        with self.upstream.stream("GET", self.path, headers=headers) as answer:
            return self.recording.store(key, self.path, answer)

    def _count(self) -> None:
        body = json.dumps(self.requests).encode()
        self.requests.clear()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write no log: it would be the most of what this process does."""


@dataclass(frozen=True)
class RecordedSource:
    """A source that answers from a recording.

    :param url: base address; ImmPort's paths lie under it.
    """

    url: str
    api_key: str
    recording: Recording
    client: httpx.Client = field(repr=False)

    def connection(self, **extra: Any) -> str:
        """The Airflow connection to it, as JSON. It takes requests as fast as it answers."""
        fields = {"conn_type": "immport", "host": self.url, "password": self.api_key}
        return json.dumps({**fields, "extra": {"calls_per_second": 0, **extra}})

    def target(self, endpoint: Endpoint, study: str) -> str:
        """Path and parameters of the answer of one endpoint for a study."""
        path, parameters = endpoint.request(study)
        return self.client.build_request("GET", f"{QUERY}{path}", params=parameters).url.raw_path.decode()

    def requests(self) -> Counter[str]:
        """How many requests came since the last call of this, by path."""
        return Counter(self.client.get(_COUNT).json())


@contextmanager
def serving(recording: Recording, upstream: str, api_key: str) -> Iterator[RecordedSource]:
    """Serve a recording in a process of its own; what is missing comes from `upstream`."""
    recording.folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.recorded", "--folder", str(recording.folder)]
    with subprocess.Popen(
        [*command, "--upstream", upstream], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            url = (process.stdout or io.StringIO()).readline().strip().removeprefix("url=")
            if not url:
                raise RuntimeError(f"no recorded answers are served: exit status {process.wait()}")
            with httpx.Client(base_url=url, timeout=600, trust_env=False) as client:
                yield RecordedSource(url, api_key, recording, client)
        finally:
            process.terminate()
            process.wait(30)


def fingerprint() -> str:
    """Of the code that makes answers and reads them: a recording of other code is of no use."""
    digest = hashlib.sha256(Path(__file__).with_name("generated.py").read_bytes())
    for folder in ("include/sandbox", "include/sources"):
        for path in sorted((ROOT / folder).rglob("*.*")):
            if path.suffix in {".py", ".tsv", ".sql"}:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


@contextmanager
def recorded_sandbox(kept: Path, **options: Any) -> Iterator[RecordedSource]:
    """A sandbox behind a recording.

    :param kept: folder of recordings, found again by the options and the code they were made with.
    :param options: command line of the sandbox, such as `studies=1, rows=20_000`.
    """
    name = "-".join(f"{key}{value}" for key, value in sorted(options.items()))
    recording = Recording(kept / f"{name}-{fingerprint()}")
    with (
        running_sandbox(url_seconds=_URL_SECONDS, **options) as sandbox,
        serving(recording, sandbox.url, sandbox.api_key) as source,
    ):
        yield source


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recorded", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the recorded answers are")
    parser.add_argument("--upstream", required=True, help="base address of the source of those that are not")
    options = parser.parse_args()
    _Handler.recording, _Handler.requests = Recording(options.folder), Counter()
    _Handler.locks = defaultdict(threading.Lock)
    _Handler.upstream = httpx.Client(base_url=options.upstream, timeout=600, trust_env=False)
    server = ThreadingHTTPServer((HOST, 0), _Handler)
    server.daemon_threads = True
    sys.stdout.write(f"url=http://{HOST}:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()

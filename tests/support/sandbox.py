"""The sandbox as a real process on a free port, with its control at hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that listens.

    :param url: base address; ImmPort's paths lie under it.
    :param client: asks without any header of its own; making one takes longer than most requests.
    """

    url: str
    api_key: str
    pid: int
    client: httpx.Client
    upload_key: str

    @property
    def query(self) -> str:
        """Base address of the query service, under which endpoints declare their path."""
        return f"{self.url}/data/query"

    @property
    def headers(self) -> dict[str, str]:
        """The header that every protected request needs."""
        return {"Authorization": f"Bearer {self.api_key}"}

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        """Ask the query service for a path such as `/result/hai`, with the key."""
        return self.client.get(self.query + path, params=parameters or None, headers=self.headers)

    def status(self) -> dict[str, Any]:
        """World, releases, current release and number of studies."""
        return self._control("GET", "")

    def set_release(self, release: str) -> None:
        """Serve another data release from now on."""
        self._control("PUT", "/release", {"release": release})

    def fault(self, endpoint: str, fault: str, **more: Any) -> None:
        """Switch a fault on: `study`, `file`, `times`, `above_rows`, `after`, `retry_after`, `differing`,
        `seconds` and `key` narrow or shape it."""
        self._control("POST", "/faults", {"endpoint": endpoint, "fault": fault, **more})

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are still to strike."""
        return self._control("GET", "/faults")

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._control("DELETE", "/faults")

    def requests(self) -> list[dict[str, Any]]:
        """The requests since the last reset: endpoint, study, method, path, query, range, status."""
        return self._control("GET", "/requests")

    def clear_requests(self) -> None:
        """Forget the requests."""
        self._control("DELETE", "/requests")

    def restrict(self, *studies: str) -> None:
        """Restrict these studies and no others: listed as such, in no search, 403 at their endpoints."""
        self._control("PUT", "/restricted", {"studies": studies})

    def hide(self, *studies: str) -> None:
        """Hide these studies and no others: in no list, 404."""
        self._control("PUT", "/hidden", {"studies": studies})

    def reissue(self, study: str, release: str) -> None:
        """Issue a study's package again at a later release, with other curated values; the study itself
        still says its own latest release."""
        self._control("PUT", "/reissued", {"study": study, "release": release})

    def speak_fhir(self, version: str) -> None:
        """Let the FHIR server speak a version: R4B, BALLOT, R5."""
        self._control("PUT", "/fhir", {"version": version})

    def open_studies(self) -> None:
        """Keep no study back and take back all packages issued again."""
        for what in ("restricted", "hidden", "reissued"):
            self._control("DELETE", f"/{what}")

    def uploads(self) -> list[dict[str, Any]]:
        """The tickets that were issued, with purpose, file, status and the statuses that they go through."""
        return list(self._control("GET", "/uploads"))

    def decide_upload(self, **what: Any) -> None:
        """Choose the `fate` of the next ticket, with `errors`; or let the files of one have `arrived`."""
        self._control("PUT", "/uploads", what)

    def clear_uploads(self) -> None:
        """Forget all tickets and what was stored."""
        self._control("DELETE", "/uploads")

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, f"{self.url}/_sandbox{path}", json=body)
        answer.raise_for_status()
        return answer.json()


def command(**options: Any) -> list[str]:
    """Its command line: `seed=7` becomes `--seed 7`, `packages=False` is `--no-packages`."""
    flags: list[str] = []
    for name, value in {"port": 0, **options}.items():
        word = name.replace("_", "-")
        flags += [f"--no-{word}" if value is False else f"--{word}"]
        flags += [] if isinstance(value, bool) else [str(value)]
    return [sys.executable, "-m", "include.sandbox", *flags]


@contextmanager
def running_sandbox(api_key: str = "", **options: Any) -> Iterator[RunningSandbox]:
    """Start `python -m include.sandbox` with these options on a free port; it is gone afterwards."""
    environment = {**os.environ, "SANDBOX_API_KEY": api_key}
    with subprocess.Popen(
        command(**options), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().strip().partition("=") for _ in range(3)]
            printed = {name: value for name, _, value in lines}
            if set(printed) != {"url", "api_key", "upload_key"}:
                raise RuntimeError(f"the sandbox did not start: exit status {process.wait()}")
            with httpx.Client(timeout=60) as client:
                yield RunningSandbox(
                    printed["url"], printed["api_key"], process.pid, client, printed["upload_key"]
                )
        finally:
            process.terminate()
            process.wait(30)

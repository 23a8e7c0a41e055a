"""The sandbox as a real process on a free port, with its control at hand."""

from __future__ import annotations

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
        """Switch a fault on: `study`, `times`, `retry_after`, `differing`, `key` narrow or shape it."""
        self._control("POST", "/faults", {"endpoint": endpoint, "fault": fault, **more})

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._control("DELETE", "/faults")

    def requests(self) -> list[dict[str, Any]]:
        """What was asked since the last reset: endpoint, study, method, path, status."""
        return self._control("GET", "/requests")

    def clear_requests(self) -> None:
        """Forget what was asked."""
        self._control("DELETE", "/requests")

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, f"{self.url}/_sandbox{path}", json=body)
        answer.raise_for_status()
        return answer.json()


def command(**options: Any) -> list[str]:
    """The command line of a sandbox: `api_key="k"` becomes `--api-key k`."""
    given = {"port": 0, **options}
    flags = [(f"--{name.replace('_', '-')}", str(value)) for name, value in given.items()]
    return [sys.executable, "-m", "include.sandbox", *(part for flag in flags for part in flag)]


@contextmanager
def running_sandbox(**options: Any) -> Iterator[RunningSandbox]:
    """Start `python -m include.sandbox` with these options on a free port; it is gone afterwards."""
    with subprocess.Popen(command(**options), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().strip().partition("=") for _ in range(2)]
            said = {name: value for name, _, value in lines}
            if set(said) != {"url", "api_key"}:
                raise RuntimeError(f"the sandbox did not start: exit status {process.wait()}")
            with httpx.Client(timeout=60) as client:
                yield RunningSandbox(said["url"], said["api_key"], process.pid, client)
        finally:
            process.terminate()
            process.wait(30)

"""The sandbox as a process of its own: this module starts it and calls it over HTTP only."""

from __future__ import annotations

import json
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from include.local.options import LocalError, WorldOptions
from include.local.processes import last_lines, spawn

#: Joining a folder of packages into API rows takes a while.
START_TIMEOUT_SECONDS = 300
#: Workspace of a sandbox that packages are sent to.
UPLOAD_WORKSPACE = 7001
_GREETING = re.compile(r"^url=(?P<url>\S+)\napi_key=(?P<key>\S+)\nupload_key=(?P<upload>\S+)\n", re.MULTILINE)


@dataclass(frozen=True)
class SandboxControl:
    """The control of a sandbox that answers."""

    url: str

    def status(self) -> dict[str, Any]:
        """What it serves: the world's name, its releases in order, the current one."""
        return dict(httpx.get(f"{self.url}/_sandbox", trust_env=False, timeout=60).raise_for_status().json())

    def serve(self, release: str) -> None:
        """Serve a data release from now on."""
        httpx.put(
            f"{self.url}/_sandbox/release", json={"release": release}, trust_env=False, timeout=60
        ).raise_for_status()


@dataclass(frozen=True)
class SandboxProcess(SandboxControl):
    """A sandbox that was started."""

    api_key: str = field(repr=False)
    pid: int
    upload_key: str = field(repr=False)

    @property
    def connection(self) -> str:
        """The Airflow connection to it, as JSON. It does not limit the rate of calls."""
        extra = {"calls_per_second": 0}
        return json.dumps(
            {"conn_type": "immport", "host": self.url, "password": self.api_key, "extra": extra}
        )

    @property
    def public_connection(self) -> str:
        """The Airflow connection to its public files, as JSON."""
        return json.dumps({"conn_type": "immport_public", "host": self.url, "extra": {"calls_per_second": 0}})

    @property
    def ortholog_connection(self) -> str:
        """The Airflow connection to its table of orthologs, as JSON."""
        return json.dumps({"conn_type": "ortholog_table", "host": self.url, "extra": {"calls_per_second": 0}})

    @property
    def impc_connection(self) -> str:
        """The Airflow connection to its images of IMPC, as JSON."""
        return json.dumps({"conn_type": "impc", "host": self.url, "extra": {"calls_per_second": 0}})

    @property
    def fhir_connection(self) -> str:
        """The Airflow connection to its FHIR server, as JSON."""
        return json.dumps({"conn_type": "fhir", "host": f"{self.url}/fhir", "extra": {"calls_per_second": 0}})

    @property
    def upload_connection(self) -> str:
        """The Airflow connection that sends packages to it, as JSON."""
        extra = {"calls_per_second": 0, "workspace_id": str(UPLOAD_WORKSPACE), "status_seconds": 1}
        connection = {"conn_type": "immport_upload", "host": self.url, "password": self.upload_key}
        return json.dumps({**connection, "extra": extra})


def start_sandbox(world: WorldOptions, marked: str, log: Path) -> SandboxProcess:
    """Start a sandbox on a free port and wait until it answers.

    Raises:
        LocalError: it ended instead, or took too long.
    """
    process = spawn(["include.sandbox", "--port", "0", *world.arguments], marked, log)
    try:
        return _wait_for_greeting(process, log)
    except BaseException:
        process.kill()
        raise


def notes(log: Path) -> tuple[str, ...]:
    """What a sandbox that has started says of files that it does not serve as they are, one line each."""
    return tuple(re.findall(r"^sandbox: (.+)$", log.read_text(errors="replace"), re.MULTILINE))


def _wait_for_greeting(process: subprocess.Popen[bytes], log: Path) -> SandboxProcess:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        has_ended = process.poll() is not None
        if found := _GREETING.search(log.read_text(errors="replace")):
            return SandboxProcess(found["url"], found["key"], process.pid, found["upload"])
        if has_ended:
            raise LocalError(f"the sandbox did not start: {last_lines(log)}")
        time.sleep(0.05)
    raise LocalError(f"the sandbox did not answer within {START_TIMEOUT_SECONDS} s; see {log}")

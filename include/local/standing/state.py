"""What runs of the standing system, noted in `var/system.json` so that the next command finds it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from include.local.paths import Paths


@dataclass(frozen=True)
class SystemState:
    """The system that was started last.

    :param address: of Airflow's page.
    :param database: name of the warehouse.
    :param sandbox: address of the sandbox; None with the real ImmPort.
    :param processes: number and time of birth of each: a number alone may belong to another process tomorrow.
    :param world: arguments of the sandbox.
    :param immport: digest of the connection to the real ImmPort.
    """

    address: str
    database: str
    sandbox: str | None
    processes: Mapping[str, tuple[int, float]]
    world: list[str]
    immport: str | None

    @property
    def is_alive(self) -> bool:
        """Whether each of its processes still runs."""
        return all(is_alive(pid, born) for pid, born in self.processes.values())

    def write(self, paths: Paths) -> None:
        """Note it."""
        state_file(paths).write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, paths: Paths) -> SystemState | None:
        """What was noted; None where nothing was, or by another version of this project."""
        try:
            noted = json.loads(state_file(paths).read_text())
            processes = {name: (pid, born) for name, (pid, born) in noted["processes"].items()}
            return cls(**{**noted, "processes": processes})
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None


def state_file(paths: Paths) -> Path:
    """Where the state is noted."""
    return paths.var / "system.json"


def births(pids: Mapping[str, int]) -> dict[str, tuple[int, float]]:
    """Number and time of birth of running processes."""
    return {name: (pid, psutil.Process(pid).create_time()) for name, pid in pids.items()}


def is_alive(pid: int, born: float) -> bool:
    """Whether the process of this number and time of birth still runs."""
    try:
        process = psutil.Process(pid)
        # Within 2 s: a set clock moves the computed time of birth.
        return abs(process.create_time() - born) < 2 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

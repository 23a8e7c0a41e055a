"""Airflow's processes in the standing system, and whether they are healthy."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx
from rich.console import Console

from include.local.options import LocalError
from include.local.paths import Paths
from include.local.processes import last_lines
from include.local.progress import announced
from include.local.standing.state import SystemState, is_alive

#: Airflow's parts: name, command. Logs are read from the folder they share, not over further ports.
SERVICES: Mapping[str, list[str]] = {
    "api-server": ["airflow", "api-server"],
    "scheduler": ["airflow", "scheduler", "--skip-serve-logs"],
    "dag-processor": ["airflow", "dag-processor"],
    "triggerer": ["airflow", "triggerer", "--skip-serve-logs"],
}
HEALTHY_WITHIN_SECONDS = 180


def wait_until_healthy(paths: Paths, state: SystemState, console: Console) -> None:
    """Wait until each part of Airflow says that it is healthy.

    Raises:
        LocalError: a process ended, or it took too long.
    """
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    waiting: dict[str, str] = {}
    with announced(console, f"Airflow ({', '.join(SERVICES)})") as mention:
        while time.monotonic() < deadline:
            for name, (pid, born) in state.processes.items():
                if not is_alive(pid, born):
                    raise LocalError(f"the {name} ended: {last_lines(paths.logs / f'{name}.log')}")
            health = _health(state.address)
            now = {part: str(answer.get("status")) for part, answer in health.items()}
            for part in now.keys() - waiting.keys():
                if now[part] == "healthy":
                    waiting[part] = now[part]
                    mention(f"{part.replace('_', '-')} healthy")
            if len(now) >= len(SERVICES) and set(now.values()) == {"healthy"}:
                return
            time.sleep(0.5)
    raise LocalError(f"Airflow was not healthy within {HEALTHY_WITHIN_SECONDS} s; see {paths.logs}")


def _health(address: str) -> dict[str, dict[str, Any]]:
    """Airflow's answer per part; empty while it does not answer."""
    try:
        answer = httpx.get(f"{address}/api/v2/monitor/health", trust_env=False, timeout=10)
    except httpx.TransportError:
        return {}
    return dict(answer.json()) if answer.status_code == httpx.codes.OK else {}

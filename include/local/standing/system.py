"""`make up` and `make down`: the standing system of Postgres, sandbox and Airflow on 127.0.0.1."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.console import Console

from include.local.airflow import (
    ADMIN,
    PUBLIC_FILES,
    airflow_environment,
    ensure_password,
    make_connection,
    make_pools,
    migrate_airflow,
    password_file,
    server_environment,
)
from include.local.options import LocalError, WorldOptions
from include.local.paths import Paths
from include.local.ports import HOST, why_unusable
from include.local.postgres import EmbeddedPostgres
from include.local.processes import BusyError, alone, end_marked, last_lines, mark, spawn
from include.local.progress import announced, heartbeat
from include.local.sandbox import SandboxProcess, start_sandbox

#: Airflow's parts: name, command. Logs are read from the folder they share, not over further ports.
SERVICES: Mapping[str, list[str]] = {
    "api-server": ["airflow", "api-server"],
    "scheduler": ["airflow", "scheduler", "--skip-serve-logs"],
    "dag-processor": ["airflow", "dag-processor"],
    "triggerer": ["airflow", "triggerer", "--skip-serve-logs"],
}
DEFAULT_PORT = 8080
HEALTHY_WITHIN_SECONDS = 180
FREE_BYTES_NEEDED = 1_000_000_000
#: Database and landing folder of the real ImmPort.
IMMPORT = "immport"
_BUSY = "another make up or make down is at work in this checkout"


def start_system(paths: Paths, world: WorldOptions, port: int | None) -> int:
    """Start what does not run yet and say where it is; 0 also when all of it ran already.

    :param port: of Airflow's page; 8080, or that of the running system, when None.

    Raises:
        LocalError: the system runs with other settings than those given, the port cannot be used, the disk
            is nearly full, or a part did not become healthy; then nothing of it is left running.
    """
    console = Console(highlight=False)
    marked = mark(paths.var, "up")
    immport = _real_immport()
    if immport and world.arguments:
        raise LocalError(
            "an API key loads from ImmPort itself: STUDIES, ROWS, SEED and ARCHIVES do not go with it"
        )
    with alone(paths.var / "up.lock", _BUSY):
        state = _read_state(paths)
        if state and all(_is_alive(pid, born) for pid, born in state["processes"].values()):
            _refuse_other_settings(state, world, port, immport)
            console.print("The system is already running; make down ends it.")
            _print_addresses(console, paths, state)
            return 0
        end_marked(marked)  # what a crash left behind
        _check_room(paths)
        port = port or DEFAULT_PORT
        if why := why_unusable(port):
            raise LocalError(f"{why}; choose another one: make up PORT=N")
        try:
            state = _start(paths, world, port, console, marked, immport)
        except BaseException:
            _end(paths, marked)
            raise
        _print_addresses(console, paths, state)
    return 0


def _refuse_other_settings(
    state: Mapping[str, Any], world: WorldOptions, port: int | None, immport: str | None
) -> None:
    """A running system does not take up new settings: to ignore them would pass for an answer."""
    names = [part.removeprefix("--").upper() for part in world.arguments[::2]]
    other = [f"PORT={port}"] if port and state["address"] != _address(port) else []
    if world.arguments and world.arguments != state.get("world"):
        other += [f"{name}={value}" for name, value in zip(names, world.arguments[1::2], strict=True)]
    hint = ""
    if immport and _digest(immport) != state.get("immport"):
        other.append("that API key")
        hint = "" if state["sandbox"] else ", or put the key into the form of the connection immport_default"
    if other:
        raise LocalError(
            f"the system already runs at {state['address']}, but not with {' '.join(other)}:"
            f" make down first{hint}"
        )


def stop_system(paths: Paths) -> int:
    """End all that `make up` started, whatever became of it meanwhile."""
    console = Console(highlight=False)
    with alone(paths.var / "up.lock", _BUSY):
        with heartbeat(lambda seconds: console.print(f"Ending processes ... {seconds:.0f} s")):
            ended = _end_killed_demo(paths) + _end(paths, mark(paths.var, "up"))
            # Tests that were killed leave theirs running.
            tests = EmbeddedPostgres.of_tests(paths.postgres_tests)
            ended += tests.is_running and tests.retire()
        console.print(_summary(ended))
        if EmbeddedPostgres(paths.postgres).is_running:
            console.print("Postgres stays until the make demo or make psql that uses it ends.")
        if tests.is_running:
            console.print("The tests' Postgres stays until the make test that uses it ends.")
    return 0


def _summary(ended: int) -> str:
    if not ended:
        return "Nothing was running."
    return f"Ended {ended} process{'es' if ended > 1 else ''}."


def _end_killed_demo(paths: Paths) -> int:
    """End what a demo that was killed left behind; one that still works keeps its processes."""
    try:
        with alone(paths.var / "demo.lock", "a make demo is at work"):
            return end_marked(mark(paths.var, "demo"))
    except BusyError:
        return 0


def _end(paths: Paths, marked: str) -> int:
    ended = end_marked(marked)
    postgres = EmbeddedPostgres(paths.postgres)
    ended += postgres.is_running and postgres.retire()
    _state_file(paths).unlink(missing_ok=True)
    return ended


def _start(
    paths: Paths, world: WorldOptions, port: int, console: Console, marked: str, immport: str | None
) -> dict[str, Any]:
    from include.warehouse.migrate import upgrade

    with announced(console, "Postgres"):
        server = EmbeddedPostgres(paths.postgres).start()
        # Airflow makes the address of another driver of it, which takes none of libpq's parameters.
        metadata = server.ensure_database("airflow").set(query={})
        metadata_url = metadata.render_as_string(hide_password=False)
    connection, database, sandbox = immport, IMMPORT, None
    if connection is None:
        with announced(console, "Sandbox"):
            sandbox = start_sandbox(world, marked, paths.logs / "sandbox.log")
        connection, database = sandbox.connection, sandbox.status()["world"]
    with announced(console, f"Warehouse {database}"):
        warehouse = server.ensure_database(database)
        upgrade(warehouse)
    paths.remember_world(database)
    home = paths.airflow
    ensure_password(home)
    environment = airflow_environment(
        home,
        metadata_url=metadata_url,
        warehouse=warehouse,
        immport=None,
        landing=paths.landing(database),
        public=sandbox.public_connection if sandbox else PUBLIC_FILES,
    ) | server_environment(home, port)
    with announced(console, "Airflow's metadata"):
        migrate_airflow(environment, marked, paths.logs / "airflow-db.log")
        make_pools(environment, marked, paths.logs / "airflow-pools.log")
        make_connection(environment, connection, marked, paths.logs / "airflow-connection.log")
    keeper = ["include.local.logs", str(paths.var), str(EmbeddedPostgres(paths.postgres).log)]
    started = {
        name: spawn(command, marked, paths.logs / f"{name}.log", environment)
        for name, command in {**SERVICES, "log-keeper": keeper}.items()
    }
    pids = {name: process.pid for name, process in started.items()}
    state = _state(port, database, sandbox, pids | ({"sandbox": sandbox.pid} if sandbox else {}))
    state |= {"world": world.arguments, "immport": immport and _digest(immport)}
    _write_state(paths, state)
    _wait_until_healthy(paths, state, console)
    return state


def _real_immport() -> str | None:
    """The caller's own connection to ImmPort; None means the sandbox."""
    # Taken out of the environment, where Airflow's parts would let it go before the form.
    if connection := os.environ.pop("AIRFLOW_CONN_IMMPORT_DEFAULT", None):
        return connection
    if key := os.environ.get("IMMPORT_API_KEY"):
        expires_at = os.environ.get("IMMPORT_API_KEY_EXPIRES_AT")
        extra = {"extra": {"expires_at": expires_at}} if expires_at else {}
        return json.dumps({"conn_type": "immport", "password": key, **extra})
    return None


def _digest(connection: str) -> str:
    return hashlib.sha256(connection.encode()).hexdigest()


def _address(port: int) -> str:
    return f"http://{HOST}:{port}"


def _wait_until_healthy(paths: Paths, state: Mapping[str, Any], console: Console) -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    waiting: dict[str, str] = {}
    with announced(console, f"Airflow ({', '.join(SERVICES)})") as mention:
        while time.monotonic() < deadline:
            for name, (pid, born) in state["processes"].items():
                if not _is_alive(pid, born):
                    raise LocalError(f"the {name} ended: {last_lines(paths.logs / f'{name}.log')}")
            health = _health(state["address"])
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


def _check_room(paths: Paths) -> None:
    for wanted in (paths.var, EmbeddedPostgres(paths.postgres).folder):
        folder = next(place for place in (wanted, *wanted.parents) if place.exists())
        free = shutil.disk_usage(folder).free
        if free < FREE_BYTES_NEEDED:
            raise LocalError(f"the disk of {folder} is nearly full: {free // 1_000_000} MB free, 1000 needed")


def _print_addresses(console: Console, paths: Paths, state: Mapping[str, Any]) -> None:
    home = paths.airflow
    lines = {
        "Airflow": state["address"],
        "User": ADMIN,
        "Password": f"{ensure_password(home)}  (kept in {password_file(home)})",
        "Warehouse": f"database {state['database']}: make psql, make url",
        "ImmPort": f"the sandbox at {state['sandbox']}" if state["sandbox"] else "ImmPort itself",
        "Logs": str(paths.logs),
    }
    for name, value in lines.items():
        console.print(f"{name + ':':<11}{value}", markup=False, soft_wrap=True)


def _state_file(paths: Paths) -> Path:
    return paths.var / "system.json"


def _state(
    port: int, database: str, sandbox: SandboxProcess | None, pids: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "address": _address(port),
        "database": database,
        "sandbox": sandbox.url if sandbox else None,
        # A number alone may belong to another process tomorrow.
        "processes": {name: [pid, psutil.Process(pid).create_time()] for name, pid in pids.items()},
    }


def _write_state(paths: Paths, state: Mapping[str, Any]) -> None:
    _state_file(paths).write_text(json.dumps(state, indent=2) + "\n")


def _read_state(paths: Paths) -> dict[str, Any] | None:
    try:
        return dict(json.loads(_state_file(paths).read_text()))
    except (FileNotFoundError, json.JSONDecodeError):
        return None


def _is_alive(pid: int, born: float) -> bool:
    try:
        process = psutil.Process(pid)
        # Within 2 s: a set clock moves the computed time of birth.
        return abs(process.create_time() - born) < 2 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

"""`make up` and `make down`: the standing system of Postgres, sandbox and Airflow on 127.0.0.1."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

from rich.console import Console

from include.local.airflow import (
    FHIR,
    IMPC,
    ORTHOLOGS,
    PUBLIC_FILES,
    AirflowSetUp,
    airflow_environment,
    server_environment,
)
from include.local.options import LocalError, WorldOptions
from include.local.paths import Paths
from include.local.ports import HOST, why_unusable
from include.local.postgres import EmbeddedPostgres
from include.local.processes import BusyError, alone, end_marked, mark, spawn
from include.local.progress import announced, heartbeat
from include.local.sandbox import start_sandbox
from include.local.server import METADATA, Server
from include.local.standing.accounts import ensure_passwords
from include.local.standing.first_look import begin_to_load, switched_on_environment
from include.local.standing.greeting import print_addresses
from include.local.standing.sandbox_release import serve_first
from include.local.standing.services import SERVICES, wait_until_healthy
from include.local.standing.state import SystemState, births, state_file

DEFAULT_PORT = 8080
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
        state = SystemState.read(paths)
        if state and state.is_alive:
            _refuse_other_settings(state, world, port, immport)
            console.print("The system is already running; make down ends it.")
            print_addresses(console, paths, state)
            begin_to_load(console, paths, state)
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
        print_addresses(console, paths, state)
        begin_to_load(console, paths, state)
    return 0


def _refuse_other_settings(
    state: SystemState, world: WorldOptions, port: int | None, immport: str | None
) -> None:
    """A running system does not take up new settings: to ignore them would pass for an answer."""
    names = [part.removeprefix("--").upper() for part in world.arguments[::2]]
    other = [f"PORT={port}"] if port and state.address != _address(port) else []
    if world.arguments and world.arguments != state.world:
        other += [f"{name}={value}" for name, value in zip(names, world.arguments[1::2], strict=True)]
    hint = ""
    if immport and _digest(immport) != state.immport:
        other.append("that API key")
        hint = "" if state.sandbox else ", or put the key into the form of the connection immport_default"
    if other:
        raise LocalError(
            f"the system already runs at {state.address}, but not with {' '.join(other)}:"
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
    state_file(paths).unlink(missing_ok=True)
    return ended


def _start(
    paths: Paths, world: WorldOptions, port: int, console: Console, marked: str, immport: str | None
) -> SystemState:
    from include.warehouse.migrate import upgrade

    with announced(console, "Postgres"):
        server = EmbeddedPostgres(paths.postgres).start()
    connection, database, sandbox = immport, IMMPORT, None
    if connection is None:
        with announced(console, "Sandbox"):
            sandbox = start_sandbox(world, marked, paths.logs / "sandbox.log")
        connection, database = sandbox.connection, sandbox.status()["world"]
    warehouse, home = server.ensure_database(database), paths.airflow
    ensure_passwords(home)
    environment = airflow_environment(
        home,
        metadata_url=_metadata_url(server, None if immport else database),
        warehouse=warehouse,
        immport=None,
        landing=paths.landing(database),
        public=sandbox.public_connection if sandbox else PUBLIC_FILES,
        orthologs=sandbox.ortholog_connection if sandbox else ORTHOLOGS,
        impc=sandbox.impc_connection if sandbox else IMPC,
        fhir=sandbox.fhir_connection if sandbox else FHIR,
        upload=sandbox.upload_connection if sandbox else None,
    ) | server_environment(home, port)
    if sandbox:
        environment |= switched_on_environment()
    # One computes, the other mostly waits for Postgres.
    metadata = AirflowSetUp.begin(environment, marked, paths.logs / "airflow-db.log", connection)
    with announced(console, f"Warehouse {database}"):
        upgrade(warehouse)
        if sandbox:
            serve_first(sandbox, warehouse)
    paths.remember_world(database)
    with announced(console, "Airflow's metadata"):
        metadata.finish()
    keeper = ["include.local.logs", str(paths.var), str(EmbeddedPostgres(paths.postgres).log)]
    started = {
        name: spawn(command, marked, paths.logs / f"{name}.log", environment)
        for name, command in {**SERVICES, "log-keeper": keeper}.items()
    }
    pids = {name: process.pid for name, process in started.items()}
    state = SystemState(
        _address(port),
        database,
        sandbox.url if sandbox else None,
        births(pids | ({"sandbox": sandbox.pid} if sandbox else {})),
        world.arguments,
        immport and _digest(immport),
    )
    state.write(paths)
    wait_until_healthy(paths, state, console)
    return state


def _metadata_url(server: Server, world: str | None) -> str:
    """URL of Airflow's metadata database: one of each world of the sandbox, another with the real ImmPort.

    What runs against a sandbox by itself must not do so against ImmPort, and a page must not show runs that
    loaded another warehouse.
    """
    url = server.ensure_database(f"{METADATA}_{world}" if world else METADATA)
    # Airflow makes the address of another driver of it, which takes none of libpq's parameters.
    return url.set(query={}).render_as_string(hide_password=False)


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


def _check_room(paths: Paths) -> None:
    for wanted in (paths.var, EmbeddedPostgres(paths.postgres).folder):
        folder = next(place for place in (wanted, *wanted.parents) if place.exists())
        free = shutil.disk_usage(folder).free
        if free < FREE_BYTES_NEEDED:
            raise LocalError(f"the disk of {folder} is nearly full: {free // 1_000_000} MB free, 1000 needed")

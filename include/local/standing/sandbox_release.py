"""The releases of the standing system's sandbox: the one it begins with, and the next ones, one by one."""

from __future__ import annotations

import sqlalchemy as sa
from rich.console import Console

from include.local.demo_releases import Releases
from include.local.options import LocalError
from include.local.paths import Paths
from include.local.postgres import EmbeddedPostgres
from include.local.sandbox import SandboxControl
from include.local.standing.state import SystemState
from include.warehouse.schema.engine import warehouse_engine


def serve_first(sandbox: SandboxControl, warehouse: sa.URL) -> str:
    """Let the sandbox serve the release that fed the warehouse last; of a new one, that before the newest.

    So there is a release to come: `make next-release`.

    :returns: the release.
    """
    releases = _releases(sandbox, warehouse)
    release = releases.first()
    releases.note_served(release)
    sandbox.serve(release)
    return release


def serve_next(paths: Paths) -> int:
    """Let the sandbox of the running system serve its next release; an exit status.

    Raises:
        LocalError: no system runs, it loads from ImmPort itself, or there is no later release.
    """
    state = SystemState.read(paths)
    if state is None or not state.is_alive:
        raise LocalError("no system is running: make up starts one")
    if state.sandbox is None:
        raise LocalError("the system loads from ImmPort itself, which decides when there is a release")
    sandbox = SandboxControl(state.sandbox)
    release = following(sandbox)
    if release is None:
        raise LocalError(f"{sandbox.status()['current']} is the newest release of this sandbox")
    server = EmbeddedPostgres(paths.postgres).last_server()
    _releases(sandbox, server.url(state.database)).note_served(release)
    sandbox.serve(release)
    Console(highlight=False).print(
        f"The sandbox serves {release} now. The next run of immport_release loads it: the daily one, or one"
        f" that an operator triggers at {state.address}/dags/immport_release",
        soft_wrap=True,
    )
    return 0


def following(sandbox: SandboxControl) -> str | None:
    """The release after the one that the sandbox serves; None when that is the newest."""
    status = sandbox.status()
    later = status["releases"][status["releases"].index(status["current"]) + 1 :]
    return later[0] if later else None


def _releases(sandbox: SandboxControl, warehouse: sa.URL) -> Releases:
    engine = warehouse_engine(warehouse, poolclass=sa.NullPool)
    return Releases(engine, sandbox.status()["releases"], everything=False)

"""What `make up` prints of the system that runs."""

from __future__ import annotations

from rich.console import Console

from include.local.paths import Paths
from include.local.sandbox import SandboxControl
from include.local.standing.accounts import ACCOUNTS, ensure_passwords, password_file
from include.local.standing.sandbox_release import following
from include.local.standing.state import SystemState

#: Path of the warehouse's pages within Airflow's.
OVERVIEW = "/plugin/warehouse"


def print_addresses(console: Console, paths: Paths, state: SystemState) -> None:
    """Print where everything is, and who may sign in."""
    home = paths.airflow
    lines = {
        "Airflow": state.address,
        "Overview": f"{state.address}{OVERVIEW}",
        "Warehouse": f"database {state.database}: make psql, make url",
        "ImmPort": _source(state),
        "Logs": str(paths.logs),
        "Users": f"passwords are kept in {password_file(home)}",
    }
    for name, value in lines.items():
        console.print(f"{name + ':':<11}{value}", markup=False, soft_wrap=True)
    passwords = ensure_passwords(home)
    for account in ACCOUNTS:
        line = f"  {account.name:<9}{passwords[account.name]}  {account.about}"
        console.print(line, markup=False, soft_wrap=True)


def _source(state: SystemState) -> str:
    if state.sandbox is None:
        return "ImmPort itself"
    sandbox = SandboxControl(state.sandbox)
    later = following(sandbox)
    hint = f"; make next-release lets it serve {later}" if later else ""
    return f"the sandbox at {sandbox.url}, which serves {sandbox.status()['current']}{hint}"

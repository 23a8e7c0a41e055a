"""The standing system as `make up` starts it, in a folder and on ports of its own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from psycopg2 import sql

from immport_provider.dag_names import RELEASE
from include.local.paths import ROOT, Paths
from include.local.ports import free_port
from include.local.postgres import EmbeddedPostgres
from include.local.processes import end_marked, mark
from include.local.server import METADATA, Server
from include.local.standing.accounts import ADMIN, ensure_passwords
from include.local.standing.state import SystemState
from include.warehouse.migrate import upgrade
from include.warehouse.schema.engine import connect
from tests.support.sandbox import RunningSandbox

#: Variable of the environment: a folder for the pictures that tests take.
PICTURES = "IMMPORT_TEST_PICTURES"
STARTS_WITHIN_SECONDS = 600
ENDS_WITHIN_SECONDS = 300
RUN_WITHIN_SECONDS = 600
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class StandingSystem:
    """A standing system that runs.

    :param shown: what `make up` printed.
    :param passwords: of Airflow's users admin, operator and viewer, by name.
    :param warehouse: URL of the warehouse.
    :param metadata: URL of Airflow's own database.
    :param sandbox: the sandbox it loads from, with its control.
    :param first_runs: the runs that it started by itself, oldest first, as they ended.
    """

    paths: Paths
    shown: str = field(repr=False)
    address: str
    passwords: Mapping[str, str] = field(repr=False)
    warehouse: sa.URL
    metadata: sa.URL
    sandbox: RunningSandbox = field(repr=False)
    first_runs: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    @contextlib.contextmanager
    def client(self, user: str = ADMIN.name) -> Iterator[httpx.Client]:
        """A client of Airflow's page that is signed in by token: `get("/api/v2/dags")`."""
        with httpx.Client(base_url=self.address, timeout=60, trust_env=False) as client:
            body = {"username": user, "password": self.passwords[user]}
            token = client.post("/auth/token", json=body).raise_for_status().json()["access_token"]
            client.headers["authorization"] = f"Bearer {token}"
            yield client

    def run(self, dag: str = RELEASE, **params: Any) -> dict[str, Any]:
        """Run a DAG to its end; the run as Airflow answers it, with `dag_run_id` and `state`."""
        with self.client() as client:
            body = {"logical_date": None, "conf": params}
            made = client.post(f"/api/v2/dags/{dag}/dagRuns", json=body).raise_for_status().json()
            path = f"/api/v2/dags/{dag}/dagRuns/{made['dag_run_id']}"
            deadline = time.monotonic() + RUN_WITHIN_SECONDS
            while (run := client.get(path).raise_for_status().json())["state"] in ("queued", "running"):
                assert time.monotonic() < deadline, f"{dag} is {run['state']}"
                time.sleep(_POLL_SECONDS)
        return dict(run)

    def settled(self) -> list[dict[str, Any]]:
        """All runs, oldest first, once none is on its way."""
        deadline = time.monotonic() + RUN_WITHIN_SECONDS
        with self.client() as client:
            while True:
                answer = client.get("/api/v2/dags/~/dagRuns", params={"limit": 100, "order_by": "id"})
                runs = answer.raise_for_status().json()["dag_runs"]
                busy = [run for run in runs if run["state"] in ("queued", "running")]
                if not busy:
                    return list(runs)
                assert time.monotonic() < deadline, busy
                time.sleep(_POLL_SECONDS)

    @property
    def pictures(self) -> Path:
        """Folder of what tests photograph: that of IMMPORT_TEST_PICTURES, or one beside the system."""
        given = os.environ.get(PICTURES)
        folder = Path(given) if given else self.paths.var.parent / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def newest_study(self) -> str:
        """A study that the newest release brought."""
        (load,) = self.query(
            "select scope from ops.load where source = 'immport' and state = 'published'"
            " order by release_key desc, scope limit 1"
        )
        return str(load.scope)

    def query(self, statement: str, **parameters: Any) -> Sequence[sa.Row[Any]]:
        """Rows of the warehouse."""
        engine = sa.create_engine(self.warehouse, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return connection.execute(sa.text(statement), parameters).all()

    @contextlib.contextmanager
    def emptied(self) -> Iterator[None]:
        """For the time of a `with`, the warehouse is as before its first load; then it is what it was."""
        self.settled()
        server, name = EmbeddedPostgres(self.paths.postgres).last_server(), str(self.warehouse.database)
        kept = f"{name}_kept"
        _rename(server, name, kept)
        try:
            upgrade(server.ensure_database(name))
            yield
        finally:
            server.drop_database(name)
            _rename(server, kept, name)

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command of the Makefile on this system: `make("next-release")`."""
        return _make(self.paths, *words, seconds=STARTS_WITHIN_SECONDS)


@contextlib.contextmanager
def running_standing_system(folder: Path, studies: int = 4, rows: int = 10) -> Iterator[StandingSystem]:
    """Start `make up` and wait until the first loads and all that follows from them have ended.

    :param folder: becomes its `var/`, and is empty of processes afterwards.
    """
    if shutil.which("make") is None or not (ROOT / ".venv/bin/python").exists():
        pytest.skip("needs make and make setup")
    paths = Paths(folder.resolve())
    try:
        words = ("up", f"PORT={free_port()}", f"STUDIES={studies}", f"ROWS={rows}")
        done = _make(paths, *words, seconds=STARTS_WITHIN_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr
        with httpx.Client(timeout=60, trust_env=False) as control:
            system = _found(paths, done.stdout, control)
            yield replace(system, first_runs=system.settled())
    finally:
        _make(paths, "down", seconds=ENDS_WITHIN_SECONDS)
        end_marked(mark(paths.var, "up"))
        EmbeddedPostgres(paths.postgres).remove()


@pytest.fixture(scope="session")
def standing_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandingSystem]:
    """A standing system that loaded the first release of a small world: for tests marked `long`."""
    with running_standing_system(tmp_path_factory.mktemp("standing")) as system:
        yield system


def _rename(server: Server, name: str, new: str) -> None:
    """Rename a database, ending its sessions; none begins meanwhile."""
    old, given = sql.Identifier(name), sql.Identifier(new)
    connection = connect(server.url())
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(sql.SQL("alter database {} allow_connections false").format(old))
        cursor.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s", (name,)
        )
        cursor.execute(sql.SQL("alter database {} rename to {}").format(old, given))
        cursor.execute(sql.SQL("alter database {} allow_connections true").format(given))


def _make(paths: Paths, *words: str, seconds: float) -> subprocess.CompletedProcess[str]:
    # As a shell has it: what tests set for their own Airflow, or a make above, is not for this one.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "MAKE"))}
    return subprocess.run(
        ["make", "-s", *words],
        cwd=ROOT,
        env=clean | {"WAREHOUSE_VAR": str(paths.var), "PWD": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def _found(paths: Paths, shown: str, control: httpx.Client) -> StandingSystem:
    state = SystemState.read(paths)
    assert state is not None
    assert state.sandbox is not None
    server = EmbeddedPostgres(paths.postgres).last_server()
    printed = (paths.logs / "sandbox.log").read_text()
    key, upload_key = (
        re.search(rf"^{name}=(\S+)$", printed, re.MULTILINE) for name in ("api_key", "upload_key")
    )
    assert key is not None
    assert upload_key is not None
    return StandingSystem(
        paths=paths,
        shown=shown,
        address=state.address,
        passwords=ensure_passwords(paths.airflow),
        warehouse=server.url(state.database),
        metadata=server.url(f"{METADATA}_{state.database}"),
        sandbox=RunningSandbox(state.sandbox, key[1], state.processes["sandbox"][0], control, upload_key[1]),
    )

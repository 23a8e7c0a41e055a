"""`make demo`: releases of a sandbox world through the DAG into the star, without any Airflow server."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console

from include.local.airflow import airflow_environment, migrate_airflow
from include.local.options import LocalError, World
from include.local.paths import Paths
from include.local.postgres import EmbeddedPostgres
from include.local.processes import alone, end_marked, last_lines, mark, spawn
from include.local.progress import Progress, read_steps, said
from include.local.sandbox import Sandbox, start_sandbox
from include.local.server import Server
from include.sources.release import Release

DAG = "immport_release"
_POLL_SECONDS = 0.5
#: Name in ops.setting. What studies say of their release is no measure: a release may only withdraw some.
_SERVED = "demo_release"


def run_demo(paths: Paths, world: World) -> int:
    """Load the releases that are due and print the report; 0 when every study ended as it should.

    Raises:
        LocalError: another demo runs, or a part could not be started.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)  # a file has no width; tables need one
    marked = mark(paths.var, "demo")
    postgres = EmbeddedPostgres(paths.postgres)
    with alone(paths.var / "demo.lock", "another make demo is at work in this checkout"):
        end_marked(marked)  # what a demo that was killed left behind
        with contextlib.ExitStack() as stack:
            with said(console, "Postgres"):
                server = stack.enter_context(postgres.running())
            stack.callback(end_marked, marked)
            with said(console, "Sandbox"):
                sandbox = start_sandbox(world, marked, paths.logs / "demo-sandbox.log")
            return _load(paths, console, server, sandbox, marked, everything=world.archives is not None)


def _load(
    paths: Paths, console: Console, server: Server, sandbox: Sandbox, marked: str, *, everything: bool
) -> int:
    from include.warehouse.migrate import upgrade

    status = sandbox.status()
    database = status["world"]
    with said(console, f"Warehouse {database}"):
        warehouse = server.ensure_database(database)
        upgrade(warehouse)
    paths.remember_world(database)
    home = paths.airflow_demo
    environment = airflow_environment(
        home,
        metadata_url=f"sqlite:///{home / 'airflow.db'}",
        warehouse=warehouse,
        immport=sandbox.connection,
        landing=paths.landing(database),
    )
    stamp = home / f"migrated-{metadata.version('apache-airflow')}"
    if not stamp.exists():
        with said(console, "Airflow's metadata"):
            migrate_airflow(environment, marked, paths.logs / "demo-airflow-db.log")
        stamp.touch()
    engine = sa.create_engine(warehouse, poolclass=sa.NullPool)
    before = set(_run_ids(engine))
    releases = due(status["releases"], last := _last_served(engine), everything=everything)
    if not releases:
        raise LocalError(f"all releases of {database} are older than {last}, which its warehouse holds")
    for release in releases:
        # Noted before anything is loaded: whatever becomes of this run, an older one must not follow it.
        _note_served(engine, release)
        sandbox.serve(release)
        log = paths.logs / f"demo-{release}.log"
        _run_dag(release, environment, marked, log, engine=engine, console=console)
    from include.pipeline.report import print_report  # brings Airflow's own logging along

    runs = [run for run in _run_ids(engine) if run not in before]
    return int(print_report(engine, runs, console))


def due(releases: Sequence[str], last: str | None, *, everything: bool) -> list[str]:
    """The releases to load, in order: all or the last two, none older than the last one served."""
    ordered = sorted(releases, key=Release.parse)
    wanted = ordered if everything else ordered[-2:]
    return [release for release in wanted if last is None or Release.parse(release) >= Release.parse(last)]


def _last_served(engine: sa.Engine) -> str | None:
    """The release this warehouse was last fed from; parts of it may have been loaded."""
    with engine.connect() as connection:
        return connection.scalar(
            sa.text("SELECT value FROM ops.setting WHERE name = :name"), {"name": _SERVED}
        )


def _note_served(engine: sa.Engine, release: str) -> None:
    note = sa.text(
        "INSERT INTO ops.setting (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    )
    with engine.begin() as connection:
        connection.execute(note, {"name": _SERVED, "value": release})


def _run_ids(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT run_id FROM ops.run ORDER BY started_at")))


def _run_dag(
    release: str,
    environment: Mapping[str, str],
    marked: str,
    log: Path,
    *,
    engine: sa.Engine,
    console: Console,
) -> None:
    """Run the DAG once, showing its steps. How it ended is for the report to say, unless it never began."""
    console.print(f"[bold]{release}[/]  [dim]log: {log}[/]", soft_wrap=True)
    before = set(_run_ids(engine))
    started = time.monotonic()
    process = spawn(["airflow", "dags", "test", DAG], marked, log, environment)
    with Progress(console, release) as progress:
        while True:
            has_ended = process.poll() is not None
            runs = [run for run in _run_ids(engine) if run not in before]
            progress.show(read_steps(engine, runs))
            if has_ended:
                break
            time.sleep(_POLL_SECONDS)
    if not runs:
        raise LocalError(f"{DAG} did not begin to load {release}. The end of {log}:\n{last_lines(log, 30)}")
    word = "ended" if process.returncode == 0 else "failed"
    console.print(f"  {DAG} {word} after {time.monotonic() - started:.0f} s")

"""`make demo`: releases of a sandbox world through the DAG into the star, without any Airflow server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from importlib import metadata
from typing import TYPE_CHECKING

import sqlalchemy as sa
from rich.console import Console

from include.local.airflow import AirflowSetUp, airflow_environment
from include.local.dag_runs import DagRuns
from include.local.demo_releases import Releases
from include.local.options import LocalError, WorldOptions
from include.local.paths import Paths
from include.local.postgres import EmbeddedPostgres
from include.local.processes import alone, end_marked, exit_status, mark, spawn
from include.local.progress import announced
from include.local.sandbox import SandboxProcess, notes, start_sandbox
from include.local.server import Server

if TYPE_CHECKING:
    from include.sources.source import Source

RELEASE_DAG, BACKFILL_DAG = "immport_release", "immport_backfill"
_IS_THERE = sa.text("SELECT exists (SELECT FROM ops.ledger WHERE source = :source)")
_SCOPES = sa.text("SELECT count(*) FROM ops.scope WHERE source = :source AND state = 'current'")
#: How long loading a source beside the studies may take; it takes seconds on an idle machine.
SOURCE_SECONDS = 1800
_NEXT = """
What next:
  make psql                  query the warehouse: README.md, First SQL, and docs/star.md
  docs/questions/README.md   questions of analysts, answered in SQL
  make export                the same tables as Parquet files
  make up                    the standing system: Airflow's UI, a daily run
"""


def run_demo(paths: Paths, world: WorldOptions) -> int:
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
            with announced(console, "Postgres"):
                server = stack.enter_context(postgres.running())
            stack.callback(end_marked, marked)
            with announced(console, "Sandbox"):
                log = paths.logs / "demo-sandbox.log"
                sandbox = start_sandbox(world, marked, log)
            for note in notes(log):
                console.print(f"Sandbox: {note}", markup=False, soft_wrap=True)
            return _load(paths, console, server, sandbox, marked, everything=world.archives is not None)


def _load(
    paths: Paths, console: Console, server: Server, sandbox: SandboxProcess, marked: str, *, everything: bool
) -> int:
    from include.warehouse.migrate import upgrade
    from include.warehouse.schema.engine import warehouse_engine

    status = sandbox.status()
    database = status["world"]
    with announced(console, f"Warehouse {database}"):
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
        public=sandbox.public_connection,
        orthologs=sandbox.ortholog_connection,
        impc=sandbox.impc_connection,
        fhir=sandbox.fhir_connection,
        upload=sandbox.upload_connection,
    )
    stamp = home / f"migrated-{metadata.version('apache-airflow')}"
    if not stamp.exists():
        with announced(console, "Airflow's metadata"):
            AirflowSetUp.begin(environment, marked, paths.logs / "demo-airflow-db.log").finish()
        stamp.touch()
    engine = warehouse_engine(warehouse, poolclass=sa.NullPool)
    releases = Releases(engine, status["releases"], everything=everything)
    if not releases.due():
        last = releases.last_served
        raise LocalError(f"all releases of {database} are older than {last}, which its warehouse holds")
    return load_and_report(DagRuns(engine, console, environment, marked, paths.logs), releases, sandbox.serve)


def load_and_report(runs: DagRuns, releases: Releases, serve: Callable[[str], None]) -> int:
    """Load the other sources and all releases that are missing, and report; 0 when nothing is missing then.

    :param serve: lets the sandbox serve a release from now on.
    """
    failed = load_sources(runs)
    before = set(runs.ids())  # the report is of the releases
    waiting = load_releases(runs, releases, serve)
    return _report(runs, releases, before, waiting, failed)


def load_sources(runs: DagRuns) -> list[str]:
    """Load vocabularies, gene lists and what else has no studies, unless the warehouse holds it.

    Without the vocabularies, no term is mapped and every `*_harmonised` column is null.

    :returns: what could not be loaded: `vocabularies`.
    """
    from include.sources.fetched.fetched_source import FetchedSource
    from include.warehouse.model.registry import SOURCES

    sources = [model.source for model in SOURCES.values() if isinstance(model.source, FetchedSource)]
    return [source.scope.plural for source in sources if not _load_source(runs, source)]


def _load_source(runs: DagRuns, source: Source) -> bool:
    """Load a source that the warehouse does not hold; whether it holds it then."""
    with runs.engine.connect() as connection:
        if connection.scalar(_IS_THERE, {"source": source.name}):
            return True
    dag, log = f"immport_{source.name}", runs.logs / f"demo-{source.name.replace('_', '-')}.log"
    with announced(runs.console, source.scope.plural.capitalize()) as mention:
        process = spawn(["airflow", "dags", "test", dag], runs.marked, log, runs.environment)
        is_loaded = exit_status(process, dag, SOURCE_SECONDS) == 0
        with runs.engine.connect() as connection:
            scopes = connection.scalar(_SCOPES, {"source": source.name})
        mention(f"{scopes:,} loaded" if is_loaded else f"not loaded, see {log}")
    return is_loaded


def load_releases(runs: DagRuns, releases: Releases, serve: Callable[[str], None]) -> list[str]:
    """Load what is missing of older releases from their packages, then the releases that are due.

    A release of which nothing could be loaded is not followed by the next one: the next demo begins with it.

    :param serve: lets the sandbox serve a release from now on.
    :returns: releases that wait, the one that failed first.
    """
    due = releases.due()
    if overdue := releases.overdue():
        serve(due[-1])  # as ImmPort would: it keeps the packages of older releases
    for name, left in overdue.items():
        for release in dict.fromkeys(item.release for item in left if item.action == "load"):
            studies = [item.study for item in left if (item.release, item.action) == (release, "load")]
            span = {"first_release": release, "last_release": release}
            runs.run(BACKFILL_DAG, f"{name} again", {"studies": studies, "dry_run": False, **span})
    for number, release in enumerate(due):
        # Noted before anything is loaded: whatever becomes of this run, an older one must not follow it.
        releases.note_served(release)
        serve(release)
        run = runs.run(RELEASE_DAG, release)
        releases.note_run(release, run)
        if runs.state(run) not in ("success", "partial"):
            return due[number:]
    return []


def _report(
    runs: DagRuns,
    releases: Releases,
    before: Collection[str],
    waiting: Sequence[str],
    failed: Sequence[str],
) -> int:
    from include.pipeline.report import print_report  # brings Airflow's own logging along

    console = runs.console
    status = int(print_report(runs.engine, [run for run in runs.ids() if run not in before], console))
    for what in failed:
        console.print(f"[red]The {what} are not loaded; the next make demo tries again.[/red]")
    for name, left in releases.overdue().items():
        console.print(f"[red]{name} is not loaded whole. make demo tries these again:[/red]")
        for item in left:
            console.print(f"  {item.study} {item.release}: {item.reason}", markup=False, highlight=False)
    if waiting:
        later = f", before {' and '.join(waiting[1:])}" if waiting[1:] else ""
        console.print(f"[red]{waiting[0]} is not loaded. make demo begins with it again{later}.[/red]")
    console.print(_NEXT, markup=False, highlight=False, soft_wrap=True)
    return int(bool(status or failed or waiting or releases.overdue()))

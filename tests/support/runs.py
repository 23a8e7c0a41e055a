"""The release DAG run to its end, each time in a forked process of its own that may be killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa

from include.local.airflow import airflow_environment
from include.local.server import Server
from tests.support.sandbox import RunningSandbox
from tests.support.warehouse import copied

#: A run that takes longer hangs.
_LONGEST_SECONDS = 300


@dataclass(frozen=True)
class Kill:
    """Where a run dies, or does another thing.

    :param target: `module:function` or `module:Class.method`.
    :param call: at which call of it.
    :param after: once it has returned, not before it begins.
    :param statement: within the call, after so many SQL statements.
    :param action: what happens there, `module:function`, with its arguments.
    """

    target: str
    call: int = 1
    after: bool = False
    statement: int | None = None
    action: str = "tests.support.child:die"
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What the forked process is to do.

    :param metadata: Airflow's metadata database, where it is another than that of the processes.
    """

    environment: dict[str, str]
    params: dict[str, Any]
    retries: int
    kills: tuple[Kill, ...]
    log: Path
    result: Path
    dag: str = "immport_release"
    metadata: Path | None = None


@dataclass(frozen=True)
class Run:
    """How a run ended.

    :param exit: 0, or the negated number of the signal that ended it.
    :param run_id: key of the run, `dag_id/run_id`.
    :param state: Airflow's state of the DAG run; None when it was killed.
    :param tasks: state of each task instance.
    :param log: all it printed.
    """

    exit: int | None
    run_id: str | None
    state: str | None
    tasks: dict[str, str]
    log: str


class Processes:
    """Forks processes from one that has imported Airflow and Great Expectations already."""

    def __init__(self, home: Path, warehouse: sa.URL) -> None:
        self.home = home
        self._metadata = home / "airflow.db"
        environment = airflow_environment(
            home, metadata_url=f"sqlite:///{self._metadata}", warehouse=warehouse, immport="", landing=home
        )
        # Each run brings its own.
        environment = {
            k: v for k, v in environment.items() if not k.startswith(("AIRFLOW_CONN", "AIRFLOW_VAR"))
        }
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.support.quiet", "tests.support.warm"])
        with mock.patch.dict(os.environ, {**environment, "AIRFLOW__CORE__UNIT_TEST_MODE": "False"}):
            forkserver.ensure_running()
        self._pristine = home / "pristine.db"
        assert self._run("is_ready") == 0, (home / "forkserver.log").read_text()[-4000:]

    def release(self, order: Order) -> int | None:
        """Run the DAG in fresh metadata; the exit code."""
        for path in self.home.glob(f"{self._metadata.name}*"):
            path.unlink()
        shutil.copyfile(self._pristine, self._metadata)
        return self._run("release", order)

    def lay_metadata(self, place: Path) -> None:
        """Put fresh metadata of Airflow into a place."""
        shutil.copyfile(self._pristine, place)

    def at_once(self, orders: list[Order]) -> list[int | None]:
        """Run DAGs at the same time, each with fresh metadata of its own; the exit codes."""
        for order in orders:
            assert order.metadata is not None
            shutil.copyfile(self._pristine, order.metadata)
        started = [self._start("release", order) for order in orders]
        return [self._ended(process, "release") for process in started]

    def call(self, target: str, log: Path, *kills: Kill, **arguments: Any) -> int | None:
        """Call `module:function`; the exit code."""
        return self._run("call", target, log, kills, arguments)

    def _run(self, *what: Any) -> int | None:
        return self._ended(self._start(*what), what[0])

    def _start(self, *what: Any) -> BaseProcess:
        process = self._context.Process(target=_begin, args=what)
        process.start()
        return process

    def _ended(self, process: BaseProcess, what: str) -> int | None:
        process.join(_LONGEST_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
            raise TimeoutError(f"{what} took more than {_LONGEST_SECONDS} s")
        return process.exitcode


def _begin(what: str, *arguments: Any) -> None:
    from tests.support import child  # imported already where this runs

    getattr(child, what)(*arguments)


@dataclass(frozen=True)
class Installation:
    """A warehouse, its landing zone and the sandbox that feeds it.

    :ivar login: login by which runs load the warehouse; its owner when left out.
    :ivar connections: further connections of the runs, as their environment names them.
    """

    processes: Processes
    server: Server
    sandbox: RunningSandbox
    database: str
    folder: Path
    extra: dict[str, Any] = field(default_factory=lambda: {"max_retries": 2, "timeout": 20})
    login: sa.URL | None = None
    connections: dict[str, str] = field(default_factory=dict)

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def url(self) -> sa.URL:
        return self.server.url(self.database)

    @property
    def engine(self) -> sa.Engine:
        """A connection per use: the database is copied and dropped, and the server may be stopped."""
        return sa.create_engine(self.url, poolclass=sa.NullPool)

    def run(self, *kills: Kill, retries: int = 0, dag: str = "immport_release", **params: Any) -> Run:
        """Run a DAG with these params. It dies at each of `kills`."""
        order = self._order("run", kills, retries, dag, params)
        return _run_of(order, self.processes.release(order))

    def order(self, name: str, dag: str = "immport_release", **params: Any) -> Order:
        """What a process that the test starts itself is to do."""
        return self._order(name, (), 0, dag, params)

    def run_at_once(self, *kills: tuple[Kill, ...], dag: str = "immport_release", **params: Any) -> list[Run]:
        """Run a DAG several times at once: once for each tuple of what happens within it."""
        orders = [
            replace(order, metadata=self.folder / f"{order.log.stem}.db")
            for order in (self._order(f"run{n}", own, 0, dag, params) for n, own in enumerate(kills))
        ]
        ended = self.processes.at_once(orders)
        return [_run_of(order, code) for order, code in zip(orders, ended, strict=True)]

    def _order(
        self, name: str, kills: tuple[Kill, ...], retries: int, dag: str, params: dict[str, Any]
    ) -> Order:
        connection = {
            "conn_type": "immport",
            "host": self.sandbox.url,
            "password": self.sandbox.api_key,
            # Requests to the sandbox come as fast as it answers.
            "extra": {"calls_per_second": 0, **self.extra},
        }
        environment = airflow_environment(
            self.processes.home,
            metadata_url="",
            warehouse=self.login or self.url,
            immport=json.dumps(connection),
            landing=self.landing,
            public=self._open_connection("immport_public"),
            orthologs=self._open_connection("ortholog_table"),
            impc=self._open_connection("impc"),
            # Pages of a few resources: each type with many has several.
            fhir=self._open_connection("fhir", "/fhir", page_size=7),
        )
        own = {k: v for k, v in environment.items() if k.startswith(("AIRFLOW_CONN", "AIRFLOW_VAR"))}
        own |= self.connections
        log, result = self.folder / f"{name}.log", self.folder / f"{name}.json"
        log.unlink(missing_ok=True)
        result.unlink(missing_ok=True)
        return Order(own, params, retries, kills, log, result, dag)

    def _open_connection(self, kind: str, folder: str = "", **more: Any) -> str:
        """A connection to the sandbox that needs no key."""
        extra = {"calls_per_second": 0, **more}
        return json.dumps({"conn_type": kind, "host": f"{self.sandbox.url}{folder}", "extra": extra})

    def query(self, statement: str, **parameters: Any) -> list[Any]:
        """Rows of a query."""
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(statement), parameters).all())

    def one(self, statement: str, **parameters: Any) -> Any:
        """The one value a query gives."""
        ((value,),) = self.query(statement, **parameters)
        return value

    def states(self) -> dict[str, str]:
        """State of the last load of each study."""
        return dict(
            self.query("select distinct on (scope) scope, state from ops.load order by scope, load_id desc")
        )


def _run_of(order: Order, ended: int | None) -> Run:
    report = json.loads(order.result.read_text()) if order.result.exists() else {}
    return Run(
        ended, report.get("run_id"), report.get("state"), report.get("tasks", {}), order.log.read_text()
    )


class Installations:
    """Makes installations, of a migrated and empty database, and removes what they leave.

    A copy costs less than a load.
    """

    def __init__(self, processes: Processes, server: Server, template: str, folder: Path) -> None:
        self._processes, self._server, self._folder = processes, server, folder
        self._made: list[str] = []
        self._empty = template

    def fresh(self, sandbox: RunningSandbox) -> Installation:
        """A migrated warehouse without rows, an empty landing zone."""
        name = self._copy(self._empty)
        folder = self._folder / name
        folder.mkdir()
        return Installation(self._processes, self._server, sandbox, name, folder)

    def copy(self, original: Installation) -> Installation:
        """The same warehouse and landing zone once more."""
        name = self._copy(original.database)
        folder = self._folder / name
        shutil.copytree(original.folder, folder)
        return replace(original, database=name, folder=folder)

    def drop(self) -> None:
        """Remove every database made."""
        for name in self._made:
            self._server.drop_database(name)

    def _copy(self, original: str) -> str:
        engine = sa.create_engine(self._server.url(), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            # A session that a killed run left ends a moment later; a template must have none.
            end = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = :name"
            connection.execute(sa.text(end), {"name": original})
        self._made.append(copied(self._server, original))
        return self._made[-1]


@pytest.fixture(scope="session")
def processes(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Processes:
    """The process that all runs are forked from."""
    return Processes(tmp_path_factory.mktemp("airflow"), postgres.url())


@pytest.fixture(scope="session")
def installations(
    processes: Processes, postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installations]:
    """Makes warehouses that are gone after the session."""
    made = Installations(processes, postgres, template, tmp_path_factory.mktemp("installations"))
    yield made
    made.drop()

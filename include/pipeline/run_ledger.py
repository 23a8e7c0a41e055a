"""The record of a run: what it decided, how each step went. Everything an operator reads is written here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.landing.zone import Fetch
from include.sources.endpoint import Route
from include.sources.foreign import clean
from include.sources.immport.source import IMMPORT
from include.warehouse.load import fence
from include.warehouse.load.fence import SupersededError
from include.warehouse.model.registry import SOURCES
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.ops_tables import DRY_RUN_STATE, LOAD, RUN, STEP

#: States of a load on its way, in their order; `failed` ends it anywhere, `retracted` after it was published.
PLANNED, EXTRACTED, STAGED, CHECKED, PUBLISHED, FAILED, RETRACTED = (
    "planned", "extracted", "staged", "checked", "published", "failed", "retracted",
)  # fmt: skip
OPEN_STATES = (PLANNED, EXTRACTED, STAGED, CHECKED)
#: Longest error text that is kept.
_MAX_MESSAGE = 2000
#: Seconds between two reports of a step's progress: a small study is done before the first.
PROGRESS_SECONDS = 1.0


@dataclass(frozen=True)
class Load:
    """One scope of a source at one release on its way to the star.

    :param source: name of the source.
    :param listed_version: release that the listing gave the study; a package may be of a later one.
    :param route: how it comes, once that is chosen, and why so.
    :param file_uuid: the package to load, where the run names one.
    :param same_as: the load that it landed the same as, whose checks hold for it: it was not staged.
    :param fence: the attempt that had taken it when it was read: what is written for it proves that none has
        taken it since.
    """

    load_id: int
    scope: str
    release: str
    release_date: date | None
    release_key: int
    fetch_id: str
    state: str
    error: str | None
    listed_version: str | None = None
    route: Route | None = None
    route_reason: str | None = None
    file_uuid: str | None = None
    fence: int = 0
    same_as: int | None = None
    source: str = IMMPORT.name

    @property
    def name(self) -> str:
        return f"{self.scope} {self.release}"

    @property
    def model(self) -> SourceModel:
        """The source, with its tables."""
        return SOURCES[self.source]

    @property
    def fetch(self) -> Fetch:
        """Where what it needs is landed."""
        return Fetch(self.scope, self.release, self.fetch_id, self.model.source)

    def has_reached(self, state: str) -> bool:
        """Whether a step that ends in `state` is behind it."""
        order = (*OPEN_STATES, PUBLISHED)
        return self.state in order and order.index(self.state) >= order.index(state)


@dataclass(frozen=True)
class TaskRef:
    """The task that does a step: Airflow's name of it, which mapped instance, and which try.

    :param map_index: -1 of a task that is not mapped.
    """

    task_id: str
    map_index: int
    try_number: int


@dataclass(frozen=True)
class StudyRef:
    """A study that a step is about without a load of it.

    :param release: release that the warehouse holds; empty when it holds none.
    """

    scope: str
    release: str = ""
    load_id: None = None
    source: str = IMMPORT.name


def load(engine: sa.Engine, load_id: int) -> Load:
    """One load by its number."""
    with engine.connect() as connection:
        row = connection.execute(sa.select(LOAD).where(LOAD.c.load_id == load_id)).one()
    return Load(
        row.load_id, row.scope, row.release_version, row.release_date, row.release_key, row.fetch_id,
        row.state, row.error, row.listed_version, Route(row.route) if row.route else None,
        row.route_reason, row.file_uuid, row.fence, row.same_as, row.source,
    )  # fmt: skip


@contextmanager
def writing(target: sa.Engine | sa.Connection, load: Load) -> Iterator[sa.Connection]:
    """A transaction that writes for a load; the caller's own, if it has one.

    :raises SupersededError: a newer attempt has taken the load.
    """
    if isinstance(target, sa.Connection):
        fence.hold(target, load.load_id, load.fence)
        yield target
        return
    with target.begin() as connection:
        fence.hold(connection, load.load_id, load.fence)
        yield connection


def set_state(target: sa.Engine | sa.Connection, load: Load, state: str, error: str | None = None) -> None:
    """Move a load on. A published load stays published; one of a dry run never gets anywhere.

    :raises SupersededError: a newer attempt has taken the load.
    """
    values = {"state": state, "error": error and error[:_MAX_MESSAGE], "changed_at": sa.func.now()}
    with writing(target, load) as connection:
        is_open = (LOAD.c.load_id == load.load_id) & LOAD.c.state.not_in([PUBLISHED, DRY_RUN_STATE])
        connection.execute(sa.update(LOAD).where(is_open).values(values))


def set_route(engine: sa.Engine, load: Load, route: Route, reason: str) -> None:
    """Write down how a load comes, and why.

    :raises SupersededError: a newer attempt has taken the load.
    """
    values = {"route": route.value, "route_reason": reason[:_MAX_MESSAGE], "changed_at": sa.func.now()}
    with writing(engine, load) as connection:
        connection.execute(sa.update(LOAD).where(LOAD.c.load_id == load.load_id).values(values))


def start_run(engine: sa.Engine, run_id: str) -> None:
    """Open the record of a run. A second try of the same run goes on in it; a run of the DAG before it has
    ended, and so have its steps.

    :param run_id: key of the run, `dag_id/run_id`; the name of a DAG holds no slash.
    """
    dag_id, slash, _ = run_id.partition("/")
    if not slash:
        raise ValueError(f"run {run_id!r} has no key such as immport_release/{run_id}")
    statement = upsert(RUN).values(run_id=run_id, dag_id=dag_id, state="running")
    again = {"state": "running", "ended_at": None, "note": None}
    killed = sa.update(RUN).where(RUN.c.state == "running", RUN.c.run_id != run_id, RUN.c.dag_id == dag_id)
    with engine.begin() as connection:
        killed = killed.values(state="failed", note=fence.NO_FINAL_STATUS).returning(RUN.c.run_id)
        for earlier in (run_id, *connection.scalars(killed)):
            _end_steps(connection, earlier)
        connection.execute(statement.on_conflict_do_update(index_elements=[RUN.c.run_id], set_=again))


def finish_run(engine: sa.Engine, run_id: str, state: str) -> None:
    """Close the record of a run: a step that still seems to run was killed, a run that ends here was not."""
    # Another run may have taken this one for killed while it waited.
    note = sa.func.nullif(RUN.c.note, fence.NO_FINAL_STATUS)
    closed = sa.update(RUN).where(RUN.c.run_id == run_id)
    with engine.begin() as connection:
        _end_steps(connection, run_id)
        connection.execute(closed.values(state=state, ended_at=sa.func.now(), note=note))


def _end_steps(connection: sa.Connection, run_id: str) -> None:
    running = (STEP.c.run_id == run_id) & (STEP.c.state == "running")
    ended = {"state": "failed", "ended_at": sa.func.now(), "message": fence.NO_FINAL_STATUS}
    connection.execute(sa.update(STEP).where(running).values(**ended))


def note_run(engine: sa.Engine, run_id: str, **values: Any) -> None:
    """Write what is known of a run: its listing, its end."""
    with engine.begin() as connection:
        connection.execute(sa.update(RUN).where(RUN.c.run_id == run_id).values(**values))


def refused_credentials(engine: sa.Engine, run_id: str) -> str | None:
    """The answer with which the source refused the credentials of this run; None if it did not."""
    statement = (
        sa.select(STEP.c.message)
        .where(STEP.c.run_id == run_id, STEP.c.state == "failed", STEP.c.message.like("CredentialError:%"))
        .order_by(STEP.c.step_id)
        .limit(1)
    )
    with engine.connect() as connection:
        return connection.scalar(statement)


def brief(error: BaseException) -> str:
    """An error in a few words. Of a database's, the first line: the others hold statement and values."""
    cause = getattr(error, "orig", None)
    text = str(error) if cause is None else str(cause).partition("\n")[0]
    return clean(f"{type(error).__name__}: {text}".strip(), _MAX_MESSAGE)


class Step:
    """A running step: records its progress. Its number is `ops.step.step_id`."""

    def __init__(self, engine: sa.Engine, number: int) -> None:
        self._engine = engine
        self.number = number
        self.state = "done"
        self.rows: int | None = 0
        self.message: str | None = None
        self._shown_at = time.monotonic()

    def progress(self, rows: int, message: str) -> None:
        """Show rows moved so far, and what is being done; not more often than a person reads it."""
        self.rows = rows
        if (now := time.monotonic()) >= self._shown_at + PROGRESS_SECONDS:
            self._shown_at = now
            self.write(rows=rows, message=message)

    def skip(self, message: str) -> None:
        """There was nothing to do, and why."""
        self.state, self.message = "skipped", message

    def write(self, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.update(STEP).where(STEP.c.step_id == self.number).values(**values))


@contextmanager
def step(
    engine: sa.Engine, run_id: str, about: Load | StudyRef, name: str, task: TaskRef | None = None
) -> Iterator[Step]:
    """Record one step of one load or study, however it ends.

    :param task: the task that does it; none where no Airflow runs.
    """
    statement = sa.insert(STEP).values(
        run_id=run_id,
        load_id=about.load_id,
        source=about.source,
        scope=about.scope,
        release_version=about.release,
        step=name,
        state="running",
        **({} if task is None else asdict(task)),
    )
    with engine.begin() as connection:
        current = Step(engine, connection.execute(statement.returning(STEP.c.step_id)).scalar_one())
    try:
        yield current
    except BaseException as error:  # Airflow's timeout of a task is not an Exception
        state = "superseded" if isinstance(error, SupersededError) else "failed"
        current.write(state=state, ended_at=sa.func.now(), message=brief(error))
        raise
    current.write(state=current.state, ended_at=sa.func.now(), rows=current.rows, message=current.message)

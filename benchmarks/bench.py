"""What the parts of the benchmarks work with: a server, recorded sources, a place for figures."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from rich.console import Console

from benchmarks.figures import Goal, Results
from benchmarks.generated import Answer, answers, copy, create
from benchmarks.recorded import RecordedSource, recorded_sandbox
from include.local.server import Server
from include.warehouse.model.registry import IMMPORT_MODEL

T = TypeVar("T")


@dataclass(frozen=True)
class Sizes:
    """How much is measured; None leaves it to each part.

    :param rows: result rows per assay of a study.
    :param studies: studies of a release.
    :param rounds: times that each thing is measured.
    """

    rows: int | None = None
    studies: int | None = None
    rounds: int = 3


@dataclass
class Bench:
    """A run of benchmarks.

    :param kept: folder of what the next run can use again, recorded answers above all.
    :param folder: folder of this run, removed after it.
    :param selected: names of the parts that run.
    :param part: name of the one that runs.
    """

    server: Server
    sizes: Sizes
    kept: Path
    folder: Path
    console: Console
    results: Results
    stack: ExitStack
    selected: Sequence[str]
    part: str = ""
    #: Rounds that several parts share, by route.
    walks: dict[str, Any] = field(default_factory=dict)
    #: Seconds of a release, by workers.
    taken: dict[int, float] = field(default_factory=dict)
    _sources: dict[str, RecordedSource] = field(default_factory=dict)
    _databases: int = 0

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def figure(self, name: str, unit: str, values: Sequence[float], goal: Goal | None = None) -> None:
        """Note what the part measured, once for every round."""
        self.results.add(self.part, name, unit, values, goal)
        self.say(f"  {name}: {self.results.figures[-1].median:,.3g} {unit}")

    def source(self, **options: Any) -> RecordedSource:
        """A source with these options of the sandbox, served until the run ends."""
        key = repr(sorted(options.items()))
        if key not in self._sources:
            self._sources[key] = self.stack.enter_context(recorded_sandbox(self.kept, **options))
        return self._sources[key]

    @contextmanager
    def database(self) -> Iterator[sa.URL]:
        """A database that is gone afterwards."""
        self._databases += 1
        name = f"bench_{self._databases}"
        try:
            yield self.server.ensure_database(name)
        finally:
            self.server.drop_database(name)

    def new_folder(self) -> Path:
        """A folder of its own for whatever a round leaves."""
        return Path(tempfile.mkdtemp(prefix="installation-", dir=self.folder))


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds that some work took, and what it returned."""
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done


def raw_copy(engine: sa.Engine, rows: Sequence[Answer]) -> float:
    """Seconds of a plain COPY of the same rows into logged tables of their types, without keys."""
    with engine.begin() as connection:
        tables = [create(connection, "raw", answer, typed=True) for answer in rows]
    with engine.connect() as connection:
        connection.exec_driver_sql("checkpoint")

    def work() -> None:
        with engine.begin() as connection:
            for table, answer in zip(tables, rows, strict=True):
                copy(connection, table, answer)

    seconds, _ = timed(work)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop schema raw cascade")
    return seconds


def copy_of_facts(engine: sa.Engine) -> float:
    """Seconds of a plain COPY of the published facts, keys and all, into logged tables like theirs."""
    seconds = 0.0
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for fact in IMMPORT_MODEL.facts:
            plain = f"public.plain_{fact.relation}"
            text = io.BytesIO()
            with driver.cursor() as cursor:
                cursor.copy_expert(f"copy history.{fact.relation} to stdout", text)
                cursor.execute(f"create table {plain} (like history.{fact.relation})")
                driver.commit()
                text.seek(0)
                started = time.perf_counter()
                cursor.copy_expert(f"copy {plain} from stdin", text)
                driver.commit()
                seconds += time.perf_counter() - started
                cursor.execute(f"drop table {plain}")
                driver.commit()
    return seconds


@dataclass(frozen=True)
class World:
    """A source with one large study in it."""

    source: RecordedSource
    study: str

    @cached_property
    def answers(self) -> list[Answer]:
        """The rows generated for the study."""
        return answers(self.source, self.study)

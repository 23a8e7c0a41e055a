"""How long a reader waits for each page of operations, and what a page takes of the processors."""

from __future__ import annotations

import gc
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import psutil
import sqlalchemy as sa

from benchmarks.ops_world import Subject
from immport_provider.dag_names import RELEASE
from include.sources.immport.source import IMMPORT
from operations.registry import PAGES
from tests.support.pages import OPERATOR, VIEWER, Pages, made_pages

#: A page, and the parameters of its address.
Address = tuple[str, dict[str, str]]
ROLES = {VIEWER: "viewer", OPERATOR: "operator"}
#: What readers choose on a page beside its subject.
_CHOICES: tuple[Address, ...] = (
    ("studies", {"problem": "any problem"}),
    ("studies", {"search": "SDY1"}),
    ("studies/grid", {"size": "100"}),
    ("study", {"checks": "all"}),
    ("quality", {"source": IMMPORT.name, "search": "type"}),
    ("quarantine", {"rule": "type:value"}),
    ("quarantine", {"search": "BS12"}),
    ("failures", {"show": "all"}),
    ("dictionary", {"search": "age"}),
    ("tabs/run", {"search": "SDY1"}),
)


@dataclass
class Waits:
    """What requests of one page took, in ms.

    :param server: of the processors, by Postgres.
    """

    elapsed: list[float] = field(default_factory=list)
    python: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)

    @property
    def p95(self) -> float:
        """The 95th percentile of what a reader waited."""
        return statistics.quantiles(self.elapsed, n=20, method="inclusive")[-1]


def addresses(about: Subject) -> Iterator[Address]:
    """Every page of the registry with its subject, and what readers choose on some."""
    known = {
        "source": IMMPORT.name, "scope": about.scope, "load": str(about.load),
        "old": "DR50", "new": "DR51", "relation": "fact_hai",
        "check_id": "type:value", "endpoint": "hai",
        "dag_id": RELEASE, "run_id": about.run_id,
        "task_id": "load.extract", "map_index": str(about.map_index),
    }  # fmt: skip
    # Not of what the records have none: packages and changes that were submitted.
    pages = [page for page in PAGES if known.keys() >= set(page.subject)]
    subjects = {page.name: {name: known[name] for name in page.subject} for page in pages}
    yield from subjects.items()
    for name, chosen in _CHOICES:
        yield name, subjects[name] | chosen


@dataclass(frozen=True)
class PostgresProcesses:
    """The processes of a server of Postgres."""

    process: psutil.Process

    @classmethod
    def of(cls, engine: sa.Engine) -> PostgresProcesses:
        """The server behind an engine, on this machine."""
        with engine.connect() as connection:
            own = psutil.Process(connection.scalar(sa.text("select pg_backend_pid()")))
        return cls(own.parent() or own)

    def seconds(self) -> float:
        """What all of it took of the processors so far."""
        total = 0.0
        for process in (self.process, *self.process.children()):
            try:
                taken = process.cpu_times()
            except psutil.NoSuchProcess:  # ended since: its parent has what it took
                continue
            total += taken.user + taken.system
            if process == self.process:
                total += taken.children_user + taken.children_system
        return total


def requested(engine: sa.Engine, wanted: Sequence[Address], times: int) -> Mapping[str, Waits]:
    """Request every page as each role so often, one after the other, after a first time that is not counted.

    :returns: page and role -> what its requests took.
    """
    server, pages = PostgresProcesses.of(engine), Pages(made_pages())
    found = defaultdict[str, Waits](Waits)
    for turn in range(1 + times):
        if turn == 1:
            # What benchmarks import beside the pages is not searched for garbage in their time.
            gc.collect()
            gc.freeze()
        for page, parameters in wanted:
            for role, title in ROLES.items():
                waits = found[title_of(page, parameters, title)] if turn else Waits()
                _request(pages, server, page, role, parameters, waits)
    gc.unfreeze()
    return found


def _request(
    pages: Pages, server: PostgresProcesses, page: str, role: str, parameters: Mapping[str, str], waits: Waits
) -> None:
    """A page once; one that the server cancelled for its time took that time.

    :raises RuntimeError: it answered something else than the page.
    """
    worked, used, began = server.seconds(), time.process_time(), time.perf_counter()
    answer = pages.get(f"/{page}", role, **parameters)
    waits.elapsed.append((time.perf_counter() - began) * 1000)
    waits.python.append((time.process_time() - used) * 1000)
    waits.server.append((server.seconds() - worked) * 1000)
    if answer.status_code not in {200, 504}:
        raise RuntimeError(f"/{page}?{urlencode(parameters)} answered {answer.status_code} to {role}")


def title_of(page: str, parameters: Mapping[str, str], role: str) -> str:
    """How figures name a page for a role: with what a reader chose, without its subject."""
    own = next(item.subject for item in PAGES if item.name == page)
    chosen = urlencode({name: value for name, value in parameters.items() if name not in own})
    return f"{page}?{chosen}, {role}" if chosen else f"{page}, {role}"

"""Live progress of a run: what `ops.step` says, per study and step, while the DAG works."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

STEPS = ("extract", "stage", "check", "publish", "withdraw")
_SIGNS = {"done": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[dim]-[/]", "running": "[yellow]…[/]"}

#: The newest state of each step.
_QUERY = sa.text("""
    SELECT DISTINCT ON (scope, release_version, step)
           scope, release_version, step, state, rows, message,
           extract(epoch FROM coalesce(ended_at, now()) - started_at) AS seconds
    FROM ops.step
    WHERE run_id = ANY(:runs)
    ORDER BY scope, release_version, step, step_id DESC
""")
_DECIDED = sa.text("SELECT action, count(*) FROM ops.work WHERE run_id = ANY(:runs) GROUP BY action")
_LISTED = sa.text("SELECT bool_or(listed = 0) FROM ops.run WHERE run_id = ANY(:runs)")
#: Elsewhere than on a terminal, something is written at least this often.
_SILENCE_SECONDS = 10
_BEAT_SECONDS = 5


@dataclass(frozen=True)
class ProgressStep:
    """One step of one study, as it stands."""

    study: str
    release: str
    name: str
    state: str
    rows: int | None
    message: str | None
    seconds: float

    @property
    def is_last(self) -> bool:
        """Whether nothing of its study comes after it."""
        return self.state == "failed" or (self.state == "done" and self.name in ("publish", "withdraw"))

    def __str__(self) -> str:
        rows = "" if self.rows is None else f" {self.rows:,} rows"
        message = f": {self.message}" if self.message and self.state in ("failed", "skipped") else ""
        return f"{self.study} {self.release} {self.name} {self.state}{rows} {self.seconds:.1f} s{message}"


@dataclass(frozen=True)
class State:
    """How far a run is.

    :param has_begun: the warehouse knows of the run.
    :param decided: studies by what the run decided about them; None before it decided.
    """

    has_begun: bool
    decided: Mapping[str, int] | None
    steps: Sequence[ProgressStep]

    @property
    def to_come(self) -> int:
        """Studies that the run loads or withdraws, begun or not."""
        return sum((self.decided or {}).get(action, 0) for action in ("load", "withdraw"))

    def count(self, name: str) -> str:
        """How many studies are through a step, of how many."""
        decided = self.decided or {}
        through = sum(step.name == name and step.state != "running" for step in self.steps)
        return f"{through} of {decided.get('withdraw' if name == 'withdraw' else 'load', 0)}"

    @property
    def phase(self) -> str:
        """What is done now, or what was decided."""
        if not self.has_begun:
            return "Airflow starts"
        if self.decided is None:
            return "requesting the list of studies"
        words = {"load": "to load", "withdraw": "to withdraw", "keep": "unchanged", "hold": "on hold"}
        found = [f"{self.decided[action]} {word}" for action, word in words.items() if action in self.decided]
        return f"studies: {', '.join(found) or 'none'}"


def read_state(engine: sa.Engine, runs: Sequence[str]) -> State:
    """How far these runs are, with the newest state of each step."""
    with engine.connect() as connection:
        given = {"runs": list(runs)}
        decided: dict[str, int] = {row[0]: row[1] for row in connection.execute(_DECIDED, given)}
        steps = [ProgressStep(*row) for row in connection.execute(_QUERY, given)]
        is_listed = connection.scalar(_LISTED, given)
    return State(bool(runs), decided if decided or is_listed else None, steps)


class Progress:
    """Shows steps as they go: a table that redraws itself on a terminal, a line per change elsewhere."""

    def __init__(self, console: Console, title: str) -> None:
        self.console = console
        self.title = title
        self._started = self._shown_at = time.monotonic()
        self._phase = ""
        self._shown: dict[tuple[str, str, str], str] = {}
        self._ended: set[str] = set()
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Progress:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def show(self, state: State) -> None:
        """Show this state of things."""
        if state.phase != self._phase:
            self._phase = state.phase
            self._show(f"{state.phase}{' ...' if state.decided is None else ''}")
        if self.console.is_terminal:
            self._live.update(self._table(state), refresh=True)
            return
        for step in state.steps:
            key = (step.study, step.release, step.name)
            if self._shown.get(key) != step.state:
                self._shown[key] = step.state
                if step.is_last:
                    self._ended.add(step.study)
                if step.state != "running":
                    self._show(f"{step}  ({state.count(step.name)})")
        if time.monotonic() - self._shown_at > _SILENCE_SECONDS:
            at_work = [str(step) for step in state.steps if step.state == "running"]
            all_ended = state.to_come and len(self._ended) >= state.to_come
            phase = "all studies have ended, the run ends" if all_ended else state.phase
            self._show(f"{'; '.join(at_work[:3]) or phase}, {self._elapsed:.0f} s so far")

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _show(self, text: str) -> None:
        self._shown_at = time.monotonic()
        self.console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)

    def _table(self, state: State) -> RenderableType:
        studies: dict[tuple[str, str], dict[str, ProgressStep]] = {}
        for step in state.steps:
            studies.setdefault((step.study, step.release), {})[step.name] = step
        # More studies than lines: those at work are worth seeing first, then those that failed.
        order = sorted(studies.items(), key=lambda item: (_rank(item[1]), item[0]))
        room = max(self.console.height - 8, 5)
        table = Table(box=None, pad_edge=False)
        for heading in ("study", "release", *STEPS):
            table.add_column(heading)
        for (study, release), by_step in order[:room]:
            table.add_row(study, release, *(_cell(by_step.get(name)) for name in STEPS))
        finished = sum(any(step.is_last for step in by_step.values()) for by_step in studies.values())
        count = f"{finished} of {state.to_come} studies done" if state.to_come else state.phase
        through = [
            f"{name} {state.count(name)}" for name in STEPS if any(s.name == name for s in state.steps)
        ]
        minutes, seconds = divmod(int(self._elapsed), 60)
        head = Text("; ".join([f"{self.title}: {count}, {minutes}:{seconds:02d}", *through]))
        return Group(head, table if studies else "")


def _rank(by_step: Mapping[str, ProgressStep]) -> int:
    states = {step.state for step in by_step.values()}
    return 0 if "running" in states else 1 if "failed" in states else 2


def _cell(step: ProgressStep | None) -> Any:
    if step is None:
        return ""
    rows = "" if step.rows is None else f" {step.rows:,}"
    return f"{_SIGNS.get(step.state, step.state)}{rows}"


@contextlib.contextmanager
def heartbeat(show: Callable[[float], None]) -> Iterator[None]:
    """Say every few seconds that the work within a `with` goes on.

    :param show: gets the seconds since the beginning; called from a thread.
    """
    started, is_done = time.monotonic(), threading.Event()

    def beat() -> None:
        while not is_done.wait(_BEAT_SECONDS):
            show(time.monotonic() - started)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_done.set()
        thread.join()


@contextlib.contextmanager
def announced(console: Console, what: str) -> Iterator[Callable[[str], None]]:
    """Say at once what is being waited for, then how long it took.

    :returns: what to call with each thing that is there meanwhile.
    """
    started = time.monotonic()
    found: list[str] = []
    # A terminal shows a wheel that turns; elsewhere the line is begun, and ended when all is there.
    status = console.status(f"{what} ...") if console.is_terminal else None
    if status is None:
        console.print(f"{what} ...", end="", markup=False, soft_wrap=True)

    def mention(text: str) -> None:
        found.append(text)
        if status is None:
            console.print(f" {text},", end="", markup=False, soft_wrap=True)
        else:
            status.update(f"{what} ... {', '.join(found)}")

    def beat(seconds: float) -> None:
        console.print(f" {seconds:.0f} s ...", end="", markup=False, highlight=False, soft_wrap=True)

    try:
        with status or heartbeat(beat):
            yield mention
    except BaseException:
        if status is None:
            console.print()
        raise
    ready = f"ready after {time.monotonic() - started:.1f} s"
    console.print(f" {ready}" if status is None else f"{what}: {', '.join([*found, ready])}", markup=False)

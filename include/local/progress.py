"""Live progress of a run: what `ops.step` says, per study and step, while the DAG works."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
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
    SELECT DISTINCT ON (study_accession, release_version, step)
           study_accession, release_version, step, state, rows, message,
           extract(epoch FROM coalesce(ended_at, now()) - started_at) AS seconds
    FROM ops.step
    WHERE run_id = ANY(:runs)
    ORDER BY study_accession, release_version, step, step_id DESC
""")


@dataclass(frozen=True)
class Step:
    """One step of one study, as it stands."""

    study: str
    release: str
    name: str
    state: str
    rows: int | None
    message: str | None
    seconds: float

    def __str__(self) -> str:
        rows = "" if self.rows is None else f" {self.rows:,} rows"
        message = f": {self.message}" if self.message and self.state in ("failed", "skipped") else ""
        return f"{self.study} {self.release} {self.name} {self.state}{rows} {self.seconds:.1f} s{message}"


def read_steps(engine: sa.Engine, runs: Sequence[str]) -> list[Step]:
    """The newest state of each step of these runs."""
    with engine.connect() as connection:
        return [Step(*row) for row in connection.execute(_QUERY, {"runs": list(runs)})]


class Progress:
    """Shows steps as they go: a table that redraws itself on a terminal, a line per change elsewhere."""

    def __init__(self, console: Console, title: str) -> None:
        self.console = console
        self.title = title
        self._shown: dict[tuple[str, str, str], str] = {}
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Progress:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def show(self, steps: Sequence[Step]) -> None:
        """Show this state of things."""
        if self.console.is_terminal:
            self._live.update(self._table(steps), refresh=True)
            return
        for step in steps:
            key = (step.study, step.release, step.name)
            if self._shown.get(key) != step.state:
                self._shown[key] = step.state
                if step.state != "running":
                    self.console.print(f"  {step}", markup=False, highlight=False, soft_wrap=True)

    def _table(self, steps: Sequence[Step]) -> RenderableType:
        studies: dict[tuple[str, str], dict[str, Step]] = {}
        for step in steps:
            studies.setdefault((step.study, step.release), {})[step.name] = step
        # More studies than lines: those at work are worth seeing first, then those that failed.
        order = sorted(studies.items(), key=lambda item: (_rank(item[1]), item[0]))
        room = max(self.console.height - 8, 5)
        table = Table(box=None, pad_edge=False)
        for heading in ("study", "release", *STEPS):
            table.add_column(heading)
        for (study, release), by_step in order[:room]:
            table.add_row(study, release, *(_cell(by_step.get(name)) for name in STEPS))
        finished = sum(_rank(by_step) == 2 for by_step in studies.values())
        head = Text(f"{self.title}: {len(studies)} studies begun, {finished} at rest")
        return Group(head, table)


def _rank(by_step: Mapping[str, Step]) -> int:
    states = {step.state for step in by_step.values()}
    return 0 if "running" in states else 1 if "failed" in states else 2


def _cell(step: Step | None) -> Any:
    if step is None:
        return ""
    rows = "" if step.rows is None else f" {step.rows:,}"
    return f"{_SIGNS.get(step.state, step.state)}{rows}"


@contextlib.contextmanager
def said(console: Console, what: str) -> Iterator[None]:
    """Say what is being waited for, then how long it took."""
    started = time.monotonic()
    with console.status(f"{what} ...") if console.is_terminal else contextlib.nullcontext():
        yield
    console.print(f"{what}: ready after {time.monotonic() - started:.1f} s")

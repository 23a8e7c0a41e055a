"""Whether a source is well: by the rules of the warehouse's health, and those on what Airflow alone knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from include.telemetry import health
from include.telemetry.health import DEGRADED, Finding, Rule
from include.telemetry.state import WarehouseState
from operations.schedules import Schedule

#: A run that is so long due was not begun.
LATE = timedelta(hours=1)


@dataclass(frozen=True)
class SourceInAirflow:
    """What is known of a source.

    :param state: of the warehouse, as far as it concerns the source.
    :param dag_id: the DAG that loads it.
    :param schedule: null where Airflow does not know that DAG.
    """

    state: WarehouseState
    dag_id: str
    schedule: Schedule | None

    def reasons(self, now: datetime) -> list[Finding]:
        """What is wrong with it at a moment, the gravest first; nothing where it is well."""
        found = [*health.broken(health.RULES, self.state, now), *health.broken(RULES, self, now)]
        return sorted(found, key=lambda item: item["state"] == DEGRADED)


def _unknown(source: SourceInAirflow, _: datetime) -> Iterator[Finding]:
    if source.schedule is None:
        yield {}


def _paused(source: SourceInAirflow, _: datetime) -> Iterator[Finding]:
    if source.schedule is not None and source.schedule.is_paused:
        yield {}


def _not_begun(source: SourceInAirflow, now: datetime) -> Iterator[Finding]:
    due = source.schedule.next_run if source.schedule and not source.schedule.is_paused else None
    run = source.state.runs.get(source.dag_id)
    if due is not None and due <= now - LATE and not (run and run.state == "running"):
        yield {"due": f"{due.astimezone(UTC):%Y-%m-%d %H:%M} UTC"}


#: Beside those of the warehouse's health.
RULES: tuple[Rule[SourceInAirflow], ...] = (
    Rule("dag_unknown", DEGRADED, "Airflow does not know its DAG: it is switched off, or its file cannot be"
         " read", _unknown),
    Rule("dag_paused", DEGRADED, "its DAG is paused: switch it on in Airflow", _paused),
    Rule("run_not_begun", DEGRADED, "a run has been due for more than an hour and has not begun", _not_begun),
)  # fmt: skip

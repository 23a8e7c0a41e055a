"""What a dry run is about: the landed scopes that a replay with `force` would load, release by release."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.landing.zone import Landing
from include.pipeline import discover
from include.pipeline.load_policy import LoadPolicy
from include.pipeline.work_decisions import Action, WorkDecision, batches
from include.pipeline.work_list import ROWS_OF_A_STUDY
from include.sources.release import Dated
from include.sources.source import Source
from include.sql import sql_file
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import DRY_RUN

#: States of a scope at a release; it ends as a replay would, as `published`, `unchanged` or `failed`.
PLANNED, ON_HOLD = "planned", "on hold"
_SQL = "include.pipeline.dry_run.sql"


class SelectionError(ValueError):
    """Nothing is landed of what a dry run is requested for, or it cannot be read."""


@dataclass(frozen=True)
class Selection:
    """What a dry run is requested for.

    :param scopes: only these scopes; all when empty.
    :param rule: only scopes with rows or values in quarantine by this check.
    :param until: newest release to replay; None for all.
    """

    source: Source
    scopes: frozenset[str] = frozenset()
    rule: str | None = None
    until: Dated | None = None

    @classmethod
    def read(
        cls, source: Source, scopes: Iterable[str], rule: str | None = None, until: str | None = None
    ) -> Selection:
        """A selection by names.

        :raises SelectionError: a scope or a release has not a name of the source.
        """
        names = frozenset(scopes)
        if strange := sorted(name for name in names if not re.fullmatch(source.scope.pattern, name)):
            raise SelectionError(f"{source.name}: not the name of a {source.scope.name}: {strange[0]!r}")
        try:
            return cls(source, names, rule or None, source.line.parse(until) if until else None)
        except ValueError as error:
            raise SelectionError(f"{source.name}: {error}") from None


def plan(
    engine: sa.Engine, run_id: str, landing: Landing, selection: Selection, *, rows: int, most: int
) -> list[list[str]]:
    """Write down which scopes the dry run is about. Returns the scopes of each task; a second try of the run
    leaves what is written.

    :param rows: rows that are worth a task of their own.
    :param most: tasks at most.
    :raises SelectionError: no landed scope is selected.
    :raises LandingError: a manifest cannot be read.
    """
    source = selection.source
    scopes = selection.scopes
    if selection.rule is not None:
        broken = _breaking(engine, source, selection.rule)
        scopes = broken & scopes if scopes else broken
        if not scopes:
            raise SelectionError(f"{source.name}: no row is in quarantine by {selection.rule}")
    policy = LoadPolicy(studies=scopes, force=True)
    decided = discover.landed(engine, landing, policy, selection.until, source)
    if missing := sorted(selection.scopes.intersection(scopes) - {item.scope for item, _ in decided}):
        raise SelectionError(f"{source.name}: nothing is landed of {', '.join(missing)}")
    if not decided:
        raise SelectionError(f"{source.name}: nothing is landed")
    _write(engine, run_id, decided)
    return _batches([item for item, _ in decided if item.action is Action.LOAD], rows, most)


def _breaking(engine: sa.Engine, source: Source, rule: str) -> frozenset[str]:
    statement = sa.text(sql_file(_SQL, "scopes_of_rule"))
    with engine.connect() as connection:
        return frozenset(connection.scalars(statement, {"source": source.name, "rule": rule}))


def _write(engine: sa.Engine, run_id: str, decided: Iterable[tuple[WorkDecision, str]]) -> None:
    rows = [
        {
            "run_id": run_id,
            "source": item.source,
            "scope": item.scope,
            "release_version": item.release,
            "release_key": SOURCES[item.source].source.line.parse(item.release).key,
            "fetch_id": fetch_id,
            "state": PLANNED if item.action is Action.LOAD else ON_HOLD,
            "reason": None if item.action is Action.LOAD else item.reason,
            "expected_rows": item.expected_rows,
        }
        for item, fetch_id in decided
    ]
    statement = upsert(DRY_RUN).on_conflict_do_nothing()
    with engine.begin() as connection:
        connection.execute(statement, rows)


def _batches(decided: list[WorkDecision], rows: int, most: int) -> list[list[str]]:
    """Scopes of about equal size together; all releases of a scope are of one task."""
    sizes = {number: ROWS_OF_A_STUDY + (item.expected_rows or 0) for number, item in enumerate(decided)}
    scopes = {number: item.scope for number, item in enumerate(decided)}
    found = batches(sizes, scopes, rows=rows, most=most, least=1) if decided else []
    return [list(dict.fromkeys(scopes[number] for number in numbers)) for numbers in found]

"""Discovery of a source whose declaration says all: what it offers, and the work list of the run."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from include.pipeline import work_list
from include.pipeline.fetched import validators
from include.pipeline.fetched.decisions import WarehouseScope, decide
from include.pipeline.fetched.validators import Said
from include.pipeline.load_policy import LoadPolicy
from include.pipeline.run_ledger import note_run
from include.pipeline.work_decisions import WorkDecision
from include.sources.client import ScopeClient
from include.sources.endpoint import Endpoint
from include.sources.errors import ImmPortError, RetriableError
from include.sources.fetched.fetched_source import FetchedSource
from include.sources.fetched.offering import Offered, Offering, Validators
from include.sources.release import EPOCH, Dated, FetchTime
from include.warehouse.load.fence import Attempt
from include.warehouse.schema.ops_tables import LOAD, RUN, SCOPES, STAGED


def from_source(
    engine: sa.Engine, run: Attempt, source: FetchedSource, client: ScopeClient, policy: LoadPolicy
) -> list[WorkDecision]:
    """Compare what a source offers with the warehouse and write the work list.

    :raises ImmPortError: what it offers could not be found out.
    :raises ValueError: it names a release that its line does not know, or a scope that cannot be one.
    """
    offering = source.discovery(client)
    _check(source, offering)
    release = _release(engine, run.run_id, source, offering)
    known = warehouse_scopes(engine, source)
    probes = _Probes(source, client, policy, known)
    probes.run(offering)
    decisions = decide(source, offering, known, policy, release, probes.compare)
    note_run(
        engine,
        run.run_id,
        newest_release=str(release),
        listed=len(offering.scopes),
        is_complete=offering.incomplete is None and not offering.doubts,
        note=offering.note,
    )
    work_list.write(engine, run, decisions, {})
    return decisions


def warehouse_scopes(engine: sa.Engine, source: FetchedSource) -> dict[str, WarehouseScope]:
    """Scopes of a source that were published here, whether or not they still are, by name."""
    mine = (SCOPES.c.source == source.name) & SCOPES.c.state.in_(["current", "withdrawn"])
    with engine.connect() as connection:
        said = validators.of_published(connection, source.name)
        refused = _refused(connection, source.name)
        return {
            row.scope: WarehouseScope(
                row.scope,
                row.state,
                row.release_version,
                row.reason,
                refused.get(row.scope, ()),
                said.get(row.scope, {}),
            )
            for row in connection.execute(sa.select(SCOPES).where(mine).order_by(SCOPES.c.scope))
        }


def _check(source: FetchedSource, offering: Offering) -> None:
    """Make sure that what is offered can be named.

    :raises ValueError: a scope is not an identifier, or is there twice.
    """
    names = [item.scope for item in offering.scopes]
    for name in names:
        if not source.scope.is_identifier(name):
            raise ValueError(f"{source.title}: offered as a {source.scope.title}, which it is not: {name!r}")
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{source.title}: offered twice: {', '.join(twice)}")


def _release(engine: sa.Engine, run_id: str, source: FetchedSource, offering: Offering) -> Dated:
    """The release of a run: the one that the source offers, or the second in which the run began.

    A run that is tried again goes on with its release. Of two runs, the later has the later one, also where
    both began within a second or the clock was set back.

    :raises ValueError: the source offers a release that its line does not know.
    """
    if offering.release is not None:
        return source.line.parse(offering.release)
    newest = sa.select(LOAD.c.release_version).where(LOAD.c.source == source.name, LOAD.c.run_id != run_id)
    newest = newest.order_by(LOAD.c.release_key.desc()).limit(1)
    with engine.connect() as connection:
        run = connection.execute(sa.select(RUN).where(RUN.c.run_id == run_id)).one()
        if run.newest_release is not None:
            return source.line.parse(run.newest_release)
        began, before = FetchTime.of(run.started_at), connection.scalar(newest)
    if before is None:
        return began
    last = source.line.parse(before)
    return began if began.key > last.key else FetchTime(EPOCH + timedelta(seconds=last.key + 1))


def _refused(connection: sa.Connection, source: str) -> dict[str, tuple[str, ...]]:
    """Endpoints that the source refused when a scope was loaded last, by scope."""
    last = (
        sa.select(sa.func.max(LOAD.c.load_id).label("load_id"), LOAD.c.scope)
        .where(LOAD.c.source == source, LOAD.c.state == "published")
        .group_by(LOAD.c.scope)
        .subquery()
    )
    refused = (
        sa.select(last.c.scope, STAGED.c.endpoint)
        .join(STAGED, STAGED.c.load_id == last.c.load_id)
        .where(STAGED.c.refused.is_not(None))
        .order_by(last.c.scope, STAGED.c.endpoint)
    )
    found: dict[str, tuple[str, ...]] = {}
    for scope, endpoint in connection.execute(refused):
        found[scope] = (*found.get(scope, ()), endpoint)
    return found


@dataclass
class _Probes:
    """What the source says now of the answers that are here, where the offering does not say it.

    :ivar found: by scope and endpoint; what is not there may have changed.
    :ivar problem: the error after which nothing more was requested.
    """

    source: FetchedSource
    client: ScopeClient
    policy: LoadPolicy
    known: Mapping[str, WarehouseScope]
    found: dict[tuple[str, str], Validators] = field(default_factory=dict)
    problem: str | None = None

    def run(self, offering: Offering) -> None:
        """Request what the source says of everything that nothing else decides."""
        missing = [
            (item, endpoint)
            for item in offering.scopes
            if self._is_open(item)
            for endpoint in self.source.served_of(item.scope)
            if self._earlier(item, endpoint).are_known and endpoint.name not in item.validators
        ]
        if missing:
            with ThreadPoolExecutor(max(1, self.client.settings.calls_in_flight)) as pool:
                list(pool.map(lambda pair: self._probe(*pair), missing))

    def compare(self, item: Offered, loaded: WarehouseScope) -> str | None:
        """Why the answers of a scope may have changed; None if they have not."""
        for endpoint in self.source.served_of(item.scope):
            earlier = self._earlier(item, endpoint)
            if not earlier.are_known:
                return f"{loaded.release} is here; whether {endpoint.name} changed is not known"
            now = item.validators.get(endpoint.name) or self.found.get((item.scope, endpoint.name))
            if now is None or not now.are_known:
                why = f": {self.problem}" if self.problem else ""
                return f"{loaded.release} is here; whether {endpoint.name} changed is not known{why}"
            if not now.same_as(earlier):
                return f"{endpoint.name} was modified: {earlier} -> {now}"
        return None

    def _is_open(self, item: Offered) -> bool:
        """Whether what the source says of its answers can decide about a scope."""
        loaded = self.known.get(item.scope)
        wanted = self.policy.wants(item.scope) and not self.policy.force
        return wanted and loaded is not None and loaded.is_current and not loaded.refused

    def _earlier(self, item: Offered, endpoint: Endpoint) -> Validators:
        said = self._said(item, endpoint)
        return said.validators if said else Validators()

    def _said(self, item: Offered, endpoint: Endpoint) -> Said | None:
        loaded = self.known.get(item.scope)
        return loaded.said.get(endpoint.name) if loaded else None

    def _probe(self, item: Offered, endpoint: Endpoint) -> None:
        """What cannot be found out is loaded. After an error that others would meet, nothing is requested."""
        said = self._said(item, endpoint)
        if said is None or self.problem is not None:
            return
        try:
            now = self.client.probe(endpoint, item.scope, form=said.form)
            self.found[item.scope, endpoint.name] = now
        except RetriableError as error:
            self.problem = str(error)
        except ImmPortError:
            self.found[item.scope, endpoint.name] = Validators()

"""The operators that only sources without studies need. The work is in `include.pipeline.fetched`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from immport_provider.operators.base import ImmPortOperator, run_key
from immport_provider.operators.discover import MOST_TASKS, ROWS_PER_TASK
from immport_provider.operators.load_steps import ImmPortBatchOperator
from immport_provider.operators.parameters import SourceParameters
from immport_provider.telemetry import report_calls

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.pipeline.batch_runner import StepContext
    from include.pipeline.load_policy import LoadPolicy
    from include.pipeline.run_ledger import Load, Step
    from include.pipeline.work_decisions import WorkDecision
    from include.pipeline.work_list import LoadBatch
    from include.sources.client import ScopeClient
    from include.sources.fetched.fetched_source import FetchedSource
    from include.warehouse.load.fence import Attempt


def source_named(name: str) -> FetchedSource:
    """The declaration of a source.

    :raises LookupError: there is no such source, or its runs do not follow from a declaration.
    """
    from include.sources.fetched.fetched_source import FetchedSource
    from include.warehouse.model.registry import SOURCES

    model = SOURCES.get(name)
    if model is None or not isinstance(model.source, FetchedSource):
        raise LookupError(f"no source {name!r} is declared that is fetched scope by scope")
    return model.source


def client_of(source: FetchedSource, connection: str | None) -> ScopeClient:
    """The client that speaks to a source."""
    from immport_provider.hooks.source_clients import CLIENTS

    return CLIENTS[source.client].open(connection)


class SourceDiscoverOperator(ImmPortOperator):
    """Find out what a source offers and write the work list of the run.

    Returns batches as `ImmPortDiscoverOperator` does, one for each mapped task; pushes `withdrawals`, a list
    of load numbers, and `decisions`, the number of scopes per action.

    :param source: name of the source.
    :param source_conn_id: Airflow connection; that of the source's client when empty.
    :param scopes: only these; all when empty.
    :param force: load scopes that did not change, too.
    :param approve_withdrawals: withdraw however many scopes are no longer offered.
    :param max_withdrawn_share: share of the current scopes that may be withdrawn without approval.
    :param replay: load what was landed before, without the source.
    :param replay_until: newest release to replay; all when empty.
    """

    template_fields: Sequence[str] = (
        *ImmPortOperator.template_fields,
        "source_conn_id",
        "scopes",
        "force",
        "approve_withdrawals",
        "max_withdrawn_share",
        "replay",
        "replay_until",
    )

    def __init__(
        self,
        *,
        source: str,
        source_conn_id: str | None = None,
        scopes: list[str] | str = "",
        force: bool | str = False,
        approve_withdrawals: bool | str = False,
        max_withdrawn_share: float | str = 0.1,
        replay: bool | str = False,
        replay_until: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.source_conn_id = source_conn_id
        self.scopes = scopes
        self.force = force
        self.approve_withdrawals = approve_withdrawals
        self.max_withdrawn_share = max_withdrawn_share
        self.replay = replay
        self.replay_until = replay_until

    def perform(self, context: Context) -> list[LoadBatch]:
        from include.pipeline import run_ledger, work_list
        from include.pipeline.load_policy import LoadPolicy
        from include.pipeline.work_decisions import Action
        from include.warehouse.load.fence import Attempt
        from include.warehouse.load.staging_cleanup import drop_leftovers
        from include.warehouse.schema.revision import require_current

        source, parameters = source_named(self.source), SourceParameters.of(self)
        engine, run_id = self.engine(), run_key(context)
        require_current(engine)
        run_ledger.start_run(engine, run_id)
        attempt = Attempt.begin(engine, run_id, "discover")
        with engine.begin() as connection:
            drop_leftovers(connection)
        policy = LoadPolicy(
            studies=frozenset(parameters.scopes),
            force=parameters.force,
            approve_withdrawals=parameters.approve_withdrawals,
            max_withdrawn_share=parameters.max_withdrawn_share,
        )
        decisions = self._decisions(source, attempt, policy, parameters)
        for item in decisions:
            self.log.info("%s %s: %s, %s", item.scope, item.release, item.action.value, item.reason)
        batches, withdrawals = work_list.work_of(engine, run_id, ROWS_PER_TASK, MOST_TASKS, 1)
        made = {action.value: sum(item.action is action for item in decisions) for action in Action}
        context["ti"].xcom_push(key="withdrawals", value=withdrawals)
        context["ti"].xcom_push(key="decisions", value=made)
        return batches

    def _decisions(
        self, source: FetchedSource, attempt: Attempt, policy: LoadPolicy, parameters: SourceParameters
    ) -> list[WorkDecision]:
        from include.pipeline import discover
        from include.pipeline.call_record import Caller, recorded
        from include.pipeline.circuit_breaker import watched
        from include.pipeline.fetched.discover import from_source

        engine = self.engine()
        if parameters.replay:
            until = source.line.parse(parameters.replay_until) if parameters.replay_until else None
            zone = self.landing_zone()
            return discover.from_landing(engine, attempt, zone, policy, until, source=source)
        # The first call of a run finds out whether the source is there.
        caller = Caller(attempt.run_id, "discover", source.name)
        with (
            client_of(source, self.source_conn_id) as client,
            recorded(engine, client, caller, report_calls),
            watched(engine, client, always=True),
        ):
            return from_source(engine, attempt, source, client, policy)


class SourceExtractOperator(ImmPortBatchOperator):
    """Land the answers of each scope of a batch.

    :param source: name of the source.
    :param source_conn_id: Airflow connection; that of the source's client when empty.
    """

    template_fields: Sequence[str] = (*ImmPortBatchOperator.template_fields, "source_conn_id")
    step, needs, ends = "extract", "planned", "extracted"

    def __init__(self, *, source: str, source_conn_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.source_conn_id = source_conn_id

    @contextmanager
    def worker(self, tools: StepContext) -> Iterator[Callable[[Load, Step], None]]:
        from include.pipeline.call_record import Caller, recorded
        from include.pipeline.circuit_breaker import watched
        from include.pipeline.fetched.extract import extract

        source = source_named(self.source)
        client = client_of(source, self.source_conn_id)

        def work(load: Load, step: Step) -> None:
            caller = Caller(tools.run_id, self.step, load.source)
            with recorded(tools.engine, client, caller, report_calls), watched(tools.engine, client):
                extract(tools, source, client, load, step)

        try:
            yield work
        finally:
            client.__exit__()

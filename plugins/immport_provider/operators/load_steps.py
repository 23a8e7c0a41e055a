"""The operators of the steps that take studies to the star. The work is in `include.pipeline.steps`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from immport_provider.operators.base import ImmPortOperator, run_key

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.pipeline.batch_runner import StepContext
    from include.pipeline.run_ledger import Load, Step


class ImmPortBatchOperator(ImmPortOperator):
    """One step for each load of a batch. A load that fails leaves the others alone.

    Failures that may pass are left to Airflow's retries; the others end their load at once, and the
    task fails when all loads have had their turn, so that the failure shows.

    :param load_ids: numbers of the loads, or a template that gives them.
    :param accept_vanished: a person accepts that many results of a study are gone.
    """

    template_fields: Sequence[str] = (*ImmPortOperator.template_fields, "load_ids", "accept_vanished")
    step: ClassVar[str]
    needs: ClassVar[str]
    ends: ClassVar[str]

    def __init__(
        self, *, load_ids: list[int] | str, accept_vanished: bool | str = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.load_ids = load_ids
        self.accept_vanished = accept_vanished

    def tools(self, context: Context) -> StepContext:
        """What the step works with."""
        from include.pipeline.batch_runner import StepContext

        task = context["ti"]
        tools = StepContext(self.engine(), self.landing_zone(), run_key(context), bool(self.accept_vanished))
        return replace(tools, is_last_try=task.try_number > task.max_tries)

    def worker(self, tools: StepContext) -> Callable[[Load, Step], None]:
        """What to do with one load: the step of the same name."""
        from include.pipeline import steps

        return partial(getattr(steps, self.step), tools)

    def perform(self, context: Context) -> None:
        from include.pipeline.batch_runner import run_batch

        tools = self.tools(context)
        outcome = run_batch(
            tools,
            [int(load_id) for load_id in self.load_ids or ()],
            self.step,
            needs=self.needs,
            ends=self.ends,
            work=self.worker(tools),
        )
        for error in outcome.superseded.values():
            self.log.warning("%s", error)
        for name, error in {**outcome.failed, **outcome.retriable}.items():
            self.log.error("%s: %s", name, error)
        if outcome.retriable:
            raise AirflowException(f"{self.step}: to be tried again: {', '.join(outcome.retriable)}")
        if outcome.failed:
            raise AirflowFailException(f"{self.step}: failed: {', '.join(outcome.failed)}")


class ImmPortExtractOperator(ImmPortBatchOperator):
    """Land the answers of each study of a batch.

    :param immport_conn_id: Airflow connection of type `immport`.
    :param route: `api` or `package` for every study, `auto` for its package wherever there is one.
    :param routes: the same for single studies, by accession; goes before `route`.
    """

    template_fields: Sequence[str] = (
        *ImmPortBatchOperator.template_fields,
        "immport_conn_id",
        "route",
        "routes",
    )
    step, needs, ends = "extract", "planned", "extracted"

    def __init__(
        self,
        *,
        immport_conn_id: str = "immport_default",
        route: str = "auto",
        routes: dict[str, str] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.immport_conn_id = immport_conn_id
        self.route = route
        self.routes = routes

    def tools(self, context: Context) -> StepContext:
        from include.pipeline.route import RoutePreference

        routes = self.routes if isinstance(self.routes, dict) else None
        preference = RoutePreference.read(self.route, routes)
        return replace(super().tools(context), preference=preference)

    def perform(self, context: Context) -> None:
        from immport_provider.hooks.immport import ImmPortHook

        # One client for the batch, made only if something is fetched: a replay needs no credentials.
        self._hook = ImmPortHook(self.immport_conn_id)
        try:
            super().perform(context)
        finally:
            self._hook.__exit__()

    def worker(self, tools: StepContext) -> Callable[[Load, Step], None]:
        from include.pipeline.circuit_breaker import watched
        from include.pipeline.extract import extract

        def work(load: Load, step: Step) -> None:
            with watched(tools.engine, self._hook):
                extract(tools, self._hook, load, step)

        return work


class ImmPortStageOperator(ImmPortBatchOperator):
    """Copy landed answers into staging tables, as text."""

    step, needs, ends = "stage", "extracted", "staged"


class ImmPortCheckOperator(ImmPortBatchOperator):
    """Run the Great Expectations suites of each load."""

    step, needs, ends = "check", "staged", "checked"


class ImmPortPublishOperator(ImmPortBatchOperator):
    """Publish each checked load, one transaction per study."""

    step, needs, ends = "publish", "checked", "published"


class ImmPortWithdrawOperator(ImmPortBatchOperator):
    """Close everything that studies have which are no longer shared."""

    step, needs, ends = "withdraw", "planned", "published"

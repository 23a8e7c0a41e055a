"""The operators of the steps that take studies to the star. The work is in `include.pipeline.steps`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from immport_provider.links import RunReportLink, StudyLink
from immport_provider.operators.base import STUDIES_OF_TASK, ImmPortOperator, run_key, task_ref
from immport_provider.operators.parameters import BatchParameters, ExtractParameters
from immport_provider.telemetry import report_calls, report_step

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.pipeline.batch_runner import StepContext
    from include.pipeline.run_ledger import Load, Step


class ImmPortBatchOperator(ImmPortOperator):
    """One step for each load of a batch. A load that fails leaves the others alone.

    Failures that may pass are left to Airflow's retries; the others end their load at once, and the
    task fails when all loads have had their turn, so that the failure shows.

    :param load_ids: numbers of the loads, or a template that gives them.
    :param studies: the studies that they are of: names of the task and of its link.
    :param accept_vanished: a person accepts that many results of a study are gone.
    """

    template_fields: Sequence[str] = (
        *ImmPortOperator.template_fields,
        "load_ids",
        "studies",
        "accept_vanished",
    )
    operator_extra_links = (StudyLink(), RunReportLink())
    parameters: ClassVar[type[BatchParameters]] = BatchParameters
    step: ClassVar[str]
    needs: ClassVar[str]
    ends: ClassVar[str]

    def __init__(
        self,
        *,
        load_ids: list[int] | str,
        studies: list[str] | str = "",
        accept_vanished: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"map_index_template": STUDIES_OF_TASK, **kwargs})
        self.load_ids = load_ids
        self.studies = studies
        self.accept_vanished = accept_vanished

    @contextmanager
    def worker(self, tools: StepContext) -> Iterator[Callable[[Load, Step], None]]:
        """What to do with one load: the step of the same name."""
        from include.pipeline import steps

        yield partial(getattr(steps, self.step), tools)

    def perform(self, context: Context) -> None:
        from include.pipeline.batch_runner import StepContext, run_batch

        parameters, task = self.parameters.of(self), context["ti"]
        engine = self.engine()
        tools = StepContext(
            engine,
            self.landing_zone(),
            run_key(context),
            parameters.accept_vanished,
            parameters.preference,
            is_last_try=task.try_number > task.max_tries,
            ended=partial(report_step, engine),
            task=task_ref(context),
        )
        with self.worker(tools) as work:
            loads = list(parameters.load_ids)
            outcome = run_batch(tools, loads, self.step, needs=self.needs, ends=self.ends, work=work)
        for error in outcome.superseded.values():
            self.log.warning("%s", error)
        for name, error in {**outcome.failed, **outcome.retriable}.items():
            self.log.error("%s: %s", name, error)
        if outcome.retriable:
            raise AirflowException(f"{self.step}: to be tried again: {', '.join(outcome.retriable)}")
        if outcome.failed:
            raise AirflowFailException(f"{self.step}: failed: {', '.join(outcome.failed)}")

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What the task read and wrote: the OpenLineage provider requests it, where that is switched on."""
        from immport_provider.lineage import facets
        from include.telemetry.lineage import Places, StepOfLoads

        run_id = f"{task_instance.dag_id}/{task_instance.run_id}"
        done = StepOfLoads(run_id, self.step, list(self.parameters.of(self).load_ids))
        engine = self.engine()
        return facets(engine, Places(self.landing, engine.url), done)

    #: Of a batch, some loads may be done when the task fails.
    get_openlineage_facets_on_failure = get_openlineage_facets_on_complete


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
    parameters = ExtractParameters
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

    @contextmanager
    def worker(self, tools: StepContext) -> Iterator[Callable[[Load, Step], None]]:
        from immport_provider.hooks.immport import ImmPortHook
        from include.pipeline.call_record import Caller, recorded
        from include.pipeline.circuit_breaker import watched
        from include.pipeline.extract import extract

        # One client for the batch, made only if something is fetched: a replay needs no credentials.
        immport = ImmPortHook(self.immport_conn_id)

        def work(load: Load, step: Step) -> None:
            caller = Caller(tools.run_id, self.step, load.source)
            with recorded(tools.engine, immport, caller, report_calls), watched(tools.engine, immport):
                extract(tools, immport, load, step)

        try:
            yield work
        finally:
            immport.__exit__()


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

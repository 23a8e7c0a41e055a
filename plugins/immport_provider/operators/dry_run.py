"""The operators of the dry run of a replay. The work is in `include.pipeline.dry_run`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from immport_provider.links import RunReportLink
from immport_provider.operators.base import (
    STUDIES_OF_TASK,
    ImmPortOperator,
    keep_summary,
    run_key,
    task_ref,
)
from immport_provider.operators.discover import MOST_TASKS, ROWS_PER_TASK
from immport_provider.operators.parameters import DryRunParameters, ScopesParameters

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReplayPlanOperator(ImmPortOperator):
    """Find the landed scopes that a replay would load, and plan to count what it would change.

    Returns batches, `["SDY1", "SDY2"]`, one for each mapped task.

    :param source: name of the source.
    :param scopes: only these; all that are landed when empty.
    :param rule: only scopes with rows or values in quarantine by this check.
    :param until: newest release to replay; all when empty.
    """

    template_fields: Sequence[str] = (*ImmPortOperator.template_fields, "source", "scopes", "rule", "until")

    def __init__(
        self,
        *,
        source: str = "immport",
        scopes: list[str] | str = "",
        rule: str | None = None,
        until: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.scopes = scopes
        self.rule = rule
        self.until = until

    def perform(self, context: Context) -> list[list[str]]:
        from include.pipeline import run_ledger
        from include.pipeline.dry_run.plan import Selection, plan
        from include.pipeline.dry_run.rehearse import remove_leftovers
        from include.warehouse.model.registry import SOURCES
        from include.warehouse.schema.revision import require_current

        parameters = DryRunParameters.of(self)
        source = SOURCES[parameters.source].source
        selection = Selection.read(source, parameters.scopes, parameters.rule, parameters.until)
        engine, run_id = self.engine(), run_key(context)
        require_current(engine)
        run_ledger.start_run(engine, run_id)
        remove_leftovers(engine)
        return plan(engine, run_id, self.landing_zone(), selection, rows=ROWS_PER_TASK, most=MOST_TASKS)


class ReplayDryRunOperator(ImmPortOperator):
    """Count for each scope of a batch what a replay would change. Nothing is published.

    :param source: name of the source.
    :param studies: its scopes: what the task counts, and its name.
    """

    template_fields: Sequence[str] = (*ImmPortOperator.template_fields, "source", "studies")
    operator_extra_links = (RunReportLink(),)

    def __init__(self, *, studies: list[str] | str, source: str = "immport", **kwargs: Any) -> None:
        super().__init__(**{"map_index_template": STUDIES_OF_TASK, **kwargs})
        self.source = source
        self.studies = studies

    def perform(self, context: Context) -> None:
        from include.pipeline.batch_runner import StepContext
        from include.pipeline.dry_run.scopes import rehearse_all
        from include.warehouse.model.registry import SOURCES

        parameters, task = ScopesParameters.of(self), context["ti"]
        tools = StepContext(
            self.engine(),
            self.landing_zone(),
            run_key(context),
            is_last_try=task.try_number > task.max_tries,
            task=task_ref(context),
        )
        outcome = rehearse_all(tools, SOURCES[parameters.source].source, parameters.studies)
        for name, error in {**outcome.failed, **outcome.retriable}.items():
            self.log.error("%s: %s", name, error)
        if outcome.retriable:
            raise AirflowException(f"dry run: to be tried again: {', '.join(outcome.retriable)}")
        if outcome.failed:
            raise AirflowFailException(f"dry run: not counted: {', '.join(outcome.failed)}")


class ReplayDryRunFinishOperator(ImmPortOperator):
    """Close the record of the dry run: every scope that was planned must have been counted."""

    ends_run = True

    def perform(self, context: Context) -> dict[str, Any]:
        from include.pipeline.dry_run.summary import finish

        summary = finish(self.engine(), run_key(context))
        self.log.info("%s", summary.text)
        keep_summary(context, summary.text)
        if summary.state != "success":
            raise AirflowFailException(summary.text)
        return summary.counts

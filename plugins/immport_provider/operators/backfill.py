"""The operator that plans a backfill. The work is in `include.pipeline.backfill`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from immport_provider.operators.base import ImmPortOperator, run_key
from immport_provider.operators.discover import LEAST_TASKS, MOST_TASKS, ROWS_PER_TASK
from immport_provider.operators.parameters import BackfillParameters
from immport_provider.telemetry import report_calls

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.pipeline.work_list import LoadBatch


class ImmPortBackfillOperator(ImmPortOperator):
    """Find the older packages that ImmPort keeps of the studies, and write the work list of the run.

    Returns batches as `ImmPortDiscoverOperator` does, one for each mapped task; none in a dry run, which logs
    the packages with their sizes and keeps them in `ops.work`.

    :param immport_conn_id: Airflow connection of type `immport`.
    :param studies: accessions; all that the warehouse holds when empty.
    :param first_release: oldest release wanted; open when empty.
    :param last_release: newest release wanted; open when empty.
    :param is_dry_run: a dry run, only list what would be loaded.
    :param force: load releases that are captured, too.
    """

    template_fields: Sequence[str] = (
        *ImmPortOperator.template_fields,
        "immport_conn_id",
        "studies",
        "first_release",
        "last_release",
        "is_dry_run",
        "force",
    )

    def __init__(
        self,
        *,
        immport_conn_id: str = "immport_default",
        studies: list[str] | str = "",
        first_release: str | None = None,
        last_release: str | None = None,
        is_dry_run: bool | str = True,
        force: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.immport_conn_id = immport_conn_id
        self.studies = studies
        self.first_release = first_release
        self.last_release = last_release
        self.is_dry_run = is_dry_run
        self.force = force

    def perform(self, context: Context) -> list[LoadBatch]:
        from immport_provider.hooks.immport import ImmPortHook
        from include.pipeline import backfill, run_ledger, work_list
        from include.pipeline.backfill import Span
        from include.pipeline.call_record import Caller, recorded
        from include.pipeline.circuit_breaker import watched
        from include.sources.immport.source import IMMPORT
        from include.warehouse.load.fence import Attempt
        from include.warehouse.schema.revision import require_current

        parameters = BackfillParameters.of(self)
        engine, run_id = self.engine(), run_key(context)
        require_current(engine)
        span = Span(parameters.first_release, parameters.last_release)
        run_ledger.start_run(engine, run_id)
        attempt = Attempt.begin(engine, run_id, "discover")
        caller = Caller(run_id, "discover", IMMPORT.name)
        with ImmPortHook(self.immport_conn_id) as immport, recorded(engine, immport, caller, report_calls):
            expiry = {"note": immport.expiry_notice(), "key_expires_at": immport.expires_at}
            run_ledger.note_run(engine, run_id, **expiry)
            options = {"dry_run": parameters.is_dry_run, "force": parameters.force}
            with watched(engine, immport, always=True):
                decisions = backfill.plan(engine, attempt, immport, list(parameters.studies), span, **options)
        for item in decisions:
            self.log.info("%s %s: %s, %s", item.scope, item.release, item.action.value, item.reason)
        self.log.info("%s", backfill.describe_plan(engine, run_id))
        batches, _ = work_list.work_of(engine, run_id, ROWS_PER_TASK, MOST_TASKS, LEAST_TASKS)
        return batches

"""The operators of the files DAG. The work is in `include.pipeline.downloads.file_selection`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from immport_provider.links import RunReportLink, StudyLink
from immport_provider.operators.base import ImmPortOperator, run_key, task_ref
from immport_provider.operators.parameters import DownloadParameters, PlanFilesParameters
from immport_provider.telemetry import report_calls, report_step

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.landing.object_store import Storage
    from include.pipeline.downloads.file_plan import PlannedBatch


class ImmPortFilesOperator(ImmPortOperator):
    """What the operators of the files share.

    :param destination: folder or object storage URL of the files; below the landing zone when empty.
    :param immport_conn_id: Airflow connection of type `immport`.
    """

    template_fields: Sequence[str] = (*ImmPortOperator.template_fields, "immport_conn_id", "destination")

    def __init__(
        self, *, immport_conn_id: str = "immport_default", destination: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.immport_conn_id = immport_conn_id
        self.destination = destination

    def storage(self) -> Storage:
        from include.landing.object_store import Storage

        return Storage(self.destination or f"{self.landing.rstrip('/')}/files")


class ImmPortPlanFilesOperator(ImmPortFilesOperator):
    """Read the manifests and write down which files are to be fetched.

    Returns batches, `{"first": 0, "count": 20, "studies": ["SDY1"]}`: the position of the first file in the
    plan, how many, and of which studies; one for each mapped task, none in a dry run.

    :param studies: only these accessions; all that the warehouse holds when empty.
    :param types: only files of these types; all when empty.
    :param pattern: only files whose name this glob matches.
    :param max_bytes: what may be fetched at most.
    :param fcs_headers_only: of FCS files only the header is to be fetched.
    :param is_dry_run: only list what would be fetched.
    """

    template_fields: Sequence[str] = (
        *ImmPortFilesOperator.template_fields,
        "studies",
        "types",
        "pattern",
        "max_bytes",
        "fcs_headers_only",
        "is_dry_run",
    )

    def __init__(
        self,
        *,
        studies: list[str] | str = "",
        types: list[str] | str = "",
        pattern: str = "*",
        max_bytes: int | str | None = None,
        fcs_headers_only: bool | str = False,
        is_dry_run: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.studies = studies
        self.types = types
        self.pattern = pattern
        self.max_bytes = max_bytes
        self.fcs_headers_only = fcs_headers_only
        self.is_dry_run = is_dry_run

    def perform(self, context: Context) -> list[PlannedBatch]:
        from immport_provider.hooks.immport import ImmPortHook
        from include.pipeline import run_ledger
        from include.pipeline.call_record import Caller, recorded
        from include.pipeline.downloads import file_plan, file_selection
        from include.pipeline.verdict import may_pass
        from include.sources.immport.source import IMMPORT
        from include.warehouse.schema.revision import require_current

        parameters = PlanFilesParameters.of(self)
        engine, storage, run_id = self.engine(), self.storage(), run_key(context)
        require_current(engine)
        run_ledger.start_run(engine, run_id)
        selection = file_selection.DownloadFilter(
            parameters.studies,
            frozenset(parameters.types),
            parameters.pattern,
            parameters.max_bytes,
            parameters.fcs_headers_only,
        )
        caller = Caller(run_id, "plan", IMMPORT.name)
        with ImmPortHook(self.immport_conn_id) as hook, recorded(engine, hook, caller, report_calls):
            wanted, failed = file_selection.list_files(engine, hook, run_id, selection, task_ref(context))
        task = context["ti"]
        for study, error in failed.items():
            self.log.error("%s: %s", study, error)
        if any(may_pass(error) for error in failed.values()) and (task.try_number <= task.max_tries):
            raise AirflowException(f"manifests to be requested again: {', '.join(failed)}")
        if not wanted and not failed:
            nothing = f"no file matches the selection: {selection}"
            run_ledger.note_run(engine, run_id, note=nothing)
            raise AirflowFailException(nothing)
        choices = file_selection.choose(engine, storage, wanted, selection)
        summary = file_selection.describe(choices, is_dry=parameters.is_dry_run)
        self.log.info("%s", summary)
        if not parameters.is_dry_run:
            file_plan.write_plan(engine, run_id, choices)
        studies = len(file_selection.studies_of(engine, selection))
        note = summary.partition("\n")[0]
        if unmatched := selection.unmatched(wanted, failed):
            self.log.warning("%s", unmatched)
            note += f"; {unmatched}"
        run_ledger.note_run(engine, run_id, listed=studies, note=note)
        return [] if parameters.is_dry_run else file_plan.batches(engine, run_id)


class ImmPortDownloadOperator(ImmPortFilesOperator):
    """Fetch the files of a batch. One that fails leaves the others alone; the task then fails at its end.

    The header of each FCS file is read, and the markers that its parameters name.

    :param batch: one of those that the plan returned.
    :param fcs_headers_only: of FCS files that are not there only the header is fetched.
    """

    template_fields: Sequence[str] = (*ImmPortFilesOperator.template_fields, "batch", "fcs_headers_only")
    operator_extra_links = (StudyLink(), RunReportLink())

    def __init__(self, *, batch: PlannedBatch, fcs_headers_only: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.fcs_headers_only = fcs_headers_only

    @property
    def studies(self) -> tuple[str, ...]:
        """The studies whose files it fetches."""
        return DownloadParameters.of(self).batch.studies

    def perform(self, context: Context) -> None:
        from immport_provider.hooks.immport import ImmPortHook
        from include.pipeline.call_record import Caller, recorded
        from include.pipeline.downloads.download_batch import Work, fetch_batch
        from include.sources.immport.source import IMMPORT

        task, parameters = context["ti"], DownloadParameters.of(self)
        batch = parameters.batch
        engine, run_id = self.engine(), run_key(context)
        caller = Caller(run_id, "download", IMMPORT.name)
        with ImmPortHook(self.immport_conn_id) as hook, recorded(engine, hook, caller, report_calls):
            work = Work(
                engine,
                hook,
                self.storage(),
                run_id,
                self.log.info,
                task_ref(context),
                partial(report_step, engine),
                parameters.fcs_headers_only,
            )
            is_last_try = task.try_number > task.max_tries
            failed, later = fetch_batch(work, batch.first, batch.count, is_last_try=is_last_try)
        for error in (*failed, *later):
            self.log.error("%s", error)
        if later:
            raise AirflowException(f"{len(later)} files to be tried again")
        if failed:
            raise AirflowFailException(f"{len(failed)} files failed")


class ImmPortFinishFilesOperator(ImmPortFilesOperator):
    """Close the record of the run: every file that was wanted must be there. Returns files by state.

    :param batches: what the plan returned, or a template that gives it; a file of them that another run has
        planned since is reported.
    """

    ends_run = True

    template_fields: Sequence[str] = (*ImmPortFilesOperator.template_fields, "batches")

    def __init__(self, *, batches: list[PlannedBatch] | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batches = batches

    def perform(self, context: Context) -> dict[str, int]:
        from include.pipeline.downloads import file_selection

        batches = self.batches if isinstance(self.batches, list) else []
        planned = sum(item["count"] for item in batches)
        summary = file_selection.finish(self.engine(), run_key(context), planned)
        self.log.info("%s", summary.text)
        if summary.state != "success":
            raise AirflowFailException(summary.text)
        return summary.counts

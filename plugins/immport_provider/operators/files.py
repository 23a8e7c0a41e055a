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
    import sqlalchemy as sa
    from airflow.sdk import Context

    from include.landing.object_store import Storage
    from include.pipeline.downloads.file_plan import PlannedBatch
    from include.pipeline.downloads.file_selection import WantedFiles


class ImmPortFilesOperator(ImmPortOperator):
    """What the operators of the files share.

    :param destination: folder or object storage URL of the files; below the landing zone when empty.
    :param immport_conn_id: Airflow connection of type `immport`.
    :param impc_conn_id: Airflow connection of type `impc`, for files of images.
    """

    template_fields: Sequence[str] = (
        *ImmPortOperator.template_fields,
        "immport_conn_id",
        "impc_conn_id",
        "destination",
    )

    def __init__(
        self,
        *,
        immport_conn_id: str = "immport_default",
        impc_conn_id: str = "impc_default",
        destination: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.immport_conn_id = immport_conn_id
        self.impc_conn_id = impc_conn_id
        self.destination = destination

    def storage(self) -> Storage:
        from include.landing.object_store import Storage

        return Storage(self.destination or f"{self.landing.rstrip('/')}/files")


class ImmPortPlanFilesOperator(ImmPortFilesOperator):
    """Read the manifests and write down which files are to be fetched.

    Returns batches, `{"first": 0, "count": 20, "studies": ["SDY1"]}`: the position of the first file in the
    plan, how many, and of which studies; one for each mapped task, none in a dry run.

    :param files_of: `studies`, or `image_thumbnails` or `images` of IMPC.
    :param studies: only these accessions; all that the warehouse holds when empty.
    :param types: only files of these types; all when empty.
    :param pattern: only files whose name this glob matches.
    :param max_bytes: what may be fetched at most.
    :param fcs_headers_only: of FCS files only the header is to be fetched.
    :param image_centres: of images only those of these phenotyping centres.
    :param image_genes: the same by accessions at MGI.
    :param image_procedures: the same by stable identifiers.
    :param most_images: files of images at most.
    :param is_dry_run: only list what would be fetched.
    """

    template_fields: Sequence[str] = (
        *ImmPortFilesOperator.template_fields,
        "files_of",
        "image_centres",
        "image_genes",
        "image_procedures",
        "most_images",
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
        files_of: str = "studies",
        image_centres: list[str] | str = "",
        image_genes: list[str] | str = "",
        image_procedures: list[str] | str = "",
        most_images: int | str | None = None,
        studies: list[str] | str = "",
        types: list[str] | str = "",
        pattern: str = "*",
        max_bytes: int | str | None = None,
        fcs_headers_only: bool | str = False,
        is_dry_run: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.files_of = files_of
        self.image_centres = image_centres
        self.image_genes = image_genes
        self.image_procedures = image_procedures
        self.most_images = most_images
        self.studies = studies
        self.types = types
        self.pattern = pattern
        self.max_bytes = max_bytes
        self.fcs_headers_only = fcs_headers_only
        self.is_dry_run = is_dry_run

    def perform(self, context: Context) -> list[PlannedBatch]:
        from include.pipeline import run_ledger
        from include.pipeline.downloads import file_plan, file_selection
        from include.warehouse.schema.revision import require_current

        parameters = PlanFilesParameters.of(self)
        engine, run_id = self.engine(), run_key(context)
        require_current(engine)
        run_ledger.start_run(engine, run_id)
        find = self._images if parameters.files_of.is_of_images else self._of_studies
        found = find(parameters, engine, run_id, context)
        if not found.files and not found.is_partial:
            nothing = f"no file matches the selection: {found.selection}"
            run_ledger.note_run(engine, run_id, note=nothing)
            raise AirflowFailException(nothing)
        budget = file_selection.DownloadFilter(
            max_bytes=parameters.max_bytes, fcs_headers_only=parameters.fcs_headers_only
        )
        choices = file_selection.choose(engine, self.storage(), found.files, budget)
        summary = file_selection.describe(choices, is_dry=parameters.is_dry_run)
        self.log.info("%s", summary)
        if not parameters.is_dry_run:
            file_plan.write_plan(engine, run_id, choices, found.source)
        note = summary.partition("\n")[0]
        if found.unmatched:
            self.log.warning("%s", found.unmatched)
            note += f"; {found.unmatched}"
        run_ledger.note_run(engine, run_id, listed=found.scopes, note=note)
        return [] if parameters.is_dry_run else file_plan.batches(engine, run_id)

    def _images(
        self, parameters: PlanFilesParameters, engine: sa.Engine, run_id: str, context: Context
    ) -> WantedFiles:
        """Files of images, by what the star has of them."""
        from include.pipeline.downloads.image_selection import ImageFilter, wanted_images

        p = parameters
        selection = ImageFilter(p.files_of, p.image_centres, p.image_genes, p.image_procedures, p.most_images)
        return wanted_images(engine, selection)

    def _of_studies(
        self, parameters: PlanFilesParameters, engine: sa.Engine, run_id: str, context: Context
    ) -> WantedFiles:
        """Files of studies, by their manifests."""
        from immport_provider.hooks.immport import ImmPortHook
        from include.pipeline.call_record import Caller, recorded
        from include.pipeline.downloads import file_selection
        from include.pipeline.verdict import may_pass
        from include.sources.immport.source import IMMPORT

        selection = file_selection.DownloadFilter(
            parameters.studies, frozenset(parameters.types), parameters.pattern
        )
        caller = Caller(run_id, "plan", IMMPORT.name)
        with ImmPortHook(self.immport_conn_id) as hook, recorded(engine, hook, caller, report_calls):
            wanted, failed = file_selection.list_files(engine, hook, run_id, selection, task_ref(context))
        task = context["ti"]
        for study, error in failed.items():
            self.log.error("%s: %s", study, error)
        if any(may_pass(error) for error in failed.values()) and (task.try_number <= task.max_tries):
            raise AirflowException(f"manifests to be requested again: {', '.join(failed)}")
        studies = len(file_selection.studies_of(engine, selection))
        unmatched = selection.unmatched(wanted, failed)
        return file_selection.WantedFiles(
            wanted, str(selection), IMMPORT.name, studies, unmatched, bool(failed)
        )


class ImmPortDownloadOperator(ImmPortFilesOperator):
    """Fetch the files of a batch. One that fails leaves the others alone; the task then fails at its end.

    The header of each FCS file is read, and the markers that its parameters name.

    :param batch: one of those that the plan returned.
    :param files_of: what the plan was of.
    :param fcs_headers_only: of FCS files that are not there only the header is fetched.
    """

    template_fields: Sequence[str] = (
        *ImmPortFilesOperator.template_fields,
        "batch",
        "files_of",
        "fcs_headers_only",
    )
    operator_extra_links = (StudyLink(), RunReportLink())

    def __init__(
        self,
        *,
        batch: PlannedBatch,
        files_of: str = "studies",
        fcs_headers_only: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.files_of = files_of
        self.fcs_headers_only = fcs_headers_only

    @property
    def studies(self) -> tuple[str, ...]:
        """The studies whose files it fetches."""
        return DownloadParameters.of(self).batch.studies

    def perform(self, context: Context) -> None:
        from immport_provider.hooks.immport import ImmPortHook
        from immport_provider.hooks.impc import ImpcHook
        from include.pipeline.call_record import Caller, recorded
        from include.pipeline.downloads.download_batch import Work, fetch_batch
        from include.sources.immport.source import IMMPORT
        from include.sources.impc.source import IMPC

        task, parameters = context["ti"], DownloadParameters.of(self)
        batch = parameters.batch
        engine, run_id = self.engine(), run_key(context)
        is_of_images = parameters.files_of.is_of_images
        client = ImpcHook(self.impc_conn_id) if is_of_images else ImmPortHook(self.immport_conn_id)
        caller = Caller(run_id, "download", IMPC.name if is_of_images else IMMPORT.name)
        with client as hook, recorded(engine, hook, caller, report_calls):
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

"""What the operators of submissions share: the service, the hook, the templates."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immport_provider.operators.base import WarehouseOperator, run_key
from immport_provider.operators.submission.parameters import SubmissionParameters
from immport_provider.telemetry import report_calls

if TYPE_CHECKING:
    import sqlalchemy as sa
    from airflow.sdk import Context

    from immport_provider.hooks.submission.upload import ImmPortUploadHook
    from include.pipeline.submissions.ledger import Submission
    from include.submission.service.services import SubmissionService
    from include.submission.templates.declarations import Templates
    from include.submission.templates.vocabularies import Vocabularies


class SubmissionOperator(WarehouseOperator):
    """What the operators of submissions share.

    :param service: `upload`, or `batch_updater`.
    :param upload_conn_id: Airflow connection of type `immport_upload`.
    :param templates: ImmPort's templates.json, or a folder or zip file with it; what the service gives out
        when empty.
    """

    template_fields: Sequence[str] = (*WarehouseOperator.template_fields, "upload_conn_id", "templates")

    def __init__(
        self,
        *,
        service: str = "upload",
        upload_conn_id: str = "immport_upload",
        templates: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.service = service
        self.upload_conn_id = upload_conn_id
        self.templates = templates

    def of_service(self) -> SubmissionService:
        """The service that is meant."""
        from include.submission.service.services import SERVICES

        return SERVICES[self.service]

    @contextmanager
    def hook(self, context: Context, engine: sa.Engine) -> Iterator[ImmPortUploadHook]:
        """The hook, its calls counted."""
        from immport_provider.hooks.submission.upload import ImmPortUploadHook
        from include.pipeline.call_record import Caller, recorded
        from include.sources.immport.source import IMMPORT

        caller = Caller(run_key(context), "submit", IMMPORT.name)
        with ImmPortUploadHook(self.upload_conn_id) as hook, recorded(engine, hook, caller, report_calls):
            yield hook

    @contextmanager
    def declarations(self, hook: ImmPortUploadHook) -> Iterator[tuple[Templates, Vocabularies]]:
        """Templates and vocabularies: those of the parameter, or those that the service gives out now.

        What the service gives out is kept as a version of its templates.
        """
        from include.pipeline.submissions import template_versions
        from include.submission.declaration_files import read_declarations

        if self.templates:
            yield read_declarations(Path(self.templates))
            return
        with tempfile.TemporaryDirectory(prefix="immport-templates-") as folder:
            path = Path(folder) / "templates.zip"

            def keep(chunks: Iterator[bytes]) -> None:
                with path.open("wb") as file:
                    file.writelines(chunks)

            hook.templates(self.of_service(), keep)
            declarations = read_declarations(path)
            template_versions.keep(self.engine(), declarations[0], path.read_bytes())
            yield declarations


class SubmittingOperator(SubmissionOperator):
    """What the operators share that go on with a submission.

    :param submission: its number, as the check returns it.
    """

    template_fields: Sequence[str] = (*SubmissionOperator.template_fields, "submission")

    def __init__(self, *, submission: int | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.submission = submission

    def of_submission(self, engine: sa.Engine) -> Submission:
        """The submission, read anew."""
        from include.pipeline.submissions import ledger

        return ledger.submission(engine, SubmissionParameters.of(self).submission)

"""The operator that checks a package and sends it nowhere. The work is in `include.submission`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from immport_provider.operators.base import WarehouseOperator, keep_summary, run_key
from immport_provider.operators.submission.parameters import ValidateParameters

if TYPE_CHECKING:
    from airflow.sdk import Context

#: How many findings the log has; the operations page has all.
_LOGGED = 100


class ImmPortValidatePackageOperator(WarehouseOperator):
    """Check a package of upload templates and keep the report. Returns the number of the validation.

    Nothing is sent, and no connection to ImmPort is needed. Fails when the package has errors, after they
    were recorded.

    :param package: folder, zip file or template.
    :param templates: ImmPort's templates.json, or a folder or zip file with it; when empty, the version that
        the upload service gave out last, as a run of `immport_submit` received it.
    :param lookups: its vocabularies; those beside the templates when empty.
    :param known: file with identifiers that the workspace has, as `make validate` takes it.
    """

    template_fields: Sequence[str] = (
        *WarehouseOperator.template_fields,
        "package",
        "templates",
        "lookups",
        "known",
    )
    is_whole_run = True
    ends_run = True

    def __init__(
        self,
        *,
        package: str,
        templates: str | None = None,
        lookups: str | None = None,
        known: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.package = package
        self.templates = templates
        self.lookups = lookups
        self.known = known

    def perform(self, context: Context) -> int:
        from include.pipeline.submissions.check import in_words
        from include.pipeline.submissions.errors import PackageRefusedError
        from include.pipeline.submissions.template_versions import newest
        from include.pipeline.submissions.validation_record import record
        from include.submission.checks.records import KnownIds, read_known_ids
        from include.submission.declaration_files import offline_place, read_declarations
        from include.submission.validate import validate

        parameters = ValidateParameters.of(self)
        known = read_known_ids(parameters.known) if parameters.known else KnownIds()
        engine = self.engine()
        with newest(engine) as received:
            place = parameters.templates or received or offline_place()
            declarations = read_declarations(place, parameters.lookups)
        validation = validate(parameters.package, *declarations, known)
        number = record(engine, run_key(context), validation, parameters.known)
        for finding in validation.findings[:_LOGGED]:
            where = f"{finding.file} line {finding.line}"
            self.log.info("%s: %s, %s: %s", finding.severity, where, finding.column, finding.message)
        text = in_words(validation)
        keep_summary(context, text)
        if validation.errors:
            raise PackageRefusedError(text)
        self.log.info("validation %d, %s", number, text)
        return number

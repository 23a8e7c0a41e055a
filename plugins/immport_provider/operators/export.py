"""The operator of the export DAG. The work is in `include.serve.export`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from immport_provider.operators.after_loads import AfterLoadsOperator
from immport_provider.operators.base import ImmPortOperator
from immport_provider.operators.parameters import ExportParameters

if TYPE_CHECKING:
    from airflow.sdk import Context


class ImmPortExportOperator(AfterLoadsOperator, ImmPortOperator):
    """Write the star and the marts as Parquet files. Returns where, which release, how many files and rows.

    :param destination: folder or object storage URL; `export` below the landing zone when empty.
    :param as_of: release to export; the current state when empty.
    """

    ends_run = True

    template_fields: Sequence[str] = (*ImmPortOperator.template_fields, "destination", "as_of")
    is_whole_run = True

    def __init__(self, *, destination: str | None = None, as_of: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.destination = destination
        self.as_of = as_of

    def perform(self, context: Context) -> dict[str, Any]:
        from include.serve.export import export_star

        parameters = ExportParameters.of(self)
        root = parameters.destination or f"{self.landing.rstrip('/')}/export"
        done = export_star(self.engine(), root, str(parameters.as_of) if parameters.as_of else None)
        word = "written" if done.is_new else "unchanged"
        self.log.info("%s: %s files, %s rows, %s", done.location, done.files, done.rows, word)
        return asdict(done)

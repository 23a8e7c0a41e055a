"""The operator that reports a changed star to other DAGs. The work is in `include.pipeline.star_change`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from immport_provider.assets import STAR
from immport_provider.operators.base import WarehouseOperator, run_key

if TYPE_CHECKING:
    from airflow.sdk import Context


class ImmPortAnnounceOperator(WarehouseOperator):
    """Emit an event of the asset `immport://star` when the run changed it; skipped when it did not.

    A task of its own, before the one that ends the run: of a run that is only partly a success, which ends as
    failed, the studies that were published are in the star all the same. Returns the extra of the event.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"outlets": [STAR], **kwargs})

    def perform(self, context: Context) -> dict[str, Any]:
        from include.pipeline.star_change import star_change

        run = run_key(context)
        change = star_change(self.engine(), run)
        if change is None:
            raise AirflowSkipException("the run changed nothing in the star")
        extra = {**asdict(change), "studies": list(change.studies), "run": run}
        context["outlet_events"][STAR].extra = extra
        self.log.info("%s: %s studies, %s rows", change.release, len(change.studies), change.rows)
        return extra

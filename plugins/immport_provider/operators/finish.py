"""The operator that ends a run. The work is in `include.pipeline.report`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from immport_provider.operators.base import ImmPortOperator, keep_summary, run_key

if TYPE_CHECKING:
    from airflow.sdk import Context


class ImmPortFinishOperator(ImmPortOperator):
    """Close the record of the run: every study that was to be done must have ended as it should."""

    ends_run = True

    def perform(self, context: Context) -> dict[str, Any]:
        from include.pipeline import report
        from include.warehouse.terms import proposals

        engine = self.engine()
        # All studies of the run at once, and outside their transactions: it can make none of them fail.
        proposals.refresh(engine)
        summary = report.finish(engine, run_key(context))
        self.log.info("%s", summary.text)
        keep_summary(context, summary.text)
        if summary.state != "success":
            raise AirflowFailException(summary.text)
        return summary.counts

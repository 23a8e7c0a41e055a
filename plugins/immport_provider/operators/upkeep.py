"""The operators of the upkeep DAG. The work is in `include.quality.audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from immport_provider.operators.after_loads import AfterLoadsOperator
from immport_provider.operators.base import WarehouseOperator, run_key

if TYPE_CHECKING:
    from airflow.sdk import Context


class WarehouseAnalyzeOperator(AfterLoadsOperator):
    """Renew the planner's statistics. Returns the number of tables."""

    is_whole_run = True

    def perform(self, context: Context) -> int:
        from include.quality import audit

        return audit.analyze(self.engine())


class WarehouseAuditOperator(WarehouseOperator):
    """Prove the whole warehouse anew. Returns the number of broken checks by severity.

    Fails with the names of the critical checks that are broken; what was found is in `quality.audit`.
    """

    is_whole_run = True
    ends_run = True

    def perform(self, context: Context) -> dict[str, int]:
        from include.quality import audit
        from include.quality.checks import Severity

        broken = audit.run(self.engine(), run_key(context))
        for item in broken:
            self.log.warning("%s: %s", item.check.severity.value, item.summary)
        critical = [item for item in broken if item.check.severity is Severity.CRITICAL]
        if critical:
            # Another try would find the same.
            names = ", ".join(f"{item.check.check_id} of {item.check.relation}" for item in critical)
            raise AirflowFailException(f"{len(critical)} checks of the audit are broken: {names}")
        return {"critical": 0, "warning": len(broken)}

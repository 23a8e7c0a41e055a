"""What follows changes of the star, once for all that come together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from immport_provider.operators.base import WarehouseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

#: So long at most a task waits for runs that load: it is useful before the last of many has ended, too.
PATIENCE = timedelta(hours=1)
#: What the trigger may be late by: it ends by itself.
_GRACE = timedelta(minutes=5)
#: Types of runs that no person started; not a set: members of an enumeration are hashed by their names.
_BY_ITSELF = ("scheduled", "asset_triggered")


class AfterLoadsOperator(WarehouseOperator):
    """A task that begins its work when no run loads, at the latest an hour after it was to begin.

    The triggerer waits. Meanwhile Airflow keeps the next events of the star for one more run, whose task is
    skipped if what they report was published before this one began its work. A run that a person starts
    waits for nothing and skips nothing.
    """

    _has_waited = False

    def before(self, context: Context) -> None:
        """Wait, or leave the work.

        :raises AirflowSkipException: nothing was published yet, or nothing since the work was done last.
        :raises TaskDeferred: runs are loading.
        """
        from immport_provider.triggers.loads import LoadsEndedTrigger, loading_dags
        from include.pipeline import star_change

        run = context.get("dag_run")
        if run is None or run.run_type not in _BY_ITSELF or self._has_waited:
            return
        engine = self.engine()
        if star_change.is_empty(engine):
            raise AirflowSkipException("nothing was published yet")
        reported = _reported(context)
        if reported and star_change.is_followed(engine, context["dag"].dag_id, reported):
            raise AirflowSkipException("a run that did this began after what is reported was published")
        if at_work := star_change.at_work(engine, loading_dags()):
            ends = datetime.now(UTC) + PATIENCE
            self.log.info("waiting until %s for the end of %s", ends, ", ".join(at_work))
            trigger = LoadsEndedTrigger(self.warehouse_conn_id, ends.isoformat())
            self.defer(trigger=trigger, method_name="execute_after", timeout=PATIENCE + _GRACE)

    def execute_after(self, context: Context, event: dict[str, Any]) -> Any:
        """Do the work, after the wait."""
        self.log.info("%s", event["status"])
        self._has_waited = True
        return self.execute(context)


def _reported(context: Context) -> list[str]:
    """Keys of the runs whose changes started this run; none where one of them is not known."""
    events = [event for of_asset in context["triggering_asset_events"].values() for event in of_asset]
    runs = [(event.extra or {}).get("run") for event in events]
    return [str(run) for run in runs] if all(runs) else []

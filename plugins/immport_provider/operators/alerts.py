"""The operators of the DAGs of alerts. The work is in `include.alerts`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from immport_provider.operators.base import WarehouseOperator, run_key

if TYPE_CHECKING:
    from airflow.sdk import Context


class WarehouseAlertsOperator(WarehouseOperator):
    """Find, record and resolve events, and send every message that is due.

    Returns how many messages were delivered and how many failed. A route that fails does not fail the task:
    its messages stay undelivered, for the page to show, and are tried again by the next run.
    """

    def perform(self, context: Context) -> dict[str, int]:
        from immport_provider import alerts
        from include.warehouse.schema.revision import require_current

        engine = self.engine()
        require_current(engine)
        return asdict(alerts.evaluate(engine))


class WarehouseAlertDrillOperator(WarehouseOperator):
    """Send a test message by each route whose connection exists.

    Returns the routes that delivered it, none where there is no route. Fails with those that did not.
    """

    is_whole_run = True
    ends_run = True

    def perform(self, context: Context) -> list[str]:
        from immport_provider.notifications import routes
        from immport_provider.page_links import page_path
        from include.alerts import delivery, events

        there = routes.configured()
        if not there:
            self.log.warning("no route of alerts has a connection: no alert is sent")
            return []
        engine, run = self.engine(), run_key(context)
        cause = f"A test message by {', '.join(there)}: alerts that are sent this way arrive."
        event = events.AlertEvent(events.DRILL, run, cause, run_id=run)
        events.report(engine, event, there, page_path)
        delivery.deliver(engine, there, routes.send, routes.links(), event_key=event.key)
        events.resolve(engine, event.key)
        if failed := delivery.undelivered(engine, event.key):
            problems = "; ".join(f"{route}: {error}" for route, error in failed.items())
            raise AirflowFailException(f"the test message was not delivered by {problems}")
        self.log.info("delivered by %s", ", ".join(there))
        return there

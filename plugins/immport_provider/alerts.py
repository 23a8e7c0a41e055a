"""When people are alerted: as a run ends, as a task fails for good, as a run is late, and each hour.

What happened is found in the warehouse, recorded there, and sent by every route whose connection exists
(`include.alerts`, `immport_provider.notifications.routes`). Without a connection nothing is sent. What the
warehouse cannot record, because it is out of reach, is sent at once. Addresses, tokens and recipients are
secrets: they are in no log, no error and no table.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    import sqlalchemy as sa
    from airflow.sdk import Context

    from include.alerts.declared import AlertType
    from include.alerts.delivery import DeliveryCount
    from include.alerts.events import AlertEvent

log = logging.getLogger(__name__)

#: The warehouse of a task that names none.
WAREHOUSE = "warehouse_default"
#: Why a run failed, as Airflow says, when a task has reported it already.
_BY_A_TASK = "task_failure"
_KILLED = "it ended without a final status (process killed?)"


def evaluate(engine: sa.Engine) -> DeliveryCount:
    """Find, record and resolve events, and send every message that is due.

    :raises ValueError: a variable of alerts has a wrong value.
    :raises sqlalchemy.exc.SQLAlchemyError: the warehouse cannot be read or written.
    """
    from immport_provider.alert_settings import observed
    from immport_provider.notifications import routes
    from immport_provider.page_links import page_path
    from include.alerts import delivery, events

    there = routes.configured()
    for key in events.evaluate(engine, observed(), there, page_path):
        log.warning("alert: %s", key)
    return delivery.deliver(engine, there, routes.send, routes.links())


def run_ended(engine: sa.Engine) -> None:
    """Evaluate at the end of a run. What goes wrong is logged, and the next hour tries again."""
    import sqlalchemy as sa

    try:
        evaluate(engine)
    except (ValueError, sa.exc.SQLAlchemyError) as error:
        from include.pipeline.run_ledger import brief

        log.error("alerts were not evaluated at the end of the run: %s", brief(error))


def task_failed(context: Context) -> None:
    """`on_failure_callback` of every task, unless it is one of many that are mapped: the run reports those.

    :raises UndeliverableError: the warehouse is out of reach, and no route took the message.
    """
    task = context["ti"]
    if (task.map_index if task.map_index is not None else -1) < 0:
        error = context.get("exception") or _KILLED
        _report(context, f"the task {task.task_id} failed: {error}")


def run_failed(context: Context) -> None:
    """`on_failure_callback` of a DAG: report a run that no task reported, such as one that timed out.

    :raises UndeliverableError: the warehouse is out of reach, and no route took the message.
    """
    reason = str(context.get("reason"))
    if reason != _BY_A_TASK:
        _report(context, f"Airflow ended the run: {reason}")


async def run_is_late(context: dict[str, Any] | None = None, *, late_after: str) -> None:
    """Callback of the deadline of a DAG, in the triggerer: the run still goes on. It is not recorded.

    :param late_after: how long a run may take, in words.
    :raises UndeliverableError: a route did not take the message.
    """
    from immport_provider.notifications import routes
    from include.alerts.events import RUN_LATE
    from include.alerts.message import UndeliverableError

    run = (context or {}).get("dag_run", {})
    key = f"{run.get('dag_id')}/{run.get('dag_run_id')}"
    event = _event(RUN_LATE, key, f"it has not ended within {late_after}")
    if problems := await routes.send_async(_unrecorded(event)):
        raise UndeliverableError("; ".join(problems))


def _report(context: Context, cause: str) -> None:
    """Record what the warehouse knows of the run, else this cause; send it unrecorded where that fails."""
    import sqlalchemy as sa

    from include.alerts.events import RUN_FAILED

    dag: Any = context["dag"]
    event = _event(RUN_FAILED, f"{dag.dag_id}/{context['run_id']}", cause)
    try:
        _record(_engine(context), event)
    except (AirflowNotFoundException, ValueError, RuntimeError, sa.exc.SQLAlchemyError) as error:
        log.error("the warehouse records no alert (%s): it is sent unrecorded", type(error).__name__)
        _send_unrecorded(event)


def _record(engine: sa.Engine, event: AlertEvent) -> None:
    from immport_provider.notifications import routes
    from immport_provider.page_links import page_path
    from include.alerts import delivery, events

    evaluate(engine)
    if event.run_id and not events.is_explained_run(engine, event.run_id):
        there = routes.configured()
        events.report(engine, event, there, page_path)
        delivery.deliver(engine, there, routes.send, routes.links(), event_key=event.key)


def _send_unrecorded(event: AlertEvent) -> None:
    from immport_provider.notifications import routes
    from include.alerts.message import UndeliverableError

    message, problems = _unrecorded(event), []
    there = routes.configured()
    for route in there:
        try:
            routes.send(route, message)
        except UndeliverableError as error:
            problems.append(str(error))
    if not there:
        log.debug("no alert is sent: there is no connection of a route")
    if problems:
        raise UndeliverableError("; ".join(problems))


def _engine(context: Context) -> sa.Engine:
    from include.warehouse.schema.engine import warehouse_engine, warehouse_url

    conn_id = getattr(context.get("task"), "warehouse_conn_id", None) or WAREHOUSE
    return warehouse_engine(warehouse_url(BaseHook.get_connection(conn_id)))


def _event(alert_type: AlertType, run: str, cause: str) -> AlertEvent:
    from include.alerts.events import AlertEvent

    return AlertEvent(alert_type, run, cause, run_id=run)


def _unrecorded(event: AlertEvent) -> Any:
    from immport_provider.notifications import routes
    from immport_provider.page_links import page_path
    from include.alerts.delivery import unrecorded_message

    page, query = event.alert_type.page_of(event.source, list(event.scopes))
    return unrecorded_message(event, page_path(page, **query), routes.links())

"""Who hears of a failure: a webhook, whose address is in the Airflow connection `immport_alerts`.

Without the connection nothing is sent. A task that failed for good is reported once, with what happened; for
mapped tasks, the task that ends the run reports once for all. The DAG reports a run that Airflow ended for
its length, or that is late. The address of a webhook is a secret: it is in no log and in no error.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    from airflow.sdk import Connection, Context

log = logging.getLogger(__name__)

CONN_ID = "immport_alerts"
#: Seconds until a webhook must have answered.
TIMEOUT = 15.0
#: Characters of a message.
_LONGEST = 3_000
#: Why a run failed, as Airflow says, when a task has reported it already.
_BY_A_TASK = "task_failure"


class AlertError(RuntimeError):
    """The connection `immport_alerts` cannot be used as it is."""


def task_failed(context: Context) -> None:
    """`on_failure_callback` of every task: report it, unless it is one of many that are mapped."""
    task = context["ti"]
    if (task.map_index if task.map_index is not None else -1) < 0:
        error = context.get("exception") or "it ended without a final status (process killed?)"
        _send(_message(context, "failed", str(error), task=task.task_id))


def run_failed(context: Context) -> None:
    """`on_failure_callback` of a DAG: report a run that no task reported, such as one that timed out."""
    reason = str(context.get("reason"))
    if reason != _BY_A_TASK:
        _send(_message(context, "failed", reason))


async def run_is_late(context: dict[str, Any] | None = None, *, late_after: str) -> None:
    """Callback of the deadline of a DAG, in the triggerer: the run still goes on.

    :param late_after: how long a run may take, in words.
    """
    import httpx

    run = (context or {}).get("dag_run", {})
    dag_id, run_id = str(run.get("dag_id")), str(run.get("dag_run_id"))
    message = _payload(dag_id, run_id, "late", f"it has not ended within {late_after}")
    try:
        connection = await BaseHook.aget_connection(CONN_ID)
    except AirflowNotFoundException:
        log.debug("no alert is sent: there is no connection %s", CONN_ID)
        return
    async with httpx.AsyncClient(**_options(connection)) as client:
        _check(await client.post(_address(connection), json=message))


def _message(context: Context, state: str, what: str, task: str | None = None) -> dict[str, Any]:
    dag: Any = context["dag"]
    return _payload(dag.dag_id, str(context["run_id"]), state, what, task)


def _payload(dag_id: str, run_id: str, state: str, what: str, task: str | None = None) -> dict[str, Any]:
    """`text` is what Slack, Mattermost and Teams show; the others are for machines."""
    from airflow.sdk.configuration import conf

    where = f"{dag_id}/{run_id}" + (f", task {task}" if task else "")
    base = conf.get("api", "base_url", fallback="").rstrip("/")
    return {
        "text": f"{where} {state}: {what}"[:_LONGEST],
        "dag_id": dag_id,
        "run_id": run_id,
        "task_id": task,
        "state": state,
        "link": f"{base}/dags/{dag_id}/runs/{run_id}",
    }


def _send(message: dict[str, Any]) -> None:
    """Post a message, if anybody wants it.

    :raises AlertError: it could not be delivered; Airflow logs that, and the task fails for its own reason.
    """
    import httpx

    try:
        connection = BaseHook.get_connection(CONN_ID)
    except AirflowNotFoundException:
        log.debug("no alert is sent: there is no connection %s", CONN_ID)
        return
    address = _address(connection)
    try:
        with httpx.Client(**_options(connection)) as client:
            _check(client.post(address, json=message))
    except httpx.HTTPError as error:
        # Not its text, and not as its cause: either may quote the address.
        raise AlertError(f"the webhook of {CONN_ID} cannot be called ({type(error).__name__})") from None


def _address(connection: Connection) -> str:
    from urllib.parse import urlsplit

    from immport_provider.hooks.settings import is_loopback

    host = (connection.host or "").strip()
    address = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    url = urlsplit(address)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise AlertError(
            f"the host of the connection {CONN_ID} is not an address such as https://example.org"
        )
    if url.scheme == "http" and connection.password and not is_loopback(url.hostname):
        raise AlertError(f"plain http would send the token of the connection {CONN_ID} unencrypted")
    return (
        address
        if url.port or not connection.port
        else address.replace(url.netloc, f"{url.netloc}:{connection.port}", 1)
    )


def _options(connection: Connection) -> dict[str, Any]:
    from urllib.parse import urlsplit

    from immport_provider.hooks.settings import is_loopback

    headers = {"User-Agent": "immport-warehouse"}
    if connection.password:
        headers["Authorization"] = f"Bearer {connection.password}"
    host = urlsplit(_address(connection)).hostname or ""
    return {"headers": headers, "timeout": TIMEOUT, "trust_env": not is_loopback(host)}


def _check(answer: Any) -> None:
    """:raises AlertError: the webhook did not take the message."""
    if not answer.is_success:
        raise AlertError(f"the webhook of {CONN_ID} answers {answer.status_code}")

"""A run that a person requests, through Airflow's own REST and under that person's login.

Airflow checks the right to trigger the DAG, validates the parameters and records who requested the run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from starlette.requests import Request

from include.warehouse.load.unchanged import code_digest
from operations.actions.declared import OperatorAction, Scope

#: Where a request has the application of Airflow that received it.
AIRFLOW = "airflow_app"
#: Seconds that Airflow has to take a request.
TIMEOUT = 30.0
_NO_CONTENT_TYPE = "Airflow's answer is not JSON"


class TriggerError(RuntimeError):
    """Airflow did not start the run.

    :ivar status: status of its answer.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def run_id_of(action: OperatorAction, scopes: Sequence[Scope], conf: Mapping[str, Any]) -> str:
    """Name of the run: the same for the same request in the same state, so that two clicks are one run.

    What a dry run counts depends on the rules and mappings, too: once one is mended, it is another run.
    """
    state: list[Any] = [(item["scope"], item["load_id"], item["state"], item["decisions"]) for item in scopes]
    if action.is_dry_run:
        state.append(code_digest())
    written = json.dumps([action.name, conf, state], sort_keys=True, default=str)
    return f"operations__{action.name}__{hashlib.sha256(written.encode()).hexdigest()[:16]}"


async def trigger(request: Request, dag_id: str, run_id: str, conf: Mapping[str, Any], note: str) -> bool:
    """Start a run unless it was started before; whether it is new.

    :raises TriggerError: Airflow refuses it.
    """
    transport = httpx.ASGITransport(app=request.scope[AIRFLOW], raise_app_exceptions=False)
    body = {"dag_run_id": run_id, "conf": dict(conf), "note": note, "logical_date": None}
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow", timeout=TIMEOUT) as client:
        answer = await client.post(
            f"/api/v2/dags/{quote(dag_id, safe='')}/dagRuns", json=body, headers=_login_of(request)
        )
    if answer.status_code == httpx.codes.CONFLICT:
        return False
    if not answer.is_success:
        raise TriggerError(answer.status_code, _detail(answer))
    return True


def _login_of(request: Request) -> dict[str, str]:
    given = request.headers.get("authorization")
    return {"authorization": given or f"Bearer {request.cookies.get(COOKIE_NAME_JWT_TOKEN, '')}"}


def _detail(answer: httpx.Response) -> str:
    try:
        detail = answer.json().get("detail")
    except (json.JSONDecodeError, AttributeError):
        return _NO_CONTENT_TYPE
    return detail if isinstance(detail, str) else json.dumps(detail)

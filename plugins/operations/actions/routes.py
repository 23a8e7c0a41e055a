"""The page of an action: what will happen and to what, a reason, and the run that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from include.warehouse.model.registry import SOURCES
from operations.access import Reader, ReaderDep
from operations.actions.declared import ACTIONS, MOST_SCOPES, OperatorAction, Scope
from operations.actions.forgery import is_ours, token_for
from operations.actions.offers import may_request
from operations.actions.trigger import TriggerError, run_id_of, trigger
from operations.database import reading
from operations.html import render
from operations.page import address
from operations.view import View

#: Characters of a reason.
LONGEST_REASON = 1_000


def add_to(app: FastAPI) -> None:
    """Add the routes of the actions."""
    app.add_api_route("/actions/{name}", _ask, methods=["GET"])
    app.add_api_route("/actions/{name}", _do, methods=["POST"])


def _ask(name: str, request: Request, reader: ReaderDep, user: GetUserDep) -> Response:
    """What the action would do, and the form that requests it."""
    action, source = _allowed(name, request.query_params, reader, user)
    return render(request, None, reader, template="action.html", **_shown(action, source, request, reader))


async def _do(name: str, request: Request, reader: ReaderDep, user: GetUserDep) -> Response:
    """Request the run; a request that was made before leads to its run."""
    form = await request.form(max_files=0, max_fields=50)
    action, source = _allowed(name, request.query_params, reader, user)
    if not is_ours(request, reader, f"{name}?{request.query_params}", str(form.get("token", ""))):
        raise HTTPException(403, "the form is not of this page, or too old")
    shown = await run_in_threadpool(_shown, action, source, request, reader)
    scopes: Sequence[Scope] = shown["concerned"]
    reason, chosen = str(form.get("reason", "")).strip(), str(form.get("chosen", ""))
    problem = _problem(shown, scopes, reason, chosen)
    if problem is None:
        conf = action.conf(scopes, chosen)
        dag_id, run_id = action.dag_id(source), run_id_of(action, scopes, conf)
        try:
            await trigger(request, dag_id, run_id, conf, f"{action.title}: {reason} ({reader.name})")
        except TriggerError as error:
            problem = f"Airflow did not start the run: {error}"
        else:
            page = "dry-run" if action.is_dry_run else "requested"
            return RedirectResponse(address(page, dag_id=dag_id, run_id=run_id), 303)
    return await run_in_threadpool(
        render,
        request,
        None,
        reader,
        422,
        template="action.html",
        **shown | {"problem": problem, "reason": reason},
    )


def _allowed(name: str, parameters: QueryParams, reader: Reader, user: Any) -> tuple[OperatorAction, str]:
    """The action, and the source it is for.

    :raises HTTPException: there is not such an action, or the reader may not trigger its DAG.
    """
    action, source = ACTIONS.get(name), parameters.get("source", "")
    if action is None or source not in SOURCES:
        raise HTTPException(404)
    if not (reader.may_operate and may_request(user, action, source)):
        raise HTTPException(403)
    return action, source


def _shown(action: OperatorAction, source: str, request: Request, reader: Reader) -> dict[str, Any]:
    names = request.query_params.getlist("scope")
    if not 0 < len(names) <= MOST_SCOPES:
        raise HTTPException(404)
    subject: Mapping[str, object] = {"source": source, "scopes": names}
    with reading(reader) as connection:
        view = View(reader, connection, request.query_params)
        scopes = view.rows("action_scopes", **subject)
        choices = (
            [row["release_version"] for row in view.rows(action.choice[0], **subject)]
            if action.choice
            else []
        )
        later = {value: view.row("action_later_rows", **subject, release=value) for value in choices}
        counted = view.rows("action_dry_run", **subject) if action.counted_by else []
    if not scopes:
        raise HTTPException(404)
    return {
        "action": action,
        "source": SOURCES[source].source,
        "dag_id": action.dag_id(source),
        "scopes": scopes,
        "concerned": [item for item in scopes if action.is_for(item)],
        "choices": choices,
        "later": later,
        "counted": counted,
        "counting": action.counted_by and _counting(ACTIONS[action.counted_by], scopes),
        "problem": None,
        "reason": "",
        "token": token_for(reader, f"{action.name}?{request.query_params}"),
    }


def _counting(action: OperatorAction, scopes: Sequence[Scope]) -> Mapping[str, str] | None:
    """The action that counts beforehand what this one would change, and its page."""
    names = [item["scope"] for item in scopes if action.is_for(item)]
    if not names:
        return None
    href = address(f"actions/{action.name}", source=scopes[0]["source"], scope=names)
    return {"title": action.title, "href": href}


def _problem(shown: Mapping[str, Any], scopes: Sequence[Scope], reason: str, chosen: str) -> str | None:
    """Why the request cannot be made as it is."""
    if not scopes:
        return "None of these is in a state that this action is for any more."
    if not reason or len(reason) > LONGEST_REASON:
        return f"Give a reason of at most {LONGEST_REASON} characters: it is kept with the run."
    if shown["action"].choice and chosen not in shown["choices"]:
        return "Choose a release."
    return None

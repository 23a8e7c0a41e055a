"""Actions of operators: for whom, in which states, with which parameters; forged requests are refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from dags import warehouse_dry_run
from dags.immport_release import dag
from immport_provider.dag_names import DRY_RUN, scopes_parameter
from immport_provider.source_dag import source_dags
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import CAPTURE, SCOPES
from operations.actions.declared import ACTIONS, OperatorAction
from operations.actions.trigger import run_id_of
from tests.operations.conftest import VIEWER, Ledger, Pages

SUBJECT: dict[str, Any] = {"source": "immport", "scope": "SDY1"}
SCOPE: dict[str, Any] = {
    "source": "immport", "scope": "SDY1", "load_id": 1, "state": "failed", "decisions": 1, "route": "api",
    "action": "load", "reason": "", "error": "", "captures": 2, "quarantined": 1, "scope_state": "current",
}  # fmt: skip


@pytest.fixture
def failed(ledger: Ledger) -> Ledger:
    """A study whose load failed."""
    ledger.begin()
    ledger.work("SDY1", "load", "failed", error="check: no rows")
    ledger.end("partial")
    return ledger


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_an_action_gives_what_its_dag_takes(action: OperatorAction) -> None:
    dags = source_dags(model.source for model in SOURCES.values()) | {DRY_RUN: warehouse_dry_run.dag}
    for source in SOURCES:
        scope = {**SCOPE, "source": source}
        if source != "immport" and action.only_immport:
            continue
        taken = dags.get(action.dag_id(source), dag)
        assert taken.dag_id == action.dag_id(source)
        conf = action.conf([scope], "DR9")
        assert set(conf) <= set(taken.params), (action.name, source)
        for name in conf.keys() - {scopes_parameter(SOURCES[source].source)}:
            taken.params.get_param(name).resolve(conf[name])


def test_nobody_without_the_right_sees_or_requests_an_action(pages: Pages, failed: Ledger) -> None:
    for name in ACTIONS:
        assert pages.get(f"/actions/{name}", VIEWER, **SUBJECT).status_code == 403
        assert pages.post(f"/actions/{name}", VIEWER, data={"reason": "x"}, **SUBJECT).status_code == 403
        assert pages.post(f"/actions/{name}", None, data={"reason": "x"}, **SUBJECT).status_code == 401


def test_the_page_says_what_will_happen_and_to_what(pages: Pages, failed: Ledger) -> None:
    text = pages.get("/actions/retry", **SUBJECT).text
    assert ACTIONS["retry"].effect in text
    assert "check: no rows" in text
    assert "1 of 1 studies are concerned" in text
    # A study that was never published cannot be rewound.
    assert "0 of 1 studies are concerned" in pages.get("/actions/rewind", **SUBJECT).text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(pages: Pages, failed: Ledger, headers: dict[str, str]) -> None:
    token = token_of(pages.get("/actions/retry", **SUBJECT).text)
    data = {"token": token, "reason": "x"}
    assert pages.post("/actions/retry", data=data, headers=headers, **SUBJECT).status_code == 403


def test_a_token_is_of_one_page_and_one_reader(pages: Pages, failed: Ledger) -> None:
    failed.work("SDY2", "load", "failed")
    token = token_of(pages.get("/actions/retry", **SUBJECT).text)
    other = {**SUBJECT, "scope": "SDY2"}
    for given, subject in (("", SUBJECT), (token[:-2], SUBJECT), (token, other)):
        answer = pages.post("/actions/retry", data={"token": given, "reason": "x"}, **subject)
        assert answer.status_code == 403
    answer = pages.post("/actions/reload", data={"token": token, "reason": "x"}, **SUBJECT)
    assert answer.status_code == 403


def test_a_request_needs_a_reason_and_a_state_that_it_is_for(pages: Pages, failed: Ledger) -> None:
    token = token_of(pages.get("/actions/retry", **SUBJECT).text)
    answer = pages.post("/actions/retry", data={"token": token, "reason": "  "}, **SUBJECT)
    assert answer.status_code == 422
    assert "Give a reason" in answer.text
    token = token_of(pages.get("/actions/replay", **SUBJECT).text)
    answer = pages.post("/actions/replay", data={"token": token, "reason": "<b>why</b>"}, **SUBJECT)
    assert answer.status_code == 422
    assert "None of these is in a state" in answer.text
    assert "<b>why" not in answer.text


def test_unknown_actions_sources_and_scopes_are_not_found(pages: Pages, failed: Ledger) -> None:
    assert pages.get("/actions/nothing", **SUBJECT).status_code == 404
    assert pages.get("/actions/retry", source="nothing", scope="SDY1").status_code == 404
    assert pages.get("/actions/retry", source="immport", scope="SDY9").status_code == 404
    assert pages.get("/actions/retry", source="immport").status_code == 404


def test_the_same_request_in_the_same_state_is_one_run() -> None:
    retry = ACTIONS["retry"]
    first = run_id_of(retry, [SCOPE], retry.conf([SCOPE], ""))
    assert run_id_of(retry, [dict(SCOPE)], retry.conf([SCOPE], "")) == first
    later = {**SCOPE, "decisions": 2}
    assert run_id_of(retry, [later], retry.conf([later], "")) != first
    reload = ACTIONS["reload"]
    assert run_id_of(reload, [SCOPE], reload.conf([SCOPE], "")) != first


def test_a_rewind_offers_the_releases_before_the_newest(
    pages: Pages, ledger: Ledger, engine: sa.Engine
) -> None:
    ledger.begin()
    for release in ("DR8", "DR9"):
        ledger.work("SDY1", "load", "published", release=release)
        with engine.begin() as connection:
            key = int(release[2:]) * 10_000
            captured = {
                "source": "immport",
                "scope": "SDY1",
                "release_key": key,
                "load_id": 1,
            }
            connection.execute(sa.insert(CAPTURE).values(**captured, kind="full"))
    with engine.begin() as connection:
        connection.execute(sa.insert(SCOPES).values(source="immport", scope="SDY1", state="current"))
    text = pages.get("/actions/rewind", **SUBJECT).text
    assert re.findall(r'name="chosen" value="(\w+)"', text) == ["DR8"]


def token_of(text: str) -> str:
    """The token of the form on a page."""
    found = re.search(r'name="token" value="([^"]+)"', text)
    assert found
    return found[1]

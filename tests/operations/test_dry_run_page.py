"""The dry run of a replay on the pages: who may request it, what it shows, the way to the replay itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from immport_provider import dag_names
from include.pipeline import run_ledger
from include.warehouse.schema.ops_tables import (
    CAPTURE,
    DRY_RUN,
    DRY_RUN_CHANGE,
    DRY_RUN_RULE,
    LOAD,
    QUARANTINE,
    RESULT,
    SCOPES,
)
from operations.actions import trigger
from operations.actions.declared import ACTIONS
from operations.actions.trigger import run_id_of
from tests.operations.conftest import VIEWER, Ledger, Pages
from tests.operations.test_actions import SCOPE, token_of

SUBJECT: dict[str, Any] = {"source": "immport", "scope": "SDY1"}
RULE = "type:valuePreferred"
RUN: dict[str, Any] = {"dag_id": dag_names.DRY_RUN, "run_id": "manual__1"}
OF_SCOPE: dict[str, Any] = {
    **SUBJECT, "run_id": f"{dag_names.DRY_RUN}/manual__1", "release_version": "DR9",
}  # fmt: skip


@pytest.fixture
def quarantined(ledger: Ledger) -> Ledger:
    """A study that was published without two of its rows."""
    ledger.begin()
    number = ledger.work("SDY1", "load", "published")
    ledger.end()
    about = {"load_id": number, "source": "immport", "scope": "SDY1"}
    with ledger.engine.begin() as connection:
        connection.execute(sa.insert(SCOPES).values(source="immport", scope="SDY1", state="current"))
        connection.execute(sa.insert(CAPTURE).values(**about, release_key=90_000, kind="full"))
        rows = [
            {**about, "release_version": "DR9", "endpoint": "hai", "row_number": n, "rule": RULE}
            for n in (3, 5)
        ]
        connection.execute(sa.insert(QUARANTINE), rows)
        connection.execute(
            sa.insert(RESULT).values(
                load_id=number,
                endpoint="hai",
                check_id=RULE,
                severity="row",
                success=False,
                unexpected_rows=2,
            )
        )
    return ledger


def count(ledger: Ledger, **values: Any) -> None:
    """The record of a dry run that is over."""
    run_ledger.start_run(ledger.engine, OF_SCOPE["run_id"])
    found = {
        "state": "published", "release_key": 90_000, "fetch_id": "f", "rows_earlier": 2, "rows_passed": 1,
        "counted_at": sa.func.now(), **values,
    }  # fmt: skip
    rule = {
        "endpoint": "hai",
        "kind": "row",
        "rule": RULE,
        "earlier": 2,
        "now": 1,
        "passed": 1,
        "refused": 0,
    }
    change = {"relation": "fact_hai", "added": 1, "corrected": 0, "withdrawn": 0, "unchanged": 7}
    with ledger.engine.begin() as connection:
        connection.execute(sa.insert(DRY_RUN).values(**OF_SCOPE, **found))
        connection.execute(sa.insert(DRY_RUN_RULE).values(**OF_SCOPE, **rule))
        connection.execute(sa.insert(DRY_RUN_CHANGE).values(**OF_SCOPE, **change))
    run_ledger.finish_run(ledger.engine, OF_SCOPE["run_id"], "success")


def words(text: str) -> str:
    """What a reader sees of a page."""
    return " ".join(re.sub("<[^>]+>", " ", text).split())


def test_from_a_rule_to_the_counts_and_on_to_the_replay(pages: Pages, quarantined: Ledger) -> None:
    rule = {"check_id": RULE, "endpoint": "hai", "source": "immport"}
    counting = "/warehouse/actions/replay-dry-run?source=immport&amp;scope=SDY1"
    assert counting in pages.get("/quality/rule", **rule).text
    assert counting not in pages.get("/quality/rule", VIEWER, **rule).text
    # Before: the page of the replay says that nothing was counted, and leads there.
    replay = pages.get("/actions/replay", **SUBJECT).text
    assert "was not counted since" in replay
    assert counting in replay
    assert f"start a run of {dag_names.DRY_RUN}" in pages.get("/actions/replay-dry-run", **SUBJECT).text

    count(quarantined)
    shown = pages.get("/dry-run", **RUN).text
    assert "Would now pass: 1 of 2 rows. Newly refused: 0 rows." in words(shown)
    assert "/warehouse/actions/replay?source=immport&amp;scope=SDY1" in shown
    assert f"SDY1 DR9 hai {RULE} row 2 1 1 0" in words(shown)
    assert "fact_hai 1 0 0 7" in words(shown)
    replay = words(pages.get("/actions/replay", **SUBJECT).text)
    assert "Would now pass: 1 of 2 rows, by the dry run of" in replay
    assert "/warehouse/dry-run?" in pages.get("/tabs/run", **RUN).text

    # Another load since: what was counted is not of it.
    with quarantined.engine.begin() as connection:
        connection.execute(sa.update(LOAD).values(changed_at=sa.func.now()))
    assert "was not counted since" in pages.get("/actions/replay", **SUBJECT).text


def test_who_may_not_trigger_runs_reads_the_counts_of_open_studies_alone(
    pages: Pages, quarantined: Ledger
) -> None:
    count(quarantined)
    shown = pages.get("/dry-run", VIEWER, **RUN).text
    assert "SDY1" in shown
    assert "actions/replay" not in shown
    assert pages.get("/actions/replay-dry-run", VIEWER, **SUBJECT).status_code == 403
    token = token_of(pages.get("/actions/replay-dry-run", **SUBJECT).text)
    sent = {"token": token, "reason": "x"}
    assert pages.post("/actions/replay-dry-run", VIEWER, data=sent, **SUBJECT).status_code == 403
    with quarantined.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into history.key_study (study_accession, natural_key) values ('SDY1', md5('SDY1')::uuid);"
            " insert into history.study_access (study_key, is_open, is_cleared)"
            " select study_key, false, false from history.key_study where study_accession = 'SDY1'"
        )
    assert "SDY1" not in pages.get("/dry-run", VIEWER, **RUN).text
    assert "SDY1" in pages.get("/dry-run", **RUN).text


def test_the_same_request_is_one_run_until_a_rule_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = ACTIONS["replay-dry-run"]
    conf = counting.conf([SCOPE], "")
    assert conf == {"source": "immport", "scopes": ["SDY1"]}
    first = run_id_of(counting, [SCOPE], conf)
    assert run_id_of(counting, [dict(SCOPE)], conf) == first
    monkeypatch.setattr(trigger, "code_digest", lambda: "mended")
    assert run_id_of(counting, [SCOPE], conf) != first

"""Packages and changes on their way to the sandbox by Airflow as a whole, to a person's yes or no and on.

Operators answer required actions by Airflow's own interface, as its page does; a browser shows what follows.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from immport_provider.page_links import MOUNT
from include.local.standing.accounts import OPERATOR
from tests.browser.conftest import PAGE_WITHIN_MILLISECONDS
from tests.browser.looks import THEMES, whole
from tests.provider.uploads import TEMPLATE
from tests.support.browser import sign_in
from tests.support.standing_system import RUN_WITHIN_SECONDS, StandingSystem

pytestmark = pytest.mark.long

VALIDATE, SUBMIT, UPDATE = "immport_validate", "immport_submit", "immport_batch_update"
_POLL_SECONDS = 0.5
#: Looks at a question before it is answered: faster than any person.
_LOOKS = 10


def package(folder: Path, identifier: str) -> Path:
    """A package that the sandbox takes."""
    folder.mkdir()
    (folder / "protocols.txt").write_text(f"{TEMPLATE}\t{identifier}\tname\ta.pdf\tAssay\n")
    (folder / "a.pdf").write_bytes(b"how it was done")
    return folder


def trigger(operator: httpx.Client, dag: str, place: Path) -> str:
    """Address of a run that was started."""
    body = {"logical_date": None, "conf": {"package": str(place)}}
    made = operator.post(f"/api/v2/dags/{dag}/dagRuns", json=body).raise_for_status().json()
    return f"/api/v2/dags/{dag}/dagRuns/{made['dag_run_id']}"


def required(operator: httpx.Client, run: str) -> Mapping[str, Any]:
    """The required action of a run, once it has been there for some looks.

    An answer that comes before Airflow's scheduler has seen the task wait passes for a failure, and the
    question is put again after the pause between two tries.
    """
    deadline, seen = time.monotonic() + RUN_WITHIN_SECONDS, 0
    while time.monotonic() < deadline:
        if tasks(operator, run).get("approve") == "awaiting_input":
            seen += 1
        if seen == _LOOKS:
            (found,) = operator.get(f"{run}/hitlDetails").raise_for_status().json()["hitl_details"]
            return dict(found)
        assert operator.get(run).raise_for_status().json()["state"] in ("queued", "running"), tasks(
            operator, run
        )
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"nothing is required: {tasks(operator, run)}")


def answer(operator: httpx.Client, run: str, option: str) -> None:
    """Answer the required action of a run."""
    path = f"{run}/taskInstances/approve/-1/hitlDetails"
    operator.patch(path, json={"chosen_options": [option], "params_input": {}}).raise_for_status()


def ended(operator: httpx.Client, run: str) -> dict[str, str]:
    """States of the tasks of a run that ended well."""
    deadline = time.monotonic() + RUN_WITHIN_SECONDS
    while (state := operator.get(run).raise_for_status().json()["state"]) in ("queued", "running"):
        assert time.monotonic() < deadline, tasks(operator, run)
        time.sleep(_POLL_SECONDS)
    assert state == "success", tasks(operator, run)
    return tasks(operator, run)


def tasks(operator: httpx.Client, run: str) -> dict[str, str]:
    found = operator.get(f"{run}/taskInstances").raise_for_status().json()["task_instances"]
    return {item["task_id"]: item["state"] for item in found}


def test_packages_and_changes_go_from_a_trigger_over_a_persons_answer_to_their_end(
    browser: Browser, standing_system: StandingSystem, tmp_path: Path
) -> None:
    system = standing_system
    (arm,) = system.query("select arm_accession, name from star.dim_arm where arm_key > 0 order by 1 limit 1")
    changes = tmp_path / "UpdateValue.Arm.txt"
    changes.write_text(
        "table_name=arm_or_cohort\tformat=update_value\tkey_columns=arm_accession\tdata_columns=name\n"
        f"{arm.arm_accession}\tanother name\n"
    )
    with system.client(OPERATOR.name) as operator:
        stored = trigger(operator, SUBMIT, package(tmp_path / "stored", "to be stored"))
        applied = trigger(operator, UPDATE, changes)
        question = required(operator, stored)
        assert "Completed\\_Validation" in question["body"]
        assert "Sandbox workspace" in question["body"]
        answer(operator, stored, "Approve")
        question = required(operator, applied)
        assert f"arm\\_accession={arm.arm_accession} | name |" in question["body"]
        assert "another name" in question["body"]
        assert "1 changed" in question["body"]
        answer(operator, applied, "Approve")
        assert set(ended(operator, stored).values()) == {"success"}
        assert set(ended(operator, applied).values()) == {"success"}
        checked = trigger(operator, VALIDATE, tmp_path / "stored")
        assert set(ended(operator, checked).values()) == {"success"}
        declined = trigger(operator, SUBMIT, package(tmp_path / "declined", "to be declined"))
        required(operator, declined)
        answer(operator, declined, "Reject")
        states = ended(operator, declined)
        assert (states["approve"], states["send_to_store"], states["finish"]) == (
            "success",
            "skipped",
            "success",
        )
        rows = system.query(
            "select s.service, s.state, s.decided_by,"
            " array_agg(t.purpose || ' ' || t.status order by t.sent_at)"
            " from ops.submission s join ops.submission_ticket t using (submission_id)"
            " group by s.submission_id order by s.submission_id"
        )
        listed = operator.get(f"{MOUNT}/submissions").raise_for_status().text
        (updated,) = system.query("select submission_id from ops.submission where service = 'batch_updater'")
        shown = operator.get(f"{MOUNT}/submissions/changes", params={"submission": updated[0]})
    found = sorted(map(tuple, rows))
    assert found == [
        ("batch_updater", "stored", OPERATOR.name, [
            "batchUpdateValidate Completed_Batch_Updater_Validation",
            "batchUpdateUpload Completed_Batch_Updater",
        ]),
        ("upload", "declined", OPERATOR.name, ["validateData Completed_Validation"]),
        ("upload", "stored", OPERATOR.name, ["validateData Completed_Validation", "uploadData Completed"]),
    ]  # fmt: skip
    assert sorted(item["purpose"] for item in system.sandbox.uploads()) == [
        "batchUpdateUpload", "batchUpdateValidate", "uploadData", "validateData", "validateData",
    ]  # fmt: skip
    for text in ("stored-", "declined-", "UpdateValue.Arm-", OPERATOR.name):
        assert text in listed
    assert "another name" in shown.raise_for_status().text
    (validation,) = system.query("select validation_id from ops.validation")
    paths = [
        f"{MOUNT}/submissions/report?submission={updated[0]}",
        f"{MOUNT}/submissions/changes?submission={updated[0]}",
        f"{MOUNT}/validations/report?validation={validation[0]}",
    ]
    for theme in THEMES:
        with browser.new_context(base_url=system.address, color_scheme=theme) as context:  # type: ignore[arg-type]  # one of the names it takes
            context.set_default_timeout(PAGE_WITHIN_MILLISECONDS)
            page = context.new_page()
            sign_in(page, system.address, OPERATOR.name, system.passwords[OPERATOR.name])
            assert whole(page, paths, system.pictures / theme) == []

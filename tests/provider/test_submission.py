"""Packages on their way to the sandbox: one ticket whatever happens, stored after validation and a yes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowSensorTimeout,
    TaskAwaitingInput,
    TaskDeferred,
)

from immport_provider.operators.submission.approve import ImmPortApproveSubmissionOperator
from immport_provider.operators.submission.steps import (
    ImmPortCheckPackageOperator,
    ImmPortFinishSubmissionOperator,
    ImmPortSendPackageOperator,
)
from immport_provider.sensors.ticket import ImmPortTicketSensor
from include.pipeline.submissions import ledger
from include.pipeline.submissions.errors import (
    AnswerPendingError,
    NotAllowedError,
    PackageChangedError,
    SubmissionBusyError,
    UnansweredError,
)
from include.sources.errors import AccessError, RetriableError
from include.submission.service.services import UPLOAD
from tests.provider.submitting import PLACES, Lab, approved, first_event, killed, package
from tests.provider.uploads import WORKSPACE
from tests.support.sandbox import RunningSandbox
from tests.support.warehouse import Warehouse

CHECK, STORE = UPLOAD.purposes


@pytest.fixture
def lab(
    warehouse: Warehouse, sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Lab:
    return Lab.opened(warehouse, sandbox, tmp_path, monkeypatch)


def test_a_package_is_validated_allowed_and_stored_and_a_second_run_changes_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[Any] = []
    monkeypatch.setattr(
        "airflow.providers.standard.operators.hitl.upsert_hitl_detail", lambda **what: questions.append(what)
    )

    def run(**how: Any) -> str | None:
        number = lab.checked("p1")
        context = lab.context()
        of: dict[str, Any] = {"submission": number}
        ImmPortSendPackageOperator(task_id="a", **of, **how).execute(context)
        lab.followed(number, is_stored=False)
        approve = ImmPortApproveSubmissionOperator(task_id="b", **of)
        waiting: Any = {**context, "task_instance": SimpleNamespace(id="1")}
        try:
            approve.execute(waiting)
        except TaskAwaitingInput:
            approved(lab, number)
        ImmPortSendPackageOperator(task_id="c", is_stored=True, **of, **how).execute(context)
        lab.followed(number, is_stored=True)
        state: str | None = ImmPortFinishSubmissionOperator(task_id="d", **of).execute(context)
        return state

    assert run() == ledger.STORED
    assert "**Workspace**: Sandbox workspace \\(7001\\)" in questions[0]["body"]
    assert "Completed\\_Validation" in questions[0]["body"]
    before = lab.sandbox.uploads()
    assert [item["purpose"] for item in before] == [CHECK, STORE]
    assert run() == ledger.STORED
    assert run(repeat=True) == ledger.STORED, "what is stored is never sent again"
    assert (lab.sandbox.uploads(), len(questions)) == (before, 1)
    statuses = lab.warehouse.value(
        "select statuses from ops.submission_ticket where purpose = :purpose", purpose=STORE
    )
    assert statuses == before[1]["walk"]
    assert lab.warehouse.value("select decided_by from ops.submission") == "Ada"
    assert "workspace_id = 7001" in lab.warehouse.value(
        "select database_report from ops.submission_ticket where purpose = :purpose", purpose=STORE
    )
    assert lab.warehouse.value(
        "select count(*) from ops.submission_line where status = 'Stored in:file_info'"
    )
    assert lab.sandbox.upload_key not in str(lab.warehouse.rows("select * from ops.submission_ticket"))
    assert lab.warehouse.rows("select state from ops.run") == [("success",)]


def test_a_package_with_errors_is_not_sent(lab: Lab) -> None:
    place = package(lab.folder / "bad", "bad")
    text = (place / "protocols.txt").read_text().replace("Assay", "Essay")
    (place / "protocols.txt").write_text(text)
    task = ImmPortCheckPackageOperator(task_id="check", package=str(place))
    with pytest.raises(AirflowFailException, match=r"1 errors.*not a term of lk_protocol_type"):
        task.execute(lab.context())
    assert lab.sandbox.uploads() == []
    assert lab.warehouse.value("select state from ops.submission") == ledger.REFUSED
    assert lab.warehouse.rows("select purpose, line_number, status from ops.submission_line") == [
        ("check", 4, "error")
    ]
    # What the service gave out is kept, and named as what the package was checked by.
    [(digest, checked_by)] = lab.warehouse.rows(
        "select v.content_digest, s.declaration from ops.template_version v, ops.submission s"
        " where v.templates > 0 and length(v.content) > 0"
    )
    assert digest in checked_by


@pytest.mark.long
def test_one_ticket_wherever_the_process_is_killed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.send(lab.checked("first"))
    for place, is_done in PLACES:
        number = lab.checked(f"{place} {is_done}")
        died = killed(lab, number, place, is_done=is_done)
        assert died == 9, place
        ticket = lab.settled(number)
        assert ticket.state == ledger.KNOWN, place
        assert len(lab.tickets(number)) == 1, (place, is_done)
        assert lab.followed(number, is_stored=False) == "Completed_Validation"
        assert lab.send(number).number == ticket.number
        assert len(lab.tickets(number)) == 1, (place, is_done)


def test_a_lost_answer_is_looked_up_and_what_never_arrived_is_sent_again(lab: Lab) -> None:
    lab.send(lab.checked("first"))
    for fault in ("cut", "503", "html"):
        number = lab.checked(fault)
        lab.sandbox.fault("uploadOnline", fault, times=1)
        with pytest.raises(RetriableError):
            lab.send(number)
        with pytest.raises(AnswerPendingError, match=r"no answer came|may have the ticket"):
            lab.send(number, settle=timedelta(hours=1))
        ticket = lab.settled(number)
        assert (ticket.state, len(lab.tickets(number))) == (ledger.KNOWN, 1), fault
    found = lab.warehouse.rows(
        "select found_by, attempt from ops.submission_ticket order by sent_at, attempt"
    )
    assert found == [("answer", 1), ("lookup", 1), (None, 1), ("answer", 2), (None, 1), ("answer", 2)]


def test_without_a_number_to_begin_from_a_person_says_what_became_of_it(lab: Lab) -> None:
    number = lab.checked("p1")
    lab.sandbox.fault("uploadOnline", "cut", times=1)
    with pytest.raises(RetriableError):
        lab.send(number)
    with pytest.raises(UnansweredError, match="parameter ticket"):
        lab.send(number)
    other = lab.checked("p2")
    (issued,) = lab.sandbox.uploads()
    assert lab.send(number, given=issued["ticket"]).number == issued["ticket"]
    lab.sandbox.fault("uploadOnline", "cut", times=1)
    with pytest.raises(RetriableError):
        lab.send(other)
    lab.followed(number, is_stored=False)
    with pytest.raises(UnansweredError, match="is of the file"):
        lab.send(other, given=issued["ticket"])


def test_a_refused_package_leaves_no_doubt(lab: Lab) -> None:
    number = lab.checked("p1")
    lab.sandbox.fault("uploadOnline", "403", times=1)
    with pytest.raises(AccessError):
        lab.send(number)
    assert lab.send(number).attempt == 2
    assert len(lab.tickets(number)) == 1


def test_two_processes_never_send_one_package(lab: Lab) -> None:
    number = lab.checked("p1")
    with ledger.sending_alone(lab.engine, number), pytest.raises(SubmissionBusyError):
        lab.send(number)
    assert lab.sandbox.uploads() == []


def test_nothing_is_stored_without_validation_and_a_yes(lab: Lab) -> None:
    number = lab.checked("p1")
    with pytest.raises(NotAllowedError, match="no person has allowed"):
        lab.send(number, STORE)
    approved(lab, number)
    with pytest.raises(NotAllowedError, match="has not validated"):
        lab.send(number, STORE)
    approved(lab, number, "Reject")
    with pytest.raises(NotAllowedError, match="declined"):
        lab.send(number, STORE)
    assert lab.sandbox.uploads() == []
    finish = ImmPortFinishSubmissionOperator(task_id="d", submission=number)
    assert finish.execute(lab.context()) == ledger.DECLINED
    task = ImmPortApproveSubmissionOperator(task_id="approve", submission=number)
    with pytest.raises(AirflowFailException, match="not stored: the time is over"):
        task.execute_complete(lab.context(), {"error": "the time is over", "error_type": "timeout"})


def test_a_package_that_changed_after_the_check_is_not_sent(lab: Lab) -> None:
    number = lab.checked("p1")
    (lab.folder / "p1" / "a.pdf").write_bytes(b"other")
    with pytest.raises(PackageChangedError):
        lab.send(number)
    assert lab.sandbox.uploads() == []


def test_what_immport_rejects_is_sent_again_only_on_request(lab: Lab) -> None:
    number = lab.checked("p1")
    lab.sandbox.decide_upload(
        fate="reject", errors=[{"file": "protocols.txt", "line": 4, "error": "The name is taken."}]
    )
    lab.send(number)
    with pytest.raises(AirflowFailException, match=r"1 errors, such as protocols.txt line 4: The name is"):
        lab.followed(number, is_stored=False)
    assert lab.warehouse.rows(
        "select line_number, error from ops.submission_line where error is not null"
    ) == [(4, "The name is taken.")]
    assert lab.send(number).status == "Rejected_Validation"
    assert len(lab.tickets(number)) == 1
    with pytest.raises(AirflowFailException, match="correct what ImmPort's report names"):
        ImmPortFinishSubmissionOperator(task_id="d", submission=number).execute(lab.context())
    lab.send(number, repeat=True)
    assert lab.followed(number, is_stored=False) == "Completed_Validation"


def test_a_ticket_that_stays_or_gets_lost_ends_the_wait(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    number = lab.checked("lost")
    lab.sandbox.decide_upload(fate="lost")
    lab.send(number)
    with pytest.raises(AirflowFailException, match="not known"):
        lab.followed(number, is_stored=False)
    number = lab.checked("stuck")
    lab.sandbox.decide_upload(fate="stuck")
    lab.send(number)
    sensor = ImmPortTicketSensor(task_id="follow", submission=number, poke_interval=0.001)
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute(lab.context())
    trigger: Any = deferred.value.trigger
    while trigger.seen != "Information":  # where this ticket stays
        event = asyncio.run(first_event(trigger))
        with pytest.raises(TaskDeferred) as deferred:
            sensor.resume(lab.context(), event)
        trigger = deferred.value.trigger
    trigger.deadline = datetime.now(UTC).isoformat()
    event = asyncio.run(first_event(trigger))
    with pytest.raises(AirflowSensorTimeout, match="is still Information"):
        sensor.resume(lab.context(), event)
    kind, arguments = trigger.serialize()
    assert type(trigger)(**arguments).serialize() == (kind, arguments)


def test_an_offline_package_is_allowed_and_gets_a_ticket_alone(lab: Lab) -> None:
    number = lab.checked("p1", is_offline=True)
    assert ImmPortSendPackageOperator(task_id="a", submission=number).execute(lab.context()) is None
    assert lab.followed(number, is_stored=False) is None
    approved(lab, number)
    ticket = lab.send(number, STORE)
    assert (ticket.status, len(lab.tickets(number))) == ("Pending", 1)
    lab.sandbox.decide_upload(arrived=ticket.number)
    assert lab.followed(number, is_stored=True) == "Completed"
    assert [item["endpoint"] for item in lab.sandbox.requests()].count("uploadOnline") == 0


def test_the_workspace_is_part_of_what_a_submission_is(lab: Lab) -> None:
    first = lab.checked("p1")
    assert lab.checked("p1") == first
    with lab.engine.begin() as connection:
        connection.exec_driver_sql(f"update ops.submission set workspace_id = {WORKSPACE + 1}")
    assert lab.checked("p1") != first

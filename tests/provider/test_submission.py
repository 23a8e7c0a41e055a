"""Packages on their way to the sandbox: one ticket whatever happens, stored after validation and a yes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowSensorTimeout,
    TaskAwaitingInput,
    TaskDeferred,
)

from immport_provider.hooks.submission.upload import ImmPortUploadHook
from immport_provider.operators.submission.approve import ImmPortApproveSubmissionOperator
from immport_provider.operators.submission.steps import (
    ImmPortCheckPackageOperator,
    ImmPortFinishSubmissionOperator,
    ImmPortSendPackageOperator,
)
from immport_provider.sensors.ticket import ImmPortTicketSensor
from include.pipeline.submissions import ledger
from include.pipeline.submissions.check import as_checked
from include.pipeline.submissions.errors import (
    AnswerPendingError,
    NotAllowedError,
    PackageChangedError,
    SubmissionBusyError,
    UnansweredError,
)
from include.pipeline.submissions.send import Sending, send
from include.sources.errors import AccessError, RetriableError
from include.submission.service.services import UPLOAD
from include.submission.templates.declarations import Templates
from tests.provider.uploads import TEMPLATE, WORKSPACE, upload_hook
from tests.support.sandbox import RunningSandbox
from tests.support.warehouse import Warehouse

NO_TEMPLATES = Templates((), "none", "")
CHECK, STORE = UPLOAD.purposes
Assembled = Callable[[], AbstractContextManager[Path]]


def package(folder: Path, identifier: str = "p1", size: int = 300_000) -> Path:
    """A package whose content differs with the identifier."""
    folder.mkdir(exist_ok=True)
    (folder / "protocols.txt").write_text(f"{TEMPLATE}\t{identifier}\tname\ta.pdf\tAssay\n")
    (folder / "a.pdf").write_bytes(random.Random(identifier).randbytes(size))
    return folder


@dataclass
class Lab:
    """Who sends: a warehouse, a connection to the sandbox, and a folder with packages."""

    warehouse: Warehouse
    sandbox: RunningSandbox
    folder: Path
    connect: Callable[[], ImmPortUploadHook]

    @property
    def engine(self) -> sa.Engine:
        return self.warehouse.engine

    def context(self, run: str = "manual__1") -> Any:
        dag = SimpleNamespace(dag_id="immport_submit")
        task = SimpleNamespace(xcom_push=lambda **kwargs: None, task_id="t", map_index=-1, try_number=1)
        return {"dag": dag, "run_id": run, "ti": task}

    def checked(self, identifier: str, **more: Any) -> int:
        """The number of a submission that was checked here."""
        place = package(self.folder / identifier, identifier)
        task = ImmPortCheckPackageOperator(task_id="check", package=str(place), **more)
        number: int = task.execute(self.context())
        return number

    def send(self, number: int, purpose: str = CHECK, **how: Any) -> ledger.SentTicket:
        """Send it; a lost answer may be looked up at once."""
        submission = ledger.submission(self.engine, number)
        how.setdefault("settle", timedelta())
        with self.connect() as hook:
            sending = Sending(self.engine, hook, "immport_submit/1", **how)
            return send(sending, submission, purpose, lambda: as_checked(submission, NO_TEMPLATES))

    def settled(self, number: int) -> ledger.SentTicket:
        """Send it as Airflow's retries do: until what became of a lost answer is known."""
        for _ in range(20):
            with contextlib.suppress(AnswerPendingError):
                return self.send(number)
        raise AssertionError("never known")

    def followed(self, number: int, *, is_stored: bool) -> str | None:
        """Follow a ticket to its end, as the triggerer does."""
        sensor = ImmPortTicketSensor(
            task_id="follow", submission=number, is_stored=is_stored, poke_interval=0.001
        )
        try:
            done: str | None = sensor.execute(self.context())
            return done
        except TaskDeferred as waiting:
            deferred = waiting
        while True:
            trigger: Any = deferred.trigger
            event = asyncio.run(_first(trigger))
            try:
                return sensor.resume(self.context(), event)
            except TaskDeferred as again:
                deferred = again

    def tickets(self, number: int) -> list[str]:
        """Files of this submission that the sandbox has received."""
        stem = ledger.submission(self.engine, number).package.removesuffix(".zip")
        return [item["file"] for item in self.sandbox.uploads() if item["file"].startswith(stem)]


async def _first(trigger: Any) -> dict[str, Any]:
    event = await asyncio.wait_for(anext(trigger.run()), 60)
    payload: dict[str, Any] = event.payload
    return payload


@pytest.fixture
def lab(
    warehouse: Warehouse, sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Lab:
    sandbox.clear_uploads()
    upload_hook(sandbox, monkeypatch)
    for kind in (ImmPortCheckPackageOperator, ImmPortSendPackageOperator, ImmPortTicketSensor):
        monkeypatch.setattr(kind, "engine", lambda self: warehouse.engine)
    for other in (ImmPortApproveSubmissionOperator, ImmPortFinishSubmissionOperator):
        monkeypatch.setattr(other, "engine", lambda self: warehouse.engine)
    monkeypatch.setattr("immport_provider.operators.base.run_ended", lambda engine: None)
    monkeypatch.setattr("include.pipeline.submissions.send.WINDOW", 3)
    return Lab(warehouse, sandbox, tmp_path, lambda: upload_hook(sandbox, monkeypatch))


def approved(lab: Lab, number: int, option: str = "Approve") -> None:
    """A person decides, by Airflow's own operator."""
    task = ImmPortApproveSubmissionOperator(task_id="approve", submission=number)
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": sa.func.now(),
        "responded_by_user": {"id": "1", "name": "Ada"},
    }
    event["responded_at"] = SimpleNamespace(isoformat=lambda: "now")
    task.execute_complete(lab.context(), event)


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


#: Where the process that sends dies: a function, and whether it has done its work.
PLACES = [
    ("ledger.begin", False),
    ("ledger.begin", True),
    ("hook.send", False),
    ("file", False),
    ("hook.send", True),
    ("ledger.know", False),
    ("ledger.know", True),
    ("ledger.see_status", False),
    ("ledger.set_state", False),
    ("hook.request_validation", False),
    ("hook.request_validation", True),
]


@pytest.mark.long
def test_one_ticket_wherever_the_process_is_killed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.send(lab.checked("first"))
    for place, is_done in PLACES:
        number = lab.checked(f"{place} {is_done}")
        died = _killed(lab, number, place, is_done=is_done)
        assert died == 9, place
        ticket = lab.settled(number)
        assert ticket.state == ledger.KNOWN, place
        assert len(lab.tickets(number)) == 1, (place, is_done)
        assert lab.followed(number, is_stored=False) == "Completed_Validation"
        assert lab.send(number).number == ticket.number
        assert len(lab.tickets(number)) == 1, (place, is_done)


def _killed(lab: Lab, number: int, place: str, *, is_done: bool) -> int:
    """Send in a process that ends at a place as if it were killed; its exit status."""
    child = os.fork()
    if child == 0:
        try:
            engine = sa.create_engine(lab.engine.url, poolclass=sa.NullPool)
            _arm(place, is_done=is_done)
            submission = ledger.submission(engine, number)
            with ImmPortUploadHook() as hook:
                sending = Sending(engine, hook, "immport_submit/killed")
                assembled = _dying(submission) if place == "file" else None
                whole: Assembled = lambda: as_checked(submission, NO_TEMPLATES)  # noqa: E731
                send(sending, submission, CHECK, assembled or whole)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _arm(place: str, *, is_done: bool) -> None:
    owner, _, name = place.partition(".")
    if not name:
        return
    target: Any = ledger if owner == "ledger" else ImmPortUploadHook
    inner = getattr(target, name)

    def dies(*arguments: Any, **named: Any) -> Any:
        if is_done:
            inner(*arguments, **named)
        os._exit(9)

    setattr(target, name, dies)


def _dying(submission: ledger.Submission) -> Assembled:
    """The zip file, whose reader dies in the middle of it."""

    class Dying(io.FileIO):
        def read(self, size: int | None = -1, /) -> Any:
            if self.tell() > 100_000:
                os._exit(9)
            return super().read(size)

    @contextmanager
    def opened() -> Iterator[Any]:
        with as_checked(submission, NO_TEMPLATES) as path:
            yield SimpleNamespace(open=lambda mode: Dying(path))

    return opened


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
        event = asyncio.run(_first(trigger))
        with pytest.raises(TaskDeferred) as deferred:
            sensor.resume(lab.context(), event)
        trigger = deferred.value.trigger
    trigger.deadline = datetime.now(UTC).isoformat()
    event = asyncio.run(_first(trigger))
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

"""Who sends to the sandbox in tests: packages, their tickets, and processes that die on the way."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import DownstreamTasksSkipped, TaskDeferred

from immport_provider.hooks.submission.upload import ImmPortUploadHook
from immport_provider.operators.submission.approve import ImmPortApproveSubmissionOperator
from immport_provider.operators.submission.base import SubmissionOperator
from immport_provider.operators.submission.steps import ImmPortCheckPackageOperator
from immport_provider.sensors.ticket import ImmPortTicketSensor
from include.pipeline.submissions import ledger
from include.pipeline.submissions.check import as_checked
from include.pipeline.submissions.errors import AnswerPendingError
from include.pipeline.submissions.send import Sending, send
from include.submission.service.services import UPLOAD, SubmissionService
from include.submission.templates.declarations import Templates
from tests.provider.uploads import TEMPLATE, upload_hook
from tests.support.sandbox import RunningSandbox
from tests.support.warehouse import Warehouse

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
    service: SubmissionService = UPLOAD

    @classmethod
    def opened(
        cls,
        warehouse: Warehouse,
        sandbox: RunningSandbox,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        service: SubmissionService = UPLOAD,
    ) -> Lab:
        """A lab with a sandbox that has no ticket; its operators find the warehouse."""
        sandbox.clear_uploads()
        upload_hook(sandbox, monkeypatch)
        monkeypatch.setattr(SubmissionOperator, "engine", lambda self: warehouse.engine)
        monkeypatch.setattr("immport_provider.operators.base.run_ended", lambda engine: None)
        monkeypatch.setattr("include.pipeline.submissions.send.WINDOW", 3)
        return cls(warehouse, sandbox, folder, lambda: upload_hook(sandbox, monkeypatch), service)

    @property
    def engine(self) -> sa.Engine:
        return self.warehouse.engine

    @property
    def templates(self) -> Templates | None:
        """What a package is made of here: no template is a workbook."""
        return Templates((), "none", "") if self.service.is_of_templates else None

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

    def send(self, number: int, purpose: str = "", **how: Any) -> ledger.SentTicket:
        """Send it, to be validated unless a purpose is given; a lost answer may be looked up at once."""
        submission = ledger.submission(self.engine, number)
        how.setdefault("settle", timedelta())
        with self.connect() as hook:
            sending = Sending(self.engine, hook, "immport_submit/1", **how)
            to = purpose or self.service.validate_purpose
            return send(sending, submission, to, lambda: as_checked(submission, self.templates))

    def settled(self, number: int) -> ledger.SentTicket:
        """Send it as Airflow's retries do: until what became of a lost answer is known."""
        for _ in range(20):
            with contextlib.suppress(AnswerPendingError):
                return self.send(number)
        raise AssertionError("never known")

    def followed(self, number: int, *, is_stored: bool) -> str | None:
        """Follow a ticket to its end, as the triggerer does."""
        sensor = ImmPortTicketSensor(
            task_id="follow",
            submission=number,
            service=self.service.name,
            is_stored=is_stored,
        )
        try:
            done: str | None = sensor.execute(self.context())
            return done
        except TaskDeferred as waiting:
            deferred = waiting
        while True:
            trigger: Any = deferred.trigger
            event = asyncio.run(first_event(trigger))
            try:
                return sensor.resume(self.context(), event)
            except TaskDeferred as again:
                deferred = again

    def tickets(self, number: int) -> list[str]:
        """Files of this submission that the sandbox has received."""
        stem = ledger.submission(self.engine, number).package.rpartition(".")[0]
        return [item["file"] for item in self.sandbox.uploads() if item["file"].startswith(stem)]


async def first_event(trigger: Any) -> dict[str, Any]:
    """What a trigger gives back."""
    event = await asyncio.wait_for(anext(trigger.run()), 60)
    payload: dict[str, Any] = event.payload
    return payload


def approved(lab: Lab, number: int, option: str = "Approve") -> None:
    """A person decides, by Airflow's own operator."""
    with DAG("lab"):
        task = ImmPortApproveSubmissionOperator(task_id="approve", submission=number)
        task >> EmptyOperator(task_id="what_follows")
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": sa.func.now(),
        "responded_by_user": {"id": "1", "name": "Ada"},
    }
    event["responded_at"] = SimpleNamespace(isoformat=lambda: "now")
    # What follows a no is skipped: the operator says so to Airflow by raising.
    with contextlib.suppress(DownstreamTasksSkipped):
        task.execute_complete({**lab.context(), "task": task}, event)


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


def killed(lab: Lab, number: int, place: str, *, is_done: bool) -> int:
    """Send in a process that ends at a place as if it were killed; its exit status."""
    child = os.fork()
    if child == 0:
        try:
            engine = sa.create_engine(lab.engine.url, poolclass=sa.NullPool)
            _arm(place, is_done=is_done)
            submission = ledger.submission(engine, number)
            with ImmPortUploadHook() as hook:
                sending = Sending(engine, hook, "immport_submit/killed")
                assembled = _dying(lab, submission) if place == "file" else None
                whole: Assembled = lambda: as_checked(submission, lab.templates)  # noqa: E731 - the other way has its type, too
                send(sending, submission, lab.service.validate_purpose, assembled or whole)
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


def _dying(lab: Lab, submission: ledger.Submission) -> Assembled:
    """What is sent, whose reader dies in the middle of it."""

    class Dying(io.FileIO):
        def read(self, size: int | None = -1, /) -> Any:
            if self.tell() > 0:
                os._exit(9)
            return super().read(size)

    @contextmanager
    def opened() -> Iterator[Any]:
        with as_checked(submission, lab.templates) as path:
            yield SimpleNamespace(open=lambda mode: Dying(path))

    return opened

"""Tickets that go on by one status with each question, as clocks of a test would have it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from include.sandbox.uploads.package_checks import PackageReport
from include.submission.service.services import SubmissionService

#: User of every ticket, and the number of the one before the first.
USER, FIRST = "sandbox", 19_500
#: What the next ticket does: what its package deserves, or what a test wants to see.
FATES = ("deserved", "reject", "stuck", "lost")
#: Questions that a ticket that gets lost still answers.
_ANSWERS_BEFORE_LOSS = 2


@dataclass
class IssuedTicket:
    """A ticket and how far it is.

    :ivar walk: statuses that it goes through, the first ones before its package is looked at.
    :ivar is_waiting: it stays until its validation is requested, or its files arrive.
    """

    service: SubmissionService
    number: int
    purpose: str
    workspace_id: int
    file_name: str
    walk: list[str]
    report: PackageReport
    day: date
    fate: str = "deserved"
    is_waiting: bool = False
    questions: int = 0
    at: int = 0

    @property
    def name(self) -> str:
        return f"{USER}_{self.day:%Y%m%d}_{self.number}"

    @property
    def status(self) -> str:
        return self.walk[self.at]

    @property
    def is_lost(self) -> bool:
        return self.fate == "lost" and self.questions > _ANSWERS_BEFORE_LOSS

    @property
    def is_at_end(self) -> bool:
        return self.at == len(self.walk) - 1

    def ask(self) -> str:
        """The status now; the next question finds the next one."""
        status, stuck_at = self.status, len(self.walk) // 2
        self.questions += 1
        if not self.is_waiting and not self.is_at_end and not (self.fate == "stuck" and self.at >= stuck_at):
            self.at += 1
        return status


@dataclass
class TicketOffice:
    """Gives out tickets and keeps what each workspace has stored.

    :ivar fate: of the next ticket.
    """

    tickets: dict[str, IssuedTicket] = field(default_factory=dict)
    stored: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    fate: str = "deserved"
    errors: list[dict[str, Any]] = field(default_factory=list)
    _last: int = FIRST

    def issue(
        self,
        service: SubmissionService,
        purpose: str,
        workspace_id: int,
        name: str,
        report: PackageReport | None,
    ) -> IssuedTicket:
        """A new ticket.

        :param report: of its package; None for one that has not arrived.
        """
        fate, self.fate = self.fate, "deserved"
        found = report or PackageReport()
        if fate == "reject":
            for item in self.errors:
                found.refuse(item.get("file") or name, item.get("line"), str(item.get("error")))
        self._last += 1
        is_good = found.is_good and fate != "reject"
        is_check = purpose == service.validate_purpose
        ticket = IssuedTicket(
            service,
            self._last,
            purpose,
            workspace_id,
            name,
            _walk(service, found, is_check=is_check, is_good=is_good),
            found,
            datetime.now(UTC).date(),
            fate,
            is_waiting=is_check or report is None,
        )
        if is_good and not is_check:
            self.stored.setdefault(workspace_id, set()).update(found.identifiers)
        self.tickets[ticket.name] = ticket
        return ticket

    def find(self, name: str) -> IssuedTicket | None:
        """A ticket by its number; None for one that is not there, or no longer."""
        ticket = self.tickets.get(name)
        return None if ticket is None or ticket.is_lost else ticket

    def clear(self) -> None:
        """Forget all tickets and all that was stored; numbers count on."""
        self.tickets.clear()
        self.stored.clear()
        self.fate, self.errors = "deserved", []


def _walk(service: SubmissionService, report: PackageReport, *, is_check: bool, is_good: bool) -> list[str]:
    """The statuses of a ticket, in their order."""
    ending = {"upload": "", "batch_updater": "_Batch_Updater"}[service.name]
    checked = "_Validation" if is_check else ""
    tables = list(dict.fromkeys(row[2] for row in report.rows if row[2].startswith("Stored in:")))
    working = ["Parsing", "Information", *([] if is_check else tables), "Parsed"]
    words = ["Pending"] if is_check else ["Pending", "Registered", "Started"]
    last = "Completed" if is_good else "Rejected"
    return [*(f"{word}{ending}{checked}" for word in words), *working, f"{last}{ending}{checked}"]

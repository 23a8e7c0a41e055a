"""What a client of the services can do; the provider has one that speaks HTTP."""

from __future__ import annotations

from typing import IO, Protocol

from include.submission.service.answers import Summary, Ticket, Workspace
from include.submission.service.services import SubmissionService


class SubmissionClient(Protocol):
    """Sends packages and asks about their tickets. All raise `ImmPortError`."""

    def workspace(self, service: SubmissionService) -> Workspace:
        """The workspace of the connection, as the service has it."""

    def send(
        self, service: SubmissionService, purpose: str, file: IO[bytes], name: str, notes: str
    ) -> Ticket:
        """Send a file, once: never again by itself."""

    def send_offline(self, service: SubmissionService, name: str, notes: str) -> Ticket:
        """Make a ticket for files that come on another way, once."""

    def request_validation(self, service: SubmissionService, ticket: str) -> Ticket:
        """Have a sent file validated. To request it again changes nothing."""

    def status(self, service: SubmissionService, ticket: str) -> str:
        """The status of a ticket.

        :raises UnknownTicketError: the service does not know it.
        """

    def summary(self, service: SubmissionService, ticket: str) -> Summary:
        """The summary report of a ticket.

        :raises UnknownTicketError: there is none.
        """

    def database_report(self, service: SubmissionService, ticket: str) -> str:
        """What was stored of a ticket.

        :raises UnknownTicketError: there is none.
        """

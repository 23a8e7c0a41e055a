"""Sends a package once, whatever happens meanwhile: its row is there before its first byte leaves.

A row that still says `sending` is an answer that was lost: ImmPort may have the package or not. It is not
sent again before that is known. No address lists tickets, but their numbers count on, and the summary of a
ticket repeats the name of its file, which holds the digest of its content: so the numbers after the last one
that is known are looked up. Where no number is known, a person looks it up and names it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from include.pipeline.submissions import ledger
from include.pipeline.submissions.errors import AnswerPendingError, NotAllowedError, UnansweredError
from include.pipeline.submissions.ledger import SentTicket, Submission
from include.sources.errors import (
    AccessError,
    ConfigurationError,
    CredentialError,
    ImmPortError,
    NeverConnectedError,
    NoConnectionError,
    RateLimitError,
    RequestError,
    RetriableError,
    UnknownTicketError,
)
from include.submission.service.answers import Ticket, TicketName
from include.submission.service.client import SubmissionClient
from include.submission.service.statuses import TicketPhase, phase_of, waits_for_request

log = logging.getLogger(__name__)

#: A person says that ImmPort does not have the package.
NOT_THERE = "none"
#: Numbers after the last known one that are looked up.
WINDOW = 100
#: A package whose answer was lost may still be on its way through ImmPort: it is not sent again sooner.
SETTLE = timedelta(minutes=2)
#: Errors after which ImmPort has nothing: it refused, or was not reached.
_REFUSALS = (CredentialError, AccessError, ConfigurationError, RequestError, RateLimitError)
#: Errors after which it has not even begun.
_UNSENT = (NoConnectionError, NeverConnectedError)

#: Gives the zip file of a submission.
Assembled = Callable[[], AbstractContextManager[Path]]


@dataclass(frozen=True)
class Sending:
    """What a package is sent with.

    :param given: what a person says of a lost answer: the number of the ticket, or `none`.
    :param repeat: send what ImmPort has refused once more.
    :param settle: how old a lost answer must be before the package is sent again.
    """

    engine: sa.Engine
    client: SubmissionClient
    run_id: str
    given: str = ""
    repeat: bool = False
    settle: timedelta = SETTLE


def send(sending: Sending, submission: Submission, purpose: str, assembled: Assembled) -> SentTicket:
    """Have one ticket for a submission under a purpose: the one there is, or a new one.

    :param assembled: makes the zip file; called only if it is sent.
    :raises NotAllowedError: it is to be stored and may not be.
    :raises SubmissionBusyError: another process is sending it.
    :raises UnansweredError: it is not known whether ImmPort has it.
    :raises ImmPortError: it was refused, or no answer came.
    """
    engine, service = sending.engine, submission.service
    with ledger.sending_alone(engine, submission.submission_id):
        ticket = ledger.newest_ticket(engine, submission.submission_id, purpose)
        if ticket is not None and ticket.state == ledger.SENDING:
            ticket = _resolved(sending, submission, ticket)
        if ticket is None or ticket.state != ledger.KNOWN or _is_repeated(sending, ticket):
            if purpose == service.store_purpose:
                _check_allowed(sending, submission)
            attempt = 1 if ticket is None else ticket.attempt + 1
            ticket = ledger.begin(engine, submission.submission_id, purpose, attempt, sending.run_id)
            ticket = _sent(sending, submission, ticket, assembled)
        is_stored = purpose == service.store_purpose
        if phase_of(ticket.status or "") is TicketPhase.WAITING:
            ledger.set_state(
                engine, submission.submission_id, ledger.STORING if is_stored else ledger.VALIDATING
            )
        if not is_stored and not ticket.is_requested and waits_for_request(ticket.status or ""):
            _request_validation(sending, submission, ticket)
        return ticket


def _is_repeated(sending: Sending, ticket: SentTicket) -> bool:
    return sending.repeat and phase_of(ticket.status or "") is TicketPhase.REFUSED


def _check_allowed(sending: Sending, submission: Submission) -> None:
    """Nothing is stored that ImmPort has not validated, if it can, and a person has not allowed.

    :raises NotAllowedError: why it may not be.
    """
    engine, service = sending.engine, submission.service
    current = ledger.submission(engine, submission.submission_id)
    if current.state not in (ledger.APPROVED, ledger.STORING, ledger.REJECTED):
        raise NotAllowedError(
            f"{submission.package}: no person has allowed to store it, it is {current.state}"
        )
    validated = ledger.newest_ticket(engine, submission.submission_id, service.validate_purpose)
    is_valid = validated is not None and phase_of(validated.status or "") is TicketPhase.ACCEPTED
    if not submission.is_offline and not is_valid:
        raise NotAllowedError(f"{submission.package}: ImmPort has not validated it")


def _sent(sending: Sending, submission: Submission, ticket: SentTicket, assembled: Assembled) -> SentTicket:
    """Send it. Its row says what came of it."""
    try:
        answer = _answer(sending, submission, ticket, assembled)
    except (*_REFUSALS, *_UNSENT) as error:
        state = ledger.NOT_RECEIVED if isinstance(error, RetriableError) else ledger.TURNED_DOWN
        ledger.update_ticket(sending.engine, ticket, state=state, error=str(error))
        raise
    except ImmPortError as error:
        ledger.update_ticket(sending.engine, ticket, error=str(error))
        raise
    return _known(sending, ticket, answer, "answer")


def _answer(sending: Sending, submission: Submission, ticket: SentTicket, assembled: Assembled) -> Ticket:
    service, client, purpose = submission.service, sending.client, ticket.purpose
    name = submission.sent_as(ticket)
    if submission.is_offline:
        return client.send_offline(service, name, submission.notes)
    with assembled() as path, path.open("rb") as file:
        answer = client.send(service, purpose, file, name, submission.notes)
    if answer.purpose not in (None, purpose):
        log.error("sent as %s, answered as %s", purpose, answer.purpose)
    return answer


def _known(sending: Sending, ticket: SentTicket, answer: Ticket, found_by: str) -> SentTicket:
    log.info("ticket %s: %s", answer.number, answer.status)
    return ledger.know(sending.engine, ticket, answer.number, answer.status, found_by)


def _request_validation(sending: Sending, submission: Submission, ticket: SentTicket) -> None:
    answer = sending.client.request_validation(submission.service, ticket.number or "")
    ledger.update_ticket(sending.engine, ticket, requested_at=sa.func.now())
    ledger.see_status(sending.engine, ticket, answer.status, is_end=False)


def _resolved(sending: Sending, submission: Submission, ticket: SentTicket) -> SentTicket:
    """Find out what became of a package whose answer was lost.

    :raises UnansweredError: only a person can.
    :raises AnswerPendingError: it was sent a moment ago.
    """
    engine = sending.engine
    anchor = TicketName.parse(ledger.last_number(engine) or "")
    if sending.given and sending.given != NOT_THERE:
        return _of_person(sending, submission, ticket)
    if sending.given != NOT_THERE:
        if anchor is None:
            raise UnansweredError(
                f"{submission.sent_as(ticket)} was sent at {ticket.sent_at:%Y-%m-%d %H:%M}, no answer came."
                f" Look for a file of this name among your uploads at ImmPort, then start the run again with"
                f" the parameter ticket: its number, or {NOT_THERE!r} if it is not there"
            )
        if found := _looked_up(sending, submission, ticket, anchor):
            return _known(sending, ticket, found, "lookup")
    if (age := datetime.now(UTC) - ticket.sent_at) < sending.settle:
        raise AnswerPendingError(f"{submission.package} was sent {age.seconds} s ago and no answer came")
    ledger.update_ticket(engine, ticket, state=ledger.NOT_RECEIVED)
    found_now = ledger.newest_ticket(engine, ticket.submission_id, ticket.purpose)
    return found_now or ticket


def _of_person(sending: Sending, submission: Submission, ticket: SentTicket) -> SentTicket:
    """The ticket that a person names: of this file, or it is not taken."""
    number, service, expected = sending.given, submission.service, submission.sent_as(ticket)
    status = sending.client.status(service, number)
    try:
        name = sending.client.summary(service, number).file_name
    except UnknownTicketError:  # no report yet: the person has read it from ImmPort's page
        name = expected
    if name != expected:
        raise UnansweredError(f"the ticket {number} is of the file {name}, not of {expected}")
    return _known(sending, ticket, Ticket(number, status), "person")


def _looked_up(
    sending: Sending, submission: Submission, ticket: SentTicket, anchor: TicketName
) -> Ticket | None:
    """The ticket of a package among those after the last known one; None if it is not there.

    :raises AnswerPendingError: a ticket of this user has no report yet that would say of which file it is.
    """
    service, unclear = submission.service, list[str]()
    for number in _candidates(anchor, ticket.sent_at):
        if ledger.is_known_number(sending.engine, number):
            continue
        try:
            status = sending.client.status(service, number)
        except UnknownTicketError:
            continue
        try:
            name = sending.client.summary(service, number).file_name
        except UnknownTicketError:
            unclear.append(number)
            if waits_for_request(status):  # it has no report before: to request validation harms nothing
                sending.client.request_validation(service, number)
            continue
        if name == submission.sent_as(ticket):
            return Ticket(number, status)
    if unclear:
        raise AnswerPendingError(f"{submission.package} may have the ticket {', '.join(unclear)}")
    return None


def _candidates(anchor: TicketName, sent_at: datetime) -> Iterator[str]:
    """Numbers that the ticket may have; ImmPort's day may be the one before, or the one after."""
    day = sent_at.astimezone(UTC).date()
    for number in range(anchor.number + 1, anchor.number + 1 + WINDOW):
        for days in (0, -1, 1):
            yield str(TicketName(anchor.user, day + timedelta(days=days), number))

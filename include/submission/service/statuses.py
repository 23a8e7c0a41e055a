"""What the status of a ticket means. Services add words: `Completed_Validation`, `Stored in:subject`."""

from __future__ import annotations

import re
from enum import StrEnum


class TicketPhase(StrEnum):
    """Whether a ticket is at its end."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


#: First words of statuses at which a ticket stays.
_ENDS = {
    "completed": TicketPhase.ACCEPTED,
    "rejected": TicketPhase.REFUSED,
    "error": TicketPhase.REFUSED,
    "failed": TicketPhase.REFUSED,
}
#: A sent file that waits until its validation is requested.
_WAITS_FOR_REQUEST = re.compile(r"pending(_batch_updater)?_validation", re.IGNORECASE)


def phase_of(status: str) -> TicketPhase:
    """Whether a status is an end. One with a word that is not known is not: a person sees that it stays."""
    first = re.split(r"[^A-Za-z]", status.strip(), maxsplit=1)[0].lower()
    return _ENDS.get(first, TicketPhase.WAITING)


def waits_for_request(status: str) -> bool:
    """Whether validation of a sent file must still be requested."""
    return _WAITS_FOR_REQUEST.fullmatch(status.strip()) is not None

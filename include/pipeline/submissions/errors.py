"""What can go wrong with a submission, beside what ImmPort's answers say."""

from __future__ import annotations


class SubmissionBusyError(Exception):
    """Another process is sending the same package now: it passes by itself."""


class AnswerPendingError(Exception):
    """A package was sent and its answer lost; what became of it can be known later: it passes by itself."""


class UnansweredError(Exception):
    """A package was sent and no answer came; only a person can find out what became of it."""


class NotAllowedError(Exception):
    """What is to be stored was not validated, or no person has allowed it."""


class PackageChangedError(Exception):
    """The package is not the one that was checked."""


class PackageRefusedError(Exception):
    """The check here found errors: nothing is sent."""


class RejectedError(Exception):
    """ImmPort refuses a package; the message says what is wrong with it first."""


class LostTicketError(Exception):
    """ImmPort no longer knows a ticket that it gave."""

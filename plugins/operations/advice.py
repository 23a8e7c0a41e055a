"""What to do about what the page of failures shows: declared by the kind of the problem, and by the error."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True)
class Advice:
    """What a person does.

    :param title: what the kind of problem is called.
    :param to_do: what to do about it.
    :param entry: where the documentation says more.
    """

    title: str
    to_do: str
    entry: str


#: Kind of a problem -> what to do, unless its error says it better. In the order of their weight.
KINDS = {
    "key": Advice(
        "Key expires",
        "Make a new key at ImmPort and put it into the connection; nothing needs a restart.",
        f"{_RUNBOOK}#key-expiring",
    ),
    "audit": Advice(
        "Audit failed",
        "Look at the sample in quality.audit, pause the DAG of the source, restore a backup or replay.",
        f"{_RUNBOOK}#audit-failed",
    ),
    "circuit": Advice(
        "Circuit open",
        "Nothing: Airflow tries again by itself. If it stays open, look whether the source is down.",
        f"{_RUNBOOK}#circuit-open",
    ),
    "run": Advice(
        "Run failed",
        "Read the log of the failed task; trigger a run when the cause is mended.",
        f"{_RUNBOOK}#run-failed",
    ),
    "failed": Advice(
        "Load failed",
        "Look the error up; the next run tries again, and the rows stay as they were.",
        f"{_RUNBOOK}#scope-failed",
    ),
    "release": Advice(
        "Release not loaded",
        "Mend what failed or decide on what is on hold, then trigger the DAG of the source.",
        f"{_RUNBOOK}#release-not-loaded",
    ),
    "withdrawal": Advice(
        "Withdrawal on hold",
        "Compare with the source; if it is right, trigger a run with approve_withdrawals.",
        f"{_RUNBOOK}#withdrawal-on-hold",
    ),
    "hold": Advice(
        "On hold",
        "Compare with the source; if it is right, trigger a run with approve_releases or the study by name.",
        f"{_RUNBOOK}#scope-on-hold",
    ),
    "withheld": Advice(
        "Endpoint withheld",
        "The tables made of it stay as they were. The next load tries again; if it stays, report it.",
        f"{_RUNBOOK}#endpoint-withheld",
    ),
    "quarantine": Advice(
        "Rows quarantined",
        "Look at the rows; declare a form that is right after all, or report them to the source.",
        f"{_RUNBOOK}#rows-quarantined",
    ),
}

_MEANING = "docs/operations.md#what-a-failure-means"
#: Error -> what to do, whatever it made fail.
ERRORS = {
    "AccessError": "The key may not see it: skip the study until it is open, or make a key with its scope.",
    "AddressError": "Report it to ImmPort: a file's address is in a network that is not public.",
    "AnswerTimeoutError": "Wait: the next run fetches anew. If it stays, raise the connection's timeout.",
    "BadAnswerError": "Often maintenance of the source: wait. Otherwise look at the connection's address.",
    "CheckFailedError": "A critical check failed, the rows stay as they were: see which on the page Quality.",
    "CircuitOpenError": "Nothing: Airflow tries again when the circuit lets it.",
    "CollapsedError": "A mistake in the declaration of a table: report it with the log of the task.",
    "ConfigurationError": "Correct the field of the connection that the error names.",
    "ConnectionLostError": "Wait: the next run fetches anew.",
    "CredentialError": "Make a new key at ImmPort and put it into the connection: nothing succeeds before.",
    "FilterIgnoredError": "Load the study from its package, or raise timeout and split_above_rows.",
    "ForbiddenAddressError": "Report it to ImmPort: a file's address is in a network that is not public.",
    "GateError": "Read the error and run again; if it stays, it is a mistake of this program.",
    "ImplausibleReleaseError": "Report it to ImmPort; the study stays as it was.",
    "LandingError": "Run again, that fetches anew. In a replay restore the file; make room on a full disk.",
    "MissingFileError": "Report it to ImmPort: the file is listed and not in its store.",
    "NeverConnectedError": "Nothing was sent: look at the network between here and ImmPort, then run again.",
    "NoConnectionError": "Look at the network between here and the source; the next run fetches anew.",
    "NotReadyError": "Wait: the source prepares the file, and the next run requests it again.",
    "OverlapError": "Run the audit: rows were changed other than by a publish.",
    "PagesExpiredError": "Wait: the next run begins the search anew. If it stays, request larger pages.",
    "ParameterError": "Trigger the run again with the parameter corrected.",
    "RateLimitError": "Lower calls_per_second of the connection, or the slots of the pool immport_api.",
    "ReleaseMovedError": "Nothing: the next run loads the study at its new release.",
    "RequestError": "The source refuses the request: compare its interface with docs/sources.md.",
    "RetriableError": "Wait: the next run tries again.",
    "ServerError": "The source failed: wait, the next run fetches anew.",
    "ServiceDownError": "Look whether the source is back, then trigger a run.",
    "SplitNotWholeError": "Compare the counts; load the study from its package or raise split_above_rows.",
    "StorageError": "Make room in the object storage or correct its rights, then run again.",
    "TooSlowError": "Wait; lower min_bytes_per_second of the connection for a slow line.",
    "UnknownTicketError": "Look the ticket up at ImmPort; clear the task once it is there.",
    "UnsafePathError": "Report it to ImmPort; the file is not fetched.",
    "WrongFileError": "Run again later; if it stays, report the file to ImmPort.",
}
#: Errors with an entry of their own.
_ENTRIES = {"CredentialError": f"{_RUNBOOK}#key-refused", "CheckFailedError": f"{_RUNBOOK}#check-failed"}
_ERROR = re.compile(r"\b[A-Z]\w*Error\b")


def advise(kind: str, cause: str) -> Advice:
    """What to do about a problem: what its error says first, or else its kind.

    :param cause: the problem in words, with the name of its error where it has one.
    """
    of_kind = KINDS[kind]
    for name in _ERROR.findall(cause):
        if name in ERRORS:
            return Advice(of_kind.title, ERRORS[name], _ENTRIES.get(name, _MEANING))
    return of_kind

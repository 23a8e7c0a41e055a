"""Whether an error may pass by itself: decided here for every operator, load, vocabulary and file.

What may pass is left to Airflow's retries, some minutes later. Everything else ends the task, or the load, at
once: trying again would fail in the same way, while the run looks healthy.

| error | may pass |
|---|---|
| of ImmPort | `RetriableError`, but for a file that came whole and wrong twice |
| of the database | by the class of its SQLSTATE: lost connection, conflict, no resources, shut down |
| of a disk or an object storage | by its `errno`: full, busy, network; not: no permission, no such file |
| of an export | while another one to the same place is at work |
| of a submission | while another run sends it, or its lost answer cannot be looked up yet |
| any other | never: it is a mistake of a person, of the source or of this program |

An error that is final, because it cannot pass or because no try is left, costs what the declaration of
its endpoint withholds, if it is the source's refusal of that one question: `include.pipeline.refusal`.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from include.landing.manifest import LandingError
from include.landing.object_store import StorageError
from include.pipeline.answers.completeness import SplitNotWholeError
from include.pipeline.circuit_breaker import CircuitOpenError, ServiceDownError
from include.pipeline.submissions.errors import AnswerPendingError, SubmissionBusyError
from include.serve.export_target import ExportBusyError, ExportError
from include.sources.errors import (
    AccessError,
    ConfigurationError,
    CredentialError,
    ImmPortError,
    RetriableError,
    WrongFileError,
)
from include.sources.validate_answer import FilterIgnoredError

#: Classes of SQLSTATE that may pass: connection, rollback of a conflict, resources, intervention, system.
_CLASSES = ("08", "40", "53", "57", "58")
#: Single ones of other classes: a lock that was not free, a transaction that stood still.
_STATES = frozenset({"55006", "55P03", "25P02", "25P03", "25P04"})
#: Of those classes: a database that was dropped, a limit that somebody configured.
_NEVER = frozenset({"57P04", "53400"})
#: A server that refuses a login gives no SQLSTATE through the driver.
_REFUSED_LOGIN = re.compile(
    r"authentication failed|no pg_hba\.conf entry|not permitted to log in|does not exist|permission denied"
    r"|no password supplied"
)
_ERRNOS = frozenset(
    {
        errno.EAGAIN, errno.EBUSY, errno.EDQUOT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EINTR, errno.EIO,
        errno.EMFILE, errno.ENETDOWN, errno.ENETUNREACH, errno.ENFILE, errno.ENOBUFS, errno.ENOLCK,
        errno.ENOMEM, errno.ENOSPC, errno.ESTALE, errno.ETIMEDOUT,
    }
)  # fmt: skip


def may_pass(error: BaseException) -> bool:
    """Whether the same may succeed some minutes later, without anybody's doing."""
    return next((decide(error) for kind, decide in _DECIDE if isinstance(error, kind)), False)


def is_final(error: BaseException, *, is_last_try: bool) -> bool:
    """Whether no try follows what failed with this error."""
    return is_last_try or not may_pass(error)


def is_of_one_request(error: BaseException) -> bool:
    """Whether the source refuses one request, or does not manage it: other requests may be answered.

    It is not when the key, the study's access or the whole service is at fault, or this program's own disk.
    """
    return isinstance(error, _OF_ONE) and not isinstance(error, _OF_ALL)


def _of_immport(error: Any) -> bool:
    return isinstance(error, RetriableError) and not isinstance(error, WrongFileError)


def _of_database(error: Any) -> bool:
    state = getattr(error.orig, "pgcode", None) or getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state not in _NEVER and (state in _STATES or state.startswith(_CLASSES))
    # Without a state the server did not answer: the connection failed, or was never made.
    is_lost = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return is_lost and not _REFUSED_LOGIN.search(str(error.orig))


def _of_system(error: Any) -> bool:
    return isinstance(error, ConnectionError | TimeoutError) or error.errno in _ERRNOS


def _of_cause(error: Any) -> bool:
    """Bytes that could not be written or read; without a cause they are not what they should be."""
    return isinstance(error.__cause__, OSError) and _of_system(error.__cause__)


def _always(_: Any) -> bool:
    return True


#: Errors of one question, and those of them that concern every other one, too.
_OF_ONE = (ImmPortError, SplitNotWholeError, FilterIgnoredError)
_OF_ALL = (CredentialError, ConfigurationError, AccessError, CircuitOpenError, ServiceDownError)

#: The first kind that an error is of decides; an error of no kind is permanent.
_DECIDE: tuple[tuple[type[Exception], Callable[[Any], bool]], ...] = (
    (ImmPortError, _of_immport),
    (sa.exc.DBAPIError, _of_database),
    (sa.exc.TimeoutError, _always),  # no connection of the pool was free
    (ExportBusyError, _always),
    (SubmissionBusyError, _always),
    (AnswerPendingError, _always),
    (LandingError, _of_cause),
    (StorageError, _of_cause),
    (ExportError, _of_cause),
    (OSError, _of_system),
)

"""A circuit per host: a service that is down fails one run quickly, not each of its tasks slowly.

    closed      every study is requested; STUDIES that fail in a row open the circuit
    open        nothing is requested during COOL_DOWN
    half-open   one study is let through: an answer closes the circuit, a failure opens it again

What belongs to an endpoint is not counted for its service: the failure of one that no result waits for (the
manifest, a link, the address of a package), while the host answers another question of the same study. A host
of files has a circuit of its own. An endpoint that results wait for stands for the service.

After OPENINGS in a row the service counts as down for DOWN: what is left of the run fails at once. The state
lies in `ops.circuit`, because tasks are processes, on one machine or on many.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.sources.endpoint import Withholds
from include.sources.errors import ImmPortError, RateLimitError, RetriableError
from include.sources.immport.endpoints import DRS_DOWNLOAD
from include.warehouse.model.registry import SOURCES
from include.warehouse.schema.ops_tables import CIRCUIT

if TYPE_CHECKING:
    from include.sources.client import WatchedClient

#: Studies in a row whose failure opens a circuit, and openings in a row after which a service is down.
STUDIES, OPENINGS = 3, 3
#: How long a circuit stays open, and how long a service counts as down.
COOL_DOWN, DOWN = timedelta(minutes=5), timedelta(hours=1)

#: Endpoints that no result waits for. Without the address of a package its study comes by the API.
_ALONE = {
    DRS_DOWNLOAD.name,
    *(
        item.name
        for model in SOURCES.values()
        for item in model.source.endpoints.values()
        if item.withholds is Withholds.ITSELF
    ),
}

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"


class CircuitOpenError(RetriableError):
    """No request was sent: the service failed several times, its circuit is open for some minutes."""


class ServiceDownError(ImmPortError):
    """No request was sent: the service did not come back after several openings of its circuit."""


@contextmanager
def watched(engine: sa.Engine, hook: WatchedClient, *, always: bool = False) -> Iterator[None]:
    """Let the work of one study count for the circuit of the host that the hook calls.

    Nothing is read or written before the first call: a study that needs none does not wait.

    :param always: call in any state of the circuit; for the first call of a run, which tests the service.
    :raises CircuitOpenError: at the first call, while the circuit is open.
    :raises ServiceDownError: at the first call, when the service is down.
    """
    line = _Line(engine, always=always)
    hook.watch = line
    try:
        yield
    except (CircuitOpenError, ServiceDownError) as error:
        line.failed(error)  # that host was not called: only other circuits change
        raise
    except ImmPortError as error:
        # A host that refuses, be it for too many requests, is up.
        if isinstance(error, RetriableError) and not isinstance(error, RateLimitError):
            line.failed(error)
        else:
            line.succeeded()
        raise
    else:
        line.succeeded()
    finally:
        hook.watch = None


@dataclass
class _Visit:
    """One study at one host.

    :ivar trial_of: the endpoint that failed last there, while this study tries whether it is back.
    """

    is_trial: bool = False
    trial_of: str | None = None
    was_answered: bool = False


class _Line:
    """One study's calls, to the API and perhaps to a host of files. Several threads may make them."""

    def __init__(self, engine: sa.Engine, *, always: bool) -> None:
        self._engine = engine
        self._always = always
        self._lock = Lock()
        self._visits: dict[str, _Visit] = {}

    def before(self, source: str) -> None:
        """Pass at the first call to a host, or not.

        :raises CircuitOpenError: the circuit is open.
        :raises ServiceDownError: the service is down.
        """
        with self._lock:
            if source not in self._visits:
                self._visits[source] = self._pass(source)

    def answered(self, source: str, endpoint: str) -> None:
        """Note a good answer. One of the endpoint that failed last shows that the service is back."""
        with self._lock:
            visit = self._visits.setdefault(source, _Visit())
            visit.was_answered = True
            is_back = visit.is_trial and endpoint == visit.trial_of
            visit.is_trial = visit.is_trial and not is_back
        if is_back:
            self._close(source)

    def succeeded(self) -> None:
        """The study was answered to the end, or refused."""
        for host in self._visits:
            self._close(host)

    def failed(self, error: ImmPortError) -> None:
        """The study failed after all tries, at the host that the error names; the others were there."""
        for host, visit in self._visits.items():
            is_of_endpoint = visit.was_answered and error.endpoint in _ALONE
            if host == error.source and not is_of_endpoint:
                self._count(host, visit, error)
            elif visit.was_answered:
                self._close(host)

    def done_without(self, error: ImmPortError) -> None:
        """The study goes on without what failed after all tries: how it ends says nothing of that host.

        A host that answered another question of the study is judged by how the study ends.
        """
        visit = self._visits.get(error.source)
        if visit is None or visit.was_answered:
            return
        if isinstance(error, RetriableError) and not isinstance(error, RateLimitError):
            self._count(error.source, visit, error)
            del self._visits[error.source]

    def _count(self, host: str, visit: _Visit, error: ImmPortError) -> None:
        with self._engine.begin() as connection:
            seen = _locked(connection, host)
            values: dict[str, Any] = {
                "error": str(error),
                "endpoint": error.endpoint,
                "scope": error.study,
                "failures": _failures(seen, visit, error),
            }
            if visit.is_trial or (seen.state == CLOSED and values["failures"] >= STUDIES):
                values |= {"state": OPEN, "opened_at": sa.func.now(), "openings": seen.openings + 1}
            _write(connection, host, values)

    def _pass(self, source: str) -> _Visit:
        with self._engine.begin() as connection:
            state = connection.scalar(sa.select(CIRCUIT.c.state).where(CIRCUIT.c.host == source))
            if state in (None, CLOSED) or self._always:
                return _Visit()
            seen = _locked(connection, source)
            if seen.state == CLOSED:  # meanwhile
                return _Visit()
            until = seen.opened_at + (DOWN if seen.openings >= OPENINGS else COOL_DOWN)
            if seen.now >= until:
                # A trial that never ends, because its task was killed, is followed by another.
                _write(connection, source, {"state": HALF_OPEN, "opened_at": sa.func.now()})
                return _Visit(is_trial=True, trial_of=seen.endpoint)
        refusal = _refusal(source, seen, f"{until.astimezone(UTC):%H:%M} UTC")
        if isinstance(refusal, CircuitOpenError):
            refusal.retry_after = (until - seen.now).total_seconds()
        raise refusal

    def _close(self, host: str) -> None:
        closed = {"state": CLOSED, "failures": 0, "openings": 0, "opened_at": None}
        with self._engine.begin() as connection:
            is_news = (CIRCUIT.c.state != CLOSED) | (CIRCUIT.c.failures > 0)
            connection.execute(sa.update(CIRCUIT).where(CIRCUIT.c.host == host, is_news).values(**closed))


def _failures(seen: sa.Row, visit: _Visit, error: ImmPortError) -> int:
    """Studies that failed in a row, this one included.

    Faults of single studies strike at different endpoints; those of a service, or of a part of it, at one.
    The same study failing once more says nothing new.
    """
    if seen.failures and seen.scope == error.study:
        return int(seen.failures)
    is_alike = not visit.was_answered or seen.endpoint == error.endpoint
    return int(seen.failures) + 1 if is_alike else 1


def _locked(connection: sa.Connection, host: str) -> sa.Row:
    """The circuit of a host, locked until the end of the transaction."""
    fresh = upsert(CIRCUIT).values(host=host, state=CLOSED, failures=0)
    connection.execute(fresh.on_conflict_do_nothing())
    row = sa.select(CIRCUIT, sa.func.now().label("now")).where(CIRCUIT.c.host == host)
    return connection.execute(row.with_for_update()).one()


def _write(connection: sa.Connection, host: str, values: dict[str, Any]) -> None:
    connection.execute(sa.update(CIRCUIT).where(CIRCUIT.c.host == host).values(**values))


def _refusal(source: str, seen: sa.Row, until: str) -> ImmPortError:
    since = f"{seen.opened_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    error: ImmPortError
    if seen.openings >= OPENINGS and seen.state == OPEN:
        error = ServiceDownError(
            f"no request sent, the service is down: its circuit opened {seen.openings} times in a row,"
            f" last at {since}; next request after {until}; last error: {seen.error}"
        )
    elif seen.state == HALF_OPEN:
        error = CircuitOpenError(
            f"no request sent, another study has been testing the service since {since};"
            f" last error: {seen.error}"
        )
    else:
        error = CircuitOpenError(
            f"no request sent, the circuit is open since {since}; next request after {until};"
            f" last error: {seen.error}"
        )
    error.source, error.endpoint = source, "circuit"
    return error

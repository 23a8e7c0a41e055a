"""What becomes of an error: the same in every operator, and decided by what the error is."""

from __future__ import annotations

import contextlib
import errno
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import psycopg2.errorcodes
import psycopg2.errors
import pytest
import sqlalchemy as sa
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowRuntimeError,
    ErrorType,
)
from airflow.sdk.execution_time import supervisor, task_runner
from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse, GetConnection
from airflow.sdk.execution_time.secrets.execution_api import ExecutionAPISecretsBackend
from psycopg2._psycopg import sqlstate_errors

import immport_provider
import immport_provider.operators
import include
from immport_provider.operators.base import ImmPortOperator, PartlyFailedError, WarehouseOperator
from include.landing.manifest import LandingError
from include.landing.object_store import StorageError
from include.pipeline import circuit_breaker, run_ledger, verdict
from include.pipeline.fetched import pages
from include.pipeline.submissions.errors import AnswerPendingError, SubmissionBusyError
from include.serve import export_target
from include.serve.fhir import outcome
from include.sources import errors
from include.sources.drs import service
from tests.support.warehouse import Warehouse

#: Errors of ours that pass by themselves: all others are permanent.
PASSING = {
    circuit_breaker.CircuitOpenError,
    export_target.ExportBusyError,
    SubmissionBusyError,
    AnswerPendingError,
    errors.RetriableError,
    errors.AnswerTimeoutError,
    errors.NoConnectionError,
    errors.TooSlowError,
    errors.ConnectionLostError,
    errors.NeverConnectedError,
    errors.RateLimitError,
    errors.ServerError,
    errors.NotReadyError,
    errors.BadAnswerError,
    pages.ChangedWhileReadError,
}
#: What a service of the warehouse answers to a request; no task raises them.
ANSWERS = {outcome.FhirError, service.RefusedError}


def modules() -> Iterator[Any]:
    skipped = ("include.sandbox", "include.local", "include.warehouse.migrations")
    # The folder of the operators has no __init__: it is walked by itself.
    for package in (include, immport_provider, immport_provider.operators):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(skipped) and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def own_errors() -> list[type[Exception]]:
    """Every class of error that a module of this project declares."""
    found = {
        item
        for module in modules()
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Exception) and item.__module__ == module.__name__
    }
    return sorted(found, key=lambda item: item.__name__)


def operators() -> list[type[WarehouseOperator]]:
    for _ in modules():
        pass

    def below(kind: type[WarehouseOperator]) -> Iterator[type[WarehouseOperator]]:
        for item in kind.__subclasses__():
            yield item
            yield from below(item)

    # Not those that these tests make of them.
    declared = {item for item in below(WarehouseOperator) if item.__module__.startswith("immport_provider.")}
    return sorted(declared, key=lambda item: item.__name__)


def database(state: str) -> sa.exc.DBAPIError:
    """An error of the database as SQLAlchemy and the driver give it."""
    kind = psycopg2.errors.lookup(state)
    original: Any = type("Coded", (kind,), {"pgcode": state})("for this test")
    made = sa.exc.DBAPIError.instance("select", {}, original, psycopg2.Error)
    assert isinstance(made, sa.exc.DBAPIError)
    return made


def caused(error: Exception, number: int) -> Exception:
    error.__cause__ = OSError(number, "for this test")
    return error


PERMANENT: dict[str, Callable[[], Exception]] = {
    **{kind.__name__: partial(kind, "for this test") for kind in own_errors()
       if kind not in PASSING | ANSWERS and not issubclass(kind, AirflowException)},
    "TooManyColumns": lambda: database(psycopg2.errorcodes.TOO_MANY_COLUMNS),
    "UndefinedTable": lambda: database(psycopg2.errorcodes.UNDEFINED_TABLE),
    "UniqueViolation": lambda: database(psycopg2.errorcodes.UNIQUE_VIOLATION),
    "InsufficientPrivilege": lambda: database(psycopg2.errorcodes.INSUFFICIENT_PRIVILEGE),
    "InvalidPassword": lambda: database(psycopg2.errorcodes.INVALID_PASSWORD),
    "DatabaseDropped": lambda: database(psycopg2.errorcodes.DATABASE_DROPPED),
    "no permission": lambda: caused(LandingError("cannot be written"), errno.EACCES),
    "read only": lambda: caused(StorageError("cannot be written"), errno.EROFS),
    "no such file": lambda: FileNotFoundError(errno.ENOENT, "for this test"),
    "no connection defined": lambda: AirflowNotFoundException("for this test"),
    "a mistake of ours": lambda: KeyError("for this test"),
    "no memory": MemoryError,
}  # fmt: skip
MAY_PASS: dict[str, Callable[[], Exception]] = {
    **{
        kind.__name__: partial(kind, "for this test")
        for kind in sorted(PASSING, key=lambda item: item.__name__)
    },
    "AdminShutdown": lambda: database(psycopg2.errorcodes.ADMIN_SHUTDOWN),
    "CannotConnectNow": lambda: database(psycopg2.errorcodes.CANNOT_CONNECT_NOW),
    "DeadlockDetected": lambda: database(psycopg2.errorcodes.DEADLOCK_DETECTED),
    "SerializationFailure": lambda: database(psycopg2.errorcodes.SERIALIZATION_FAILURE),
    "LockNotAvailable": lambda: database(psycopg2.errorcodes.LOCK_NOT_AVAILABLE),
    "TooManyConnections": lambda: database(psycopg2.errorcodes.TOO_MANY_CONNECTIONS),
    "DiskFull": lambda: database(psycopg2.errorcodes.DISK_FULL),
    "TransactionTimeout": lambda: database("25P04"),
    "disk full": lambda: caused(LandingError("cannot be written"), errno.ENOSPC),
    "bucket away": lambda: caused(StorageError("cannot be written"), errno.ENETUNREACH),
    "connection reset": lambda: ConnectionResetError(errno.ECONNRESET, "for this test"),
    "decided by the operator": lambda: AirflowException("to be tried again"),
}


def made(kind: type[WarehouseOperator], error: Exception, url: str = "") -> Any:
    """An operator whose work ends with an error."""
    options: dict[str, Any] = {"task_id": "t"}
    if issubclass(kind, ImmPortOperator):
        options["landing"] = "file:///nowhere"
    if "source_conn_id" in kind.template_fields:
        options["source"] = "vocabularies"
    if "load_ids" in kind.template_fields:
        options["load_ids"] = []
    if "studies" in kind.template_fields:
        options["studies"] = []
    if "batch" in kind.template_fields:
        options["batch"] = {"first": 0, "count": 0}
    if "submission" in kind.template_fields:
        options["submission"] = 1
    if "package" in kind.template_fields:
        options["package"] = "/nowhere"

    def perform(self: Any, context: Any) -> None:
        raise error

    named = type(kind.__name__, (kind,), {"perform": perform, "is_whole_run": False})
    return named(**options)


def test_every_operator_leaves_the_decision_to_the_base() -> None:
    assert len(operators()) > 10
    for kind in operators():
        assert "execute" not in vars(kind), kind.__name__


@pytest.mark.parametrize("name", PERMANENT)
def test_a_permanent_error_fails_every_operator_at_once(name: str) -> None:
    for kind in operators():
        with pytest.raises(AirflowFailException):
            made(kind, PERMANENT[name]()).execute({})


@pytest.mark.parametrize("name", MAY_PASS)
def test_an_error_that_may_pass_is_left_to_the_retries_by_every_operator(name: str) -> None:
    for kind in operators():
        error = MAY_PASS[name]()
        with pytest.raises(type(error)) as caught:
            made(kind, error).execute({})
        assert caught.value is error


class ApiServer:
    """What a task is answered about a connection: an answer of the API server, or why there is none."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def send(self, message: GetConnection) -> Any:
        assert message.conn_id == "warehouse_default"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


FOUND = ConnectionResult.model_validate(
    {"conn_id": "warehouse_default", "conn_type": "postgres"}
    | dict.fromkeys(("host", "schema", "login", "password", "port", "extra"))
)


def refusal(kind: ErrorType) -> AirflowRuntimeError:
    return AirflowRuntimeError(ErrorResponse(error=kind, detail={"message": "for this test"}))


UNKNOWN = ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND)
AWAY = refusal(ErrorType.API_SERVER_ERROR)


@pytest.mark.parametrize(
    ("answers", "is_final"),
    [
        ([UNKNOWN, UNKNOWN], True),
        ([AWAY, UNKNOWN], True),
        ([AWAY, AWAY], False),
        ([AWAY, refusal(ErrorType.GENERIC_ERROR)], True),
        ([AWAY, ConnectionResetError("for this test")], False),
        ([AWAY, FOUND], False),
    ],
    ids=["unknown", "unknown after all", "server away", "other refusal", "supervisor away", "back again"],
)
def test_a_connection_that_cannot_be_looked_up_may_be_there_at_the_next_try(
    monkeypatch: pytest.MonkeyPatch, answers: list[Any], is_final: bool
) -> None:
    """The lookup is Airflow's own: it raises the same if the server is away or has no such connection."""
    server = ApiServer(*answers)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", server, raising=False)
    monkeypatch.setattr(supervisor, "ensure_secrets_backend_loaded", lambda: [ExecutionAPISecretsBackend()])

    class Looking(WarehouseOperator):
        def perform(self, context: Any) -> None:
            self.engine()

    with pytest.raises(AirflowFailException if is_final else AirflowNotFoundException) as caught:
        Looking(task_id="t").execute({})
    assert isinstance(caught.value, AirflowFailException) is is_final
    assert "warehouse_default" in str(caught.value)
    assert server.answers == []


def test_every_class_of_state_is_decided_by_its_meaning() -> None:
    answers: dict[str, set[bool]] = {}
    for state in sqlstate_errors:
        answers.setdefault(state[:2], set()).add(verdict.may_pass(database(state)))
    assert {name for name, found in answers.items() if found == {True}} == {"08", "40", "58"}
    assert {name for name, found in answers.items() if len(found) > 1} == {"25", "53", "55", "57"}


def test_a_login_that_the_server_refuses_is_permanent(warehouse: Warehouse) -> None:
    harms: tuple[dict[str, Any], ...] = ({"password": "wrong"}, {"database": "none"}, {"username": "nobody"})
    for harm in harms:
        engine = sa.create_engine(warehouse.engine.url.set(**harm), poolclass=sa.NullPool)
        with pytest.raises(sa.exc.OperationalError) as caught:
            engine.connect()
        assert not verdict.may_pass(caught.value), harm
    away = sa.create_engine(warehouse.engine.url.set(port=1), poolclass=sa.NullPool)
    with pytest.raises(sa.exc.OperationalError) as caught:
        away.connect()
    assert verdict.may_pass(caught.value)


def test_the_database_itself_gives_the_state(warehouse: Warehouse) -> None:
    columns = ", ".join(f"c{number} int" for number in range(1601))
    with pytest.raises(sa.exc.DBAPIError) as caught, warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"create temporary table wide ({columns})")
    assert isinstance(caught.value, sa.exc.OperationalError)  # as the driver calls it
    assert not verdict.may_pass(caught.value)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, "success"),
        (RuntimeError("for this test"), "failed"),
        (PartlyFailedError("one gone"), "partial"),
    ],
)
def test_a_run_of_one_task_leaves_a_row_however_it_ends(
    warehouse: Warehouse, error: Exception | None, state: str
) -> None:
    whole = [kind for kind in operators() if kind.is_whole_run]
    assert {kind.__name__ for kind in whole} >= {"ImmPortExportOperator"}
    for number, kind in enumerate(whole):
        task = made(kind, error or RuntimeError())
        type(task).is_whole_run = True
        type(task).engine = lambda self: warehouse.engine
        if error is None:
            type(task).perform = lambda self, context: None
        context = {"run_id": f"run {number}", "dag": SimpleNamespace(dag_id=kind.__name__)}
        with contextlib.suppress(AirflowFailException):
            task.execute(context)
        row = warehouse.rows("select state, note, ended_at is not null from ops.run where dag_id = :dag",
                             dag=kind.__name__)  # fmt: skip
        assert row == [(state, run_ledger.brief(error) if error else None, True)], kind.__name__

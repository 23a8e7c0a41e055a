"""When the circuit of a service opens, how long it stays open, and what closes it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from include.pipeline.circuit_breaker import (
    COOL_DOWN,
    DOWN,
    OPENINGS,
    STUDIES,
    CircuitOpenError,
    ServiceDownError,
    watched,
)
from include.sources.errors import (
    AccessError,
    AnswerTimeoutError,
    BadAnswerError,
    ConnectionLostError,
    CredentialError,
    ImmPortError,
    RateLimitError,
    RequestError,
    ServerError,
)
from tests.support.warehouse import Warehouse

HOST = "immport.example"


class Hook:
    """Calls as the hook makes them, without a network."""

    watch: Any = None

    def call(self, endpoint: str, study: str | None = None, error: ImmPortError | None = None) -> None:
        self.watch.before(HOST)
        if error is not None:
            error.source, error.endpoint, error.study = HOST, endpoint, study
            raise error
        self.watch.answered(HOST, endpoint)


def study(
    warehouse: Warehouse,
    number: int,
    *calls: tuple[str, ImmPortError | None],
    always: bool = False,
) -> type[ImmPortError] | None:
    """The calls of one study, up to the first that fails; the kind of that failure."""
    hook: Any = Hook()
    try:
        with watched(warehouse.engine, hook, always=always):
            for endpoint, error in calls:
                hook.call(endpoint, f"SDY{number}", error)
    except ImmPortError as error:
        assert hook.watch is None
        return type(error)
    return None


def gone(warehouse: Warehouse, number: int, endpoint: str = "arm") -> type[ImmPortError] | None:
    return study(warehouse, number, (endpoint, ConnectionLostError("no connection")))


def fine(warehouse: Warehouse, number: int) -> type[ImmPortError] | None:
    return study(warehouse, number, ("arm", None), ("hai", None))


def state(warehouse: Warehouse) -> tuple[Any, ...]:
    """State, failures and openings of the one host. What has never failed has no row."""
    found = warehouse.rows("select state, failures, openings from ops.circuit") or [("closed", 0, 0)]
    ((*values,),) = found
    return tuple(values)


def opened(warehouse: Warehouse) -> None:
    for number in range(1, STUDIES + 1):
        assert gone(warehouse, number) is ConnectionLostError
    assert state(warehouse)[0] == "open"


def passes(warehouse: Warehouse, time: timedelta) -> None:
    """As if time had passed."""
    warehouse_sql = "update ops.circuit set opened_at = opened_at - make_interval(secs => :s) returning host"
    assert warehouse.rows(warehouse_sql, s=time.total_seconds())


@pytest.mark.parametrize(
    "error",
    [
        ConnectionLostError("no connection"),
        AnswerTimeoutError("nothing arrived in time"),
        ServerError("HTTP 503", 503),
        BadAnswerError("an HTML page instead of JSON", 200),
    ],
    ids=lambda error: type(error).__name__,
)
def test_studies_that_fail_in_a_row_open_it(warehouse: Warehouse, error: ImmPortError) -> None:
    for number in range(1, STUDIES):
        assert study(warehouse, number, ("arm", error)) is type(error)
    assert state(warehouse) == ("closed", STUDIES - 1, 0)
    assert study(warehouse, STUDIES, ("arm", error)) is type(error)
    assert state(warehouse) == ("open", STUDIES, 1)
    assert fine(warehouse, 9) is CircuitOpenError


@pytest.mark.parametrize(
    "error",
    [
        AccessError("403", 403),
        CredentialError("401", 401),
        RequestError("HTTP 404", 404),
        RequestError("HTTP 400", 400),
        RateLimitError("HTTP 429", 429),
    ],
    ids=str,
)
def test_whoever_refuses_is_there(warehouse: Warehouse, error: ImmPortError) -> None:
    for number in range(1, STUDIES):
        gone(warehouse, number)
    assert study(warehouse, 8, ("arm", error)) is type(error)
    assert state(warehouse) == ("closed", 0, 0)
    for number in range(STUDIES * 2):
        assert study(warehouse, number, ("arm", error)) is type(error)
    assert state(warehouse) == ("closed", 0, 0)


def test_a_success_between_starts_the_count_anew(warehouse: Warehouse) -> None:
    for number in range(1, STUDIES * 3):
        if number % STUDIES == 0:
            assert fine(warehouse, number) is None
        else:
            gone(warehouse, number)
    assert state(warehouse)[0] == "closed"


def test_one_study_that_fails_time_and_again_is_one(warehouse: Warehouse) -> None:
    for _ in range(STUDIES * 2):
        gone(warehouse, 1)
    assert state(warehouse) == ("closed", 1, 0)


def test_faults_of_single_studies_do_not_open_it(warehouse: Warehouse) -> None:
    for number, endpoint in enumerate(("hai", "pcr", "elisa", "hai", "mbaa", "kir")):
        study(warehouse, number, ("arm", None), (endpoint, ServerError("HTTP 500", 500)))
    assert state(warehouse) == ("closed", 1, 0)


def test_one_endpoint_that_is_dead_for_everybody_opens_it(warehouse: Warehouse) -> None:
    for number in range(STUDIES):
        study(warehouse, number, ("arm", None), ("hai", ServerError("HTTP 504", 504)))
    assert state(warehouse)[0] == "open"
    passes(warehouse, COOL_DOWN)
    # Answers of other endpoints do not close it: it closes when the dead one answers.
    hook: Any = Hook()
    with watched(warehouse.engine, hook):
        hook.call("arm")
        assert state(warehouse)[0] == "half-open"
        hook.call("hai")
        assert state(warehouse) == ("closed", 0, 0)
        hook.call("pcr")


@pytest.mark.parametrize("endpoint", ["manifest", "link", "drsDownload"])
def test_an_endpoint_that_no_result_waits_for_is_not_the_service(warehouse: Warehouse, endpoint: str) -> None:
    """It fails for every study, while the same host answers another question of the same study."""
    for number in range(STUDIES * 2):
        error = ServerError("HTTP 503", 503)
        assert study(warehouse, number, ("study", None), (endpoint, error)) is ServerError
        assert state(warehouse) == ("closed", 0, 0)
    # Where the host answers nothing else, it is the service that is away.
    for number in range(STUDIES):
        study(warehouse, number, (endpoint, ServerError("HTTP 503", 503)))
    assert state(warehouse)[0] == "open"


def test_a_trial_that_fails_at_such_an_endpoint_alone_closes_it(warehouse: Warehouse) -> None:
    opened(warehouse)
    passes(warehouse, COOL_DOWN)
    study(warehouse, 7, ("study", None), ("manifest", ServerError("HTTP 503", 503)))
    assert state(warehouse) == ("closed", 0, 0)


def test_a_host_that_a_study_is_done_without_is_counted_all_the_same(warehouse: Warehouse) -> None:
    """The API delivers each study in the end; the host of files is down, and its circuit opens."""
    files = "files.example"
    for number in range(STUDIES):
        hook: Any = Hook()
        with watched(warehouse.engine, hook):
            hook.call("manifest")
            hook.watch.before(files)
            error = ServerError("HTTP 503", 503)
            error.source, error.endpoint, error.study = files, "drsDownload", f"SDY{number}"
            hook.watch.done_without(error)
            hook.call("arm")
    states = warehouse.rows("select host, state, failures from ops.circuit order by 1")
    assert states == [(files, "open", STUDIES)]


def test_while_it_is_open_nothing_is_requested_and_the_error_says_why(warehouse: Warehouse) -> None:
    opened(warehouse)
    hook: Any = Hook()
    with pytest.raises(CircuitOpenError) as caught, watched(warehouse.engine, hook):
        hook.call("arm", "SDY7")
    message = str(caught.value)
    since = warehouse.value(
        "select to_char(opened_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from ops.circuit"
    )
    assert message.startswith(f"{HOST}: circuit: no request sent")
    assert f"since {since} UTC" in message
    assert "next request after" in message
    assert "last error: immport.example: arm of SDY3: no connection" in message


def test_work_without_a_call_is_not_delayed_and_decides_nothing(warehouse: Warehouse) -> None:
    opened(warehouse)
    assert study(warehouse, 7) is None
    assert state(warehouse) == ("open", STUDIES, 1)


def test_after_the_cool_down_one_is_let_through(warehouse: Warehouse) -> None:
    opened(warehouse)
    passes(warehouse, COOL_DOWN - timedelta(seconds=30))
    assert fine(warehouse, 7) is CircuitOpenError
    passes(warehouse, timedelta(seconds=30))
    hook: Any = Hook()
    with watched(warehouse.engine, hook):
        hook.call("biosample")
        assert state(warehouse)[0] == "half-open"
        assert fine(warehouse, 8) is CircuitOpenError
    assert state(warehouse) == ("closed", 0, 0)
    assert fine(warehouse, 8) is None


def test_of_many_tasks_one_is_let_through(warehouse: Warehouse) -> None:
    opened(warehouse)
    passes(warehouse, COOL_DOWN)
    hooks = [Hook() for _ in range(6)]

    def trial(hook: Any) -> bool:
        try:
            with watched(warehouse.engine, hook):
                hook.call("arm", "SDY1", ConnectionLostError("no connection"))
        except CircuitOpenError:
            return False
        except ConnectionLostError:
            return True
        raise AssertionError

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(trial, hooks)) == [False] * 5 + [True]
    assert state(warehouse)[::2] == ("open", 2)


def test_a_trial_whose_task_was_killed_is_followed_by_another(warehouse: Warehouse) -> None:
    opened(warehouse)
    passes(warehouse, COOL_DOWN)
    killed: Any = Hook()
    work = watched(warehouse.engine, killed)
    work.__enter__()
    killed.call("biosample")
    assert fine(warehouse, 7) is CircuitOpenError
    passes(warehouse, COOL_DOWN)
    assert fine(warehouse, 7) is None
    assert state(warehouse) == ("closed", 0, 0)


def test_openings_in_a_row_are_the_end_for_an_hour(warehouse: Warehouse) -> None:
    opened(warehouse)
    for openings in range(2, OPENINGS + 1):
        passes(warehouse, COOL_DOWN)
        assert gone(warehouse, 100 + openings) is ConnectionLostError
        assert state(warehouse)[::2] == ("open", openings)
    passes(warehouse, COOL_DOWN)
    assert fine(warehouse, 7) is ServiceDownError
    assert not issubclass(ServiceDownError, CircuitOpenError)
    passes(warehouse, DOWN - COOL_DOWN)
    assert fine(warehouse, 7) is None
    assert state(warehouse) == ("closed", 0, 0)


def test_the_first_call_of_a_run_finds_out(warehouse: Warehouse) -> None:
    opened(warehouse)
    error = ConnectionLostError("no connection")
    assert study(warehouse, 7, ("search", error), always=True) is ConnectionLostError
    assert state(warehouse)[0] == "open"
    assert study(warehouse, 7, ("search", None), always=True) is None
    assert state(warehouse) == ("closed", 0, 0)


def test_each_host_has_its_own(warehouse: Warehouse) -> None:
    """Files come from another host: that it is dead does not stop the API, nor the other way round."""
    files = "files.example"

    def package(number: int) -> type[ImmPortError] | None:
        hook: Any = Hook()
        try:
            with watched(warehouse.engine, hook):
                hook.call("manifest")
                hook.watch.before(files)
                error = ServerError("HTTP 503", 503)
                error.source, error.endpoint, error.study = files, "drsDownload", f"SDY{number}"
                raise error
        except ImmPortError as error:
            return type(error)

    for number in range(STUDIES):
        assert package(number) is ServerError
    assert package(STUDIES) is CircuitOpenError
    assert fine(warehouse, 9) is None
    states = warehouse.rows("select host, state, failures from ops.circuit order by 1")
    assert states == [(files, "open", STUDIES)]

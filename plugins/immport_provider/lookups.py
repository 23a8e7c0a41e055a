"""Whether a connection that Airflow did not find is not defined, or could not be looked up.

A task looks connections up at Airflow's API server. Where that is out of reach, Airflow 3.3 goes on to the
environment and then raises what it raises for a connection that does not exist (`_get_connection` of its task
SDK). So the API server is requested once more, and its own answer decides.
"""

from __future__ import annotations

import re

from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError, ErrorType

_NAME = re.compile("`(?P<connection>[^`]+)`")


def may_be_defined(error: AirflowNotFoundException) -> bool:
    """Whether a connection that was not found may be found at the next try.

    The API server is out of reach, or has the connection by now.
    """
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection

    supervisor = getattr(task_runner, "SUPERVISOR_COMMS", None)
    named = _NAME.search(str(error))
    if supervisor is None or named is None:  # not within a task, or not about a connection
        return False
    try:
        answer = supervisor.send(GetConnection(conn_id=named["connection"]))
    except AirflowRuntimeError as refusal:
        return refusal.error.error is ErrorType.API_SERVER_ERROR
    except OSError:  # not even the supervisor answers
        return True
    return not isinstance(answer, ErrorResponse) or answer.error is ErrorType.API_SERVER_ERROR

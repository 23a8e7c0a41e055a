"""Who reads a page, by Airflow's login and rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends

from immport_provider.dag_names import RELEASE


@dataclass(frozen=True)
class Reader:
    """Who is signed in.

    :param may_operate: may trigger runs of the release DAG: sees the actions, and restricted studies.
    """

    name: str
    may_operate: bool


def may_trigger(user: Any, dag_id: str) -> bool:
    """Whether a user of Airflow may trigger runs of a DAG."""
    return get_auth_manager().is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=DagDetails(id=dag_id), user=user
    )


def reader_of(user: GetUserDep) -> Reader:
    """The reader behind Airflow's user. Who may trigger the release DAG is an operator."""
    return Reader(user.get_name(), may_trigger(user, RELEASE))


ReaderDep = Annotated[Reader, Depends(reader_of)]

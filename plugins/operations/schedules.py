"""What Airflow alone can say: when a DAG runs next, until when the key of a connection is good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from airflow.exceptions import AirflowNotFoundException
from airflow.models.connection import Connection
from airflow.models.dag import DagModel
from airflow.utils.session import create_session

from immport_provider.hooks.settings import read_settings


@dataclass(frozen=True)
class Schedule:
    """When a DAG runs.

    :param next_run: when its next run is created; None when it is only triggered.
    """

    is_paused: bool
    next_run: datetime | None


def schedules(dag_ids: Sequence[str]) -> Mapping[str, Schedule]:
    """Schedules of DAGs, of those that Airflow knows."""
    columns = (DagModel.dag_id, DagModel.is_paused, DagModel.next_dagrun_create_after)
    with create_session() as session:
        found = session.execute(
            sa.select(*columns).where(DagModel.dag_id.in_(dag_ids), DagModel.is_stale.is_(False))
        )
        return {row[0]: Schedule(bool(row[1]), row[2]) for row in found}


def key_expiry(connection: str) -> datetime | None:
    """When the API key of a connection expires, UTC; None for no connection, no key, or an unknown end.

    Nothing else of the connection is shown; what is wrong with one that cannot be read, its hook says.
    """
    try:
        key = read_settings(Connection.get_connection_from_secrets(connection)).key
    except (AirflowNotFoundException, ValueError):
        return None
    return key.expires_at if key else None

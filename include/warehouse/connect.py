"""Connecting to the warehouse: always over psycopg2, whose COPY takes a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from airflow.sdk import Connection

#: Name under which the loader shows in pg_stat_activity.
APPLICATION = "immport-warehouse"


def warehouse_url(connection: Connection) -> sa.URL:
    """The URL of an Airflow connection of type `postgres`."""
    return sa.URL.create(
        "postgresql+psycopg2",
        username=connection.login,
        password=connection.password,
        host=connection.host,
        port=connection.port,
        database=connection.schema,
    )


def warehouse_engine(url: sa.URL | str) -> sa.Engine:
    """An engine that notices a server restart and takes text and dates as ImmPort sends them."""
    # Dates are compared as text nowhere, but a server may be set to read 01/02 as the 1st of February.
    options = "-c datestyle=ISO,YMD -c timezone=UTC"
    arguments = {"application_name": APPLICATION, "options": options, "connect_timeout": 10}
    return sa.create_engine(url, pool_pre_ping=True, connect_args=arguments)

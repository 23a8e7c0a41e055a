"""Reading the warehouse for a page: in a transaction that writes nothing, with the rights of a role.

The login is that of the connection `warehouse_operations`, or else of `warehouse_default`; either acts as a
role that reads only. Row policies of the warehouse hide restricted studies from who may not see them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files

import sqlalchemy as sa
from airflow.exceptions import AirflowNotFoundException
from airflow.models.connection import Connection

from include.sql import sql_with_parts
from include.warehouse.access.roles import MONITOR, MONITOR_ALL
from include.warehouse.schema.engine import Limits, warehouse_engine, warehouse_url
from include.warehouse.views.release_difference import every_difference
from operations.access import Reader

#: Connections to the warehouse, the first that exists.
CONNECTIONS = ("warehouse_operations", "warehouse_default")
#: A page waits no longer for a statement, or for a lock.
STATEMENT_TIMEOUT = "5s"
_LIMITS = Limits(lock_timeout="2s", idle_in_transaction_session_timeout="30s", transaction_timeout="30s")
#: Sessions that all pages share.
_SESSIONS = 4


class NotConfiguredError(RuntimeError):
    """No connection to a warehouse."""


@contextmanager
def reading(reader: Reader) -> Iterator[sa.Connection]:
    """A read-only transaction with the rights of a reader.

    :raises NotConfiguredError: there is no connection to a warehouse.
    :raises sqlalchemy.exc.DBAPIError: it cannot be reached or read.
    """
    role = MONITOR_ALL if reader.may_operate else MONITOR
    with _engine(_url()).begin() as connection:
        connection.exec_driver_sql(
            f"set transaction read only; set local statement_timeout = '{STATEMENT_TIMEOUT}';"
            f" set local role {role}"
        )
        yield connection


@lru_cache
def query(name: str) -> str:
    """Text of a query, by the name of its file.

    What several queries read is a part, a query of its own: `from part.newest_checked` selects from it. So is
    what follows from declarations.
    """
    text = files("operations").joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")
    return sql_with_parts(text, _part)


def _part(name: str) -> str:
    return _MADE[name]() if name in _MADE else query(f"parts/{name}")


def _release_differences() -> str:
    """Only what the reader may name is compared."""
    return f"with named as materialized ({query('parts/compared_releases')})\n{every_difference('named')}"


#: Parts that follow from the declarations of the sources.
_MADE: Mapping[str, Callable[[], str]] = {"release_differences": _release_differences}


def _url() -> sa.URL:
    for name in CONNECTIONS:
        try:
            return warehouse_url(Connection.get_connection_from_secrets(name))
        except AirflowNotFoundException:
            continue
    raise NotConfiguredError(f"there is neither a connection {CONNECTIONS[0]} nor {CONNECTIONS[1]}")


@lru_cache(maxsize=2)
def _engine(url: sa.URL) -> sa.Engine:
    return warehouse_engine(url, _LIMITS, pool_size=_SESSIONS, max_overflow=2 * _SESSIONS, pool_timeout=10)

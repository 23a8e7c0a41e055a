"""Removes staging tables that no load needs any more."""

from __future__ import annotations

import logging
import re

import sqlalchemy as sa

from include.warehouse.load import staging_tables
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.engine import APPLICATION, LOADING
from include.warehouse.schema.ops_tables import LOAD

#: Postgres' code of a lock that another session holds.
_LOCK_NOT_AVAILABLE = "55P03"
logger = logging.getLogger(__name__)


def drop_staging(connection: sa.Connection, model: SourceModel, load_id: int) -> None:
    """Remove the staging tables of a load that is done with them."""
    staging_tables.drop(connection, load_id, model.source.endpoints.values())


def drop_leftovers(connection: sa.Connection) -> None:
    """Remove the staging tables of loads that ended without publishing them.

    They are kept until the next run, for a person to look at. Those that a session still has open are left to
    a later run.
    """
    _end_stopped(connection)
    ended = set(
        connection.scalars(sa.select(LOAD.c.load_id).where(LOAD.c.state.in_(["published", "failed"])))
    )
    left = sa.text(
        "select relname from pg_class where relnamespace = 'staging'::regnamespace and relkind = 'r'"
    )
    tables: dict[int, list[str]] = {}
    for name in connection.scalars(left):
        found = re.match(r"l(\d+)_", name)
        if found and int(found[1]) in ended:
            tables.setdefault(int(found[1]), []).append(f'staging."{name}"')
    for load_id, names in sorted(tables.items()):
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"lock table {', '.join(names)} in access exclusive mode nowait")
                connection.exec_driver_sql(f"drop table {', '.join(names)}")
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "pgcode", None) != _LOCK_NOT_AVAILABLE:
                raise
            logger.warning("staging tables of load %s stay: a session still has them open", load_id)


def _end_stopped(connection: sa.Connection) -> None:
    """End sessions that have been in one COPY for longer than a transaction may last.

    Within a COPY the server waits for its client without a limit: no timeout of its own ends that.
    """
    stopped = sa.text("""
        select a.pid, pg_terminate_backend(a.pid) from pg_stat_activity a
        where a.datname = current_database() and a.application_name = :name and a.pid <> pg_backend_pid()
            and a.state = 'active' and a.wait_event = 'ClientRead'
            and a.xact_start < now() - cast(:limit as interval)
            and pg_has_role(current_user, a.usesysid, 'usage')""")
    limit = {"name": APPLICATION, "limit": LOADING.transaction_timeout}
    for pid, _ in connection.execute(stopped, limit).all():
        logger.warning("ended session %s: it was in one COPY for more than %s", pid, limit["limit"])

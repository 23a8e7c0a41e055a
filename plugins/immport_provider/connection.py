"""The connection `immport_default` as a row of Airflow's metadata database, which the form edits.

python -m immport_provider.connection       makes it from IMMPORT_CONNECTION, JSON or URI

A connection in the environment goes before the form, so that a new API key in the form would change nothing.
A row that is there stays as it was edited, unless set-up is given another connection than the last time.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from enum import StrEnum

CONN_ID = "immport_default"
#: Variable of the environment: a key has no place on a command line.
GIVEN = "IMMPORT_CONNECTION"
#: Airflow variable with the digest of the connection that set-up was given last.
DIGEST = "immport_connection_digest"


class ConnectionOutcome(StrEnum):
    """What became of the row."""

    MADE = "made"
    REPLACED = "replaced: set-up was given another one than the last time"
    KEPT = "kept as it is"


def ensure(given: str) -> ConnectionOutcome:
    """Make the row, or replace it when `given` is new to set-up.

    :param given: the connection as JSON or URI.
    :raises ValueError: it is neither; the message holds nothing of it.
    """
    from airflow.models import Connection, Variable
    from airflow.utils.session import create_session
    from sqlalchemy import select

    fresh = _connection(given)
    digest = hashlib.sha256(given.encode()).hexdigest()
    with create_session() as session:
        row = session.scalar(select(Connection).where(Connection.conn_id == CONN_ID))
        seen = session.scalar(select(Variable).where(Variable.key == DIGEST))
        last = seen.get_val() if seen is not None else None
        if row is not None and last in (None, digest):
            outcome = ConnectionOutcome.KEPT
        else:
            outcome = ConnectionOutcome.MADE if row is None else ConnectionOutcome.REPLACED
            if row is not None:
                session.delete(row)
                session.flush()
            session.add(fresh)
        if last != digest:
            Variable.set(DIGEST, digest, "Which connection set-up was given last", session=session)
    return outcome


def _connection(given: str) -> object:
    from airflow.models import Connection

    try:
        if given.lstrip().startswith("{"):
            return Connection.from_json(given, conn_id=CONN_ID)
        return Connection(conn_id=CONN_ID, uri=given)
    except Exception:  # noqa: BLE001 - whatever it is, its text may hold the key
        raise ValueError(f"{GIVEN} is not a connection, neither as JSON nor as a URI") from None


def main() -> int:
    """Make the row from the environment; the exit status."""
    argparse.ArgumentParser(
        prog="python -m immport_provider.connection",
        description=f"Make Airflow's connection {CONN_ID} from {GIVEN}, which holds it as JSON or URI."
        " A row that was edited stays, unless this is given another connection than the last time.",
    ).parse_args()
    if not (given := os.environ.get(GIVEN)):
        print(f"error: {GIVEN} holds no connection", file=sys.stderr)
        return 1
    from sqlalchemy.exc import OperationalError, ProgrammingError

    try:
        print(f"connection {CONN_ID}: {ensure(given)}")
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (OperationalError, ProgrammingError) as error:
        text = " ".join(str(error.orig).split())
        print(f"error: Airflow's metadata database (airflow db migrate makes it): {text}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

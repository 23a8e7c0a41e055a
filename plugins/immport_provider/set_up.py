"""All that this provider needs in Airflow's metadata database, made by one process.

python -m immport_provider.set_up       the tables as `airflow db migrate`, the pools, and the connection
                                        of IMMPORT_CONNECTION if that is given

Airflow takes seconds to import: three commands, one after the other, take three times as long.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from immport_provider import connection, pools


def migrate() -> None:
    """Bring Airflow's metadata database to the shape of the installed Airflow.

    :raises SystemExit: Airflow cannot do so by itself, and has logged why.
    :raises sqlalchemy.exc.DBAPIError: the database cannot be reached or changed.
    """
    from airflow.providers_manager import ProvidersManager
    from airflow.utils import db

    ProvidersManager().initialize_providers_configuration()
    db.upgradedb()


def make(given: str | None) -> Iterator[str]:
    """Make what is missing; yields what was made, in words.

    :param given: the connection as JSON or URI; None makes none.
    :raises ValueError: it is neither; the message holds nothing of it.
    Raises as `migrate`.
    """
    migrate()
    for name in pools.ensure():
        yield f"pool {name} made"
    if given:
        yield f"connection {connection.CONN_ID}: {connection.ensure(given)}"


def main() -> int:
    """Make what is missing; the exit status."""
    argparse.ArgumentParser(
        prog="python -m immport_provider.set_up",
        description="Make Airflow's tables, the pools of this provider and, of"
        f" {connection.GIVEN} if it is given, the connection {connection.CONN_ID}."
        " What is there stays, as each of these commands says by itself.",
    ).parse_args()
    from sqlalchemy.exc import DBAPIError

    try:
        for line in make(os.environ.get(connection.GIVEN)):
            print(line)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except DBAPIError as error:
        text = " ".join(str(error.orig).split())
        print(f"error: Airflow's metadata database: {text}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

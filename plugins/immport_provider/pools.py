"""The Airflow pools of this provider: how many tasks call each of ImmPort's services at once.

python -m immport_provider.pools       makes those that are missing; sizes that were changed stay
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class ServicePool:
    """A pool to be made, with its size unless somebody chose another."""

    name: str
    slots: int
    about: str


API = ServicePool("immport_api", 4, "Tasks that call ImmPort's API at once")
FILES = ServicePool("immport_files", 2, "Tasks that download files of ImmPort at once")
#: A package may be on its way for hours: it keeps no slot of the others.
UPLOADS = ServicePool("immport_uploads", 2, "Tasks that send packages to ImmPort at once")
POOLS = (API, FILES, UPLOADS)


def missing() -> list[str]:
    """Names of the pools that are not in Airflow's metadata database."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    with create_session() as session:
        return [item.name for item in POOLS if Pool.get_pool(item.name, session=session) is None]


def ensure() -> list[str]:
    """Make the pools that are missing in Airflow's metadata database; their names."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy.exc import IntegrityError

    made = []
    for item in POOLS:
        try:
            with create_session() as session:
                if Pool.get_pool(item.name, session=session) is None:
                    Pool.create_or_update_pool(item.name, item.slots, item.about, False, session=session)
                    made.append(item.name)
        except IntegrityError:  # another part of Airflow made it at the same moment
            made = [name for name in made if name != item.name]
    return made


def main() -> int:
    """Make the pools that are missing; the exit status."""
    argparse.ArgumentParser(
        prog="python -m immport_provider.pools",
        description="Make the pools of this provider that are missing in Airflow;"
        " sizes that were changed stay.",
    ).parse_args()
    from sqlalchemy.exc import OperationalError, ProgrammingError

    try:
        for name in ensure():
            print(f"pool {name} made")
    except (OperationalError, ProgrammingError) as error:
        text = " ".join(str(error.orig).split())
        print(f"error: Airflow's metadata database (airflow db migrate makes it): {text}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

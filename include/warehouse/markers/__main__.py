"""`python -m include.warehouse.markers`: the vocabulary that a warehouse reads markers with."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from include.cytometry.published_tables import read_tables
from include.cytometry.vocabulary import VocabularyError
from include.warehouse.access import roles
from include.warehouse.markers import vocabularies
from include.warehouse.schema import address
from include.warehouse.schema.engine import UnfitServerError, warehouse_engine
from include.warehouse.schema.revision import OutdatedWarehouseError, require_current


def run(arguments: Sequence[str] | None = None) -> None:
    """Adopt a vocabulary where one is named, and print the one that is used from now on.

    :raises SystemExit: the warehouse or the vocabulary cannot be read.
    """
    try:
        url, wanted = address.parse(_parser(), arguments)
    except address.AddressError as error:
        raise SystemExit(f"error: {error}") from None
    engine = warehouse_engine(url)
    try:
        require_current(engine)
        with engine.begin() as connection:
            roles.act_as_owner(connection)
            if wanted.own:
                vocabularies.adopt(connection, None)
            elif wanted.tables is not None:
                vocabularies.adopt(connection, read_tables(wanted.tables))
            found = vocabularies.current(connection, f"warehouse {url.database}")
        sys.stdout.write(f"{found}\n")
    except (VocabularyError, OutdatedWarehouseError, UnfitServerError) as error:
        raise SystemExit(f"error: {error}") from None
    except sa.exc.OperationalError as error:  # not to be reached, or locked for too long
        raise SystemExit(f"error: {' '.join(str(error.orig).split())}") from None
    finally:
        engine.dispose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.warehouse.markers",
        description="Print the vocabulary that markers of cytometry are read with, or adopt another one."
        " What was read stays as it is until the studies are replayed.",
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--tables", type=Path, metavar="DIR", help="adopt ImmPort's published tables of a folder"
    )
    chosen.add_argument("--own", action="store_true", help="use lkAnalyte and lkCellPopulationMarker again")
    return parser


if __name__ == "__main__":
    run()

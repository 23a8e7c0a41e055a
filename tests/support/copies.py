"""A warehouse that is loaded once for a module, and a copy of it for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.landing.zone import Landing
from include.local.server import Server
from include.pipeline.batch_runner import StepContext
from include.warehouse.schema.engine import warehouse_engine
from tests.support.warehouse import RUN, Warehouse, copied


@dataclass(frozen=True)
class Original:
    """A loaded database and its landing zone, at rest: nobody is connected."""

    database: str
    landing: Path


@contextmanager
def warehouse_of(server: Server, original: str | Original, landing: Path) -> Iterator[Warehouse]:
    """A copy of a database, and of the landing zone that goes with it; gone afterwards."""
    if isinstance(original, Original):
        shutil.copytree(original.landing, landing)
        original = original.database
    name = copied(server, original)
    engine = warehouse_engine(server.url(name))
    yield Warehouse(StepContext(engine, Landing(str(landing)), RUN))
    engine.dispose()
    server.drop_database(name)


def at_rest(warehouse: Warehouse, landing: Path) -> Original:
    """The warehouse as an original for copies."""
    database = warehouse.engine.url.database
    assert database is not None
    warehouse.engine.dispose()
    landing.mkdir(exist_ok=True)
    return Original(database, landing)

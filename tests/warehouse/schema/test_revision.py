"""The revision of a warehouse: an outdated one is refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from include.warehouse import migrate
from include.warehouse.schema import revision


def test_an_outdated_warehouse_is_refused(database: sa.URL) -> None:
    engine = sa.create_engine(database, poolclass=sa.NullPool)
    with pytest.raises(revision.OutdatedWarehouseError, match="revision none"):
        revision.require_current(engine)
    migrate.upgrade(database, "0001")
    with pytest.raises(revision.OutdatedWarehouseError, match="revision 0001"):
        revision.require_current(engine)
    migrate.upgrade(database)
    revision.require_current(engine)

"""One warehouse for the tests of a module: each begins with empty tables of operations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from include.local.server import Server
from include.warehouse.schema.engine import warehouse_engine
from tests.support.alerts import Operations
from tests.support.warehouse import copied


@pytest.fixture(scope="module")
def _engine(postgres: Server, template: str) -> Iterator[sa.Engine]:
    name = copied(postgres, template)
    engine = warehouse_engine(postgres.url(name))
    yield engine
    engine.dispose()
    postgres.drop_database(name)


@pytest.fixture
def ops(_engine: sa.Engine) -> Operations:
    """Empty tables of operations."""
    operations = Operations(_engine)
    operations.clear()
    return operations

"""What a publish costs: statements sent and rows written for one fixed study, exactly.

A number that rises is a step back, one that falls an improvement: both are written down here. Speed itself is
measured in benchmarks.
"""

from __future__ import annotations

from include.warehouse.schema.engine import warehouse_engine
from tests.support.cost import Cost, measured
from tests.support.warehouse import Study, Warehouse, hai, small_study

RESULTS = 200


def study(*changed: int) -> Study:
    """Two hundred results of two people, some of them with another value."""
    return small_study(
        *(hai(n, "80" if n in changed else "40", who=1 + n % 2) for n in range(1, RESULTS + 1))
    )


def published(warehouse: Warehouse, rows: Study, release: str) -> Cost:
    load = warehouse.ready(rows, release)
    # A session of its own: the server counts for a session, and may add what it did before.
    engine = warehouse_engine(warehouse.engine.url)
    with measured(engine) as cost:
        warehouse.publish(load, engine)
    engine.dispose()
    return cost


def test_a_first_publish_writes_each_row_once(warehouse: Warehouse) -> None:
    cost = published(warehouse, study(), "DR1")
    # Rows in temporary tables are the members and the contexts that the study names, and no result.
    assert cost == Cost(74, {"history": 235, "ops": 124, "temporary": 26})


def test_an_unchanged_study_writes_no_version(warehouse: Warehouse) -> None:
    published(warehouse, study(), "DR1")
    # What is new in history is the release. Results are not even looked at.
    assert published(warehouse, study(), "DR2") == Cost(86, {"history": 1, "ops": 64, "temporary": 39})


def test_a_changed_study_writes_what_changed(warehouse: Warehouse) -> None:
    published(warehouse, study(), "DR1")
    # The release, and of each of two results the version that ends and the one that begins.
    assert published(warehouse, study(1, 2), "DR2") == Cost(93, {"history": 5, "ops": 65, "temporary": 252})

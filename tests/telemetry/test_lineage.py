"""Where the rows of a step come from and go to, by its record and the declarations."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from include.pipeline.run_ledger import Load
from include.telemetry.lineage import FieldRef, Places, StepLineage, StepOfLoads, lineage_of
from include.warehouse.schema.ops_tables import CALL, LOAD
from tests.support.warehouse import RUN, Warehouse, hai, small_study

HOST = "immport.example:443"
PLACES = Places("s3://bucket/landing", sa.make_url("postgresql://me:secret@db.example/wh"))
SERVER = "postgres://db.example:5432"


def lineage(warehouse: Warehouse, step: str, *loads: Load, run: str = RUN) -> StepLineage:
    with warehouse.engine.connect() as connection:
        return lineage_of(connection, PLACES, StepOfLoads(run, step, [load.load_id for load in loads]))


@pytest.fixture
def load(warehouse: Warehouse) -> Load:
    counts = dict.fromkeys(
        ("calls", "retries", "errors", "refusals", "bytes", "milliseconds", "slowest_milliseconds"), 1
    )
    with warehouse.engine.begin() as connection:
        for step, endpoint in (("discover", "search"), ("extract", "hai"), ("extract", "manifest")):
            about = {"run_id": RUN, "step": step, "source": "immport", "host": HOST, "endpoint": endpoint}
            connection.execute(sa.insert(CALL).values(**about, **counts))
    return warehouse.ready(small_study(hai(1), hai(2)))


def test_extract_brings_what_it_called_to_the_landing_zone(warehouse: Warehouse, load: Load) -> None:
    found = lineage(warehouse, "extract", load)
    assert [(item.namespace, item.name) for item in found.inputs] == [(HOST, "hai"), (HOST, "manifest")]
    landed = {item.name: item for item in found.outputs}
    assert {item.namespace for item in found.outputs} == {"s3://bucket"}
    assert "landing/immport/hai" in landed
    origins = landed["landing/immport/hai"].origins
    assert origins["valueReported"] == (FieldRef(HOST, "hai", "valueReported"),)


def test_stage_copies_landed_fields(warehouse: Warehouse, load: Load) -> None:
    found = lineage(warehouse, "stage", load)
    staged = {item.name: item for item in found.outputs}
    assert staged["wh.staging.hai"].namespace == SERVER
    assert staged["wh.staging.hai"].rows == 2
    assert staged["wh.staging.hai"].origins["value_reported"] == (
        FieldRef("s3://bucket", "landing/immport/hai", "valueReported"),
    )
    assert "wh.staging.elisa" not in staged
    assert {item.name for item in found.inputs} == {
        f"landing/immport/{item.name.rpartition('.')[2]}" for item in found.outputs
    }


def test_stage_of_a_package_reads_its_tables(warehouse: Warehouse, load: Load) -> None:
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(LOAD).values(route="package"))
    found = lineage(warehouse, "stage", load)
    staged = {item.name: item for item in found.outputs}
    (ref, *_) = staged["wh.staging.hai"].origins["value_reported"]
    assert (ref.namespace, ref.dataset) == ("s3://bucket", "landing/immport/package")
    assert ref.field == "hai_result.value_reported"
    assert "landing/immport/package" in {item.name for item in found.inputs}
    assert "landing/immport/hai" not in {item.name for item in found.inputs}


def test_publish_writes_tables_of_the_star_of_staged_columns(warehouse: Warehouse, load: Load) -> None:
    warehouse.publish(load)
    found = lineage(warehouse, "publish", load)
    star = {item.name: item for item in found.outputs}
    fact = star["wh.star.fact_hai"]
    assert fact.rows == 2
    assert FieldRef(SERVER, "wh.staging.hai", "value_reported") in fact.origins["value_reported"]
    names = [item.name for item in fact.fields]
    assert set(fact.origins) <= set(names)
    assert "wh.star.fact_elisa" not in star
    assert {(ref.namespace, ref.dataset) for item in found.outputs for refs in item.origins.values()
            for ref in refs} <= {(item.namespace, item.name) for item in found.inputs}  # fmt: skip


def test_check_reads_staging_alone(warehouse: Warehouse, load: Load) -> None:
    found = lineage(warehouse, "check", load)
    assert "wh.staging.hai" in {item.name for item in found.inputs}
    assert found.outputs == ()


def test_a_task_without_loads_has_none(warehouse: Warehouse) -> None:
    assert lineage(warehouse, "publish") == StepLineage()


def test_no_dataset_names_a_study_or_holds_a_secret(warehouse: Warehouse, load: Load) -> None:
    warehouse.publish(load)
    text = str([lineage(warehouse, step, load) for step in ("extract", "stage", "check", "publish")])
    assert "SDY1" not in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("landing", "place"),
    [
        ("file:///srv/landing", ("file", "/srv/landing/immport/hai")),
        ("/srv/landing/", ("file", "/srv/landing/immport/hai")),
        ("gs://bucket", ("gs://bucket", "immport/hai")),
    ],
)
def test_places_are_named_as_openlineage_does(landing: str, place: tuple[str, str]) -> None:
    assert Places(landing, PLACES.warehouse).landed("immport", "hai") == place

"""One study from the sandbox into a warehouse by either route, without Airflow."""

from __future__ import annotations

import secrets
from collections.abc import Collection

import sqlalchemy as sa

from include.landing.zone import Fetch, Landed
from include.pipeline import run_ledger
from include.pipeline.run_ledger import Load
from include.sources.immport.endpoints import ENDPOINTS, SERVED
from include.warehouse.load.publish import Published
from include.warehouse.schema.ops_tables import LOAD
from tests.support.sandbox import RunningSandbox
from tests.support.warehouse import Warehouse


def land_answers(warehouse: Warehouse, sandbox: RunningSandbox, study: str, release: str) -> Load:
    """Land every answer of the API, and open the load."""
    fetch = _fetch(study, release)
    return _complete(warehouse, sandbox, fetch, [
        _answer(warehouse, sandbox, fetch, name) for name in SERVED
    ])  # fmt: skip


def land_package(
    warehouse: Warehouse,
    sandbox: RunningSandbox,
    study: str,
    release: str,
    beside: Collection[str] = ("manifest",),
) -> Load:
    """Land the Tab package, with the answers of some endpoints beside it, and open the load."""
    fetch = _fetch(study, release)
    landing = warehouse.tools.landing
    name = f"{study}-{release}_Tab.zip"
    listed = sandbox.get(f"/api/study/manifest/{study}", fileType="release_file").json()
    (uuid,) = [row["fileUUID"] for row in listed if row["fileName"] == name]
    address = sandbox.get(f"/drs/download/s3/{uuid}").json()["url"]
    spool = landing.spool(fetch, name)
    spool.write_bytes(sandbox.client.get(address).content)
    package = landing.keep(fetch, name, spool, {})
    others = [_answer(warehouse, sandbox, fetch, item) for item in beside]
    return _complete(warehouse, sandbox, fetch, [package, *others])


def take(warehouse: Warehouse, load: Load, *, judged: bool = False) -> Published:
    """Stage, check and publish; the checks take seconds and are passed over by default."""
    warehouse.stage(load)
    if judged:
        assert warehouse.judge(load, accept_vanished=True).critical == []
    else:
        warehouse.pass_gate(load)
    return warehouse.publish(load)


def _fetch(study: str, release: str) -> Fetch:
    return Fetch(study, release, f"fetch-{secrets.token_hex(4)}")


def _answer(warehouse: Warehouse, sandbox: RunningSandbox, fetch: Fetch, name: str) -> Landed:
    endpoint = ENDPOINTS[name]
    path, parameters = endpoint.request(fetch.scope)
    answer = sandbox.get(path, **parameters)
    answer.raise_for_status()
    return warehouse.tools.landing.receive(fetch, endpoint, parameters, [answer.content])


def _complete(warehouse: Warehouse, sandbox: RunningSandbox, fetch: Fetch, landed: list[Landed]) -> Load:
    """The manifest, and a load with what the listing says of the study's release."""
    (found,) = sandbox.get("/api/search/study", studyAccession=fetch.scope, pageSize="1").json()["hits"][
        "hits"
    ]
    listed = found["_source"]
    warehouse.tools.landing.write_manifest(
        fetch,
        landed,
        source=sandbox.query,
        release_date=listed["latest_data_release_date"],
        started_at="",
    )
    load = warehouse.open_load(fetch.scope, fetch.release, fetch.fetch_id)
    values = {
        "listed_version": listed["latest_data_release_version"],
        "release_date": listed["latest_data_release_date"],
    }
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(LOAD).where(LOAD.c.load_id == load.load_id).values(**values))
    return run_ledger.load(warehouse.engine, load.load_id)

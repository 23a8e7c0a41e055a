"""Staging: what one load landed, its answers or its package, as text, one table per endpoint.

No value is altered here. What a value means is decided by the checks, never by a crash.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.landing.zone import Landing, Manifest
from include.sources.endpoint import Endpoint, Route
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.load import carry_forward, content_digests, unchanged, unreported_columns
from include.warehouse.load.package import package_findings
from include.warehouse.load.package.stage_package import unpack
from include.warehouse.load.stage_answers import stage_answers
from include.warehouse.load.staging_cleanup import drop_staging
from include.warehouse.load.unfold import unfold
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.ops_tables import (
    LOAD,
    QUARANTINE,
    QUARANTINE_GROUP,
    QUARANTINED_VALUE,
    RESULT,
    STAGED,
)


def stage(
    connection: sa.Connection,
    model: SourceModel,
    load_id: int,
    landing: Landing,
    manifest: Manifest,
) -> int:
    """Stage every answer of a fetch. A repeat starts anew. Returns the rows staged.

    The caller commits: a load is staged whole or not at all.

    :raises LandingError: landed bytes are missing or no longer those received.
    :raises AlteredTextError: the server stored another text than was landed.
    """
    forget(connection, model, load_id)
    endpoints = model.source.endpoints
    packaged = _packaged(manifest) if manifest.package else []
    route = Route.PACKAGE if manifest.package else Route.API
    unpacked = unpack(connection, load_id, landing, manifest, packaged) if manifest.package else {}
    filled = [endpoints[name] for name, rows in unpacked.items() if rows]
    digests = content_digests.staged(connection, load_id, filled)
    staged = {name: _of_package(rows, digests.get(name)) for name, rows in unpacked.items()}
    made = {item.endpoint for item in model.unfolded}
    answered = [item for item in endpoints.values() if item.name not in unpacked and item.name not in made]
    staged |= stage_answers(connection, load_id, landing, manifest, answered)
    for item in answered:
        staged[item.name]["content_digest"] = unchanged.answer_digest(manifest.parts(item.name))
    missing = {
        item.name: unreported_columns.of_answer(item, manifest.parts(item.name))
        for item in answered
        if staged[item.name]["rows_staged"]
    }
    unreported_columns.record(connection, load_id, missing)
    staged |= unfold(connection, load_id, model, staged)
    recorded = [{"load_id": load_id, "endpoint": name, **counts} for name, counts in staged.items()]
    connection.execute(sa.insert(STAGED), recorded)
    # At the end: the row of the load is not locked while the answers are copied.
    of_load = sa.update(LOAD).where(LOAD.c.load_id == load_id)
    connection.execute(of_load.values(route=route.value))
    # What is known depends on the route.
    connection.execute(
        of_load.values(lacks=carry_forward.knowledge(connection, [load_id]).lacks(model.tables))
    )
    return sum(counts["rows_staged"] for counts in staged.values())


def _of_package(rows: int, digest: str | None) -> dict[str, Any]:
    """What is recorded of an endpoint that was made of the package."""
    counts = {"rows_received": rows, "rows_staged": rows, "is_known": True, "pieces": 0}
    unknown = dict.fromkeys(("refused", "rows_expected", "expected_from", "note"))
    return {**counts, "content_digest": digest, **unknown}


def forget(connection: sa.Connection, model: SourceModel, load_id: int) -> None:
    """Remove what an earlier attempt staged, and what its checks found: that is no longer what is staged."""
    for table in (STAGED, RESULT, QUARANTINE, QUARANTINED_VALUE, QUARANTINE_GROUP):
        connection.execute(sa.delete(table).where(table.c.load_id == load_id))
    package_findings.forget(connection, load_id)
    unreported_columns.forget(connection, load_id)
    drop_staging(connection, model, load_id)


def _packaged(manifest: Manifest) -> list[Endpoint]:
    """Endpoints that are made of the package: those that were not requested besides it."""
    return [item for item in ENDPOINTS.values() if item.is_packaged and not manifest.parts(item.name)]

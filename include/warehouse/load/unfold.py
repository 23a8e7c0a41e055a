"""Endpoints whose rows are made in staging, of those of another: nothing is requested, or landed, twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from include.sql import identifier
from include.warehouse.load import staging_tables
from include.warehouse.load.staging_tables import staging_table
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.statements import run_sql


def unfold(
    connection: sa.Connection, load_id: int, model: SourceModel, staged: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Make the rows of a source's unfolded endpoints. Returns what is recorded of each, by its name.

    Of what is not known, or was refused, nothing is known of what is made of it.

    :param staged: what is recorded of the endpoints that were landed.
    """
    endpoints = model.source.endpoints
    found: dict[str, dict[str, Any]] = {}
    for item in model.unfolded:
        endpoint, of = endpoints[item.endpoint], staged[item.of]
        rows = 0
        if of["rows_staged"]:
            columns = ", ".join(map(identifier, endpoint.columns))
            query = item.rows.fill({item.of: staging_table(load_id, endpoints[item.of])})
            staging_tables.create(connection, load_id, [endpoint], are_numbered=True)
            table = staging_table(load_id, endpoint)
            made = f"insert into {table} ({columns}) select {columns} from ({query}) m"
            rows = run_sql(connection, made).rowcount
            if rows:
                staging_tables.analyze(connection, load_id, [endpoint])
            else:
                staging_tables.drop(connection, load_id, [endpoint])
        found[item.endpoint] = {
            "rows_received": rows,
            "rows_staged": rows,
            "is_known": of["is_known"],
            "pieces": 0,
            # By the same code, the same rows are made of the same ones.
            "content_digest": of["content_digest"],
            **dict.fromkeys(("refused", "rows_expected", "expected_from", "note")),
        }
    return found

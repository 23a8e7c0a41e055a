"""What sources said of the answers that were landed, so that the next run need not fetch what is the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from include.landing.zone import Landed
from include.pipeline import run_ledger
from include.pipeline.run_ledger import PUBLISHED, Load
from include.sources.fetched.offering import Validators
from include.warehouse.schema.ops_tables import LOAD, VALIDATOR


@dataclass(frozen=True)
class Said:
    """What was said of the answer of an endpoint.

    :param form: the form in which it was landed.
    """

    form: str
    validators: Validators


def record(connection: sa.Connection, load: Load, landed: Iterable[Landed]) -> None:
    """Write down what the source said of the answers of a load.

    :raises SupersededError: a newer attempt has taken the load.
    """
    rows = [
        {
            "load_id": load.load_id,
            "endpoint": item.endpoint,
            "form": item.form,
            "etag": item.etag,
            "last_modified": item.last_modified,
        }
        for item in landed
        if item.path and (item.etag or item.last_modified)
    ]
    with run_ledger.writing(connection, load):
        connection.execute(sa.delete(VALIDATOR).where(VALIDATOR.c.load_id == load.load_id))
        if rows:
            connection.execute(sa.insert(VALIDATOR), rows)


def of_published(connection: sa.Connection, source: str) -> Mapping[str, Mapping[str, Said]]:
    """What was said of the answers that were published last, by scope and endpoint."""
    newest = (
        sa.select(LOAD.c.load_id, LOAD.c.scope)
        .where(LOAD.c.source == source, LOAD.c.state == PUBLISHED, LOAD.c.fetch_id != "withdrawal")
        .ext(distinct_on(LOAD.c.scope))
        .order_by(LOAD.c.scope, LOAD.c.release_key.desc(), LOAD.c.load_id.desc())
        .subquery()
    )
    said = sa.select(newest.c.scope, VALIDATOR).join(VALIDATOR, VALIDATOR.c.load_id == newest.c.load_id)
    found: dict[str, dict[str, Said]] = {}
    for row in connection.execute(said):
        found.setdefault(row.scope, {})[row.endpoint] = Said(
            row.form, Validators(row.etag, row.last_modified)
        )
    return found

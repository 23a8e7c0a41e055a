"""Alembic's entry: runs the migrations on the connection that `migrate` opened."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import context

from include.warehouse.schema.foreign_types import CleanJson, CleanText
from include.warehouse.schema.history_tables import SCHEMAS
from include.warehouse.schema.ops_tables import metadata


def _ours(name: str | None, kind: str, parents: object) -> bool:
    return kind != "schema" or name in SCHEMAS


def _declared(item: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    # References are derived from the model after the migrations: Alembic knows no NOT ENFORCED.
    return kind != "foreign_key_constraint"


def _rendered(kind: str, item: object, _: object) -> str | Literal[False]:
    # A migration knows what the database stores, not what cleans it on the way there.
    if isinstance(item, sa.ARRAY) and isinstance(item.item_type, CleanText):
        return "sa.ARRAY(sa.Text())"
    if isinstance(item, CleanText):
        return "sa.Text()"
    return "sa.dialects.postgresql.JSONB()" if isinstance(item, CleanJson) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_schemas=True,
    include_name=_ours,
    include_object=_declared,
    render_item=_rendered,
    version_table_schema="ops",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

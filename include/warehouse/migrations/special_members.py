"""The special members of a dimension, 0 (unknown) and -1 (not applicable), for the migration that makes it.

A migration states what it adds by names of its own, not by the model, which goes on changing. So must what it
calls: change nothing here that a migration already in use relies on.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from include.sources.release import OPEN

MEMBERS = (0, -1)


def insert_special_members(
    dimension: str,
    references: Sequence[str] = (),
    *,
    is_versioned: bool = True,
    scope_key: str | None = "study_key",
) -> None:
    """Insert the members 0 and -1 of a new dimension, valid at every release.

    :param dimension: its name in the model, such as `arm`; its tables have been created.
    :param references: columns of `history.dim_<dimension>` that hold keys of other dimensions, such as
        `species_key`: what is unknown refers to what is unknown.
    :param is_versioned: whether it has a table of versions; a dimension of terms has keys alone.
    :param scope_key: the key of the scope that leads its table of versions; None for the dimension of the
        scopes themselves.
    """
    key = f"{dimension}_key"
    keys = [{key: member} for member in MEMBERS]
    op.bulk_insert(_table(f"key_{dimension}", key), keys)
    if is_versioned:
        valid = {"is_inferred": False, "valid_from": 0, "valid_to": OPEN, "load_id": 0}
        scope = {scope_key: 0} if scope_key else {}
        rows = [{**scope, **dict.fromkeys((key, *references), member), **valid} for member in MEMBERS]
        op.bulk_insert(_table(f"dim_{dimension}", *rows[0]), rows)


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns), schema="history")

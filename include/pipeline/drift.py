"""What answers lacked of the keys that are declared, or had beyond them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa

from include.landing.zone import Landed
from include.pipeline.run_ledger import Load, writing
from include.warehouse.schema.ops_tables import DRIFT


def note_drift(target: sa.Engine | sa.Connection, load: Load, landed: Iterable[Landed]) -> None:
    """Record keys that answers lacked, had beyond those declared or had twice, all parts of one together.

    :param landed: all answers of the load.
    :raises SupersededError: a newer attempt has taken the load.
    """
    load_id = load.load_id
    found: Counter[tuple[str, str, str]] = Counter()
    for part in landed:
        keys = {"missing": part.missing_keys, "unknown": part.unknown_keys, "repeated": part.repeated_keys}
        for kind, rows_by_key in keys.items():
            found.update({(part.endpoint, kind, name): rows for name, rows in rows_by_key.items()})
    rows = [
        {"load_id": load_id, "endpoint": endpoint, "field": name, "kind": kind, "rows": count}
        for (endpoint, kind, name), count in found.items()
    ]
    with writing(target, load) as connection:
        connection.execute(sa.delete(DRIFT).where(DRIFT.c.load_id == load_id))
        if rows:
            connection.execute(sa.insert(DRIFT), rows)

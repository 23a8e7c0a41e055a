"""How many rows and values of a load are quarantined, by rule and value: what pages of many loads add up."""

from __future__ import annotations

import sqlalchemy as sa

from include.warehouse.schema.ops_tables import QUARANTINE_GROUP

_COUNTED = sa.text("""
insert into quality.quarantine_group (load_id, source, scope, kind, endpoint, rule, field, value, items)
select q.load_id, q.source, q.scope, 'row', q.endpoint, q.rule, null, null, count(*)
from quality.quarantine q where q.load_id = :load_id
group by q.load_id, q.source, q.scope, q.endpoint, q.rule
union all
select v.load_id, v.source, v.scope, 'value', v.endpoint, v.rule, v.field, v.value, count(*)
from quality.quarantined_value v where v.load_id = :load_id
group by v.load_id, v.source, v.scope, v.endpoint, v.rule, v.field, v.value""")


def count(connection: sa.Connection, load_id: int) -> None:
    """Count what is quarantined of a load now; what an earlier attempt counted is replaced.

    Called in the transaction that quarantines, so that rows and their numbers are there together.
    """
    connection.execute(sa.delete(QUARANTINE_GROUP).where(QUARANTINE_GROUP.c.load_id == load_id))
    connection.execute(_COUNTED, {"load_id": load_id})

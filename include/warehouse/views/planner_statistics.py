"""Statistics that the planner has beyond those of single columns: how many different values facts measure."""

from __future__ import annotations

import sqlalchemy as sa

from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.schema.statements import run_sql
from include.warehouse.views.assay_results import read_for_values

_EXISTING = """
select s.stxrelid::regclass::text, array(
    select a.attname from unnest(s.stxkeys) k join pg_attribute a on a.attrelid = s.stxrelid and a.attnum = k)
from pg_statistic_ext s where s.stxnamespace = 'history'::regnamespace and s.stxname = :name"""


def declare(connection: sa.Connection) -> None:
    """Have the planner count the combinations of what a value is computed from, and count those that are new.

    Few combinations: a query computes each once. Without the count it expects a number of them that is the
    product of the columns', or none where a column is always null.
    """
    for fact in ASSAY_FACTS:
        columns, name = read_for_values(fact), f"{fact.relation}_values"
        found = connection.execute(sa.text(_EXISTING), {"name": name}).first()
        if len(columns) < 2 or (found and set(found[1]) == set(columns)):
            continue
        table = f"history.{fact.relation}"
        run_sql(connection, f"drop statistics if exists history.{name}")
        run_sql(
            connection, f"create statistics history.{name} (ndistinct) on {', '.join(columns)} from {table}"
        )
        run_sql(connection, f"analyze {table} ({', '.join(columns)})")

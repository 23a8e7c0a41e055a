"""Plans on a world of 200,000 rows: none meets far more rows than it is made for, of any question or mart.

What is planned for one row and meets a hundred thousand does not end. The estimate is what goes wrong first,
at every size and on every machine. That fewer rows come than were expected is no finding: a join that has
nothing on its other side reads no further, and a sum over groups has as many as the data have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from benchmarks import scale_world
from benchmarks.queries import Query, largest_study, queries
from include.local.server import Server
from include.sql import literal
from include.warehouse.access.roles import ANALYST
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.statements import run_sql
from tests.support.warehouse import copied

pytestmark = pytest.mark.long

ROWS, FACTOR = 200_000, 100
#: Of its rows, marts expect one on purpose: see `_Once` of assay_results.
UNITS = "unit_definition"
_NAMES = ("Relation Name", "Alias", "Index Name", "Hash Cond", "Index Cond", "Filter")


@pytest.fixture(scope="module")
def scaled(postgres: Server, template: str) -> Iterator[sa.Engine]:
    """Some 500 studies of very different sizes at two releases, a tenth of them restricted."""
    name = copied(postgres, template)
    engine = warehouse_engine(postgres.url(name))
    assert scale_world.fill(engine, ROWS) > 0.9 * ROWS
    yield engine
    engine.dispose()
    postgres.drop_database(name)


@pytest.mark.parametrize("as_of", [None, "DR50"])
def test_no_estimate_is_far_off(as_of: str | None, scaled: sa.Engine) -> None:
    with scaled.connect() as connection:
        study = largest_study(connection)
    planned = list(queries(study))
    found = {query: list(_misjudged(scaled, query, as_of)) for query in planned}
    assert {f"{query.kind} {query.name}": nodes for query, nodes in found.items() if nodes} == {}
    assert {query.kind for query in planned} == {"question", "study", "limit", "count"}


def test_conditions_that_the_planner_cannot_see_through_are_found(scaled: sa.Engine) -> None:
    """Comparisons with what a subquery finds: the planner takes a third of each table for each of them."""
    seen = "{0} > (select -9) and {0} < (select 9000000000000000000)"
    joined = f"""select count(*) from star.fact_hai h
        join star.dim_expsample x on x.expsample_key = h.expsample_key and {seen.format("x.expsample_key")}
        join star.dim_biosample b on b.biosample_key = h.biosample_key and {seen.format("b.biosample_key")}
        where {seen.format("h.result_id")}"""
    found = list(_misjudged(scaled, Query("count", "blind", (joined,)), None))
    assert [node for node in found if "Join" in node or "Loop" in node]


def _misjudged(engine: sa.Engine, query: Query, as_of: str | None) -> Iterator[str]:
    """Nodes of the plan of an analyst's query whose rows are over a hundred times as many as expected."""
    with engine.connect() as connection:
        run_sql(connection, f"set role {ANALYST}")
        run_sql(connection, "set max_parallel_workers_per_gather = 0")
        run_sql(connection, "set statement_timeout = '60s'")
        if as_of:
            run_sql(connection, f"set star.as_of = {literal(as_of)}")
        for statement in query.statements:
            if statement.startswith(("select", "with")):
                plan = run_sql(
                    connection, f"explain (analyze, timing off, format json) {statement}"
                ).scalar_one()
                (tree,) = json.loads(plan) if isinstance(plan, str) else plan
                for node in _whole_nodes(tree["Plan"]):
                    expected, found = (max(float(node[f"{which} Rows"]), 1) for which in ("Plan", "Actual"))
                    if found > expected * FACTOR:
                        about = " ".join(str(node[name])[:80] for name in _NAMES if name in node)
                        yield f"{node['Node Type']} {about}: {expected:.0f} expected, {found:.0f} found"
            else:
                run_sql(connection, statement)
        connection.invalidate()


def _whole_nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Nodes that were run to their end: what is below a limit is not, nor what a semi-join looks into."""
    if node["Actual Loops"] == 0:
        return
    children = node.get("Plans", [])
    kept = children[0] if node["Node Type"] in ("Hash", "Materialize") else node
    if kept.get("Relation Name") != UNITS:
        yield node
    if node["Node Type"] == "Limit" or node.get("Join Type") in ("Semi", "Anti"):
        return
    for child in children:
        yield from _whole_nodes(child)

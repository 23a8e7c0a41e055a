"""What analysts query, on a warehouse of many studies: questions, marts and wide views."""

from __future__ import annotations

from collections import defaultdict

from benchmarks import queries, scale_world
from benchmarks.bench import Bench
from benchmarks.figures import Goal
from benchmarks.part import Part
from include.warehouse import migrate
from include.warehouse.schema.engine import warehouse_engine

#: Versions of facts, by default; the goals are those of 5,000,000.
ROWS = 300_000
_GOALS = {"question": Goal(2), "study": Goal(1), "limit": Goal(1), "count": Goal(5)}
_KINDS = {
    "question": "questions",
    "study": "marts of the largest study",
    "limit": "their first 500 rows",
    "count": "marts counted",
}


def _queries(bench: Bench) -> None:
    with bench.database() as url:
        migrate.upgrade(url)
        engine = warehouse_engine(url)
        rows = scale_world.fill(engine, bench.sizes.rows or ROWS)
        bench.say(f"  {rows:,} versions of facts")
        found: dict[str, list[float]] = defaultdict(list)
        for _ in range(bench.sizes.rounds):
            for name, seconds in queries.figures(engine):
                found[name].append(seconds)
        engine.dispose()
    for release in ("", " as of DR50"):
        for kind, words in _KINDS.items():
            mine = {
                name: values
                for name, values in found.items()
                if name.startswith(f"{kind} ") and (" as of " in name) == bool(release)
            }
            slowest = max(mine, key=lambda name: sorted(mine[name])[len(mine[name]) // 2])
            goal = _GOALS[kind]
            bench.figure(f"slowest of {len(mine)} {words}{release}", "s", mine[slowest], goal)
            for name, values in mine.items():
                if not goal.is_met(sorted(values)[len(values) // 2]):
                    bench.figure(name, "s", values, goal)


PARTS = (
    Part("queries", "Every question, mart and wide view as an analyst, on rows of many studies", _queries),
)

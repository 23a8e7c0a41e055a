"""A warehouse of millions of rows: what analysts ask of it, and what publishing into it costs."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from statistics import median

from benchmarks import queries, scale_world
from benchmarks.bench import Bench, World, raw_copy, timed
from benchmarks.figures import RATIO, Goal
from benchmarks.part import Part
from benchmarks.product import Installation

#: Rows of facts in the warehouse, by default; ROWS=5000000 is what the goals are about.
ROWS = 100_000
_SMALL = 20_000
#: Seconds that the slowest query of a kind may take.
_KINDS = {
    "question": ("question", Goal(2)),
    "study": ("mart or wide view of one study", Goal(1)),
    "limit": ("mart or wide view of one study with LIMIT", Goal(1)),
    "count": ("count of a mart or wide view", Goal(5)),
}
_AS_OF = "DR50"
#: Studies that are published into the warehouse, all with the same assays; one in each round.
_STUDIES, _STUDY_ROWS = 64, 1_000


def _analysts(bench: Bench) -> None:
    with bench.database() as url:
        place = Installation(url, bench.new_folder(), bench.source(studies=1, rows=20))
        place.prepare()
        with place.engine() as engine:
            rows = scale_world.fill(engine, bench.sizes.rows or ROWS)
            bench.say(f"  {rows:,} rows of facts")
            taken: dict[tuple[str, bool], list[float]] = defaultdict(list)
            for name, seconds in queries.figures(engine, (None, _AS_OF)):
                kind = name.partition(" ")[0]
                taken[kind, name.endswith(f" as of {_AS_OF}")].append(min(seconds, queries.LIMIT_SECONDS))
                if not _KINDS[kind][1].is_met(seconds):
                    bench.say(f"  {name}: {seconds:.1f} s")
    for (kind, is_as_of), values in taken.items():
        label, goal = _KINDS[kind]
        when = f", as of {_AS_OF}" if is_as_of else ""
        bench.figure(f"{label}{when}, slowest of {len(values)}", "s", [max(values)], goal)
        bench.figure(f"{label}{when}, all {len(values)}", "s", values)


def _growth(bench: Bench) -> None:
    source = bench.source(studies=_STUDIES, rows=_STUDY_ROWS)
    sizes, medians = {}, []
    for rows in (_SMALL, bench.sizes.rows or ROWS):
        with bench.database() as url:
            place = Installation(url, bench.new_folder(), source)
            place.prepare()
            with place.engine() as engine:
                sizes[rows] = scale_world.fill(engine, rows)
                ratios = [_publish(bench, place, number) for number in range(bench.sizes.rounds)]
        bench.figure(f"publish into a warehouse of {sizes[rows]:,} rows", RATIO, ratios)
        medians.append(median(ratios))
    small, large = sizes.values()
    bench.figure(f"growth from {small:,} to {large:,} rows", "times", [medians[1] / medians[0]], Goal(1.5))


def _publish(bench: Bench, place: Installation, number: int) -> float:
    # Every eighth study has the same assays; the first eight are in the warehouse already.
    study = f"SDY{1009 + 8 * number}"
    with place.engine() as engine:
        plain = raw_copy(engine, World(place.source, study).answers)
    loads = place.discover(study)
    for step in ("land", "stage", "check"):
        place.do(step, loads)
    return timed(partial(place.do, "publish", loads))[0] / plain


PARTS = (
    Part(
        "analysts",
        "Every question, mart and wide view as an analyst asks it, now and as of an older release, in a large"
        " warehouse",
        _analysts,
    ),
    Part("growth", "Publishing a new study into a small and into a large warehouse", _growth),
)

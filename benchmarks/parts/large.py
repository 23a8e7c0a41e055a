"""What publishing into a warehouse of millions of rows costs."""

from __future__ import annotations

from functools import partial
from statistics import median

from benchmarks import scale_world
from benchmarks.bench import Bench, World, raw_copy, timed
from benchmarks.figures import RATIO, Goal
from benchmarks.part import Part
from benchmarks.product import Installation

#: Rows of facts in the warehouse, by default; ROWS=5000000 is what the goals are about.
ROWS = 100_000
_SMALL = 20_000
#: Studies that are published into the warehouse, all with the same assays; one in each round.
_STUDIES, _STUDY_ROWS = 64, 1_000


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


PARTS = (Part("growth", "Publishing a new study into a small and into a large warehouse", _growth),)

"""One study from the source to the star, step by step and route by route, with a raw COPY in every round.

Several parts are about these steps: they share the rounds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from benchmarks.bench import Bench, World, copy_of_facts, raw_copy, timed
from benchmarks.equality import require_equal
from benchmarks.product import ROUTES, STEPS, Installation

STUDY = "SDY1001"


@dataclass
class Walk:
    """What the rounds of one route took.

    :param seconds: by step; `COPY` and `COPY of the facts` are what steps are compared with.
    :param again: the same of the second load, in which nothing had changed.
    :param written: rows that the second load wrote.
    """

    rows: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    again: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    written: list[int] = field(default_factory=list)

    @property
    def last(self) -> str:
        """Seconds of the last round."""
        taken = [f"{step} {seconds[-1]:.2f}" for step, seconds in self.seconds.items()]
        taken += [f"{step} again {seconds[-1]:.2f}" for step, seconds in self.again.items()]
        return ", ".join(taken) + " s"

    def ratios(self, *steps: str, again: bool = False) -> list[float]:
        """Seconds of these steps together, by the seconds of COPY in the same round."""
        taken = self.again if again else self.seconds
        rounds = zip(*(taken[step] for step in steps), strict=True)
        return [sum(one) / plain for one, plain in zip(rounds, self.seconds["COPY"], strict=True)]


def walk(bench: Bench, world: World, routes: Sequence[str], until: str, *, again: bool) -> dict[str, Walk]:
    """Load the study by each route, in turn, as often as there are rounds.

    :param until: the last step.
    :param again: load it a second time, too.
    :raises UnequalError: what was published is not what was generated.
    """
    walks = {route: Walk() for route in ROUTES if route in routes}
    for number in range(bench.sizes.rounds):
        for route, found in walks.items():
            _round(bench, world, route, found, until, again=again, is_last=number == bench.sizes.rounds - 1)
            bench.say(f"  round {number + 1}, {route}: {found.last}")
    return walks


def _round(
    bench: Bench, world: World, route: str, found: Walk, until: str, *, again: bool, is_last: bool
) -> None:
    with bench.database() as url:
        place = Installation(url, bench.new_folder(), world.source, route)
        place.prepare()
        rows = world.answers  # recorded before anything is timed
        with place.engine() as engine:
            found.seconds["COPY"].append(raw_copy(engine, rows))
            (load,) = _steps(place, found.seconds, until)
            found.rows = sum(answer.rows for answer in rows)
            place.manifest(load)  # proves that it came by its route
            if until != "publish":
                return
            found.seconds["COPY of the facts"].append(copy_of_facts(engine))
            if is_last:
                compared = require_equal(engine, rows, packaged=route == "package")
                bench.say(f"  {route}: {compared:,} rows of the star are those generated")
            if again:
                (load,) = _steps(place, found.again, until)
                found.written.append(place.written(load))


def _steps(place: Installation, seconds: dict[str, list[float]], until: str) -> list[int]:
    loads = place.discover(STUDY)
    for step in STEPS:
        taken, _ = timed(partial(place.do, step, loads))
        seconds[step].append(taken)
        if step == until:
            break
    return loads

"""The steps of loading one study, each against a raw COPY of the same rows."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.bench import Bench, World
from benchmarks.figures import RATIO, Goal
from benchmarks.part import Part
from benchmarks.product import ROUTES, STEPS
from benchmarks.walk import STUDY, Walk, walk

#: Result rows per assay, by default: enough of them that TSV is requested where it is trusted.
ROWS = 6_000
#: Routes as figures name them.
NAMES = {"json": "JSON", "tsv": "TSV", "package": "package"}
_STAGE_GOALS = {"json": Goal(2.5), "tsv": Goal(1.25), "package": Goal(2)}
_STUDY_GOALS = {"json": Goal(5.5), "tsv": Goal(5), "package": Goal(5)}


@dataclass(frozen=True)
class Need:
    """The steps that a part is about."""

    until: str
    routes: tuple[str, ...] = ROUTES
    again: bool = False


_NEEDS = {
    "land": Need("land"),
    "stage": Need("stage"),
    "check": Need("check", ("json",)),
    "publish": Need("publish", ("json",), again=True),
    "study": Need("publish", again=True),
}


def world(bench: Bench) -> World:
    """The study that all these parts load."""
    return World(bench.source(studies=1, rows=bench.sizes.rows or ROWS), STUDY)


def _walks(bench: Bench) -> dict[str, Walk]:
    """The rounds that all selected parts together need, walked once."""
    if not bench.walks:
        needs = [need for name, need in _NEEDS.items() if name in bench.selected]
        until = max((need.until for need in needs), key=list(STEPS).index)
        routes = {route for need in needs for route in need.routes}
        again = any(need.again for need in needs)
        bench.walks = walk(bench, world(bench), sorted(routes), until, again=again)
        for route, found in bench.walks.items():
            bench.figure(f"raw COPY of {found.rows:,} rows, {NAMES[route]}", "s", found.seconds["COPY"])
            for step in STEPS:
                if step in found.seconds:
                    bench.figure(f"{step}, {NAMES[route]}", "s", found.seconds[step])
    return bench.walks


def _land(bench: Bench) -> None:
    for route, found in _walks(bench).items():
        bench.figure(f"landing alone, {NAMES[route]}", RATIO, found.ratios("land"))


def _stage(bench: Bench) -> None:
    for route, found in _walks(bench).items():
        goal = _STAGE_GOALS[route]
        bench.figure(f"HTTP to staging, {NAMES[route]}", RATIO, found.ratios("land", "stage"), goal)


def _check(bench: Bench) -> None:
    bench.figure("checks", RATIO, _walks(bench)["json"].ratios("check"), Goal(0.9))


def _publish(bench: Bench) -> None:
    found = _walks(bench)["json"]
    bench.figure("publish, first load", RATIO, found.ratios("publish"), Goal(4))
    bench.figure("publish, unchanged", RATIO, found.ratios("publish", again=True))


def _study(bench: Bench) -> None:
    for route, found in _walks(bench).items():
        name = NAMES[route]
        first = [sum(one) for one in zip(*(found.seconds[step] for step in STEPS), strict=True)]
        second = [sum(one) for one in zip(*(found.again[step] for step in STEPS), strict=True)]
        facts = found.seconds["COPY of the facts"]
        bench.figure(f"whole study, {name}", RATIO, found.ratios(*STEPS), _STUDY_GOALS[route])
        bench.figure(
            f"whole study, {name}, by its facts",
            "x COPY of the facts",
            [whole / plain for whole, plain in zip(first, facts, strict=True)],
        )
        bench.figure(
            f"unchanged study, {name}",
            "of its first load",
            [again / whole for again, whole in zip(second, first, strict=True)],
            Goal(0.5),
        )
        bench.figure(f"unchanged study, {name}, rows written", "rows", found.written, Goal(0))


PARTS = (
    Part("land", "HTTP to verified files in the landing zone", _land),
    Part("stage", "HTTP to staging tables: landing and staging together", _stage),
    Part("check", "All checks of a staged study; the import of Great Expectations left out", _check),
    Part("publish", "Staging to the star, into an empty warehouse, and once more unchanged", _publish),
    Part("study", "One study from HTTP to the star, and once more unchanged", _study),
)

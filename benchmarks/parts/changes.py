"""A study that comes again with a little of it changed, at the next release."""

from __future__ import annotations

from benchmarks.bench import Bench, raw_copy, timed
from benchmarks.equality import require_equal
from benchmarks.figures import RATIO
from benchmarks.generated import answers
from benchmarks.part import Part
from benchmarks.parts.loading import world
from benchmarks.product import STEPS, Installation
from benchmarks.recorded import RecordedSource, serving
from benchmarks.variants import corrected, not_filled_in, variant
from benchmarks.walk import STUDY

#: The release that the source states, and one after it.
_RELEASES = ("DR51", "DR52")


def _changes(bench: Bench) -> None:
    place = world(bench)
    assert place.answers  # noqa: S101 - records what is not recorded yet
    first, recording = place.source, place.source.recording
    with bench.database() as url:  # and the rest of what a load requests
        scratch = Installation(url, bench.new_folder(), first)
        scratch.prepare()
        scratch.do("land", scratch.discover(STUDY))
    later = variant(recording, "corrected", corrected(100), _RELEASES)
    partial = variant(recording, "partial", not_filled_in(3))
    whole = variant(recording, "whole", bytes, _RELEASES)
    with (
        serving(later, first.url, first.api_key) as source_later,
        serving(partial, first.url, first.api_key) as source_partial,
        serving(whole, first.url, first.api_key) as source_whole,
    ):
        pairs = {
            "1 % of results corrected": (first, source_later),
            "30 % of curated values filled in": (source_partial, source_whole),
        }
        for name, (before, after) in pairs.items():
            rounds = [_round(bench, before, after) for _ in range(bench.sizes.rounds)]
            bench.figure(f"publish, {name}", RATIO, [one for one, _, _ in rounds])
            bench.figure(f"whole study, {name}", RATIO, [one for _, one, _ in rounds])
            bench.figure(f"rows written, {name}", "rows", [one for _, _, one in rounds])


def _round(bench: Bench, before: RecordedSource, after: RecordedSource) -> tuple[float, float, float]:
    """Publish and whole load of the second release by raw COPY, and the rows that it wrote."""
    with bench.database() as url:
        place = Installation(url, bench.new_folder(), before)
        place.prepare()
        loads = place.discover(STUDY)
        for step in STEPS:
            place.do(step, loads)
        place.source = after
        rows = answers(after, STUDY)
        with place.engine() as engine:
            plain = raw_copy(engine, rows)
            loads = place.discover(STUDY)
            seconds = {step: _timed(place, step, loads) for step in STEPS}
            require_equal(engine, rows)
        written = place.written(loads[0])
        if not written:
            raise RuntimeError("the changed study wrote no row")
        return seconds["publish"] / plain, sum(seconds.values()) / plain, written


def _timed(place: Installation, step: str, loads: list[int]) -> float:
    return timed(lambda: place.do(step, loads))[0]


PARTS = (
    Part(
        "changes",
        "The study once more at the next release, with 1 % of its results corrected, or with 30 % of its"
        " curated values filled in",
        _changes,
    ),
)

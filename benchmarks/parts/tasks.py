"""What tasks take of the machine besides time."""

from __future__ import annotations

from collections import defaultdict

from benchmarks.bench import Bench
from benchmarks.figures import Goal
from benchmarks.memory import of_steps
from benchmarks.part import Part
from benchmarks.parts.loading import NAMES, world
from benchmarks.product import ROUTES, Installation
from benchmarks.walk import STUDY


def _memory(bench: Bench) -> None:
    place, found = world(bench), defaultdict(list)
    for route in ROUTES:
        with bench.database() as url:
            installation = Installation(url, bench.new_folder(), place.source, route)
            installation.prepare()
            loads = installation.discover(STUDY)
            for step, most in of_steps(installation, loads).items():
                found[step, route].append(most / 1e6)
    for (step, route), values in found.items():
        bench.figure(f"memory above imports, {step}, {NAMES[route]}", "MB", values, Goal(80))


PARTS = (Part("memory", "The most memory of each step above its imports, in a process of its own", _memory),)

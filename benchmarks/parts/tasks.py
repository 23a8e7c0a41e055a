"""What tasks take of the machine besides time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from functools import partial

from benchmarks import split
from benchmarks.bench import Bench, timed
from benchmarks.figures import Goal
from benchmarks.memory import of_steps
from benchmarks.part import Part
from benchmarks.parts.loading import NAMES, world
from benchmarks.product import ROUTES, Installation
from benchmarks.walk import STUDY
from include.local.postgres import EmbeddedPostgres
from include.local.processes import end_marked, mark
from tests.support.sandbox import ROOT, running_sandbox

#: Rows of the large answer, by default.
_SPLIT_ROWS = 20_000


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


def _split(bench: Bench) -> None:
    rows = bench.sizes.rows or _SPLIT_ROWS
    with bench.database() as url, running_sandbox(studies=1, rows=rows) as sandbox:
        folder = bench.new_folder()
        installation = Installation(url, folder, bench.source(studies=1, rows=20))
        installation.prepare()
        with installation.engine() as engine:
            for mode, found in split.measure(engine, sandbox, str(folder), rows, rows // 10):
                bench.figure(f"large answer, {mode}, parts", "parts", [found["parts"]])
                bench.figure(f"large answer, {mode}, landed from the sandbox", "s", [found["seconds"]])
                memory = [found["memory"] / 1e6]
                bench.figure(f"memory above imports, large answer, {mode}", "MB", memory, Goal(80))


def _demo(bench: Bench) -> None:
    var = bench.new_folder() / "var"
    environment = {**os.environ, "WAREHOUSE_VAR": str(var)}
    command = [sys.executable, "-m", "include.local", "demo"]
    run = partial(subprocess.run, command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    try:
        bench.figure("make demo, installed already", "s", [timed(run)[0]])
    finally:
        end_marked(mark(var.resolve(), "demo"))  # what an interrupted demo leaves
        EmbeddedPostgres(var / "postgres").remove()


PARTS = (
    Part("memory", "The most memory of each step above its imports, in a process of its own", _memory),
    Part(
        "split",
        "One large answer, undivided and in parts behind a source that gives up on more than a tenth of it",
        _split,
    ),
    Part(
        "demo",
        "make demo where all is installed: vocabularies, and two data releases one after the other",
        _demo,
    ),
)

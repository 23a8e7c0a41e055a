"""Measures what a load costs, beside a raw COPY of the same rows; writes figures and a page with plots."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import profiling
from benchmarks.bench import Bench, Sizes
from benchmarks.figures import Results
from benchmarks.parts import PARTS, loading
from benchmarks.product import warm_up
from include.local.options import LocalError, given, number
from include.local.paths import Paths
from include.local.postgres import EmbeddedPostgres

RESULTS = Path(__file__).parent / "results"


@contextmanager
def opened(
    names: Sequence[str], sizes: Sizes, kept: Path, console: Console, **settings: str
) -> Iterator[Bench]:
    """A server of its own, and all that parts work with.

    :param settings: of the server, beside those that every local one has.
    """
    results = Results({"rows": sizes.rows or 0, "studies": sizes.studies or 0, "rounds": sizes.rounds})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="immport-bench-")))
        postgres = EmbeddedPostgres(folder / "postgres", settings)
        stack.callback(postgres.remove)
        server = stack.enter_context(postgres.running())
        warm_up()
        yield Bench(server, sizes, kept, folder, console, results, stack, names)


def run(names: list[str], sizes: Sizes, kept: Path, console: Console) -> Results:
    """Run parts, one after the other."""
    with opened(names, sizes, kept, console) as bench:
        for name in names:
            bench.part = name
            bench.say(f"{name}: {PARTS[name].about}")
            PARTS[name].run(bench)
        return bench.results


def write_profile(sizes: Sizes, kept: Path, console: Console, folder: Path) -> Path:
    """Write where the time of a load goes. Returns the file."""
    with opened(["study"], sizes, kept, console, **profiling.SETTINGS) as bench:
        text = profiling.profile(bench, loading.world(bench), "json")
    folder.mkdir(exist_ok=True)
    path = folder / "profile.md"
    path.write_text(text)
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    return path


def write(results: Results, folder: Path) -> None:
    """Write the figures, and the page."""
    from benchmarks.page import page  # matplotlib makes a folder in the user's home

    folder.mkdir(exist_ok=True)
    (folder / "latest.json").write_text(json.dumps(results.as_json(), indent=1) + "\n")
    (folder / "latest.html").write_text(page(results, {part.name: part.about for part in PARTS.values()}))


def _kept() -> Path:
    return Paths.default().var / "bench"


def _table(results: Results) -> Table:
    table = Table()
    for name in ("figure", "unit", "min", "median", "max", "goal", "verdict"):
        is_text = name in ("figure", "unit")
        table.add_column(name, justify="left" if is_text else "right", no_wrap=True)
    for figure in results.figures:
        table.add_row(*("" if value is None else str(value) for value in figure.as_json().values()))
    return table


def parser() -> argparse.ArgumentParser:
    """The command line; what it leaves out comes from the variables of the Makefile."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument(
        "--only", default=given("ONLY") or "", metavar="PARTS", help=f"some of {', '.join(PARTS)}"
    )
    made.add_argument("--rows", type=int, default=number("ROWS"), help="result rows per assay of a study")
    made.add_argument("--studies", type=int, default=number("STUDIES"), help="studies of a release")
    made.add_argument(
        "--rounds", type=int, default=number("ROUNDS") or 3, help="times each thing is measured (default: 3)"
    )
    made.add_argument(
        "--profile",
        action="store_true",
        default=bool(given("PROFILE")),
        help="load one study once and print where the time goes",
    )
    made.add_argument("--results", type=Path, default=RESULTS, help="where the figures and the page go")
    return made


def main() -> None:
    try:
        options = parser().parse_args()
    except LocalError as error:
        raise SystemExit(f"error: {error}") from None
    names = options.only.replace(",", " ").split() or list(PARTS)
    if strange := set(names) - PARTS.keys():
        parser().error(f"no parts {', '.join(sorted(strange))}; there are {', '.join(PARTS)}")
    logging.disable(logging.INFO)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started ends, too
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)  # a file has no width; tables need one
    sizes = Sizes(options.rows, options.studies, options.rounds)
    if options.profile:
        console.print(f"Written: {write_profile(sizes, _kept(), console, options.results)}", soft_wrap=True)
        return
    results = run(names, sizes, _kept(), console)
    write(results, options.results)
    console.print(_table(results), soft_wrap=True)
    console.print(f"Figures and plots: {options.results}/latest.json, latest.html", soft_wrap=True)


if __name__ == "__main__":
    main()

"""Measures what a load costs, beside a raw COPY of the same rows, and writes figures and a page with plots."""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bench import Bench, Sizes
from benchmarks.figures import Results
from benchmarks.parts import PARTS
from benchmarks.product import warm_up
from include.local.paths import Paths
from include.local.postgres import EmbeddedPostgres

RESULTS = Path(__file__).parent / "results"


def run(names: list[str], sizes: Sizes, kept: Path, console: Console) -> Results:
    """Run parts, one after the other, on a server of their own."""
    results = Results({"rows": sizes.rows or 0, "studies": sizes.studies or 0, "rounds": sizes.rounds})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="immport-bench-")))
        postgres = EmbeddedPostgres(folder / "postgres")
        stack.callback(postgres.remove)
        server = stack.enter_context(postgres.running())
        warm_up()
        bench = Bench(server, sizes, kept, folder, console, results, stack, selected=names)
        for name in names:
            bench.part = name
            bench.say(f"{name}: {PARTS[name].about}")
            PARTS[name].run(bench)
    return results


def write(results: Results, folder: Path) -> None:
    """Write the figures."""
    folder.mkdir(exist_ok=True)
    (folder / "latest.json").write_text(json.dumps(results.as_json(), indent=1) + "\n")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("--only", default="", metavar="PARTS", help=f"some of {', '.join(PARTS)}, with commas")
    made.add_argument("--rows", type=int, help="result rows per assay of the study")
    made.add_argument("--studies", type=int, help="studies of a release")
    made.add_argument("--rounds", type=int, default=3, help="times each thing is measured (default: 3)")
    made.add_argument("--results", type=Path, default=RESULTS, help="where the figures go")
    return made


def main() -> None:
    options = parser().parse_args()
    names = options.only.replace(",", " ").split() or list(PARTS)
    if strange := set(names) - PARTS.keys():
        parser().error(f"no parts {', '.join(sorted(strange))}; there are {', '.join(PARTS)}")
    logging.disable(logging.INFO)
    console = Console()
    sizes = Sizes(options.rows, options.studies, options.rounds)
    results = run(names, sizes, Paths.default().var / "bench", console)
    write(results, options.results)
    table = Table(title="Medians")
    for name in ("figure", "unit", "min", "median", "max", "goal", "verdict"):
        table.add_column(name, justify="left" if name in ("figure", "unit") else "right")
    for figure in results.figures:
        table.add_row(*("" if value is None else str(value) for value in figure.as_json().values()))
    console.print(table)


if __name__ == "__main__":
    main()

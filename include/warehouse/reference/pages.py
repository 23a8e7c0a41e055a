"""The written reference in docs/, from the declarations: one command writes it all.

`python -m include.warehouse.reference` writes what changed; with `--check` it only says what is stale.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from include.warehouse.reference.areas import areas
from include.warehouse.reference.diagram import svg
from include.warehouse.reference.entries import Entry, Relation, relations
from include.warehouse.reference.html import page
from include.warehouse.reference.lineage import lineage
from include.warehouse.reference.markdown import dictionary
from include.warehouse.reference.sources import sources

__all__ = ["DOCS", "Entry", "Relation", "dictionary", "pages", "relations", "sources", "stale", "write"]

DOCS = Path(__file__).parents[3] / "docs"


def pages() -> dict[str, Callable[[], str]]:
    """What is written: path below docs/ -> its text."""
    diagrams = {f"diagrams/{area.name}.svg": partial(svg, area) for area in areas()}
    texts = {"dictionary.md": dictionary, "sources.md": sources, "lineage.md": lineage}
    return {**texts, "dictionary.html": page, **diagrams}


def stale(folder: Path = DOCS) -> dict[Path, str]:
    """Files of a folder that are not what the declarations say, with the text they should have."""
    made = {folder / name: make() for name, make in pages().items()}
    return {path: text for path, text in made.items() if not path.exists() or path.read_text() != text}


def write(folder: Path = DOCS) -> list[Path]:
    """Write what is stale into a folder. Returns the files that changed.

    :raises OSError: a file cannot be written.
    """
    found = stale(folder)
    for path, text in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(found)


def main() -> None:
    """Write what is stale, or with `--check` end with an error that names it."""
    parser = argparse.ArgumentParser(
        prog="python -m include.warehouse.reference",
        description="Write the reference pages below docs/ that are not what the declarations say.",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; name stale pages, and fail")
    if not parser.parse_args().check:
        write()
    elif found := [path.name for path in stale()]:
        raise SystemExit(f"stale: {', '.join(found)}: run python -m include.warehouse.reference")

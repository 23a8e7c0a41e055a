"""Example values of the star's columns, read from a file that was made of the synthetic world.

`python -m tests.support.examples` makes the file. A column without an example there has none here: it is
empty throughout the synthetic world, or is a key made by the warehouse.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

#: Relation -> column -> example.
Examples = dict[str, dict[str, str]]

FILE = Path(__file__).with_name("examples.json")


@cache
def _read() -> Examples:
    found: Examples = json.loads(FILE.read_text())
    return found


def example(relation: str, column: str) -> str:
    """An example value, empty for none."""
    return _read().get(relation, {}).get(column, "")

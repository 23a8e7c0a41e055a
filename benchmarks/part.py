"""The form of a declared part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.bench import Bench


@dataclass(frozen=True)
class Part:
    """A benchmark that runs alone by `make bench ONLY=<name>`.

    :param about: what it measures, in a sentence for the page.
    :param run: measures it and notes its figures.
    """

    name: str
    about: str
    run: Callable[[Bench], None]

"""The parts of the benchmarks: a declared list, one entry each."""

from __future__ import annotations

from benchmarks.part import Part
from benchmarks.parts import loading, queries, releases, rivals

_MODULES = (loading, rivals, releases, queries)
PARTS: dict[str, Part] = {part.name: part for module in _MODULES for part in module.PARTS}

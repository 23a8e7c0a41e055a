"""The parts of the benchmarks: a declared list, one entry each."""

from __future__ import annotations

from benchmarks.part import Part
from benchmarks.parts import changes, large, loading, packages, pages, queries, releases, rivals, tasks

_MODULES = (loading, changes, rivals, tasks, large, queries, pages, releases, packages)
PARTS: dict[str, Part] = {part.name: part for module in _MODULES for part in module.PARTS}

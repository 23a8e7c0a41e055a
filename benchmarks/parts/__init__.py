"""The parts of the benchmarks: a declared list, one entry each."""

from __future__ import annotations

from benchmarks.part import Part
from benchmarks.parts import loading, releases, rivals

PARTS: dict[str, Part] = {part.name: part for part in (*loading.PARTS, *rivals.PARTS, *releases.PARTS)}

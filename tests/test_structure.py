"""The rules of the house: who may import whom, sizes, names that stand once."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def load_figures() -> ModuleType:
    """`.ci/figures.py`, which counts what the rules are about."""
    spec = importlib.util.spec_from_file_location("figures", ROOT / ".ci" / "figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["figures"] = module
    spec.loader.exec_module(module)
    return module


figures = load_figures()
MODULES = figures.modules()
GRAPH = figures.arrows(MODULES)

#: Which room must not import which others, by any import: lazy and type-only ones included.
FORBIDDEN = {
    "include.cytometry": [
        "sources",
        "landing",
        "warehouse",
        "quality",
        "pipeline",
        "serve",
        "local",
        "sandbox",
    ],
    "include.sources": ["landing", "warehouse", "quality", "pipeline", "serve", "local", "sandbox"],
    "include.landing": ["warehouse", "quality", "pipeline", "serve", "local", "sandbox"],
    "include.warehouse": ["quality", "pipeline", "telemetry", "serve", "local", "sandbox"],
    "include.alerts": ["landing", "quality", "pipeline", "telemetry", "serve", "local", "sandbox"],
    "include.quality": ["pipeline", "telemetry", "serve", "local", "sandbox"],
    "include.pipeline": ["telemetry", "local", "sandbox"],
    "include.telemetry": ["local", "sandbox"],
    "include.serve": ["pipeline", "local", "sandbox"],
    "include.sandbox": ["landing", "warehouse", "quality", "pipeline", "serve", "local"],
    "include.submission": ["landing", "warehouse", "quality", "pipeline", "serve", "local", "sandbox"],
    "include.local": ["sandbox"],
    "immport_provider": ["local", "sandbox"],
}
#: The rooms that know nothing of Airflow: they take a client of a source, whoever it is.
WITHOUT_PROVIDER = ["include.sources", "include.landing", "include.warehouse", "include.quality"]
WITHOUT_PROVIDER += ["include.pipeline", "include.serve", "include.sandbox", "include.submission"]
WITHOUT_PROVIDER += ["include.cytometry", "include.telemetry", "include.alerts"]
RULES = [(room, f"include.{other}") for room, others in FORBIDDEN.items() for other in others]
RULES += [(room, "immport_provider") for room in WITHOUT_PROVIDER]


@pytest.mark.parametrize(("room", "other"), RULES)
def test_data_flows_one_way(room: str, other: str) -> None:
    found = [
        f"{name} imports {target}"
        for name, targets in GRAPH.items()
        if f"{name}.".startswith(f"{room}.")
        for target in targets
        if f"{target}.".startswith(f"{other}.")
    ]
    assert found == []


def test_no_import_runs_in_a_circle() -> None:
    assert figures.circles(GRAPH) == []


def test_a_circle_would_be_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert figures.circles(graph) == [["a", "b", "c"]]


def test_a_public_class_stands_once() -> None:
    assert figures.repeated_classes(MODULES) == {}


def test_no_folder_is_crowded() -> None:
    assert {folder: count for folder, count in figures.folders(MODULES).items() if count > 20} == {}


def test_modules_but_lists_of_declarations_are_short() -> None:
    assert [module.path for module in MODULES if module.lines > 300 and not figures.is_data(module)] == []


def test_every_public_function_is_typed() -> None:
    untyped = [
        f"{module.path}: {function.name}"
        for module in MODULES
        for function in module.functions
        if not figures.is_typed(function)
    ]
    assert untyped == []


def project_files() -> Iterator[Path]:
    for folder in ("include", "plugins", "dags", "tests", "benchmarks"):
        yield from (ROOT / folder).rglob("*.py")


def test_no_module_or_class_is_imported_under_another_name() -> None:
    renamed = [
        f"{path.relative_to(ROOT)}: {item.name} as {item.asname}"
        for path in project_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").split(".")[0] in {"include", "immport_provider", "tests", "dags"}
        for item in node.names
        if item.asname
    ]
    assert renamed == []


def named_places() -> Iterator[tuple[str, str]]:
    """`module:function` in strings of tests: where a process is to die, or what it is to call."""
    for path in (ROOT / "tests").rglob("*.py"):
        yield from re.findall(r'"((?:include|immport_provider)[\w.]*):([\w.]+)"', path.read_text())


def test_every_place_that_a_test_names_exists() -> None:
    places = set(named_places())
    assert len(places) > 20
    for module, name in sorted(places):
        functools.reduce(getattr, name.split("."), importlib.import_module(module))


_SILENCED = re.compile(r"# (?:noqa|type: ignore)(.*)")
_RULE_AND_REASON = re.compile(r"(?:: [A-Z]+\d+(?:, [A-Z]+\d+)*|\[[a-z, -]+\]) +[-#] +\w.*")


def test_what_silences_a_checker_says_why() -> None:
    """One rule, and the reason: `# noqa: S608 - declared`, `# type: ignore[misc]  # made here`."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in project_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for rest in _SILENCED.findall(line)
        if not _RULE_AND_REASON.fullmatch(rest)
    ]
    assert found == []

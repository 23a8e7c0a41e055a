"""Figures of the code: sizes, types, docstrings, comments, circles of imports. `make figures` prints them.

Counted are the Python files of `include`, `plugins` and `dags`, without the frozen migrations.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import statistics
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("include", "plugins", "dags")
FROZEN = "include/warehouse/migrations/versions"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A file of the project.

    :param path: below the project's root, with slashes.
    """

    path: str

    @property
    def name(self) -> str:
        """The name by which it is imported; `plugins` is on the path itself."""
        parts = Path(self.path).with_suffix("").parts
        parts = parts[1:] if parts[0] == "plugins" else parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @property
    def classes(self) -> list[ast.ClassDef]:
        """Classes of the module itself, not those inside of functions and classes."""
        return [node for node in self.tree.body if isinstance(node, ast.ClassDef)]

    def comments(self) -> int:
        """Lines that hold nothing but a comment."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return sum(
            1
            for token in tokens
            if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip()
        )

    def code(self) -> int:
        """Lines of code: neither blank nor a comment."""
        return sum(1 for line in self.text.splitlines() if line.strip() and not line.strip().startswith("#"))

    def imported(self) -> Iterator[str]:
        """Names of all that is imported anywhere in the file: lazily and for types alone, too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    yield f"{node.module}.{alias.name}"


def modules() -> list[Module]:
    """All files that are counted."""
    paths = (
        path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")
    )
    return [Module(path) for path in sorted(paths) if not path.startswith(FROZEN)]


def arrows(all_modules: list[Module]) -> dict[str, set[str]]:
    """By the name of each module, the modules of the project that it imports by any import."""
    known = {module.name for module in all_modules}
    found: dict[str, set[str]] = {}
    for module in all_modules:
        names = {name if name in known else name.rpartition(".")[0] for name in module.imported()}
        found[module.name] = (names & known) - {module.name}
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules of which each imports, over others, itself: the strongly connected ones."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen, left = set[str](), [start]
        while left:
            new = graph[left.pop()] - seen
            seen |= new
            left += new
        reached[start] = seen
    groups = {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in graph
        if name in reached[name]
    }
    return sorted(sorted(group) for group in groups)


def folders(all_modules: list[Module]) -> Counter[str]:
    """Number of modules by folder; a package's `__init__` is none."""
    paths = (Path(module.path) for module in all_modules)
    return Counter(path.parent.as_posix() for path in paths if path.name != "__init__.py")


def repeated_classes(all_modules: list[Module]) -> dict[str, list[str]]:
    """Public class names that stand in more than one module."""
    where = defaultdict(list)
    for module in all_modules:
        for node in module.classes:
            if not node.name.startswith("_"):
                where[node.name].append(module.path)
    return {name: paths for name, paths in sorted(where.items()) if len(paths) > 1}


def repeated_files(all_modules: list[Module]) -> dict[str, list[str]]:
    """File names that stand in more than one folder."""
    where = defaultdict(list)
    for module in all_modules:
        if not Path(module.path).stem.startswith("__"):
            where[Path(module.path).name].append(module.path)
    return {name: paths for name, paths in sorted(where.items()) if len(paths) > 1}


def is_typed(function: Function) -> bool:
    """Whether every parameter but `self` and the result have a type."""
    arguments = function.args
    named = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    given = [item for item in named if item is not None and item.arg not in {"self", "cls"}]
    return function.returns is not None and all(item.annotation is not None for item in given)


def is_data(module: Module) -> bool:
    """Whether a module is declarations: functions have less than a tenth of its lines."""
    inside = sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in module.functions)
    return inside * 10 < module.lines


def spread(numbers: list[int]) -> str:
    return f"{statistics.median(numbers):.0f} / {max(numbers)}"


def share(kept: int, of: int) -> str:
    return f"{100 * kept / of:.0f} %"


def main() -> None:
    """Print one line per figure."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    found = [module for module in modules() if module.lines]
    functions = [function for module in found for function in module.functions]
    public = [function for function in functions if not re.match("_", function.name)]
    graph = arrows(found)
    comments, code = sum(m.comments() for m in found), sum(m.code() for m in found)
    longest = [module.path for module in found if module.lines > 300]
    full = {folder: count for folder, count in folders(found).items() if count > 20}
    figures = {
        "files": len(found),
        "file lines, median / max": spread([module.lines for module in found]),
        "files over 300 lines": ", ".join(longest) or "none",
        "function lines, median / max": spread(
            [(f.end_lineno or f.lineno) - f.lineno + 1 for f in functions]
        ),
        "fully typed functions": share(sum(map(is_typed, functions)), len(functions)),
        "docstrings of public functions": share(sum(bool(ast.get_docstring(f)) for f in public), len(public)),
        "comments per 100 code lines": f"{100 * comments / code:.1f}",
        "folders with more than 20 modules": ", ".join(f"{k} ({v})" for k, v in full.items()) or "none",
        "class names that stand twice": ", ".join(repeated_classes(found)) or "none",
        "file names that stand twice": ", ".join(repeated_files(found)) or "none",
        "circles by any import": len(circles(graph)),
    }
    for name, figure in figures.items():
        print(f"{name:34} {figure}")
    for circle in circles(graph):
        print("  circle:", ", ".join(circle))


if __name__ == "__main__":
    main()

"""Every command prints its help on request, and does nothing else then."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from include.local.paths import ROOT
from tests.support.long import cases

FOLDERS = ("include", "plugins", "benchmarks", "tests/support", "tests/conformance", ".ci")
CALLED = re.compile(r'^if __name__ == "__main__":|^main\(\)$|^run\(\)$', re.MULTILINE)
MODULES = sorted(
    path.relative_to(ROOT)
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*.py")
    if CALLED.search(path.read_text())
)
#: One of each kind: a module, a script.
QUICK = ("include/warehouse/migrate.py", ".ci/run")
SCRIPTS = [Path("include/local/setup.sh"), *(Path(".ci", name) for name in ("run", "lint", "lock"))]


def command(path: Path) -> list[str]:
    """How a file is called."""
    if path.suffix != ".py":
        return [str(ROOT / path)]
    if path.parts[0] == ".ci":
        return [sys.executable, str(ROOT / path)]
    parts = path.with_suffix("").parts
    names = [part for part in parts if part not in ("plugins", "__main__")]
    return [sys.executable, "-m", ".".join(names)]


def test_the_commands_are_found() -> None:
    assert {" ".join(command(path)[2:]) for path in MODULES} > {
        "include.local", "include.warehouse.migrate", "include.warehouse.terms", "immport_provider.pools",
    }  # fmt: skip
    assert all((ROOT / path).exists() for path in SCRIPTS)


@pytest.mark.parametrize("path", cases({str(path): path for path in (*MODULES, *SCRIPTS)}, quick=QUICK))
def test_help_explains_and_does_nothing_else(path: Path, tmp_path: Path) -> None:
    """No home of Airflow is made, no `var/`, and nothing but the explanation is printed."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    done = subprocess.run(
        [*command(path), "--help"],
        cwd=ROOT, env={**kept, "HOME": str(tmp_path), "WAREHOUSE_VAR": str(tmp_path / "var")},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) > 1 or path.suffix != ".py"
    assert done.stdout
    if "-m" in command(path) and path.parts[1] != "conformance":
        assert f"usage: python -m {command(path)[-1]} " in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_commands_of_the_makefile_are_explained() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "include.local", "--help"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert re.search(r"^ +down +End the standing system\.$", done.stdout, re.MULTILINE)

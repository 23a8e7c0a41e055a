"""Virtual environments of third-party clients, which share no package with the project."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import uv

from tests.support.sandbox import ROOT


def python_with(requirements: Path, client: str) -> Path:
    """Python of an environment that has what a file of requirements names, and nothing else; made once.

    The test is skipped where it cannot be made, such as without a package index.

    :param client: what the test is about, for the reason.
    """
    place = f"{ROOT} {sys.version_info[:2]} {requirements.read_text()}"
    folder = ROOT / "var" / f"conformance-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if (folder / "installed").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    # Each requirement is in the file: a client may declare more than it imports.
    install = ["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--python", str(python)]
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(folder)],
        [*install, "-r", str(requirements)],
    ):
        made = subprocess.run([uv.find_uv_bin(), *command], capture_output=True, text=True, check=False)
        if made.returncode:
            reason = (made.stderr.strip().splitlines() or ["no reason given"])[0]
            pytest.skip(f"{client} cannot be installed: {reason}")
    (folder / "installed").touch()
    return python

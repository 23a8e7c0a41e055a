"""The environment of the rivals, made once beside the recordings."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import uv

from tests.support.sandbox import ROOT

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


class UnavailableError(RuntimeError):
    """The rivals cannot be installed; says why."""


def python(kept: Path) -> Path:
    """Python of an environment that has the rivals.

    :raises UnavailableError: they cannot be installed.
    """
    place = f"{ROOT} {sys.version_info[:2]} {REQUIREMENTS.read_text()}"
    folder = kept / f"rivals-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
    found = folder / "bin" / "python"
    if not (folder / "installed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _uv("venv", "--quiet", "--python", sys.executable, str(folder))
        install = ("--quiet", "--python", str(found), "--require-hashes", "-r", str(REQUIREMENTS))
        _uv("pip", "install", *install)
        (folder / "installed").touch()
    return found


def _uv(*arguments: str) -> None:
    made = subprocess.run([uv.find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
    if made.returncode:
        reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UnavailableError(f"the rivals cannot be installed: {reason}")

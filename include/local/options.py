"""The variables of the Makefile, as typed by the user.

They arrive in the environment under WAREHOUSE_ and their name; an empty one counts as not given.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


class LocalError(RuntimeError):
    """Something the user can put right; the message says what, and is all that is shown."""


@dataclass(frozen=True)
class WorldOptions:
    """What the sandbox serves: a synthetic world by size and seed, or a folder of real packages."""

    archives: Path | None = None
    studies: int | None = None
    rows: int | None = None
    seed: int | None = None

    @property
    def arguments(self) -> list[str]:
        """The same as command-line arguments of `python -m include.sandbox`."""
        if self.archives is not None:
            return ["--archives", str(self.archives)]
        sizes = {"--studies": self.studies, "--rows": self.rows, "--seed": self.seed}
        return [part for name, value in sizes.items() if value is not None for part in (name, str(value))]


def given(name: str) -> str | None:
    """The value of a Makefile variable, None when it was not given."""
    return os.environ.get(f"WAREHOUSE_{name}") or None


def number(name: str, lowest: int = 1, highest: int | None = None) -> int | None:
    """The value of a numeric Makefile variable, None when it was not given.

    Raises:
        LocalError: it is not a number from `lowest` to `highest`.
    """
    value = given(name)
    if value is None:
        return None
    allowed = f"from {lowest} to {highest}" if highest else f"from {lowest} on"
    if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= (highest or int(value)):
        raise LocalError(f"{name}={value} is not a whole number {allowed}")
    return int(value)


def port() -> int | None:
    """PORT, None when it was not given.

    Raises:
        LocalError: PORT is not a port number.
    """
    return number("PORT", highest=65535)


def world() -> WorldOptions:
    """ARCHIVES, or STUDIES, ROWS and SEED.

    Raises:
        LocalError: a value is not a number or not a folder, or both kinds are given.
    """
    studies, rows, seed = number("STUDIES"), number("ROWS"), number("SEED", lowest=0)
    archives = given("ARCHIVES")
    if archives is None:
        return WorldOptions(None, studies, rows, seed)
    if (studies, rows, seed) != (None, None, None):
        raise LocalError("ARCHIVES serves real packages: STUDIES, ROWS and SEED do not go with it")
    folder = existing(archives)
    if not folder.is_dir():
        raise LocalError(f"ARCHIVES={archives} is not a folder")
    return WorldOptions(folder)


def existing(path: str) -> Path:
    """An existing file or folder, relative to the project's folder or to the caller's (`make -C`).

    Raises:
        LocalError: it exists in neither, or cannot be looked at.
    """
    bases = dict.fromkeys((Path.cwd(), Path(given("CALLER") or ".").absolute()))
    for base in bases:
        candidate = base / Path(path).expanduser()
        try:
            candidate.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise LocalError(f"{path} cannot be read: {error.strerror}") from error
        return candidate.resolve()
    raise LocalError(f"{path} does not exist (looked for in {' and '.join(map(str, bases))})")


def place(name: str) -> str | None:
    """A Makefile variable that names a folder, there or not, or a URL; relative to the caller's folder."""
    value = given(name)
    if value is None or "://" in value:
        return value
    return str(Path(given("CALLER") or ".", Path(value).expanduser()).absolute())

"""Who may read the files that are written: the account that runs this, or its group, too.

What ImmPort shares is shared with those who accepted its user agreement, and the warehouse hides studies that
are restricted later: its files must not be open to everybody with an account on the machine. Whatever the
caller's umask is, files are 0600 and folders 0700; with IMMPORT_FILE_ACCESS=group, 0640 and 0750. Folders
that are there already stay as they are.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

VARIABLE = "IMMPORT_FILE_ACCESS"
#: Modes of files and folders by the value of the variable.
MODES = {"owner": (0o600, 0o700), "group": (0o640, 0o750)}


class FileAccessError(ValueError):
    """The variable has a value that is not known."""


def modes() -> tuple[int, int]:
    """Modes of files and folders.

    :raises FileAccessError: IMMPORT_FILE_ACCESS is neither `owner` nor `group`.
    """
    value = os.environ.get(VARIABLE) or "owner"
    try:
        return MODES[value]
    except KeyError:
        raise FileAccessError(f"{VARIABLE}={value} is neither {' nor '.join(MODES)}") from None


def make_folder(path: Path | str) -> Path:
    """Make a folder, and those above it that are missing, for whom the setting says.

    :raises OSError: it cannot be made, or is a file.
    """
    folder, (_, mode) = Path(path), modes()
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(exist_ok=True)
        place.chmod(
            mode | stat.S_IMODE(place.stat().st_mode) & stat.S_ISGID
        )  # a group folder hands that down
    folder.mkdir(exist_ok=True)
    return folder


def protect(file: Path | str) -> None:
    """Give a whole file the mode that the setting says."""
    Path(file).chmod(modes()[0])


def opener(path: str, flags: int) -> int:
    """An `opener` of `open()`: the file never was open to others."""
    mode, _ = modes()
    descriptor = os.open(path, flags, mode)
    os.fchmod(descriptor, mode)
    return descriptor

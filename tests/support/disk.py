"""Nothing that a test writes need survive the machine: nobody waits for the disk."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

import sqlalchemy as sa


def fsync(fd: Any) -> None:
    """Check that the file is open, as the real one does, and leave the rest to the system."""
    os.fstat(fd if isinstance(fd, int) else fd.fileno())


def _commit_at_once(connection: Any, _: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")


def wait_for_no_disk() -> None:
    """From here on this process, and what is forked from it, waits for no write to reach the disk."""
    os.fsync = fsync
    sa.event.listen(sa.Engine, "connect", _commit_at_once)

"""A lock on a file that processes of one machine share, with a deadline."""

from __future__ import annotations

import errno
import fcntl
import time
from typing import IO, Any

_TRY_SECONDS = 0.02


def lock(file: IO[Any], seconds: float) -> None:
    """Lock an open file for this process alone; closing it lets go.

    :param seconds: how long others may hold it.
    :raises TimeoutError: another process has it, and may have been stopped while it did.
    """
    ends = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= ends:
                what = f"locked by another process for {seconds:g} s"
                raise TimeoutError(errno.ETIMEDOUT, what) from None
            time.sleep(_TRY_SECONDS)

"""Background processes of this checkout: started in sessions of their own, found again by a mark.

The mark is an environment variable, so it is inherited by whatever they start and survives every crash;
a process is never taken for ours because of its name or number.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from include.local.logs import open_log
from include.local.options import LocalError

MARK = "IMMPORT_WAREHOUSE_PROCESS"
#: A task may be in the middle of a transaction: it gets this long to end before it is killed.
GRACE_SECONDS = 15


class BusyError(LocalError):
    """Another command of this checkout is at the same work."""


def mark(var: Path, system: str) -> str:
    """The mark of one system (`up` or `demo`) of the checkout whose files lie in `var`."""
    return f"{system}:{var}"


def spawn(
    module: Sequence[str], marked: str, log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `python -m MODULE ARGUMENTS...` in the background, its output in a log begun anew."""
    descriptor = open_log(log)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", *module],
            # SPT_NOENV: Airflow renames its processes, which would overwrite the environment one can read.
            env={**os.environ, **(environment or {}), MARK: marked, "SPT_NOENV": "1"},
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def marked_processes(marked: str) -> list[psutil.Process]:
    """All living processes with this mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == marked and process.pid != os.getpid():
                found.append(process)
    return found


def end_marked(marked: str) -> int:
    """End all processes with this mark and wait until they are gone; their number.

    Raises:
        LocalError: one of them cannot be ended, even by SIGKILL.
    """
    ended: set[int] = set()
    for is_polite in (True, False, False):
        processes = marked_processes(marked)
        if not processes:
            break
        ended.update(process.pid for process in processes)
        own = {process.pid for process in processes}
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                if not is_polite:
                    process.kill()
                elif process.ppid() not in own:  # their parent ends the others, in good order
                    process.terminate()
        psutil.wait_procs(processes, timeout=GRACE_SECONDS)
    if left := marked_processes(marked):
        raise LocalError(f"processes {', '.join(str(process.pid) for process in left)} do not end")
    return len(ended)


@contextlib.contextmanager
def alone(lock: Path, otherwise: str) -> Iterator[None]:
    """Hold a lock file for the time of a `with`.

    Raises:
        BusyError: another process holds it; the message is `otherwise`.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(otherwise) from None
        yield


def exit_status(process: subprocess.Popen[bytes], what: str, seconds: float) -> int:
    """Wait for the end of a process.

    Raises:
        LocalError: it has not ended after so many seconds, and was killed with all that it started.
    """
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
        process.wait(timeout=GRACE_SECONDS)
        raise LocalError(f"{what} took longer than {seconds:g} s and was ended") from None


def last_lines(log: Path, lines: int = 15) -> str:
    """The end of a log, for an error message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"

"""Logs that do not grow without limit.

A log is begun anew at each start, and those before it stay as `<name>.log.1` to `.3`. While the standing
system runs, the log keeper copies a log that has grown too large to `.1` and empties it: every writer
appends, so it goes on at the new end. Airflow's own task logs go after a month.

python -m include.local.logs VAR LOG...    keep the logs below VAR, and others, until it is ended
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import threading
import time
from pathlib import Path

from include.local.paths import Paths

#: A log larger than this is begun anew; so many older ones stay.
MOST_BYTES = 20_000_000
OLDER = 3
#: Task logs of Airflow are removed after so many days.
TASK_LOG_DAYS = 30
_EVERY_SECONDS = 60


def open_log(log: Path) -> int:
    """Begin a log that only the user can read; its file descriptor, which appends."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        _shift(log)
        log.replace(_older(log, 1))
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def limit(log: Path, most_bytes: int = MOST_BYTES) -> bool:
    """Copy a log that has grown too large to `.1` and empty it; whether that was done."""
    try:
        if log.stat().st_size <= most_bytes:
            return False
    except FileNotFoundError:
        return False
    _shift(log)
    shutil.copy2(log, _older(log, 1))  # with its mode: for the user only
    os.truncate(log, 0)
    return True


def remove_old(folder: Path, days: int = TASK_LOG_DAYS) -> int:
    """Remove files not written to for some days, and folders left empty; how many files."""
    before, removed = time.time() - days * 86_400, 0
    for path in sorted(folder.rglob("*"), reverse=True):  # what a folder holds comes before it
        try:
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.lstat().st_mtime < before:
                path.unlink()
                removed += 1
        except OSError:  # a task made or removed it at this moment: the next round sees it again
            continue
    return removed


def keep(paths: Paths, *others: Path) -> None:
    """Go once through all logs below `var/`, and through others."""
    for log in (*paths.logs.glob("*.log"), *others):
        limit(log)
    for home in (paths.airflow, paths.airflow_demo):
        remove_old(home / "logs")


def _shift(log: Path) -> None:
    for number in range(OLDER - 1, 0, -1):
        if (there := _older(log, number)).exists():
            there.replace(_older(log, number + 1))


def _older(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def main() -> None:
    """Keep the logs until the process is ended."""
    parser = argparse.ArgumentParser(
        prog="python -m include.local.logs",
        description="Keep logs from growing without limit, until it is ended: make up runs it.",
    )
    parser.add_argument(
        "var", type=Path, metavar="VAR", help="folder whose logs/*.log and task logs are kept"
    )
    parser.add_argument("others", type=Path, nargs="*", metavar="LOG", help="another log")
    options = parser.parse_args()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    while True:
        keep(Paths(options.var), *options.others)
        if ended.wait(_EVERY_SECONDS):
            return


if __name__ == "__main__":
    main()

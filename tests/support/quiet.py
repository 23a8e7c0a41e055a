"""Imported first by the process that all runs are forked from: what it prints goes to a log of its own.

Airflow logs while it is imported and while it ends: that would stand among pytest's lines of progress.
"""

from __future__ import annotations

import os
from pathlib import Path

with (Path(os.environ["AIRFLOW_HOME"]) / "forkserver.log").open("ab") as _log:
    for _stream in (1, 2):
        os.dup2(_log.fileno(), _stream)

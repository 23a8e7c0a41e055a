"""`make psql`: the warehouse in psql, or statements answered as CSV."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from sqlalchemy import URL

from include.local.postgres import EmbeddedPostgres
from include.warehouse.schema.engine import psql_arguments

#: No rows but results on standard output; the first error ends it.
_CSV = ("--no-psqlrc", "--quiet", "--csv", "--set", "ON_ERROR_STOP=1", "--pset", "pager=off")


def run_psql(postgres: EmbeddedPostgres, url: URL, statements: str | None, file: Path | None) -> int:
    """Run statements or a file of them and print CSV, or open psql; 0 when all went well.

    `statements` go to the server as they are, as one transaction. A `file` may hold psql's own commands.
    """
    address, environment = psql_arguments(url, os.environ)
    command = [str(postgres.programs.binaries / "psql"), "--dbname", address]
    if statements is not None or file is not None:
        what = ["--command", statements or ""] if file is None else ["--file", str(file)]
        return int(subprocess.run([*command, *_CSV, *what], env=environment, check=False).returncode != 0)
    # Ctrl-C is for psql, which sets its own handler: there it ends a statement, not the session.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return int(subprocess.run(command, env=environment, check=False).returncode != 0)
    finally:
        signal.signal(signal.SIGINT, before)

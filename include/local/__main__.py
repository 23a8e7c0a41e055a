"""The commands behind the Makefile: python -m include.local COMMAND."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from include.local import options
from include.local.options import LocalError
from include.local.paths import Paths
from include.local.ports import why_unusable
from include.local.postgres import EmbeddedPostgres
from include.local.postgres_programs import PostgresError
from include.local.progress import heartbeat
from include.local.server import Server
from include.warehouse.schema.engine import without_libpq


def demo() -> int:
    """Load two releases from the sandbox without any Airflow server, and report."""
    from include.local.demo import run_demo

    return run_demo(Paths.default(), options.world())


def up() -> int:
    """Start the standing system."""
    from include.local.standing.system import start_system

    return start_system(Paths.default(), options.world(), options.port())


def next_release() -> int:
    """Let the sandbox of the standing system serve its next data release."""
    from include.local.standing.sandbox_release import serve_next

    return serve_next(Paths.default())


def down() -> int:
    """End the standing system."""
    from include.local.standing.system import stop_system

    return stop_system(Paths.default())


def url() -> int:
    """Print the warehouse's SQLAlchemy URL, password included."""
    paths = Paths.default()
    postgres = EmbeddedPostgres(paths.postgres)
    database, server = _database(paths), postgres.last_server()
    if postgres.is_running:
        _require(server, database)
    else:
        if database != paths.last_world():
            with postgres.running() as server:
                _require(server, database)
        print("Postgres is not running now; make psql and make up start it", file=sys.stderr)
    print(server.url(database).render_as_string(hide_password=False))
    return 0


def psql() -> int:
    """Open the warehouse, or run SQL or FILE and print CSV."""
    from include.local.psql import run_psql

    paths = Paths.default()
    database, statements, name = _database(paths), options.given("SQL"), options.given("FILE")
    if statements and name:
        raise LocalError("give SQL or FILE, not both")
    file = options.existing(name) if name else None
    postgres = EmbeddedPostgres(paths.postgres)
    with postgres.running() as server:
        _require(server, database)
        return run_psql(postgres, server.url(database), statements, file)


def export() -> int:
    """Write the star and the marts as Parquet files."""
    from include.local.export import run_export

    paths = Paths.default()
    database = _database(paths)
    with EmbeddedPostgres(paths.postgres).running() as server:
        _require(server, database)
        return run_export(paths, server.url(database), options.place("DIR"), options.given("AS_OF"))


def template() -> int:
    """Write what the star has of STUDY as a package of upload templates to OUT (RELEASE, FORMAT)."""
    from include.serve.upload_templates.command import TemplateError, write_package

    paths, study = Paths.default(), options.given("STUDY")
    if study is None:
        raise LocalError(
            "make template needs STUDY=SDY..., and takes RELEASE, OUT, FORMAT, TEMPLATES, LOOKUPS"
        )
    release, database = options.given("RELEASE"), _database(paths)
    name = f"{study}-{release}" if release else study
    templates, lookups = options.given("TEMPLATES"), options.given("LOOKUPS")
    with EmbeddedPostgres(paths.postgres).running() as server:
        _require(server, database)
        try:
            write_package(
                server.url(database),
                study,
                Path(options.place("OUT") or paths.templates(database) / name),
                release=release,
                format_=options.given("FORMAT"),
                templates=options.existing(templates) if templates else None,
                lookups=options.existing(lookups) if lookups else None,
            )
        except TemplateError as error:
            raise LocalError(str(error)) from error
    return 0


def markers() -> int:
    """Read markers of panels (KIND=header) or gating definitions (KIND=population) in FILE, lines of JSON."""
    from include.local.markers import run_markers

    return run_markers(Paths.default())


def sandbox() -> int:
    """Become the stand-in for ImmPort."""
    port = options.port() or 8099
    if why := why_unusable(port):
        raise LocalError(f"{why}; choose another one: make sandbox PORT=N")
    arguments = ["-m", "include.sandbox", "--port", str(port), *options.world().arguments]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - arguments of our own, without a shell


def clean() -> int:
    """Stop everything and remove `var/` and the servers' data."""
    from include.local.standing.system import stop_system

    paths = Paths.default()
    stop_system(paths)
    with heartbeat(lambda seconds: print(f"Removing {paths.var} ... {seconds:.0f} s", flush=True)):
        for server in (EmbeddedPostgres(paths.postgres), EmbeddedPostgres.of_tests(paths.postgres_tests)):
            server.remove()
        shutil.rmtree(paths.var, ignore_errors=True)
    return 0


COMMANDS: dict[str, Callable[[], int]] = {
    command.__name__.replace("_", "-"): command
    for command in (demo, up, next_release, down, url, psql, export, template, markers, sandbox, clean)
}


#: Errors of the machine or of the place, which are not ours to explain: full, read-only, not permitted.
_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def _database(paths: Paths) -> str:
    database = options.given("DATABASE") or paths.last_world()
    if database is None:
        raise LocalError("there is no warehouse yet: make demo or make up makes one")
    return database


def _require(server: Server, database: str) -> None:
    if database not in server.databases():
        known = ", ".join(server.warehouses())
        raise LocalError(f"there is no warehouse {database}; there are {known or 'none'}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.local",
        description="The commands behind the Makefile. Each takes its variables, such as PORT, from the"
        " environment as WAREHOUSE_PORT; make help explains them.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__, description=command.__doc__)
    return parser


def main() -> int:
    """Run one command; its exit status. A known problem is reported in a line, without a traceback."""
    command = COMMANDS[_parser().parse_args().command]
    # They are of other servers, and what is started here would inherit them.
    for name in os.environ.keys() - without_libpq(os.environ).keys():
        del os.environ[name]
    # Airflow makes its home when it is imported, in the user's own unless AIRFLOW_HOME is set.
    os.environ["AIRFLOW_HOME"] = os.environ.get("AIRFLOW_HOME") or str(Paths.default().airflow_demo)
    # A closed terminal or a kill must clean up as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        return command()
    except (LocalError, PostgresError) as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Whoever read the output wants no more of it (make demo | head); Python must not flush it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE:
            raise
        print(f"error: {error.strerror}: {error.filename or 'while writing'}", file=sys.stderr)
    return 1


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())

"""The Makefile's commands, run as a user runs them: quoting, messages, exit status."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from include.local.paths import ROOT, Paths
from include.local.ports import HOST
from include.local.postgres import EmbeddedPostgres
from include.warehouse.migrate import upgrade

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None or not (ROOT / ".venv/bin/python").exists(),
    reason="needs make and make setup",
)


class User:
    """Somebody at a shell in the checkout, with a `var/` of their own."""

    def __init__(self, var: Path) -> None:
        self.paths = Paths(var)
        self.postgres = EmbeddedPostgres(self.paths.postgres)

    def make(self, *words: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run make and wait for it."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        return subprocess.run(
            ["make", "-s", *words],
            cwd=cwd,
            env=clean | {"WAREHOUSE_VAR": str(self.paths.var), "PWD": str(cwd)} | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    made = User(tmp_path_factory.mktemp("a user"))
    with made.postgres.running() as server:
        server.ensure_database("world one")
    made.paths.remember_world("world one")
    yield made
    made.postgres.remove()


@pytest.fixture
def nobody(tmp_path: Path) -> User:
    """A user who made nothing yet."""
    return User(tmp_path / "var")


@pytest.mark.parametrize(
    ("statements", "answer"),
    [
        ("select 1", "?column?\n1\n"),
        ('select $$a$$ as "x"', "x\na\n"),
        ('select $t$it\'s "so" $$$t$ as x', 'x\n"it\'s ""so"" $$"\n'),
        ("select '#' as h, '$(shell echo no)' as s, '${HOME}' as v", "h,s,v\n#,$(shell echo no),${HOME}\n"),
        ("select '\\' as b, '`' as t, ':x' as c, '%' as p", "b,t,c,p\n\\,`,:x,%\n"),
        ("select 'a\nb' as two\n, 1 as one", 'two,one\n"a\nb",1\n'),
        (
            "select 1 as a; create temp table t(b int); insert into t values (2); select * from t",
            "a\n1\nb\n2\n",
        ),
        ("select 1 as a where false", "a\n"),
        ("-- a comment\nselect 'é' as e", "e\né\n"),
    ],
)
def test_psql_answers_any_statement_as_csv_and_nothing_else(user: User, statements: str, answer: str) -> None:
    done = user.make("psql", f"SQL={statements}")
    assert (done.stdout, done.stderr, done.returncode) == (answer, "", 0)
    assert not user.postgres.is_running


def test_psql_takes_statements_from_the_environment_too(user: User) -> None:
    assert user.make("psql", SQL="select $$a$$ as x").stdout == "x\na\n"


def test_psql_runs_a_file_from_the_callers_folder(user: User, tmp_path: Path) -> None:
    (tmp_path / "a query.sql").write_text("select $$f$$ as x;\nselect 2 as y;\n")
    done = user.make("-C", str(ROOT), "psql", "FILE=a query.sql", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("x\nf\ny\n2\n", "")


def test_an_error_goes_to_stderr_and_fails(user: User) -> None:
    done = user.make("psql", "SQL=select 1 as a; select boom")
    assert done.stdout == "a\n1\n" or done.stdout == ""
    assert 'column "boom" does not exist' in done.stderr
    assert done.returncode != 0
    assert not user.postgres.is_running


def test_psql_leaves_a_server_running_that_ran_before(user: User) -> None:
    user.postgres.start()
    try:
        assert user.make("psql", "SQL=select 1 as a").stdout == "a\n1\n"
        assert user.postgres.is_running
    finally:
        user.postgres.stop()


def test_url_opens_the_world_last_used(user: User) -> None:
    with user.postgres.running():
        done = user.make("url")
        with create_engine(make_url(done.stdout.strip())).connect() as connection:
            assert connection.scalar(text("select current_database()")) == "world one"
        assert done.stderr == ""


def test_url_says_when_the_server_does_not_run(user: User) -> None:
    done = user.make("url")
    assert done.stdout.startswith("postgresql+psycopg2://")
    assert "not running" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("psql", "SQL=select 1", "DATABASE=other"), "there is no database other; there are"),
        (("export", "DATABASE=other"), "there is no database other; there are"),
        (("export",), "the warehouse world one is at revision none"),
        (("psql", "FILE=no.sql"), "no.sql does not exist"),
        (("psql", "FILE=Makefile", "SQL=select 1"), "give SQL or FILE, not both"),
        (("up", "PORT=http"), "PORT=http is not a whole number from 1 to 65535"),
        (("up", "PORT=65536"), "PORT=65536 is not a whole number from 1 to 65535"),
        (("demo", "STUDIES=0"), "STUDIES=0 is not a whole number from 1 on"),
        (("demo", "ARCHIVES=no folder"), "no folder does not exist"),
        (("demo", "ARCHIVES=Makefile"), "ARCHIVES=Makefile is not a folder"),
        (("sandbox", "ARCHIVES=docs", "ROWS=5"), "do not go with it"),
    ],
)
def test_what_the_user_can_put_right_is_told_in_a_line(
    user: User, words: tuple[str, ...], message: str
) -> None:
    done = user.make(*words)
    assert done.stdout == ""
    first, *rest = done.stderr.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert all(line.startswith("make: ***") for line in rest)
    assert done.returncode != 0
    assert not user.postgres.is_running


@pytest.mark.parametrize("command", ["up", "sandbox"])
def test_a_taken_port_is_told_and_nothing_is_started(nobody: User, command: str) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        done = nobody.make(command, f"PORT={port}")
    assert f"error: port {port} of 127.0.0.1 is taken" in done.stderr
    assert not nobody.postgres.is_running
    assert not nobody.postgres.folder.exists()


def test_export_writes_to_the_callers_folder(user: User, tmp_path: Path) -> None:
    with user.postgres.running() as server:
        url = server.ensure_database("loaded")
        upgrade(url)
        with create_engine(url).begin() as connection:
            connection.execute(
                text("insert into history.data_release values (500000, 'DR50', null), (510000, 'DR51', null)")
            )
    words = ("-C", str(ROOT), "export", "DATABASE=loaded", "DIR=a folder")
    for more, name in (((), "DR51"), (("AS_OF=DR50",), "as-of-DR50")):
        done = user.make(*words, *more, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == str(tmp_path / "a folder" / name)
        assert (tmp_path / "a folder" / name / "star/dim_study.parquet").exists()
    assert "unchanged" in user.make(*words, cwd=tmp_path).stdout
    refused = user.make(*words, "AS_OF=DR9", cwd=tmp_path)
    assert "error: star.as_of: " in refused.stderr
    assert "'DR9'" in refused.stderr


def test_before_the_first_world_there_is_nothing_to_open(nobody: User) -> None:
    for command in ("psql", "url", "export"):
        done = nobody.make(command)
        assert "error: " in done.stderr
        assert "make demo" in done.stderr


def test_down_without_a_system_is_fine(nobody: User) -> None:
    done = nobody.make("down")
    assert (done.stdout, done.returncode) == ("Nothing was running.\n", 0)


def test_help_names_every_target() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = "setup demo up down url psql export sandbox test lint lock clean"
    for target in targets.split():
        assert f"  make {target} " in shown

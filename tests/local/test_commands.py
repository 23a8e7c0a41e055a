"""The Makefile's commands, run as a user runs them: quoting, messages, exit status."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
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


def test_a_file_that_is_missing_was_looked_for_in_both_folders(user: User, tmp_path: Path) -> None:
    done = user.make("-C", str(ROOT), "psql", "FILE=no.sql", cwd=tmp_path)
    assert f"no.sql does not exist (looked for in {ROOT} and {tmp_path})" in done.stderr


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
        (("psql", "SQL=select 1", "DATABASE=other"), "there is no warehouse other; there are"),
        (("export", "DATABASE=other"), "there is no warehouse other; there are"),
        (("export",), "the warehouse world one is at revision none"),
        (("psql", f"FILE={'n' * 300}"), "cannot be read: File name too long"),
        (("psql", "FILE=no.sql"), f"no.sql does not exist (looked for in {ROOT})"),
        (("url", "DATABASE=other"), "there is no warehouse other; there are"),
        (("psql", "FILE=Makefile", "SQL=select 1"), "give SQL or FILE, not both"),
        (("next-release",), "no system is running: make up starts one"),
        (("up", "PORT=http"), "PORT=http is not a whole number from 1 to 65535"),
        (("up", "PORT=65536"), "PORT=65536 is not a whole number from 1 to 65535"),
        (("demo", "STUDIES=0"), "STUDIES=0 is not a whole number from 1 on"),
        (("demo", "ARCHIVES=no folder"), "no folder does not exist"),
        (("demo", "ARCHIVES=Makefile"), "ARCHIVES=Makefile is not a folder"),
        (("sandbox", "ARCHIVES=docs", "ROWS=5"), "do not go with it"),
    ],
)
def test_what_the_user_can_put_right_is_reported_in_a_line(
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
def test_a_taken_port_is_reported_and_nothing_is_started(nobody: User, command: str) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        done = nobody.make(command, f"PORT={port}")
    assert f"error: port {port} of 127.0.0.1 is taken" in done.stderr
    assert not nobody.postgres.is_running
    assert not nobody.postgres.folder.exists()


@pytest.mark.long
def test_export_writes_to_the_callers_folder(user: User, tmp_path: Path) -> None:
    with user.postgres.running() as server:
        url = server.ensure_database("loaded")
        upgrade(url)
        with create_engine(url).begin() as connection:
            connection.execute(
                text("insert into history.data_release values (500000, 'DR50', null), (510000, 'DR51', null)")
            )
    words = ("-C", str(ROOT), "export", "DATABASE=loaded", "DIR=a folder")
    home = tmp_path / "home"
    home.mkdir()
    for more, name in (((), "DR51"), (("AS_OF=DR50",), "as-of-DR50")):
        done = user.make(*words, *more, cwd=tmp_path, HOME=str(home), AIRFLOW_HOME="")
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == str(tmp_path / "a folder" / name)
        assert (tmp_path / "a folder" / name / "star/dim_study.parquet").exists()
    assert list(home.iterdir()) == []  # Airflow makes a home of its own otherwise
    assert "unchanged" in user.make(*words, cwd=tmp_path).stdout
    refused = user.make(*words, "AS_OF=DR9", cwd=tmp_path)
    assert "error: AS_OF: this warehouse knows no data release" in refused.stderr
    assert "'DR9'" in refused.stderr


def test_before_the_first_world_there_is_nothing_to_open(nobody: User) -> None:
    for command in ("psql", "url", "export"):
        done = nobody.make(command)
        assert "error: " in done.stderr
        assert "make demo" in done.stderr


def test_down_without_a_system_is_fine(nobody: User) -> None:
    done = nobody.make("down")
    assert (done.stdout, done.returncode) == ("Nothing was running.\n", 0)


def test_down_ends_the_server_of_tests_that_were_killed(nobody: User) -> None:
    left = EmbeddedPostgres.of_tests(nobody.paths.postgres_tests)
    try:
        left.start()
        assert nobody.make("down").stdout == "Ended 1 process.\n"
        assert not left.is_running
    finally:
        left.remove()


def test_down_leaves_the_server_of_tests_at_work(nobody: User) -> None:
    used = EmbeddedPostgres.of_tests(nobody.paths.postgres_tests)
    try:
        with used.running():
            assert "stays until the make test that uses it ends" in nobody.make("down").stdout
            assert used.is_running
        assert not used.is_running
    finally:
        used.remove()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("demo", "STUDIE=3"), "make demo takes no variable STUDIE: it takes STUDIES ROWS SEED ARCHIVES"),
        (("demo", "PORT=3"), "make demo takes no variable PORT:"),
        (("psql", "SQL=select 1", "STUDIES=3"), "make psql takes no variable STUDIES: it takes SQL FILE"),
        (("down", "PORT=8080"), "make down takes no variable PORT: it takes none"),
        (("validate", "DIR=x"), "make validate takes no variable DIR: it takes FILE TEMPLATES LOOKUPS"),
        (("STUDIES=3",), "make help takes no variable STUDIES: it takes none"),
        (("lint", "test", "ROWS=3"), "make lint test takes no variable ROWS"),
    ],
)
def test_a_variable_that_would_be_ignored_is_refused(
    nobody: User, words: tuple[str, ...], message: str
) -> None:
    # Refused as the Makefile is read: were it not, this would show what would run, and not start it.
    done = nobody.make("--dry-run", *words)
    assert done.stdout == ""
    assert message in done.stderr
    assert done.returncode != 0
    assert not nobody.paths.var.exists()


def test_a_variable_of_the_callers_environment_is_not_meant_for_every_target(nobody: User) -> None:
    assert nobody.make("down", PORT="3000", STUDIES="3").stdout == "Nothing was running.\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone, in a path with a space."""
    made = tmp_path / "a fresh clone"
    shutil.copytree(ROOT / "include/local", made / "include/local")
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, made / name)
    return made


def test_a_fresh_clone_installs_nothing_to_say_that_there_is_nothing(clone: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "WAREHOUSE_VAR": str(tmp_path / "no var")}

    def make(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "-s", *words]
        return subprocess.run(
            command, cwd=clone, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    done = make("down")
    assert (done.stdout, done.stderr, done.returncode) == ("Nothing was running.\n", "", 0)
    for command in ("psql", "url", "export"):
        done = make(command)
        assert "error: there is no warehouse yet: make demo or make up makes one" in done.stderr
        assert done.returncode != 0
    assert make("clean").returncode == 0
    assert not (clone / ".venv").exists()


def _executable(path: Path, *lines: str) -> str:
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_does_not_serve_is_described_as_what_it_is(clone: Path, tmp_path: Path) -> None:
    broken = _executable(tmp_path / "broken", "echo libpython3.so: cannot open >&2", "exit 127")
    old = _executable(tmp_path / "old", "case $1 in --version) echo Python 3.9.2;; *) exit 1;; esac")
    (tmp_path / "file").touch()
    for python, why in (
        (broken, f"{broken} cannot run: libpython3.so: cannot open"),
        (old, f"{old} is Python 3.9.2"),
        (str(tmp_path / "file"), f"{tmp_path / 'file'} is not an executable file"),
        (str(tmp_path / "none"), f"{tmp_path / 'none'} was not found"),
    ):
        done = subprocess.run(
            ["make", "-s", "setup", f"PYTHON={python}"],
            cwd=clone, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert f"a Python from 3.11 to 3.14 is needed, and PYTHON names another: {why}" in done.stderr
        assert done.returncode != 0
    assert not (clone / ".venv").exists()


def test_another_python_makes_the_environment_anew(clone: Path, tmp_path: Path) -> None:
    """Setup rejects the old environment before it installs anything: here it stops at a nearly full disk."""
    venv = clone / ".venv"
    (venv / "bin").mkdir(parents=True)
    _executable(venv / "bin/python", "echo /another/python 3 12 0")
    (venv / "installed").touch()
    no_room = _executable(tmp_path / "df", "echo head", "echo disk 1 1 5000 1 /")
    done = subprocess.run(
        ["make", "-s", "setup", f"PYTHON={sys.executable}"],
        cwd=clone, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PATH": f"{Path(no_room).parent}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert f"PYTHON={sys.executable} is not the Python of .venv, which is made anew" in done.stderr
    assert "the disk is nearly full" in done.stderr
    assert not (venv / "installed").exists()


def test_uv_trusts_what_the_system_trusts() -> None:
    """Behind a proxy that inspects TLS, only the system knows the certificate."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--show-settings", "pip"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "system_certs: true" in shown


def test_pip_trusts_what_the_system_trusts_and_a_proxy_is_named(clone: Path) -> None:
    """An older pip knows no certificate of the system's; what fails behind a proxy says what helps."""
    (clone / ".venv/bin").mkdir(parents=True)
    _executable(
        clone / ".venv/bin/python",
        'case "$*" in',
        '*get_default_verify_paths*) echo "/the system/certificates.pem";;',
        '"-m pip install"*) echo "with ${PIP_CERT:-its own}" >&2; exit 1;;',
        '"-m uv"*) exit 1;;',
        "esac",
    )

    def setup(**more: str) -> str:
        inherited = {name: value for name, value in os.environ.items() if name not in ("PIP_CERT", "PYTHON")}
        done = subprocess.run(
            ["make", "-s", "setup"], cwd=clone, env=inherited | more,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        return done.stderr

    output = setup()
    assert "with /the system/certificates.pem\n" in output
    assert "HTTPS_PROXY names a proxy, SSL_CERT_FILE a file with its certificate" in output
    assert "with /of/the/caller.pem\n" in setup(PIP_CERT="/of/the/caller.pem")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_reserved_port_is_not_called_taken() -> None:
    reserved = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) - 1
    if reserved < 1:
        pytest.skip("this machine reserves no port")
    code = (
        f"import os; from include.local import ports; os.setuid(65534); print(ports.why_unusable({reserved}))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert shown == f"port {reserved} of 127.0.0.1 is reserved: this user may not listen on it\n"


def test_a_reader_that_leaves_ends_the_command_quietly(user: User) -> None:
    with user.postgres.running():
        done = subprocess.run(
            ["bash", "-c", "set -o pipefail; .venv/bin/python -m include.local url | true"],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
            env=os.environ | {"WAREHOUSE_VAR": str(user.paths.var)},
        )  # fmt: skip
    assert done.stderr == ""


def test_help_names_every_target() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    declared = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert declared
    steps = {"made"}  # of other targets, nothing to call
    assert set(re.findall(r"^  make (\S+) ", shown, re.MULTILINE)) == set(declared[1].split()) - steps

"""What a session means does not depend on the shell, the role or the database it comes from."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk import Connection

from include.local.server import Server
from include.pipeline.batch_runner import StepContext
from include.quality.outcome import CheckOutcome
from include.warehouse import migrate
from include.warehouse.access.roles import LOADER
from include.warehouse.load import staging_cleanup, staging_tables
from include.warehouse.load.staging_tables import ESCAPED, PLAIN, AlteredTextError, Filling
from include.warehouse.schema import engine
from include.warehouse.schema.engine import SEARCH_PATH, SESSION, Limits, warehouse_engine, warehouse_url
from tests.support.logins import Logins
from tests.support.warehouse import RUN, Warehouse, small_study

#: Another value of each setting, as a shell or a role may bring it.
OTHERS = {
    "client_encoding": "LATIN1",
    "datestyle": "SQL, DMY",
    "intervalstyle": "iso_8601",
    "timezone": "Asia/Tokyo",
    "extra_float_digits": "-5",
    "bytea_output": "escape",
    "default_transaction_isolation": "serializable",
    "standard_conforming_strings": "off",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "quote_all_identifiers": "on",
    "search_path": "star",
}
#: Settings of sessions that change no value: where things are kept, what is logged, how long a wait may be.
HARMLESS = {
    "check_function_bodies", "client_min_messages", "createrole_self_grant", "default_table_access_method",
    "default_tablespace", "default_text_search_config", "default_toast_compression", "event_triggers",
    "file_copy_method", "gin_pending_list_limit", "icu_validation_level", "lc_messages",
    "lo_compat_privileges", "restrict_nonsystem_relation_kind", "statement_timeout", "synchronize_seqscans",
    "temp_tablespaces", "escape_string_warning", "idle_session_timeout",
    # A standby or a read-only role must stay so.
    "default_transaction_read_only",
    # Of one transaction; its default is set.
    "transaction_deferrable", "transaction_isolation", "transaction_read_only",
    # The source of truth for what is enforced; only a superuser may set it.
    "session_replication_role",
    *vars(Limits()),
    # In steps of a vacuum.
    *(f"vacuum_{name}" for name in (
        "cost_limit", "failsafe_age", "freeze_min_age", "freeze_table_age", "max_eager_freeze_failure_rate",
        "multixact_failsafe_age", "multixact_freeze_min_age", "multixact_freeze_table_age", "truncate",
    )),
}  # fmt: skip


def shown(engine: sa.Engine, names: list[str]) -> dict[str, str]:
    with engine.connect() as connection:
        return {name: connection.scalar(sa.text(f"show {name}")) for name in names}


def dose(warehouse: Warehouse) -> CheckOutcome:
    """Load a study through the gate whose arm has a text that is not ASCII."""
    study = small_study()
    study["arm"][0]["name"] = "60 µg"
    load = warehouse.land(study)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    warehouse.publish(load)
    return outcome


def test_a_shell_in_latin1_stores_the_text_that_was_sent(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = (f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in OTHERS.items())
    monkeypatch.setenv("PGOPTIONS", " ".join(options))
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("PGDATESTYLE", "SQL, DMY")
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    warehouse.engine.dispose()
    assert shown(warehouse.engine, list(SESSION)) == SESSION
    assert not dose(warehouse).failed
    stored = "select convert_to(name, 'UTF8') from star.dim_arm where arm_accession = 'ARM1'"
    assert bytes(warehouse.value(stored)) == "60 µg".encode()


def test_a_role_in_latin1_stores_the_text_that_was_sent(
    warehouse: Warehouse, logins: Logins, migrated: sa.URL
) -> None:
    engine = logins.engine(migrated, LOADER, acts_as=LOADER)
    for name, value in OTHERS.items():
        quoted = value if name == "search_path" else f"'{value}'"
        logins.run(f"alter role {engine.url.username} set {name} = {quoted}")
    assert shown(engine, [*SESSION, "search_path"]) == {**SESSION, "search_path": SEARCH_PATH}
    assert not dose(Warehouse(StepContext(engine, warehouse.tools.landing, RUN))).failed
    stored = "select convert_to(name, 'UTF8') from star.dim_arm where arm_accession = 'ARM1'"
    assert bytes(warehouse.value(stored)) == "60 µg".encode()


def test_every_setting_of_the_server_is_declared_or_known_to_change_no_value(warehouse: Warehouse) -> None:
    names = warehouse.rows("""
        select lower(name) from pg_settings where context in ('user', 'superuser') and name <> 'search_path'
            and name !~ '^(dynamic_library|extension_control|local_preload|session_preload|gin_fuzzy)'
            and (category like 'Client Connection Defaults%' or category like 'Version and Platform%')""")
    assert {name for (name,) in names} - SESSION.keys() - HARMLESS == set()
    assert SESSION.keys() - {name for (name,) in names} == set()


CELLS = [
    "",
    None,
    "60 µg",
    "a\tb",
    "c\nd\re",
    "back\\slash",
    "\\N",
    "\\\\N",
    "\\t",
    "…\u2028\U0001f9ec",
    "x'\"",
]


def _escaped(number: int, first: str | None, second: str | None) -> bytes:
    def cell(text: str | None) -> str:
        if text is None:
            return "\\N"
        for raw, escape in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
            text = text.replace(raw, escape)
        return text

    return f"{number}\t{cell(first)}\t{cell(second)}\n".encode()


@pytest.fixture
def filling(warehouse: Warehouse) -> Iterator[Filling]:
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("create table staging.l0_t (row_number bigint, a text, b text)")
        yield Filling(connection, "staging.l0_t")


def test_text_of_any_kind_is_proven_byte_by_byte(filling: Filling) -> None:
    rows = [(first, second) for first in CELLS for second in CELLS]
    lines = [_escaped(number, *row) for number, row in enumerate(rows, start=1)]
    half = len(lines) // 2
    blocks = iter([b"".join(lines[:half]), b"", b"".join(lines[half:])])
    assert filling.copy(["row_number", "a", "b"], ESCAPED, blocks, range(1, len(rows) + 1)) == len(rows)
    # Another part of the answer, in another form and order of columns.
    plain = iter([b"1000\tc\t\n1001\t\td\xc2\xb5\n"])
    filling.copy(["row_number", "b", "a"], PLAIN, plain, range(1000, 1002))
    filling.prove()


@pytest.mark.parametrize("change", ["new.a := 'Â' || new.a", "new.b := null", "new.a := trim(new.a)"])
def test_a_text_that_the_server_altered_is_an_error(
    filling: Filling, warehouse: Warehouse, change: str
) -> None:
    execute = filling._connection.exec_driver_sql
    execute(f"create function staging.alter_it() returns trigger language plpgsql as"
            f" $$ begin {change}; return new; end $$")  # fmt: skip
    execute("create trigger t before insert on staging.l0_t for each row execute function staging.alter_it()")
    assert filling.copy(["row_number", "a", "b"], PLAIN, iter([b"1\t 60 \xc2\xb5g\tx\n"])) == 1
    with pytest.raises(AlteredTextError, match=r"staging\.l0_t: the server stored another text"):
        filling.prove()


def test_a_copy_reads_utf8_whatever_the_session_speaks(
    filling: Filling, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling._connection.exec_driver_sql("set client_encoding = LATIN1")
    filling.copy(["row_number", "a"], PLAIN, iter([b"1\t60 \xc2\xb5g\n"]))
    filling.prove()
    monkeypatch.setattr(staging_tables, "ENCODING", "LATIN1")
    filling.copy(["row_number", "b"], PLAIN, iter([b"2\t60 \xc2\xb5g\n"]), range(2, 3))
    with pytest.raises(AlteredTextError):
        filling.prove()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_of_another_encoding_is_refused_in_a_line(
    postgres: Server, database: sa.URL, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    name = f"{database.database}_{encoding.lower()}"
    with warehouse_engine(database, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect() as admin:
        admin.exec_driver_sql(
            f"create database {name} encoding '{encoding}' template template0 locale 'C' locale_provider libc"
        )
    monkeypatch.setenv("WAREHOUSE_URL", postgres.url(name).render_as_string(hide_password=False))
    monkeypatch.setattr(sys, "argv", ["migrate"])
    with pytest.raises(SystemExit) as refused:
        migrate.main()
    postgres.drop_database(name)
    message = str(refused.value)
    assert message.startswith(f"error: database {name} of 127.0.0.1:")
    assert message.endswith(f"its encoding is {encoding}, the warehouse needs UTF8")
    assert "\n" not in message


def test_an_older_server_is_refused_in_a_line(database: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "OLDEST_SERVER", 99)
    with pytest.raises(
        engine.UnfitServerError, match=r"it is Postgres 18\.\d+.*, the warehouse needs 99"
    ) as error:
        migrate.upgrade(database)
    assert "\n" not in str(error.value)


def connection(url: sa.URL, **extra: Any) -> Connection:
    return Connection(
        conn_id="warehouse_default",
        conn_type="postgres",
        host=url.host,
        port=url.port,
        login=url.username,
        password=str(url.password),
        schema=url.database,
        extra=json.dumps(extra),
    )


def test_what_libpq_does_not_know_is_an_error_that_names_it(database: sa.URL) -> None:
    with pytest.raises(
        engine.ConnectionExtraError, match="warehouse_default: its extra has ssl_mode, zeal, "
    ):
        warehouse_url(connection(database, sslmode="disable", zeal=1, ssl_mode="verify-full"))
    with pytest.raises(engine.ConnectionExtraError, match=r"repeats fields .*: dbname \(field Database\)"):
        warehouse_url(connection(database, dbname="other"))
    with pytest.raises(engine.ConnectionExtraError, match="keepalives of its extra is a list"):
        warehouse_url(connection(database, keepalives=[1]))


def test_parameters_of_the_connection_reach_the_server(database: sa.URL) -> None:
    extra = {
        "application_name": "ours",
        "keepalives": True,
        "sslmode": "",
        "sslcert": None,
        "connect_timeout": 5,
    }
    options = "-c lock_timeout=7s -c statement_timeout=9min -c datestyle=SQL"
    url = warehouse_url(connection(database, **extra, options=options))
    assert "sslmode" not in url.query
    names = ["application_name", "lock_timeout", "statement_timeout", "datestyle", "transaction_timeout"]
    expected = ["ours", "7s", "9min", "ISO, YMD", Limits().transaction_timeout]
    assert list(shown(warehouse_engine(url), names).values()) == expected


@pytest.mark.parametrize("password", ["a blank", "p@ss/w:rd?#%20+&=é'\"\\"])
def test_a_password_and_a_database_of_any_characters_go_through_every_step(
    warehouse: Warehouse, postgres: Server, logins: Logins, migrated: sa.URL, password: str
) -> None:
    login = logins.engine(migrated, LOADER, acts_as=LOADER).url
    name = f"{migrated.database} my % data@b/se"
    warehouse.engine.dispose()
    quoted = password.replace("'", "''").replace("%", "%%")
    logins.run(f"alter role {login.username} password '{quoted}'")
    logins.run(f'create database "{name.replace("%", "%%")}" template "{migrated.database}"')
    url = login.set(password=password, database=name)
    engine = warehouse_engine(warehouse_url(connection(url)))
    assert not dose(Warehouse(StepContext(engine, warehouse.tools.landing, RUN))).failed
    engine.dispose()
    # As text, too: one parser reads what it wrote.
    read = warehouse_engine(url.render_as_string(hide_password=False))
    assert shown(read, ["search_path"])
    read.dispose()
    postgres.drop_database(name)


STOPPED = """
import sys, sqlalchemy as sa
from include.warehouse.schema.engine import warehouse_engine, Limits
limits = Limits(idle_in_transaction_session_timeout=sys.argv[1])
engine = warehouse_engine(sys.stdin.readline().strip(), limits)
with engine.begin() as connection:
    connection.exec_driver_sql("create table staging.l1_study (row_number int)")
    connection.exec_driver_sql("lock table ops.load")
    print("locked", flush=True)
    sys.stdin.readline()
"""


def stopped(url: sa.URL, idle: str) -> subprocess.Popen[str]:
    """A worker that holds locks and is stopped."""
    worker = subprocess.Popen(
        [sys.executable, "-c", STOPPED, idle],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(url.render_as_string(hide_password=False) + "\n")
    worker.stdin.flush()
    assert worker.stdout.readline() == "locked\n"
    os.kill(worker.pid, signal.SIGSTOP)
    return worker


def test_a_stopped_worker_stops_another_for_a_limited_time_only(warehouse: Warehouse) -> None:
    url = warehouse.engine.url
    worker = stopped(url, "10min")
    try:
        waiting = warehouse_engine(url, Limits(lock_timeout="200ms"))
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"), waiting.begin() as connection:
            connection.exec_driver_sql("update ops.load set state = state")
        waiting.dispose()
    finally:
        worker.kill()
        worker.wait()


def test_a_stopped_worker_loses_its_locks(warehouse: Warehouse) -> None:
    worker = stopped(warehouse.engine.url, "300ms")
    try:
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql("update ops.load set state = state")
    finally:
        worker.kill()
        worker.wait()


COPYING = """
import sys
from dataclasses import replace
from include.landing.zone import Landing
from include.pipeline import run_ledger, steps
from include.pipeline.batch_runner import StepContext
from include.warehouse.schema.engine import warehouse_engine

class Slow(Landing):
    def rows(self, part, endpoint):
        for row in super().rows(part, endpoint):
            yield row
            if endpoint.name == "hai":
                print("copying", flush=True)
                sys.stdin.readline()

url, landing, load_id = (sys.stdin.readline().strip() for _ in range(3))
engine = warehouse_engine(url)
tools = StepContext(engine, Slow(landing), "test")
steps.stage(tools, run_ledger.load(engine, int(load_id)), run_ledger.Step(engine, 0))
"""


def test_a_worker_stopped_inside_stage_does_not_stop_the_next_run(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    load = warehouse.land(small_study())
    warehouse.stage(load)
    url = warehouse.engine.url.render_as_string(hide_password=False)
    worker = subprocess.Popen(
        [sys.executable, "-c", COPYING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert worker.stdin
    assert worker.stdout
    impatient = warehouse_engine(warehouse.engine.url, Limits(lock_timeout="2s"))
    try:
        worker.stdin.write(f"{url}\n{tmp_path / 'landing'}\n{load.load_id}\n")
        worker.stdin.flush()
        while (line := worker.stdout.readline()) != "copying\n":
            assert line, "the worker ended"
        os.kill(worker.pid, signal.SIGSTOP)
        # What discovery does: it ends and resumes loads, and clears what ended ones left.
        with impatient.begin() as connection:
            connection.execute(sa.text("update ops.load set state = 'failed'"))
        with impatient.begin() as connection:
            staging_cleanup.drop_leftovers(connection)
        assert f"staging tables of load {load.load_id} stay" in caplog.text
        # No timeout of the server ends a COPY whose client is silent.
        monkeypatch.setattr(staging_cleanup, "LOADING", Limits(transaction_timeout="0s"))
        with impatient.begin() as connection:
            staging_cleanup.drop_leftovers(connection)
        assert "it was in one COPY for more than 0s" in caplog.text
        with impatient.begin() as connection:
            connection.exec_driver_sql("drop table if exists staging.l1_hai")
    finally:
        impatient.dispose()
        worker.kill()
        worker.wait()


def test_every_engine_of_the_project_has_limits(warehouse: Warehouse) -> None:
    found = shown(warehouse.engine, list(vars(Limits())))
    assert found == vars(Limits())
    assert "0" not in found.values()

"""What an analyst cannot do, one probe for each kind of write, lock and function."""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa

from include.pipeline import steps
from include.warehouse import migrate
from include.warehouse.access.roles import ANALYST, LOADER, OWNER
from include.warehouse.load.publish import SCOPE_LOCK
from tests.support.logins import Logins, Reader, load_two_studies
from tests.support.warehouse import Warehouse, small_study

WRITES = {
    "insert": "insert into star.dim_date (date_key) values (1)",
    "insert into history": "insert into history.study_access values (9, true)",
    "update": "update star.dim_date set year = 0",
    "delete": "delete from star.dim_date",
    "merge": "merge into star.dim_date d using star.dim_date s on false when matched then delete",
    "truncate": "truncate star.dim_date",
    "copy": "copy star.dim_date from program 'true'",
    "copy to a file": "copy (select 1) to '/tmp/x'",
    "table": "create table star.mine (a int)",
    "table as": "create table public.mine as select 1 as a",
    "select into": "select 1 as a into mart.mine",
    "view": "create view star.mine as select 1 as a",
    "materialized view": "create materialized view mart.mine as select 1 as a",
    "sequence": "create sequence public.mine",
    "type": "create type public.mine as (a int)",
    "domain": "create domain public.mine as int",
    "schema": "create schema mine",
    "index": "create index on star.dim_date (year)",
    "trigger": "create trigger t before insert on star.dim_date execute function tsvector_update_trigger()",
    "rule": "create rule r as on insert to star.dim_date do instead nothing",
    "policy": "create policy p on history.fact_hai using (true)",
    "comment": "comment on table star.dim_date is 'mine'",
    "grant": f"grant select on history.fact_hai to {ANALYST}",
    "extension": "create extension btree_gist",
    "foreign server": "create foreign data wrapper w",
    "publication": "create publication p for table star.dim_date",
    "event trigger": "create event trigger e on ddl_command_start execute function f()",
    "role": "create role mine",
    "role of others": f"alter role {ANALYST} set work_mem = '1GB'",
    "large object": "select lo_create(7)",
    "large object of a file": "select lo_import('/etc/passwd')",
    "large object of bytes": "select lo_from_bytea(0, 'x')",
    "old large object": "select lo_creat(-1)",
    "message in the log": "select pg_logical_emit_message(false, 'mine', 'x')",
    "sequence of a key": "select nextval('history.key_study_study_key_seq')",
}
LOCKS = {
    "lock of a study": f"select pg_advisory_lock({SCOPE_LOCK}, 1)",
    "lock of an upgrade": f"select pg_advisory_xact_lock({migrate.UPGRADE_LOCK})",
    "shared": "select pg_advisory_lock_shared(1)",
    "shared, of a transaction": "select pg_advisory_xact_lock_shared(1, 1)",
    "try": "select pg_try_advisory_lock(1)",
    "try, of a transaction": "select pg_try_advisory_xact_lock_shared(1)",
    "unlock": "select pg_advisory_unlock_all()",
    "table": "lock table star.dim_date in share mode",
    "table, for oneself": "lock table star.dim_date in access exclusive mode",
    "rows": "select year from star.dim_date limit 1 for update",
    "rows, shared": "select year from star.dim_date limit 1 for key share",
}
FUNCTIONS = {
    "in a schema": "create function star.mine() returns int language sql return 1",
    "temporary": "create function pg_temp.mine() returns int language sql return 1",
    "temporary, procedural": "create function pg_temp.mine() returns int language plpgsql as 'begin end'",
    "anonymous": "do $$ begin end $$",
    "procedure": "create procedure pg_temp.mine() language sql begin atomic select 1; end",
    "in C": "create function pg_temp.mine() returns int language c as 'x', 'y'",
    "of a file": "select pg_read_file('/etc/passwd')",
    "of a folder": "select pg_ls_dir('/')",
    "of the server": "select pg_reload_conf()",
    "of statistics": "select pg_stat_reset()",
    "that ends a session": "select pg_terminate_backend(pid) from (select pg_backend_pid() as pid) s"
    " where pid is null union all select pg_promote()",
}  # fmt: skip
#: Functions that anybody may run although what they do is not in their result: none of them writes or locks.
HARMLESS = (
    "amvalidate", "array_sample", "array_shuffle", "bernoulli", "binary_upgrade_", "brin_",
    "brinhandler", "bthandler", "clock_timestamp", "current_query", "currtid", "currval",
    "cursor_to_xml", "dsnowball_", "gen_random_uuid", "gin_clean_pending_list", "ginhandler",
    "gisthandler", "hashhandler", "heap_tableam_handler", "lastval", "nextval", "pg_", "plpgsql_",
    "query_to_xml", "random", "set_config", "setseed", "setval", "spghandler", "system", "timeofday",
    "ts_rewrite", "ts_stat", "txid_status", "uuidv",
)  # fmt: skip


@pytest.mark.parametrize("statement", [*WRITES.values(), *LOCKS.values(), *FUNCTIONS.values()],
                         ids=[*WRITES, *LOCKS, *FUNCTIONS])  # fmt: skip
def test_an_analyst_may_not(warehouse: Warehouse, analyst: Reader, statement: str) -> None:
    assert analyst.is_denied(statement)


def test_no_function_of_the_server_locks_or_writes_for_an_analyst(
    warehouse: Warehouse, analyst: Reader
) -> None:
    found = analyst.rows("""
        select distinct proname from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace and provolatile = 'v'
            and prorettype <> 'trigger'::regtype and has_function_privilege(oid, 'execute')""")
    names = {name for (name,) in found if not name.startswith(HARMLESS)}
    assert names == set()
    assert not {
        name for (name,) in found if "advisory" in name or name.startswith(("lo_", "pg_logical_emit"))
    }


def test_an_analyst_keeps_what_questions_need(warehouse: Warehouse, analyst: Reader) -> None:
    load_two_studies(warehouse)
    with analyst.engine.begin() as connection:
        connection.exec_driver_sql("create temporary table mine as select * from star.fact_hai")
        assert connection.exec_driver_sql("select count(*) from mine").scalar_one() > 0
        connection.exec_driver_sql("select set_config('star.as_of', 'DR1', true)")
        assert connection.exec_driver_sql("select star.study_window(2)").scalar_one() == "day 1-3"
    assert analyst.rows("select count(*) from star.fact_hai", as_of="DR1")


def test_a_login_that_owns_its_warehouse_alone_still_loads(
    warehouse: Warehouse, logins: Logins, database: sa.URL
) -> None:
    """Upgraded once by a superuser, it can take the locks that it needs."""
    single = logins.engine(database)
    logins.run(f'alter database "{database.database}" owner to {single.url.username}')
    migrate.upgrade(single.url)
    migrate.upgrade(database)
    with single.begin() as connection:
        connection.exec_driver_sql("select pg_advisory_xact_lock(1)")
        connection.exec_driver_sql("do $$ begin end $$")
    migrate.upgrade(single.url)


@pytest.mark.long
def test_without_a_superuser_the_upgrade_goes_on_and_says_what_to_run(
    logins: Logins, database: sa.URL, caplog: pytest.LogCaptureFixture
) -> None:
    logins.run(f'alter database "{database.database}" owner to {OWNER}')
    owner, analyst = logins.engine(database, OWNER), Reader(logins.engine(database, ANALYST))
    loader = Reader(logins.engine(database, LOADER, acts_as=LOADER))
    with caplog.at_level(logging.WARNING, "include.warehouse.access.server_rights"):
        migrate.upgrade(owner.url)
    assert "    revoke execute on function pg_advisory_lock(bigint) from public;\n" in caplog.text
    assert not analyst.is_denied("select pg_advisory_xact_lock(1)")
    statements = [line.strip().rstrip(";") for line in caplog.text.splitlines() if line.startswith("    ")]
    admin = sa.create_engine(database, poolclass=sa.NullPool)
    with admin.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    caplog.clear()
    migrate.upgrade(owner.url)
    assert caplog.text == ""
    assert analyst.is_denied("select pg_advisory_xact_lock(1)")
    assert loader.rows("select pg_advisory_xact_lock(1)")


def test_loading_works_with_what_is_left(warehouse: Warehouse, logins: Logins, migrated: sa.URL) -> None:
    loader = Warehouse(
        type(warehouse.tools)(
            logins.engine(migrated, LOADER, acts_as=LOADER), warehouse.tools.landing, "test"
        )
    )
    load = loader.land(small_study())
    for step in (steps.stage, steps.check, steps.publish):
        step(loader.tools, load, loader.step())
    assert loader.value("select count(*) from star.fact_hai") == 3


TEMPORARY = {
    "view": "create temporary view mine as select * from star.dim_study",
    "view of a mart": "create temporary view mine as select * from mart.demographics",
    "view of a view": "create temporary view its as select * from star.dim_study;"
    " create temporary view mine as select * from its",
    "table of a row type": "create temporary table mine (s star.dim_study)",
}


@pytest.mark.parametrize("kind", TEMPORARY)
def test_what_an_analyst_makes_for_a_session_stops_no_upgrade(
    warehouse: Warehouse, analyst: Reader, migrated: sa.URL, kind: str
) -> None:
    with analyst.engine.connect() as session:
        session.exec_driver_sql(TEMPORARY[kind])
        session.commit()
        _forget_views(warehouse)
        migrate.upgrade(migrated)
        assert session.exec_driver_sql("select count(*) from star.dim_study").scalar() == 2


def test_an_upgrade_drops_no_lasting_view_of_others(warehouse: Warehouse, migrated: sa.URL) -> None:
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("create view public.theirs as select * from star.dim_study")
        connection.exec_driver_sql("create temporary view mine as select * from star.dim_study")
    _forget_views(warehouse)
    with pytest.raises(sa.exc.DBAPIError, match="theirs depends on view"):
        migrate.upgrade(migrated)
    assert warehouse.value("select count(*) from public.theirs") == 2


def _forget_views(warehouse: Warehouse) -> None:
    """As if the views were those of an older version."""
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("update ops.setting set value = 'older' where name = 'views'")

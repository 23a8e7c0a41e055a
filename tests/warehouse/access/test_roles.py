"""What each role may do, tried with real logins over TCP."""

from __future__ import annotations

import concurrent.futures
import logging
import secrets
from dataclasses import replace

import pytest
import sqlalchemy as sa

from include.pipeline import steps
from include.warehouse import migrate
from include.warehouse.access import rights, roles
from include.warehouse.access.roles import ANALYST, LOADER, OWNER, RESTRICTED
from include.warehouse.schema.revision import require_current
from tests.support.clinical import whole_study
from tests.support.logins import VIEWS, WHY, Logins, Reader, load_two_studies
from tests.support.warehouse import Warehouse, small_study


def test_an_analyst_reads_the_star_and_nothing_else(warehouse: Warehouse, analyst: Reader) -> None:
    load_two_studies(warehouse)
    for (view,) in warehouse.rows(VIEWS):
        for as_of in (None, "DR1"):
            rows = f"select to_jsonb(v)::text from star.{view} v order by 1"
            assert analyst.rows(rows, as_of) == warehouse.rows(rows, as_of), view
    for schema in ("history", "ops", "quality", "staging"):
        tables = warehouse.rows(f"select tablename from pg_tables where schemaname = '{schema}'")
        assert all(analyst.is_denied(f"select from {schema}.{name}") for (name,) in tables), schema
    assert analyst.is_denied("select rolpassword from pg_authid")


def test_no_analyst_reads_an_address(warehouse: Warehouse, analyst: Reader, trusted: Reader) -> None:
    load_two_studies(warehouse)
    assert warehouse.value("select count(*) from history.dim_person where email is not null")
    # Even who may name the tables of history may not read the column.
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"grant usage on schema history to {ANALYST}")
    for reader in (analyst, trusted):
        assert reader.rows("select count(person_key) from history.dim_person where person_key > 0")[0][0]
        assert reader.is_denied("select email from history.dim_person")
        assert reader.is_denied("select h from history.dim_person h")


def test_an_analyst_writes_nothing(warehouse: Warehouse, analyst: Reader) -> None:
    load_two_studies(warehouse)
    for statement in (
        "insert into star.dim_date (date_key) values (1)",
        "update star.dim_date set year = 0",
        "delete from star.fact_result_file",
        "truncate star.dim_date",
        "drop view star.fact_hai",
        "create table star.mine (a int)",
        "create table mart.mine (a int)",
        "create table staging.mine (a int)",
        "create table public.mine (a int)",
        "create function star.mine() returns int language sql return 1",
        "create schema mine",
        f"set role {RESTRICTED}",
        f"set role {LOADER}",
    ):
        assert analyst.is_denied(statement), statement


def test_a_loader_takes_a_study_from_answers_to_the_star(
    warehouse: Warehouse, logins: Logins, migrated: sa.URL, analyst: Reader
) -> None:
    first, second = (logins.engine(migrated, LOADER, acts_as=LOADER) for _ in range(2))
    load = warehouse.land(whole_study())
    tools = replace(warehouse.tools, engine=first)
    require_current(first)
    steps.stage(tools, load, warehouse.step())
    # Another login of the pipeline goes on: staging belongs to the role, not to one of them.
    tools = replace(warehouse.tools, engine=second)
    steps.stage(tools, load, warehouse.step())
    steps.check(tools, load, warehouse.step())
    steps.publish(tools, load, warehouse.step())
    assert analyst.studies() == ["SDY1"]
    assert warehouse.value("select count(*) from pg_tables where schemaname = 'staging'") == 0
    gone = warehouse.open_load("SDY1", "DR2", "withdrawal")
    steps.withdraw(tools, gone, warehouse.step())
    assert analyst.studies() == []


def test_a_loader_may_do_no_more_than_load(warehouse: Warehouse, logins: Logins, migrated: sa.URL) -> None:
    warehouse.load(small_study())
    loader = Reader(logins.engine(migrated, LOADER, acts_as=LOADER))
    for statement in (
        "drop table history.fact_hai",
        "truncate history.fact_hai",
        "alter table history.fact_hai add column a int",
        "alter table history.fact_hai disable row level security",
        "drop policy open_studies on history.fact_hai",
        "create table history.mine (a int)",
        "create view star.mine as select 1 as a",
        "update ops.alembic_version set version_num = '0'",
        "delete from ops.setting",
        "insert into star.dim_date (date_key) values (1)",
        "select rolpassword from pg_authid",
        "create role mine",
        f"grant {RESTRICTED} to current_user",
    ):
        assert loader.is_denied(statement), statement
    assert loader.studies() == ["SDY1"]


@pytest.mark.long
def test_an_owner_of_the_role_upgrades_and_what_is_made_belongs_to_the_role(
    logins: Logins, database: sa.URL
) -> None:
    logins.run(f'alter database "{database.database}" owner to {OWNER}')
    owner, analyst = Reader(logins.engine(database, OWNER)), Reader(logins.engine(database, ANALYST))
    migrate.upgrade(owner.engine.url)
    others = """
        select count(*) filter (where pg_get_userbyid(relowner) <> 'warehouse_owner'), count(*) > 100
        from pg_class where relnamespace::regnamespace::text in ('history', 'star', 'ops', 'quality')"""
    assert owner.rows(others) == [(0, True)]
    catalogue = "select oid, relname, xmin::text from pg_class where relnamespace > 16000 order by 1"
    before = owner.rows(catalogue)
    migrate.upgrade(owner.engine.url)
    migrate.upgrade(database)  # by the superuser, in the name of the role
    assert owner.rows(catalogue) == before
    assert analyst.studies() == []
    assert analyst.rows("select count(*) from star.dim_date") == [(73050,)]


def test_a_warehouse_of_one_login_is_handed_over_to_the_role(logins: Logins, database: sa.URL) -> None:
    single = logins.engine(database)
    logins.run(f'alter database "{database.database}" owner to {single.url.username}')
    migrate.upgrade(single.url)
    with single.begin() as connection:
        connection.exec_driver_sql("create table staging.l1_study (row_number int)")
    logins.run(f'alter database "{database.database}" owner to {OWNER}')
    superuser = sa.create_engine(database, poolclass=sa.NullPool)
    with superuser.begin() as connection:
        connection.exec_driver_sql(f"reassign owned by {single.url.username} to {OWNER}")
    owner = Reader(logins.engine(database, OWNER))
    migrate.upgrade(owner.engine.url)
    loader = Reader(logins.engine(database, LOADER, acts_as=LOADER))
    with loader.engine.begin() as connection:
        connection.exec_driver_sql("drop table staging.l1_study")
        connection.exec_driver_sql("insert into history.study_access values (7, false)")
    with owner.engine.begin() as connection:
        connection.exec_driver_sql("set local role warehouse_owner")
        connection.exec_driver_sql("create table ops.added (a int)")
    assert loader.rows("select count(*) from ops.added") == [(0,)]


@pytest.mark.long
def test_without_the_right_to_make_roles_the_upgrade_goes_on_and_says_what_to_run(
    logins: Logins, database: sa.URL, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    absent = {f"{name}_absent": text for name, text in roles.ROLES.items()}
    monkeypatch.setattr(roles, "ROLES", absent)
    memberships = tuple((f"{a}_absent", f"{b}_absent") for a, b in roles.MEMBERSHIPS)
    monkeypatch.setattr(roles, "MEMBERSHIPS", memberships)
    login = logins.engine(database)
    logins.run(f'alter database "{database.database}" owner to {login.url.username}')
    with caplog.at_level(logging.WARNING, "include.warehouse.access.roles"):
        migrate.upgrade(login.url)
    assert "    create role warehouse_analyst_absent nologin;\n" in caplog.text
    assert "    grant warehouse_analyst_absent to warehouse_restricted_absent;" in caplog.text
    assert Reader(login).studies() == []
    # Once the roles are there, the next upgrade gives them their rights.
    monkeypatch.undo()
    analyst = Reader(logins.engine(database, ANALYST))
    assert analyst.is_denied("select from star.dim_date")
    migrate.upgrade(login.url)
    assert analyst.rows("select count(*) from star.dim_date where date_key = 0") == [(1,)]


@pytest.mark.long
def test_studies_of_before_there_was_a_list_are_open_as_far_as_is_known(database: sa.URL) -> None:
    migrate.upgrade(database, "0006")
    studies = {
        "SDY1": ("current", None, True),
        "SDY2": ("withdrawn", WHY, False),
        "SDY3": ("withdrawn", "withdrawn: no longer listed at DR2", True),
        "SDY4": (
            "withdrawn",
            "withdrawn: no longer listed at DR2; whether it is restricted is not known: HTTP 503",
            False,
        ),
        "SDY5": ("withdrawn", None, False),
        "SDY6": ("new", None, None),
    }
    engine = sa.create_engine(database, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for name, (state, reason, _) in studies.items():
            values = {"name": name, "state": state, "reason": reason}
            for statement in (
                "insert into history.key_study (study_accession) values (:name)",
                "insert into ops.study (study_accession, fence, state, reason)"
                " values (:name, 1, :state, :reason)",
            ):
                connection.execute(sa.text(statement), values)
    migrate.upgrade(database)
    found = Reader(engine).rows(
        "select study_accession, is_open from history.key_study"
        " left join history.study_access using (study_key) where study_key > 0 order by 1"
    )
    assert found == [(name, is_open) for name, (*_, is_open) in studies.items()]


def test_two_upgrades_at_once_make_the_roles_once(
    logins: Logins, database: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    suffix = secrets.token_hex(4)
    monkeypatch.setattr(roles, "ROLES", {f"{name}_{suffix}": "" for name in roles.ROLES})
    pairs = tuple((f"{a}_{suffix}", f"{b}_{suffix}") for a, b in roles.MEMBERSHIPS)
    monkeypatch.setattr(roles, "MEMBERSHIPS", pairs)
    engine = sa.create_engine(database, poolclass=sa.NullPool)

    def second() -> None:
        with engine.begin() as connection:
            roles.ensure_roles(connection)

    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like :made"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            roles.ensure_roles(connection)
            other = pool.submit(second)
            with engine.connect() as watching:
                made = {"made": f"%create role %_{suffix} %"}
                while not watching.scalar(sa.text(waits), made) and not other.done():
                    watching.rollback()
        other.result(60)
    found = "select count(*) from pg_auth_members where roleid::regrole::text = any(:roles)"
    with engine.connect() as connection:
        assert connection.scalar(sa.text(found), {"roles": list(roles.ROLES)}) >= len(pairs)
    for name in roles.ROLES:
        logins.run(f"drop role {name}")


def test_an_upgrade_takes_rights_that_are_not_declared(warehouse: Warehouse, analyst: Reader) -> None:
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("create table mart.added (study_key bigint, note text)")
        connection.exec_driver_sql("insert into mart.added values (-1, 'of none'), (7, 'of a hidden study')")
        connection.exec_driver_sql("create view mart.shown as select * from mart.added")
        connection.exec_driver_sql(f"grant insert on mart.added to {ANALYST}")
    # What is new is not shown before its rows are hidden.
    assert analyst.is_denied("select from mart.shown")
    migrate.upgrade(warehouse.engine.url)
    assert analyst.rows("select note from mart.shown") == [("of none",)]
    assert analyst.is_denied("insert into mart.added values (1, '')")


def test_the_catalogue_holds_nothing_that_goes_round_the_policies(warehouse: Warehouse) -> None:
    owners = """
        select c.oid::regclass::text from pg_class c
        where c.relnamespace::regnamespace::text in ('star', 'mart') and (c.relkind = 'm'
            or c.relkind = 'v' and not coalesce(c.reloptions @> '{security_invoker=true}', false))"""
    assert warehouse.rows(owners) == []
    definers = """
        select p.oid::regprocedure::text from pg_proc p where p.prosecdef
            and p.pronamespace::regnamespace::text in ('star', 'mart', 'history', 'ops')"""
    assert {name for (name,) in warehouse.rows(definers)} == set(rights.READ_AS_OWNER)
    unprotected = """
        select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace::regnamespace::text in ('history', 'star', 'mart') and c.relkind in ('r', 'p')
            and a.attname = 'study_key' and not c.relrowsecurity"""
    assert warehouse.rows(unprotected) == [("history.study_access",)]
    may = "select rolname from pg_roles where rolname = any(:r) and (rolcanlogin or rolsuper or rolbypassrls)"
    assert warehouse.rows(may, r=list(roles.ROLES)) == []

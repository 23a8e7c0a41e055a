"""What who watches the runs sees of restricted studies, looked for with real logins over TCP."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.pipeline import work_list
from include.pipeline.load_policy import LoadPolicy
from include.pipeline.work_decisions import Listed, Restricted, decide
from include.sql import sql_file
from include.warehouse import migrate
from include.warehouse.access import monitored
from include.warehouse.access.roles import (
    ANALYST,
    LOADER,
    MONITOR,
    MONITOR_ALL,
    OWNER,
    RESTRICTED,
)
from include.warehouse.load.fence import Attempt
from include.warehouse.schema.foreign_types import CleanJson, CleanText
from include.warehouse.schema.ops_tables import metadata
from tests.support.logins import WHY, Logins, Reader, load_two_studies, restrict
from tests.support.warehouse import RUN, Warehouse, small_study
from tests.warehouse.access.test_server_rights import FUNCTIONS, LOCKS, WRITES

#: Loaded and restricted since; restricted before it could be loaded; nobody knows it; loaded and open.
LOADED, NEVER, UNKNOWN, OPEN = "SDY1", "SDY7", "SDY8", "SDY2"
NAMES = f"({LOADED}|{NEVER}|{UNKNOWN}|SDY9)(?![0-9])"
WATCHED = [table for table in metadata.sorted_tables if table.schema in monitored.WATCHED]


@pytest.fixture
def monitor(logins: Logins, migrated: sa.URL) -> Reader:
    return Reader(logins.engine(migrated, MONITOR, acts_as=MONITOR))


@pytest.fixture
def cleared(logins: Logins, migrated: sa.URL) -> Reader:
    return Reader(logins.engine(migrated, MONITOR_ALL, acts_as=MONITOR_ALL))


def decline(warehouse: Warehouse, *restricted: str, requested: frozenset[str] = frozenset()) -> None:
    """What a run writes down of studies that it cannot load."""
    listed = [Listed(name, "DR2", None) for name in restricted]
    policy, known = LoadPolicy(requested), Restricted(frozenset(restricted))
    decisions = decide(listed, [], policy, incomplete=None, restricted=known)
    work_list.write(warehouse.engine, Attempt(RUN, 1), decisions, {})


def fill(warehouse: Warehouse) -> None:
    """A row about each study in every table, with texts that name the hidden ones in all that can."""
    loads = dict(warehouse.rows("select scope, max(load_id) from ops.load group by scope"))
    texts = f"Nothing of {LOADED}. {OPEN} is whole; {NEVER} is not"
    with warehouse.engine.begin() as connection:
        for table in (item for item in WATCHED if item.fullname not in ("ops.load", "ops.setting")):
            for position, study in enumerate((OPEN, LOADED)):
                known = {"source": "immport", "scope": study, "study_accession": study}
                values = {
                    column.name: known.get(column.name, _value(column, texts, loads[study], position))
                    for column in table.columns
                    if not column.identity
                }
                connection.execute(upsert(table).values(values).on_conflict_do_nothing())
        for table in WATCHED:
            searched = [item for item in table.columns if monitored.is_searched(table, item)]
            named = [
                item.name for item in searched if isinstance(item.type, CleanText) and not item.primary_key
            ]
            if named:
                connection.execute(sa.update(table).values(dict.fromkeys(named, texts)))


def _value(column: sa.Column[Any], texts: str, load_id: int, position: int) -> Any:
    """A value of a column."""
    if column.name == "load_id":
        return load_id
    is_code = column.name in monitored.CODES
    match column.type:
        case CleanText():
            return f"{column.name} {position}" + ("" if is_code else f". {texts}")
        case CleanJson():
            return {"row": texts, "other": [LOADED, 1]}
        case sa.ARRAY():
            inner = column.type.item_type
            many = ["code"] if is_code else [LOADED, OPEN]
            return many if isinstance(inner, CleanText) else [[1]] if column.type.dimensions == 2 else [1]
        case sa.Boolean():
            return True
        case sa.LargeBinary():
            return b"content"
        case sa.Date():
            return "2026-01-01"
        case sa.DateTime():
            return sa.func.now()
    return 1000 + position


def relations(reader: Reader) -> list[str]:
    """Everything that a reader may name and read."""
    found = """
        select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and has_schema_privilege(n.oid, 'usage')
            and has_any_column_privilege(c.oid, 'select') and n.nspname <> 'information_schema'
            and not starts_with(n.nspname, 'pg_')
        order by 1"""
    return [name for (name,) in reader.rows(found)]


def naming(reader: Reader, as_of: str | None = None) -> dict[str, int]:
    """How many rows name hidden studies, by relation; those that name none are left out."""
    query = f"select count(*) from {{}} r where r::text ~ '{NAMES}'"
    found = {name: reader.rows(query.format(name), as_of)[0][0] for name in relations(reader)}
    return {name: rows for name, rows in found.items() if rows}


def test_a_restricted_study_is_named_nowhere_that_a_monitor_may_read(
    warehouse: Warehouse, monitor: Reader, cleared: Reader
) -> None:
    load_two_studies(warehouse)
    fill(warehouse)
    decline(warehouse, NEVER, requested=frozenset())
    decline(warehouse, NEVER, requested=frozenset({NEVER, "SDY9"}))
    assert LOADED in str(monitor.rows("select * from monitor.load"))  # still open
    restrict(warehouse, LOADED, "DR2")
    views = {f"monitor.{table.name}" for table in monitored.tables()}
    assert views <= set(relations(monitor))
    assert {name.partition(".")[0] for name in relations(monitor)} == {"star", "mart", "monitor"}
    for as_of in (None, "DR1"):
        assert naming(monitor, as_of) == {}
    # They are there, for who may see them: the search finds what there is.
    searched = {
        f"monitor.{table.name}"
        for table in monitored.tables()
        if any(monitored.is_searched(table, column) for column in table.columns) or "scope" in table.c
    }
    seen = naming(cleared)
    assert searched <= set(seen)
    assert {"star.study_withdrawal", "star.study_capture"} <= set(seen)
    assert NEVER in str(cleared.rows("select scope from monitor.work"))


def test_an_alert_is_shown_unless_all_its_studies_are_hidden(warehouse: Warehouse, monitor: Reader) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, LOADED, "DR2")
    about = {"hidden": [LOADED], "both": [LOADED, OPEN], "none": []}
    alert = {"alert_type": "scope_failed", "severity": "error", "source": "immport", "to_do": "", "link": ""}
    with warehouse.engine.begin() as connection:
        for key, scopes in about.items():
            values = {**alert, "event_key": key, "scopes": scopes, "cause": f"{LOADED} failed"}
            connection.execute(sa.insert(metadata.tables["ops.alert"]).values(values))
    shown = monitor.rows("select event_key, scopes, cause from monitor.alert order by alert_id")
    assert [tuple(row) for row in shown] == [("both", [OPEN], None), ("none", [], None)]
    plan = [
        line for (line,) in monitor.rows("explain (analyze, timing off) select alert_id from monitor.alert")
    ]
    assert sum("on key_study k " in line for line in plan) == 1
    assert all("loops=1)" in line for line in plan if "on key_study k " in line), plan


def test_all_that_is_not_hidden_is_shown(warehouse: Warehouse, monitor: Reader, cleared: Reader) -> None:
    load_two_studies(warehouse)
    fill(warehouse)
    restrict(warehouse, LOADED, "DR2")
    hidden = {load for (load,) in warehouse.rows(f"select load_id from ops.load where scope = '{LOADED}'")}
    for table in monitored.tables():
        key = next((name for name in ("scope", "study_accession", "load_id") if name in table.c), None)
        is_about_none = table.fullname in monitored.WITHOUT_SCOPE
        read = f"select {'null' if key is None or is_about_none else key} from {{}} order by 1"
        every = [row for (row,) in warehouse.rows(read.format(table.fullname))]
        hidden_here = hidden if key == "load_id" else {LOADED}
        shown = [row for row in every if is_about_none or row not in hidden_here]
        assert shown, table.fullname
        assert [row for (row,) in monitor.rows(read.format(f"monitor.{table.name}"))] == shown, table.fullname
        assert [row for (row,) in cleared.rows(read.format(f"monitor.{table.name}"))] == every, table.fullname


def test_of_a_text_only_the_sentences_that_name_a_hidden_study_are_left_out(
    warehouse: Warehouse, monitor: Reader, cleared: Reader
) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, LOADED, "DR2")
    notes = {
        "SDY10 is new. SDY1 is withheld; the key expires": "SDY10 is new. the key expires",
        "retracted as after DR1.1: SDY1 DR2, SDY2 DR2; replay of DR49.1": "replay of DR49.1",
        "replay; see sdy1-DR1_Tab.zip": "replay",
        "SDY1": None,
        "SDY11 and SDY2\nas ever": "SDY11 and SDY2\nas ever",
        "SDY2 is here\nSDY1_x is not": "SDY2 is here",
    }
    with warehouse.engine.begin() as connection:
        for number, note in enumerate(notes):
            row = {"id": f"r{number}", "note": note}
            connection.execute(
                sa.text("insert into ops.run (run_id, dag_id, state, note) values (:id, 'd', 's', :note)"),
                row,
            )
    read = "select note from monitor.run where dag_id = 'd' order by run_id"
    assert [note for (note,) in monitor.rows(read)] == list(notes.values())
    assert [note for (note,) in cleared.rows(read)] == list(notes)


def test_of_a_row_as_received_all_but_the_names_of_hidden_studies_is_shown(
    warehouse: Warehouse, monitor: Reader, cleared: Reader
) -> None:
    """Also where they stand beside the name of the row's own study, which is not looked at."""
    load_two_studies(warehouse)
    restrict(warehouse, LOADED, "DR2")
    decline(warehouse, f"{OPEN}0")
    received = [
        ({"study": OPEN, "n": 1}, {"study": OPEN, "n": 1}),
        ({OPEN: OPEN, "of": [LOADED, OPEN]}, {OPEN: OPEN, "of": ["", OPEN]}),
        ({"a": f"{LOADED}{OPEN}"}, {"a": OPEN}),
        ({"a": f'{LOADED}"{OPEN}"0'}, {"a": f'"{OPEN}"0'}),
        ({"a": f'"{OPEN}', "b": f"sdy1\\{OPEN}"}, {"a": f'"{OPEN}', "b": f"\\{OPEN}"}),
        ({"a": f"{OPEN}0", "b": f"{LOADED}0"}, {"a": "", "b": f"{LOADED}0"}),
    ]
    insert = """
        insert into quality.quarantine (load_id, scope, release_version, endpoint, row_number, rule, row)
        values (7, :scope, 'DR1', 'hai', :number, 'r', :row)"""
    with warehouse.engine.begin() as connection:
        for number, (row, _) in enumerate(received):
            values = {"scope": OPEN, "number": number, "row": json.dumps(row)}
            connection.execute(sa.text(insert), values)
    read = "select row from monitor.quarantine where load_id = 7 order by row_number"
    assert [row for (row,) in monitor.rows(read)] == [shown for _, shown in received]
    assert [row for (row,) in cleared.rows(read)] == [row for row, _ in received]


@pytest.mark.parametrize(
    "names",
    [
        [f"SDY{number}" for number in range(7, 1100, 9)], ["SDY1", "SDY10", "SDY100"], ["SDY7", "X9"],
        ["SDY1"], ["sdy1", "SDY1"], ["GSE-1.a", "GSE-12", "GSE(3"],
    ],
)  # fmt: skip
def test_texts_that_name_one_of_many_hidden_scopes_are_found(warehouse: Warehouse, names: list[str]) -> None:
    query = sql_file("include.warehouse.access.sql", "hidden_name").rstrip(";\n")
    listed = query.replace("ops.hidden_scope", "(select unnest(cast(:names as text[])) as scope)")
    beside = [
        "",
        ">89",
        "SDY",
        "S D Y 7",
        "X99",
        "GSE",
        "GSE-1xa",
        "the study",
        *(f"SDY{n}" for n in range(120)),
    ]
    texts = [form.format(name) for name in [*names, *beside] for form in ("{}", "of x{}; ", "{}0", "{}b 1")]
    texts += [name.lower() for name in names]
    named = re.compile(f"({'|'.join(map(re.escape, names))})(?![0-9])", re.IGNORECASE)
    with warehouse.engine.connect() as connection:
        pattern, beginning = connection.execute(sa.text(listed), {"names": names}).one()
        look = sa.text("""select t from unnest(cast(:texts as text[])) t
            where strpos(lower(t collate "C"), :beginning) > 0 and t ~ :pattern""")
        found = connection.scalars(look, {"texts": texts, "pattern": pattern, "beginning": beginning}).all()
        assert sorted(found) == sorted(text for text in texts if named.search(text))
        assert not connection.execute(sa.text(listed), {"names": []}).all()


def test_what_names_no_study_and_may_be_of_any_is_for_who_sees_all(
    warehouse: Warehouse, monitor: Reader, cleared: Reader
) -> None:
    load_two_studies(warehouse)
    fill(warehouse)
    for name in monitored.OF_ALL_STUDIES:
        table, _, column = name.rpartition(".")
        read = f"select count({column}) > 0 from monitor.{table.partition('.')[2]}"
        assert (monitor.rows(read), cleared.rows(read)) == ([(False,)], [(True,)]), name


def test_a_condition_that_fails_for_a_hidden_study_is_not_tried_on_it(
    warehouse: Warehouse, monitor: Reader, cleared: Reader
) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, LOADED, "DR2")
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"update ops.load set release_key = 0 where scope = '{LOADED}'")
    # Cheaper than the lookup of what is hidden: the planner would take it first.
    division = "select from monitor.load where 1 / release_key = 0"
    assert len(monitor.rows(division)) == 1
    with pytest.raises(sa.exc.DataError, match="division by zero"):
        cleared.rows(division)


def test_a_study_shows_again_when_it_is_published(warehouse: Warehouse, monitor: Reader) -> None:
    decline(warehouse, NEVER, LOADED)
    scopes = "select distinct scope from monitor.work union select scope from monitor.load order by 1"
    assert monitor.rows(scopes) == []
    warehouse.load(small_study())
    assert monitor.rows(scopes) == [(LOADED,)]
    restrict(warehouse, LOADED, "DR2", "withdrawn: no longer listed at DR2")
    assert monitor.rows("select reason from monitor.scope") == [("withdrawn: no longer listed at DR2",)]
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("delete from history.study_access where study_key > 0")
    assert monitor.rows(scopes) == []


def test_every_table_of_operations_says_which_scope_its_rows_are_about() -> None:
    """Or that they are about none, in WITHOUT_SCOPE, or that nobody sees them, in WITHHELD."""
    shown = {table.fullname for table in monitored.tables()}
    assert {table.fullname for table in WATCHED} - shown == monitored.WITHHELD
    assert len({table.name for table in WATCHED}) == len(WATCHED)  # views of two schemas in one


def test_the_lists_and_the_tables_below_are_not_read_by_name(
    warehouse: Warehouse, monitor: Reader, cleared: Reader
) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, LOADED, "DR2")
    tables = [table.fullname for table in WATCHED]
    for reader in (monitor, cleared):
        for name in ("history.study_access", *(f"ops.{one}" for one in monitored.LISTS), *tables):
            assert reader.is_denied(f"select from {name}"), name
        assert reader.is_denied("select ops.without_hidden('', '')")
    # Even who may name the tables sees no row of a hidden study, and no text.
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"grant usage on schema ops to {MONITOR}")
    assert monitor.rows("select distinct scope from ops.capture") == [(OPEN,)]
    assert monitor.is_denied("select note from ops.run")
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"grant usage on schema quality to {MONITOR}")
        for table in WATCHED:
            connection.exec_driver_sql(f"grant select on {table.fullname} to {MONITOR}")
    for table in WATCHED:
        assert f"{LOADED}'" not in str(monitor.rows(f"select * from {table.fullname}")), table.fullname


def test_a_monitor_writes_nothing_and_takes_on_no_other_role(
    warehouse: Warehouse, logins: Logins, migrated: sa.URL, monitor: Reader, cleared: Reader
) -> None:
    load_two_studies(warehouse)
    others = [f"set role {role}" for role in (OWNER, LOADER, ANALYST, RESTRICTED, MONITOR_ALL)]
    # By the server's rules a member may take on what its role is a member of: those read less.
    for reader, refused in ((monitor, others), (cleared, others[:2])):
        views = [
            statement.format(table.name)
            for table in monitored.tables()
            for statement in ("delete from monitor.{}", "insert into monitor.{} default values")
        ]
        for statement in (*WRITES.values(), *LOCKS.values(), *FUNCTIONS.values(), *refused, *views):
            assert reader.is_denied(statement), statement
    # The login of a page has no right before it takes on a role, and then those of the one.
    page = logins.engine(migrated)
    for role in (MONITOR, MONITOR_ALL):
        logins.run(f"grant {role} to {page.url.username} with inherit false")
    assert Reader(page).is_denied("select from monitor.run")
    assert Reader(page).is_denied("select from star.dim_study")
    restrict(warehouse, LOADED, "DR2")
    for role, seen in ((MONITOR, [OPEN]), (MONITOR_ALL, [LOADED, OPEN])):
        with page.begin() as connection:
            connection.exec_driver_sql(f"set local role {role}")
            query = sa.text("select scope from monitor.scope order by 1")
            assert connection.execute(query).scalars().all() == seen


def test_who_owns_or_loads_a_warehouse_can_look_as_a_monitor(
    warehouse: Warehouse, logins: Logins, migrated: sa.URL, analyst: Reader
) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, LOADED, "DR2")
    for login in (
        warehouse.engine,
        logins.engine(migrated, OWNER),
        logins.engine(migrated, LOADER, acts_as=LOADER),
    ):
        with login.begin() as connection:
            every = connection.exec_driver_sql("select count(*) from ops.scope").scalar()
            connection.exec_driver_sql(f"set local role {MONITOR}")
            assert (every, connection.exec_driver_sql("select scope from monitor.scope").all()) == (
                2,
                [(OPEN,)],
            )
    # What analysts read of withdrawals is what it was.
    assert analyst.rows("select study_accession, reason from star.study_withdrawal") == [(LOADED, WHY)]
    assert len(analyst.rows("select from star.study_capture")) == 2


def test_hidden_scopes_are_looked_up_once_per_query(
    warehouse: Warehouse, logins: Logins, migrated: sa.URL, monitor: Reader
) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, LOADED, "DR2")
    explain = "set local enable_seqscan = off; explain (costs off) "
    for query, index in (
        ("select load_id from monitor.step where run_id = 'r'", "step_run_idx"),
        ("select success from monitor.result where load_id = 7", "result_pkey"),
        ("select state from monitor.load where scope = 'SDY2'", "load_scope_idx"),
    ):
        plan = "\n".join(line for (line,) in monitor.rows(explain + query))
        assert "hashed SubPlan" in plan
        assert index in plan, plan
        assert "hidden_name" not in plan
        assert "pattern" not in plan
        loader = Reader(logins.engine(migrated, LOADER, acts_as=LOADER))
        table = query.replace("monitor.", "quality." if "result" in query else "ops.")
        assert "SubPlan" not in str(loader.rows(explain + table))
    # The scopes that no run could load are found by their index.
    superuser = Reader(warehouse.engine)
    assert "work_declined_idx" in str(superuser.rows(f"{explain} select * from ops.hidden_scope"))


def test_an_upgrade_makes_the_views_anew_when_a_table_changes(warehouse: Warehouse, monitor: Reader) -> None:
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("update ops.setting set value = '' where name in ('monitor', 'access')")
        connection.exec_driver_sql(f"grant select on ops.run to {MONITOR}")
        connection.exec_driver_sql("drop policy watched on ops.step")
    with monitor.engine.connect() as session:
        session.exec_driver_sql("create temporary view mine as select * from monitor.run")
        session.commit()
        migrate.upgrade(warehouse.engine.url)
    with warehouse.engine.connect() as connection:
        assert monitored.is_current(connection)
    policies = "select tablename from pg_policies where policyname = 'watched'"
    assert ("step",) in warehouse.rows(policies)
    may = f"select has_table_privilege('{MONITOR}', 'ops.run', 'select')"
    assert warehouse.rows(may) == [(False,)]

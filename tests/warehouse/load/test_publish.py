"""Publishing: all of a study or nothing, once, and only what passed the gate."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from include.pipeline.run_ledger import Load
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.load import publish
from include.warehouse.load.fence import SupersededError
from include.warehouse.load.publish import Published
from include.warehouse.load.staged_load import PublishRefusedError, StagingLostError
from include.warehouse.load.staging_tables import staging_table
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.ops_tables import RESULT
from tests.support.warehouse import Study, Warehouse, hai, publication, small_study

COUNT = "select count(*) from star.fact_hai"


def newer() -> Study:
    """The small study, one release on: a result corrected, one withdrawn, one added."""
    return small_study(hai(1, "160"), hai(2, "<10", who=2), hai(4, "20"))


def counts(done: Published, relation: str = "fact_hai") -> tuple[int, int, int, int]:
    (change,) = [item for item in done.changes if item.relation == relation]
    return change.added, change.corrected, change.withdrawn, change.unchanged


def books(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """All that a publish may write, besides history."""
    tables = ("ops.ledger", "ops.capture", "ops.release_change", "ops.scope", "history.data_release")
    found = {name: warehouse.rows(f"select * from {name} order by 1, 2") for name in tables}
    keys = warehouse.rows("select natural_key from history.key_virus_strain order by 1")
    return {**found, **warehouse.history(), "keys": keys}


# ---- once, and only the newest attempt


def test_a_publish_reports_what_changed(warehouse: Warehouse) -> None:
    first = warehouse.load(small_study(), "DR1")
    assert counts(first) == (3, 0, 0, 0)
    assert not first.was_known
    second = warehouse.load(newer(), "DR2")
    assert counts(second) == (1, 1, 1, 1)
    assert second.rows_written == 3
    assert warehouse.rows("select result_id, value_reported from star.fact_hai order by 1") == [
        (1, "160"), (2, "<10"), (4, "20"),
    ]  # fmt: skip
    again = warehouse.load(newer(), "DR3")
    assert again.rows_written == 0


def test_a_stale_attempt_writes_nothing(warehouse: Warehouse) -> None:
    load = warehouse.ready(small_study())
    old, new = warehouse.take(load), warehouse.take(load)
    before = books(warehouse)
    with pytest.raises(
        SupersededError, match=f"SDY1 DR1: superseded: attempt {new} of run immport_release/test"
    ):
        warehouse.publish(load, fence=old)
    assert books(warehouse) == before


def test_the_fence_is_each_load_s_own(warehouse: Warehouse) -> None:
    load = warehouse.ready(small_study())
    fence = warehouse.take(load)
    warehouse.take(warehouse.land(small_study(), "DR2"))
    assert not warehouse.publish(load, fence=fence).was_known


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
def test_a_result_sent_once_for_each_treatment_is_one_with_all(
    warehouse: Warehouse, order: tuple[int, ...]
) -> None:
    """Whether ImmPort sends a list or a row for each is nowhere documented."""
    given = [hai(1, treatmentAccession=f"TRT{number}") for number in order]
    rows = small_study(*given, hai(2, treatmentAccession="TRT1,TRT9"), hai(3))
    load = warehouse.land(rows)
    warehouse.stage(load)
    outcome = warehouse.judge(load)
    assert (outcome.critical, outcome.quarantined) == ([], 0)
    warehouse.publish(load)
    found = warehouse.rows("select result_id, treatment_accession from star.fact_hai order by 1")
    assert found == [(1, "TRT1,TRT2,TRT3"), (2, "TRT1,TRT9"), (3, None)]
    again = warehouse.land({**rows, "hai": rows["hai"][::-1]}, "DR2")
    warehouse.stage(again)
    warehouse.pass_gate(again)
    assert warehouse.publish(again).rows_written == 0


def test_a_load_published_twice_is_published_once(warehouse: Warehouse) -> None:
    load = warehouse.ready(small_study())
    first = warehouse.publish(load)
    before = books(warehouse)
    again = warehouse.publish(load)
    assert again.was_known
    assert set(again.changes) == set(first.changes)
    assert books(warehouse) == before


def test_two_attempts_at_once_publish_once(warehouse: Warehouse) -> None:
    load = warehouse.ready(small_study())
    start = threading.Barrier(2)

    def attempt(_: int) -> Published | SupersededError:
        fence = warehouse.take(load)
        start.wait(30)
        try:
            return warehouse.publish(load, fence=fence)
        except SupersededError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(attempt, range(2)))
    assert sum(isinstance(end, Published) and not end.was_known for end in ends) == 1
    assert warehouse.value(COUNT) == 3
    assert warehouse.value("select count(*) from history.fact_hai") == 3
    assert warehouse.value("select count(*) from ops.ledger") == 1


def test_one_publish_of_a_study_waits_for_the_other(warehouse: Warehouse) -> None:
    """Whoever holds the study's lock is alone: the second does not even read until it is free."""
    load = warehouse.ready(small_study())
    fence = warehouse.take(load)
    with warehouse.engine.begin() as connection, ThreadPoolExecutor(1) as pool:
        publish.lock_scope(connection, "immport", "SDY1")
        waiting = pool.submit(warehouse.publish, load, None, fence)
        assert is_blocked(warehouse, waiting)
        connection.rollback()
        assert not waiting.result(60).was_known


def is_blocked(warehouse: Warehouse, work: Future[Published]) -> bool:
    """Whether the work comes to wait for a lock, instead of ending."""
    blocked = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    while not work.done():
        if warehouse.rows(blocked):
            return True
    return False


# ---- the gate


def test_what_was_not_checked_is_refused(warehouse: Warehouse) -> None:
    load = warehouse.land(small_study())
    warehouse.stage(load)
    with pytest.raises(PublishRefusedError, match="was not checked"):
        warehouse.publish(load)
    assert warehouse.value(COUNT) == 0


def test_what_was_staged_again_must_be_checked_again(warehouse: Warehouse) -> None:
    load = warehouse.ready(small_study())
    warehouse.stage(load)
    with pytest.raises(PublishRefusedError, match="was not checked"):
        warehouse.publish(load)


@pytest.mark.parametrize(("severity", "refused"), [("critical", True), ("row", False), ("warning", False)])
def test_only_a_critical_failure_closes_the_gate(warehouse: Warehouse, severity: str, refused: bool) -> None:
    load = warehouse.ready(small_study())
    failed = {"endpoint": "hai", "check_id": "x", "severity": severity, "success": False}
    with warehouse.engine.begin() as connection:
        connection.execute(sa.insert(RESULT).values(load_id=load.load_id, **failed))
    if refused:
        with pytest.raises(PublishRefusedError, match="1 critical"):
            warehouse.publish(load)
    else:
        warehouse.publish(load)
    assert warehouse.value(COUNT) == (0 if refused else 3)


@pytest.mark.parametrize(
    "harm",
    ["truncate {table}", "delete from {table} where row_number = 2",
     "insert into {table} (row_number) values (9)", "drop table {table}"],
)  # fmt: skip
def test_staging_that_is_not_what_was_checked_is_refused(warehouse: Warehouse, harm: str) -> None:
    warehouse.load(small_study(), "DR1")
    load = warehouse.ready(newer(), "DR2")
    before = warehouse.history()
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(harm.format(table=staging_table(load.load_id, ENDPOINTS["hai"])))
    with pytest.raises(StagingLostError, match="SDY1 DR2 hai"):
        warehouse.publish(load)
    assert warehouse.history() == before


# ---- the answer to COMMIT


@contextmanager
def losing_commit(target: sa.URL) -> Iterator[sa.URL]:
    """A proxy that hands COMMIT to the server and drops the connection instead of its answer, once."""
    lost = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            server = socket.create_connection((target.host or "", target.port or 0))
            committed = threading.Event()

            def answers() -> None:
                while data := server.recv(1 << 16):
                    if committed.is_set():
                        lost.set()
                        break
                    self.request.sendall(data)
                for side in (self.request, server):
                    side.close() if side is server else side.shutdown(socket.SHUT_RDWR)

            thread = threading.Thread(target=answers)
            thread.start()
            try:
                while data := self.request.recv(1 << 16):
                    if b"COMMIT" in data and not lost.is_set():
                        committed.set()
                    server.sendall(data)
                server.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # one side is gone, so is the other
            thread.join()

    class Proxy(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Proxy(("127.0.0.1", 0), Handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield target.set(host="127.0.0.1", port=proxy.server_address[1])
        finally:
            proxy.shutdown()
            thread.join()
    assert lost.is_set(), "no answer was lost"


def test_a_lost_answer_to_commit_is_a_success(warehouse: Warehouse) -> None:
    load = warehouse.ready(small_study())
    fence = warehouse.take(load)
    with losing_commit(warehouse.engine.url) as url:
        engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"sslmode": "disable"})
        done = warehouse.publish(load, engine, fence)
    assert done.was_known
    assert counts(done) == (3, 0, 0, 0)
    assert warehouse.value(COUNT) == 3
    assert warehouse.publish(load).was_known


# ---- many at once


def strain_study(study: str, who: str, strains: list[str]) -> Study:
    """A study whose results name strains in this order, on subjects it shares with others."""
    rows = small_study(
        *(hai(n, virusStrainReported=s, study=study) for n, s in enumerate(strains)), study=study
    )
    rows["arm"] = [{**row, "armAccession": f"{row['armAccession']}{who}"} for row in rows["arm"]]
    return rows


def test_two_studies_with_shared_members_do_not_block_each_other_for_ever(warehouse: Warehouse) -> None:
    strains = [f"strain {n}" for n in range(300)]
    loads = [
        warehouse.ready(strain_study("SDY1", "a", strains), study="SDY1"),
        warehouse.ready(strain_study("SDY2", "b", strains[::-1]), study="SDY2"),
    ]
    fences = [warehouse.take(load) for load in loads]
    start = threading.Barrier(2)

    def attempt(number: int) -> Published:
        start.wait(30)
        return warehouse.publish(loads[number], fence=fences[number])

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(attempt, range(2)))
    assert [end.was_known for end in ends] == [False, False]
    assert warehouse.rows("select study_key, count(*) from star.fact_hai group by 1 order by 1")[0][1] == 300
    assert (
        warehouse.value(
            "select count(*) from history.key_virus_strain where virus_strain_reported ~ '^strain'"
        )
        == 300
    )
    assert orphans(warehouse) == []


def test_shared_members_are_added_in_one_order(warehouse: Warehouse) -> None:
    """Whatever order the answers have: two publishes that wait for each other cannot happen."""
    warehouse.load(strain_study("SDY1", "a", [f"strain {n}" for n in range(50)]))
    ordered = (
        "select array_agg(natural_key order by {}) from history.key_virus_strain where virus_strain_key > 0"
    )
    assert warehouse.value(ordered.format("virus_strain_key")) == warehouse.value(
        ordered.format("natural_key")
    )


def orphans(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """References that point to no key: the constraints are declared, not enforced."""
    declared = warehouse.rows("""
        select c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text, k.attname
        from pg_constraint c
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        join pg_attribute k on k.attrelid = c.confrelid and k.attnum = c.confkey[1]
        where c.contype = 'f'""")
    assert declared
    return [
        found
        for table, column, target, key in declared
        for found in warehouse.rows(
            f"select '{table}', '{column}', t.{column} from {table} t"
            f" where not exists (select 1 from {target} k where k.{key} = t.{column})"
        )
    ]


@contextmanager
def before_statement(
    engine: sa.Engine, number: int, act: Callable[[sa.Connection], None]
) -> Iterator[list[str]]:
    """Do something before the n-th statement of a publish, from 1; the list holds all statements."""
    seen: list[str] = []

    def listen(connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)
        if len(seen) == number:
            act(connection)

    sa.event.listen(engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", listen)


def test_a_reader_sees_the_old_study_or_the_new_one(warehouse: Warehouse) -> None:
    """Asked before each statement of a publish, another session answers as if nothing was under way."""
    warehouse.load(small_study(), "DR1")
    load = warehouse.ready(newer(), "DR2")
    fence = warehouse.take(load)
    question = "select result_id, value_reported from star.fact_hai order by 1"
    old = warehouse.rows(question)
    publisher, reader = warehouse_engine(warehouse.engine.url), warehouse.engine.connect()
    answers: list[list[tuple[Any, ...]]] = []

    def query_from_another_session(*_: object) -> None:
        answers.append([tuple(row) for row in reader.exec_driver_sql(question)])
        reader.rollback()

    sa.event.listen(publisher, "before_cursor_execute", query_from_another_session)
    warehouse.publish(load, publisher, fence)
    assert len(answers) > 60
    assert all(answer == old for answer in answers)
    query_from_another_session()
    assert answers[-1] == [(1, "160"), (2, "<10"), (4, "20")]
    publisher.dispose()
    reader.close()


def test_a_question_of_several_statements_can_hold_on_to_one_state(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    with warehouse.engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
        before = reader.exec_driver_sql(COUNT).scalar_one()
        warehouse.load(small_study(hai(1)), "DR2")
        assert reader.exec_driver_sql(COUNT).scalar_one() == before == 3
    assert warehouse.value(COUNT) == 1


# ---- killed


WRITES = re.compile(
    r"\s*(insert into|update|delete from|with later|drop table if exists) *(history|ops|staging)?", re.I
)


@pytest.mark.parametrize("is_first", [pytest.param(True, marks=pytest.mark.long), False])
def test_a_publish_killed_at_any_point_leaves_the_old_state(warehouse: Warehouse, is_first: bool) -> None:
    """Killed before its first statement, and after each statement that wrote something."""
    if not is_first:
        warehouse.load(small_study(), "DR1")
    load = warehouse.ready(newer(), "DR2")
    before = books(warehouse)
    points = [1, *(number + 1 for number in writing_statements(warehouse, load))]
    assert len(points) > (20 if is_first else 8)
    assert books(warehouse) == before
    killer = warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def kill(connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        # With a time limit the call returns only once the session is gone.
        killer.exec_driver_sql(f"select pg_terminate_backend({driver.info.backend_pid}, 10000)")

    for number in points:
        engine = sa.create_engine(warehouse.engine.url, poolclass=sa.NullPool)
        with before_statement(engine, number, kill) as seen, pytest.raises(sa.exc.OperationalError):
            publish.publish_load(engine, publication(load), load.fence)
        assert len(seen) >= number
        assert (
            warehouse.value("select count(*) from history.fact_hai where load_id = :id", id=load.load_id) == 0
        )
    assert books(warehouse) == before
    killer.close()
    assert counts(warehouse.publish(load)) == ((3, 0, 0, 0) if is_first else (1, 1, 1, 1))
    assert orphans(warehouse) == []


def writing_statements(warehouse: Warehouse, load: Load) -> list[int]:
    """Position of each statement of a publish that changes something readers could see, and of the last."""
    engine = sa.create_engine(warehouse.engine.url, poolclass=sa.NullPool)
    seen: list[bool] = []

    def listen(connection: object, cursor: Any, statement: str, *_: object) -> None:
        found = WRITES.match(statement)
        is_lasting = bool(found and (found[2] or found[1].lower() == "with later"))
        seen.append(is_lasting and (cursor.rowcount > 0 or "ops." in statement))

    sa.event.listen(engine, "after_cursor_execute", listen)
    with engine.connect() as connection:
        publish.publish_in(connection, publication(load), load.fence)
        connection.rollback()
    last = len(seen) - 1  # killed before the statement that follows: that would be the COMMIT
    return [number for number, writes in enumerate(seen[:last], start=1) if writes] + [last]


# ---- withdrawal and return


def test_a_withdrawn_study_is_gone_and_what_it_was_stays(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.load(small_study(study="SDY2"), "DR1", study="SDY2")
    done = warehouse.withdraw("SDY1", "DR2")
    assert counts(done) == (0, 0, 3, 0)
    studies = "star.fact_hai join star.dim_study s using (study_key)"
    question = f"select s.study_accession, count(*) from {studies} group by 1"
    assert warehouse.rows(question) == [("SDY2", 3)]
    assert sorted(warehouse.rows(question, "DR1")) == [("SDY1", 3), ("SDY2", 3)]
    assert warehouse.rows("select state, release_version from ops.scope order by scope") == [
        ("withdrawn", "DR1"), ("current", "DR1"),
    ]  # fmt: skip


def test_a_study_that_comes_back_is_there_again(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.withdraw("SDY1", "DR2")
    assert counts(warehouse.load(newer(), "DR3")) == (3, 0, 0, 0)
    ids = "select array_agg(result_id order by result_id) from star.fact_hai"
    assert [warehouse.value(ids, as_of) for as_of in ("DR1", "DR3", None)] == [
        [1, 2, 3],
        [1, 2, 4],
        [1, 2, 4],
    ]
    assert warehouse.value("select state from ops.scope") == "current"


def test_a_withdrawal_within_a_release_keeps_the_rows_of_the_release(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.withdraw("SDY1", "DR1", key=10_001)
    assert [warehouse.value(COUNT, as_of) for as_of in ("DR1", None)] == [3, 0]
    warehouse.load(small_study(), "DR1", key=10_002)
    assert [warehouse.value(COUNT, as_of) for as_of in ("DR1", None)] == [3, 3]


def test_an_older_release_that_comes_late_does_not_move_the_study_back(warehouse: Warehouse) -> None:
    warehouse.load(newer(), "DR2")
    warehouse.load(small_study(), "DR1")
    assert warehouse.rows("select state, release_version from ops.scope") == [("current", "DR2")]
    values = "select result_id, value_reported, valid_from, valid_to from history.fact_hai order by 1, 3"
    assert [row[:3] for row in warehouse.rows(values)] == [
        (1, "40", 10_000), (1, "160", 20_000), (2, "<10", 10_000), (3, "80", 10_000), (4, "20", 20_000),
    ]  # fmt: skip


# ---- what a publish leaves behind


def test_nothing_is_left_behind(warehouse: Warehouse) -> None:
    load = warehouse.ready(small_study())
    warehouse.publish(load)
    assert warehouse.rows("select tablename from pg_tables where schemaname = 'staging'") == []
    assert warehouse.value("select state from ops.load") == "published"


def test_a_subject_of_two_studies_stays_when_one_goes(warehouse: Warehouse) -> None:
    warehouse.load(small_study(), "DR1")
    warehouse.load(small_study(study="SDY2"), "DR1", study="SDY2")
    warehouse.withdraw("SDY2", "DR2")
    assert warehouse.value("select count(*) from star.dim_subject where member = 'known'") == 2


def test_results_of_an_experiment_sample_of_several_biosamples_keep_their_own(warehouse: Warehouse) -> None:
    """The endpoint repeats such a sample, once per biosample: it stays one member, and no result doubles."""
    pooled = {"expsampleAccession": "ES1"}
    study = small_study({**hai(1), **pooled}, {**hai(2, who=2), **pooled})
    study["expsample"] = [{**row, **pooled} for row in study["expsample"]]
    warehouse.load(study)
    assert warehouse.rows("""
        select f.result_id, e.expsample_accession, b.biosample_accession
        from star.fact_hai f join star.dim_expsample e using (expsample_key)
        join star.dim_biosample b using (biosample_key) order by f.result_id""") == [
        (1, "ES1", "BS1"),
        (2, "ES1", "BS2"),
    ]
    assert warehouse.value("select count(*) from star.dim_expsample where expsample_key > 0") == 1

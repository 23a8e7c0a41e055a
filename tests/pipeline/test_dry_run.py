"""A dry run counts what the replay after it does, and leaves nothing but its counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.pipeline import discover, report, run_ledger, steps, work_list
from include.pipeline.batch_runner import run_batch
from include.pipeline.dry_run import commands
from include.pipeline.dry_run.plan import Selection, SelectionError, plan
from include.pipeline.dry_run.rehearse import remove_leftovers
from include.pipeline.dry_run.scopes import rehearse_all
from include.pipeline.dry_run.summary import finish
from include.pipeline.load_policy import LoadPolicy
from include.quality import gate
from include.quality.checks import Check, Severity, checks
from include.sources.immport.source import IMMPORT
from include.sql import Expression, sql
from include.warehouse.load import fence, reference_contexts, unchanged
from include.warehouse.load.fence import Attempt
from include.warehouse.model.assays import HAI
from include.warehouse.model.declaration import S
from include.warehouse.model.registry import IMMPORT_MODEL, SOURCES
from include.warehouse.schema.ops_tables import (
    ATTEMPT,
    DRY_RUN,
    DRY_RUN_CHANGE,
    DRY_RUN_RULE,
    DRY_RUN_STATE,
    LOAD,
    RUN,
    STEP,
    metadata,
)  # fmt: skip
from tests.support.warehouse import Study, Warehouse, apart, hai, small_study

#: What a dry run writes of itself.
OF_DRY_RUNS = {table.fullname for table in (ATTEMPT, DRY_RUN, DRY_RUN_CHANGE, DRY_RUN_RULE, RUN, STEP)}
RULE = "titre_is_a_number"
STRICT = Check(RULE, Severity.ROW, "s.value_reported !~ '^[0-9]+$'", reads=("value_reported",))
CLOSED = Check("no_titre", Severity.CRITICAL, "s.result_id is not null", reads=("result_id",))
CHANGES = "select c.relation, c.added, c.corrected, c.withdrawn, c.unchanged from {table} c where {which}"


class Rules:
    """The checks of HAI results, which a test adds to and takes from, as people do who change the code."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.added: list[Check] = []
        monkeypatch.setattr(gate, "checks", self._checks)
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(unchanged, "code_digest", lambda: f"{[item.check_id for item in self.added]}")

    def map(self, column: str, source: Expression) -> None:
        """Let a column of the results be made of something else than before."""
        columns = tuple(replace(item, source=source) if item.name == column else item for item in HAI.columns)
        table = replace(HAI, columns=columns)
        tables = tuple(table if item is HAI else item for item in IMMPORT_MODEL.tables)
        model = replace(IMMPORT_MODEL, tables=tables)
        self.monkeypatch.setitem(SOURCES, IMMPORT.name, model)
        # Made of the declarations when they are imported.
        contexts = reference_contexts._CONTEXTS
        self.monkeypatch.setitem(contexts, table, contexts[HAI])
        self.monkeypatch.setattr(unchanged, "code_digest", lambda: source.text)

    def _checks(self, model: Any, endpoint: Any, *about: Any) -> Iterator[Check]:
        yield from checks(model, endpoint, *about)
        yield from self.added if endpoint.name == "hai" else ()


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Rules:
    return Rules(monkeypatch)


def study(*more: dict[str, Any]) -> Study:
    """Two of three titres, and one of those that are added, are no plain numbers."""
    return small_study(hai(1), hai(2, "<10", who=2), hai(3, ">=640"), *more)


def load(warehouse: Warehouse, rows: Study, release: str, study: str = "SDY1") -> None:
    """Stage, check and publish a study as tasks do."""
    number = warehouse.land(rows, release, study).load_id
    for step in ("stage", "check", "publish"):
        getattr(steps, step)(warehouse.tools, run_ledger.load(warehouse.engine, number), warehouse.step())


def dry_run(warehouse: Warehouse, run_id: str, *scopes: str, **selected: Any) -> report.RunSummary:
    """A dry run as its DAG does it."""
    tools, selection = replace(warehouse.tools, run_id=run_id), Selection.read(IMMPORT, scopes, **selected)
    run_ledger.start_run(tools.engine, run_id)
    for batch in plan(tools.engine, run_id, tools.landing, selection, rows=1_000_000, most=4):
        outcome = rehearse_all(tools, IMMPORT, batch)
        assert {**outcome.failed, **outcome.retriable} == {}
    return finish(tools.engine, run_id)


def replay(warehouse: Warehouse, run_id: str, *scopes: str) -> report.RunSummary:
    """A replay with `force` as its DAG does it."""
    tools = replace(warehouse.tools, run_id=run_id)
    run_ledger.start_run(tools.engine, run_id)
    attempt = Attempt.begin(tools.engine, run_id, "discover")
    policy = LoadPolicy(frozenset(scopes), force=True)
    discover.from_landing(tools.engine, attempt, tools.landing, policy, None)
    batches, _ = work_list.work_of(tools.engine, run_id, 1_000_000, 4, 1)
    for batch in batches:
        for name, needs, ends in (
            ("stage", "extracted", "staged"),
            ("check", "staged", "checked"),
            ("publish", "checked", "published"),
        ):
            done: Callable[..., None] = getattr(steps, name)
            run_batch(
                tools, batch["load_ids"], name, needs=needs, ends=ends,
                work=lambda *about, done=done: done(tools, *about),
            )  # fmt: skip
    return report.finish(tools.engine, run_id)


def content(warehouse: Warehouse) -> dict[str, Any]:
    """Digest of every table, those apart that a dry run writes its own record to; and what is staged."""
    tables = [table.fullname for table in metadata.sorted_tables if table.fullname not in OF_DRY_RUNS]
    digest = "select count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) from {} t"
    staged = "select count(*), 0 from pg_class where relnamespace = 'staging'::regnamespace"
    return {name: warehouse.rows(digest.format(name)) for name in tables} | {"": warehouse.rows(staged)}


def changes(warehouse: Warehouse, table: str, which: str) -> Sequence[tuple[Any, ...]]:
    """Changes by release and table, those that are something."""
    joined = "join ops.load l using (load_id)" if table == "ops.release_change" else ""
    return warehouse.rows(
        f"""select release_version, c.relation, c.added, c.corrected, c.withdrawn, c.unchanged
        from {table} c {joined} where {which} and c.added + c.corrected + c.withdrawn + c.unchanged > 0
        order by 1, 2"""
    )


def test_a_replay_does_what_its_dry_run_counted_and_nothing_changed_before(
    warehouse: Warehouse, rules: Rules
) -> None:
    rules.added = [STRICT]
    load(warehouse, study(), "DR1")
    load(warehouse, study(hai(4, "<5")), "DR2")
    load(warehouse, apart(small_study(study="SDY2"), "x"), "DR1", "SDY2")
    before = content(warehouse)
    rules.added = []
    counted = dry_run(warehouse, "warehouse_dry_run/1", "SDY1", rule=RULE)
    assert content(warehouse) == before
    assert counted.state == "success"
    assert counted.counts == {"rows_earlier": 3, "rows_passed": 3, "rows_refused": 0, "left_over": 0}
    assert "would now pass: 3 of 3 rows; newly refused: none; at earlier releases 2 of 2 rows" in counted.text
    found = warehouse.rows("select release_version, endpoint, kind, rule, earlier, now, passed, refused"
                           " from ops.dry_run_rule order by 1")  # fmt: skip
    assert found == [("DR1", "hai", "row", RULE, 2, 0, 2, 0), ("DR2", "hai", "row", RULE, 3, 0, 3, 0)]
    expected = changes(warehouse, "ops.dry_run_change", "true")
    assert ("DR1", "fact_hai", 2, 0, 0, 1) in expected

    # Twice is once: what was counted is not counted again.
    assert dry_run(warehouse, "warehouse_dry_run/1", "SDY1", rule=RULE) == counted

    done = replay(warehouse, "immport_release/replay", "SDY1")
    assert done.state == "success", done.text
    assert changes(warehouse, "ops.release_change", "l.run_id = 'immport_release/replay'") == expected
    left = "select count(*) from quality.quarantine q join ops.load l using (load_id) where l.run_id = :run"
    assert warehouse.value(left, run="immport_release/replay") == 0
    assert warehouse.value("select count(*) from star.fact_hai join star.dim_study s using (study_key)"
                           " where s.study_accession = 'SDY1'") == 4  # fmt: skip


def test_what_another_mapping_of_a_column_corrects_is_counted(warehouse: Warehouse, rules: Rules) -> None:
    load(warehouse, study(), "DR1")
    load(warehouse, study(hai(4, "<5")), "DR2")
    before = content(warehouse)
    rules.map("value_reported", sql("'titre ' || ", S.value_reported))
    counted = dry_run(warehouse, "warehouse_dry_run/1", "SDY1")
    assert content(warehouse) == before
    assert counted.counts == {"rows_earlier": 0, "rows_passed": 0, "rows_refused": 0, "left_over": 0}
    expected = changes(warehouse, "ops.dry_run_change", "true")
    hai_of = [row for row in expected if row[1] == "fact_hai"]
    assert hai_of == [("DR1", "fact_hai", 0, 3, 0, 0), ("DR2", "fact_hai", 0, 4, 0, 0)]
    assert sum(added + withdrawn for _, _, added, _, withdrawn, _ in expected) == 0

    done = replay(warehouse, "immport_release/replay", "SDY1")
    assert done.state == "success", done.text
    assert changes(warehouse, "ops.release_change", "l.run_id = 'immport_release/replay'") == expected
    read = "select count(*) from star.fact_hai where starts_with(value_reported, 'titre ')"
    assert warehouse.value(read) == 4


def test_what_a_stricter_rule_refuses_and_what_closes_the_gate_is_counted_as_such(
    warehouse: Warehouse, rules: Rules
) -> None:
    load(warehouse, study(), "DR1")
    before = content(warehouse)
    rules.added = [STRICT]
    counted = dry_run(warehouse, "warehouse_dry_run/1")
    assert counted.counts == {"rows_earlier": 0, "rows_passed": 0, "rows_refused": 2, "left_over": 0}
    replay(warehouse, "immport_release/strict")
    quarantined = "select count(*) from quality.quarantine where rule = :rule"
    assert warehouse.value(quarantined, rule=RULE) == 2

    # Without the rule, but with a closed gate, nothing would pass.
    rules.added, before = [CLOSED], content(warehouse)
    counted = dry_run(warehouse, "warehouse_dry_run/2")
    assert content(warehouse) == before
    assert counted.state == "success"
    # The third row is one that a closed gate withholds, too.
    assert counted.counts == {"rows_earlier": 2, "rows_passed": 0, "rows_refused": 1, "left_over": 0}
    assert "SDY1 DR1: failed: check: CheckFailedError: SDY1 DR1: hai: no_titre (3 rows)" in counted.text
    assert changes(warehouse, "ops.dry_run_change", "run_id = 'warehouse_dry_run/2'") == []
    assert "1 failed" in replay(warehouse, "immport_release/closed").text


def test_what_is_unchanged_is_not_staged_by_a_dry_run_either(warehouse: Warehouse, rules: Rules) -> None:
    rules.added = [STRICT]
    load(warehouse, study(), "DR1")
    counted = dry_run(warehouse, "warehouse_dry_run/1")
    assert "1 unchanged" in counted.text
    assert counted.counts == {"rows_earlier": 2, "rows_passed": 0, "rows_refused": 0, "left_over": 0}
    # History was changed by hand: a replay would stage it, and correct that.
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("update history.fact_hai set unit_reported = 'mistake'")
    before = content(warehouse)
    dry_run(warehouse, "warehouse_dry_run/2")
    assert content(warehouse) == before
    expected = changes(warehouse, "ops.dry_run_change", "run_id = 'warehouse_dry_run/2'")
    assert ("DR1", "fact_hai", 0, 1, 0, 0) in expected
    replay(warehouse, "immport_release/replay")
    assert changes(warehouse, "ops.release_change", "l.run_id = 'immport_release/replay'") == expected


def test_a_dry_run_that_was_killed_is_removed_once_no_session_is_at_work_on_it(
    warehouse: Warehouse, rules: Rules
) -> None:
    load(warehouse, study(), "DR1")
    before = content(warehouse)
    left = warehouse.land(study(), "DR2")
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(LOAD).where(LOAD.c.load_id == left.load_id).values(state=DRY_RUN_STATE))
    warehouse.stage(left)
    assert run_ledger.load(warehouse.engine, left.load_id).state == DRY_RUN_STATE
    assert warehouse.rows("select 1 from monitor.load where state = 'dry run'") == []
    with warehouse.engine.begin() as connection:
        fence.hold(connection, left.load_id, left.fence)
        remove_leftovers(warehouse.engine)
    assert content(warehouse) != before
    remove_leftovers(warehouse.engine)
    assert content(warehouse) == before


def test_a_selection_names_what_is_landed(warehouse: Warehouse) -> None:
    load(warehouse, study(), "DR1")
    for scopes, selected, why in (
        (["SDY1", "SDY9"], {}, "nothing is landed of SDY9"),
        (["../x"], {}, "not the name of a study: '../x'"),
        ([], {"until": "50"}, "not a data release: '50'"),
        ([], {"until": "DR0.5"}, "nothing is landed"),
        ([], {"rule": "no_such"}, "no row is in quarantine by no_such"),
    ):
        with pytest.raises(SelectionError, match=why):
            dry_run(warehouse, "warehouse_dry_run/1", *scopes, **selected)


def test_a_dry_run_can_be_typed(
    warehouse: Warehouse, rules: Rules, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules.added = [STRICT]
    load(warehouse, study(), "DR1")
    rules.added = []
    file = tmp_path / "url"
    file.write_text(warehouse.engine.url.render_as_string(hide_password=False))
    landing = ["--url-file", str(file), "--landing", str(tmp_path / "landing")]
    commands.run([*landing, "SDY1"])
    assert "would now pass: 2 of 2 rows" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="nothing is landed of SDY7"):
        commands.run([*landing, "SDY7"])

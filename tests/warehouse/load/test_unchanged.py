"""A load that landed what the star was made of last: nothing is staged, and all is as if it were."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from include.pipeline import run_ledger, steps
from include.pipeline.run_ledger import Load, Step
from include.quality import audit
from include.warehouse.load import unchanged
from include.warehouse.load.unchanged import landed_digest
from include.warehouse.schema.ops_tables import CONTENT, STAGED
from tests.support.star import staging_tables
from tests.support.warehouse import Study, Warehouse, full_row, hai, small_study


def pass_through(warehouse: Warehouse, load: Load, **given: Any) -> dict[str, Step]:
    """Stage, check and publish a load as tasks do. Returns the steps, by name."""
    tools, done = replace(warehouse.tools, **given), {}
    for name in ("stage", "check", "publish"):
        done[name] = warehouse.step()
        getattr(steps, name)(tools, run_ledger.load(warehouse.engine, load.load_id), done[name])
    return done


def load_study(warehouse: Warehouse, rows: Study, release: str, **given: Any) -> dict[str, Step]:
    return pass_through(warehouse, warehouse.land(rows, release), **given)


def was_staged(steps_done: dict[str, Step]) -> bool:
    return steps_done["stage"].state == "done"


def written(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """All versions with what Postgres knows of their last change."""
    names = warehouse.history().keys()
    return {
        name: warehouse.rows(f"select xmin::text, h::text from history.{name} h order by 2") for name in names
    }


def quarantined() -> Study:
    """A study of which one row cannot be published."""
    return small_study(*(hai(number) for number in range(1, 30)), hai(30, valuePreferred="x"))


def audited(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """What an audit finds wrong."""
    audit.run(warehouse.engine, "warehouse_upkeep/test")
    return warehouse.rows("select check_id, relation, sample from quality.audit where failed_rows > 0")


@pytest.mark.parametrize("make", [small_study, quarantined])
def test_the_second_release_writes_no_row(warehouse: Warehouse, make: Callable[[], Study]) -> None:
    load_study(warehouse, make(), "DR1")
    before = written(warehouse)
    load = warehouse.land(make(), "DR2")
    tools = warehouse.tools
    staged, checked, published = warehouse.step(), warehouse.step(), warehouse.step()
    steps.stage(tools, load, staged)
    assert staging_tables(warehouse.engine) == []
    assert (staged.state, staged.message) == ("skipped", "unchanged since DR1: landed the same as load 1")
    steps.check(tools, run_ledger.load(warehouse.engine, load.load_id), checked)
    assert (checked.state, checked.message) == ("skipped", "landed the same as load 1, whose checks hold")
    steps.publish(tools, run_ledger.load(warehouse.engine, load.load_id), published)
    assert published.message is not None
    assert published.message.startswith("+0 ~0 -0 =")
    assert published.message.endswith("; unchanged since DR1: landed the same as load 1")
    assert written(warehouse) == before
    results = "select count(*), string_agg(value_reported, chr(44) order by result_id) from star.fact_hai"
    assert warehouse.rows(results, "DR1") == warehouse.rows(results, "DR2") == warehouse.rows(results)
    assert warehouse.value("select state from ops.load where load_id = 2") == "published"
    assert warehouse.rows("select release_version, state from ops.scope") == [("DR2", "current")]
    assert warehouse.rows("select release_key, kind, load_id from ops.capture order by 1") == [
        (10000, "full", 1), (20000, "full", 2)
    ]  # fmt: skip
    assert audited(warehouse) == []


def test_what_is_recorded_is_what_a_usual_load_records(warehouse: Warehouse) -> None:
    """The same release twice, once not staged and once staged: all that others read is equal."""
    load_study(warehouse, quarantined(), "DR1")
    load_study(warehouse, quarantined(), "DR2")
    tables = ("staged", "unreported_column", "release_change")
    kept = {name: _recorded(warehouse, name, 2) for name in tables}
    history, lacks = written(warehouse), warehouse.rows("select route, lacks from ops.load order by load_id")
    assert lacks[0] == lacks[1]
    warehouse.rows("select 1")
    again = warehouse.land(quarantined(), "DR2")
    steps.stage(warehouse.tools, again, warehouse.step(), anew=True)
    steps.check(warehouse.tools, again, warehouse.step())
    steps.publish(warehouse.tools, again, warehouse.step())
    assert {name: _recorded(warehouse, name, 3) for name in tables} == kept
    assert written(warehouse) == history


def _recorded(warehouse: Warehouse, table: str, load: int) -> list[tuple[Any, ...]]:
    row = "(to_jsonb(t) - 'load_id')::text"
    return warehouse.rows(f"select {row} from ops.{table} t where load_id = :load order by 1", load=load)


def test_a_third_release_refers_to_the_first(warehouse: Warehouse) -> None:
    for release in ("DR1", "DR2", "DR3"):
        load_study(warehouse, small_study(), release)
    assert warehouse.rows("select load_id, same_as from ops.load order by 1") == [(1, None), (2, 1), (3, 1)]
    # A change after them is compared with what is there, and at its own release.
    load_study(warehouse, small_study(hai(1, "99")), "DR4")
    values = "select string_agg(value_reported, ',' order by result_id) from star.fact_hai"
    found = {release: warehouse.value(values, release) for release in ("DR1", "DR2", "DR3", "DR4")}
    assert found == {"DR1": "40,<10,80", "DR2": "40,<10,80", "DR3": "40,<10,80", "DR4": "99"}
    assert audited(warehouse) == []


def test_the_same_release_again_is_unchanged(warehouse: Warehouse) -> None:
    load_study(warehouse, small_study(), "DR1")
    assert not was_staged(load_study(warehouse, small_study(), "DR1"))
    assert warehouse.rows("select load_id from ops.capture") == [(2,)]
    assert warehouse.value("select count(*) from star.fact_hai", "DR1") == 3


# ---- what must not be taken for unchanged


def _other_code(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(unchanged, "code_digest", lambda: "another")
    return {}


def _accepted(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return {"accept_vanished": True}


def _of(**values: Any) -> Callable[[Warehouse, pytest.MonkeyPatch], dict[str, Any]]:
    def change(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        with warehouse.engine.begin() as connection:
            connection.execute(sa.update(STAGED).where(STAGED.c.endpoint == "link").values(values))
        return {}

    return change


def _other_rows(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    load_study(warehouse, small_study(hai(1, "7")), "DR1")  # the same release once more
    return {}


def _later(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    load_study(warehouse, small_study(hai(1, "7")), "DR3")
    return {}


def _withdrawn(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    warehouse.withdraw("SDY1", "DR1", 10001)
    return {}


@pytest.mark.parametrize(
    "disturb", [_other_code, _accepted, _of(withheld="x"), _of(refused="x"), _other_rows, _later, _withdrawn]
)
def test_what_may_differ_is_staged(
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    disturb: Callable[[Warehouse, pytest.MonkeyPatch], dict[str, Any]],
) -> None:
    load_study(warehouse, small_study(), "DR1")
    given = disturb(warehouse, monkeypatch)
    assert was_staged(load_study(warehouse, small_study(), "DR2", **given))
    assert warehouse.value("select count(*) from star.fact_hai", "DR2") == 3


def test_other_bytes_are_staged_and_a_single_value_differs(warehouse: Warehouse) -> None:
    load_study(warehouse, small_study(), "DR1")
    done = load_study(warehouse, small_study(hai(1), hai(2, "<10", who=2), hai(3, "81")), "DR2")
    assert was_staged(done)
    assert done["publish"].message is not None
    assert done["publish"].message.startswith("+0 ~1 -0 =")


@pytest.mark.parametrize("disturb", [_later, _other_rows, _withdrawn])
def test_what_comes_between_is_seen_when_it_is_published(
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    disturb: Callable[[Warehouse, pytest.MonkeyPatch], dict[str, Any]],
) -> None:
    load_study(warehouse, small_study(), "DR1")
    load, step = warehouse.land(small_study(), "DR2"), warehouse.step()
    steps.stage(warehouse.tools, load, warehouse.step())
    load = run_ledger.load(warehouse.engine, load.load_id)
    assert load.same_as == 1
    steps.check(warehouse.tools, load, warehouse.step())
    disturb(warehouse, monkeypatch)
    steps.publish(warehouse.tools, load, step)
    assert step.state == "done"
    assert warehouse.value("select same_as from ops.load where load_id = :id", id=load.load_id) is None
    assert warehouse.value("select count(*) from star.fact_hai", "DR2") == 3
    assert warehouse.value("select count(*) from quality.result where load_id = :id", id=load.load_id) > 100


def test_a_row_that_somebody_changed_is_repaired(warehouse: Warehouse) -> None:
    load_study(warehouse, small_study(), "DR1")
    before = warehouse.history()
    for harm in (
        "update history.fact_hai set value_reported = '1' where result_id = 1",
        "delete from history.fact_hai where result_id = 2",
    ):
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql(harm)
        load_study(warehouse, small_study(), "DR1")
        assert warehouse.history() == before


def test_without_a_record_of_what_was_published_a_load_is_staged(warehouse: Warehouse) -> None:
    """After an upgrade, history may hold other columns."""
    load_study(warehouse, small_study(), "DR1")
    with warehouse.engine.begin() as connection:
        connection.execute(sa.delete(CONTENT))
    load_study(warehouse, small_study(), "DR2")
    assert warehouse.rows("select same_as from ops.load") == [(None,), (None,)]


def test_a_load_of_an_older_release_is_staged(warehouse: Warehouse) -> None:
    load_study(warehouse, small_study(), "DR3")
    assert was_staged(load_study(warehouse, small_study(), "DR1"))
    assert warehouse.value("select count(*) from star.fact_hai", "DR1") == 3
    # And what is unchanged since the newest has that as its own, not the older one.
    load_study(warehouse, small_study(), "DR4")
    assert warehouse.value("select same_as from ops.load where load_id = 3") == 1


def test_a_repeated_step_forgets_what_was_staged_before(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load was staged by other code, and its task runs again with this one; and the other way round."""
    load_study(warehouse, quarantined(), "DR1")
    load = warehouse.land(quarantined(), "DR2")
    steps.stage(warehouse.tools, load, warehouse.step(), anew=True)
    steps.check(warehouse.tools, load, warehouse.step())
    done = pass_through(warehouse, load)
    assert not was_staged(done)
    assert staging_tables(warehouse.engine) == []
    assert warehouse.value("select count(*) from quality.quarantine where load_id = 2") == 0
    again = warehouse.land(quarantined(), "DR3")
    steps.stage(warehouse.tools, again, warehouse.step())
    monkeypatch.setattr(unchanged, "code_digest", lambda: "another")
    assert was_staged(pass_through(warehouse, again))
    assert warehouse.rows("select load_id from quality.quarantine order by 1") == [(1,), (3,)]


def test_digests_differ_by_file_and_not_by_order(warehouse: Warehouse) -> None:
    def digest(rows: Study) -> str:
        load = warehouse.land(rows)
        manifests = warehouse.tools.landing.manifests()
        return landed_digest(next(item for item in manifests if item.fetch_id == load.fetch_id))

    rows = {**small_study(), "link": [full_row("link", studyLinkId=1)]}
    assert digest(rows) == digest(json.loads(json.dumps(rows)))
    assert digest(rows) != digest(small_study())
    (manifest,) = list(warehouse.tools.landing.manifests())[-1:]
    turned = replace(manifest, landed=manifest.landed[::-1])
    assert landed_digest(turned) == landed_digest(manifest)
    counted = replace(manifest.landed[0], rows_expected=5)
    assert landed_digest(replace(manifest, landed=(counted, *manifest.landed[1:]))) != landed_digest(manifest)


def test_the_code_that_makes_the_star_has_a_digest() -> None:
    assert len(unchanged.code_digest()) == 64

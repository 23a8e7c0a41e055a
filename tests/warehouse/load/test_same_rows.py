"""Endpoints of which a load stages the same rows again: these are neither checked nor written, and all is as
if they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.landing.zone import Landing
from include.local.server import Server
from include.pipeline import run_ledger, steps
from include.pipeline.batch_runner import StepContext
from include.quality import audit, gate
from include.quality.checks import checks
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.load import unchanged
from include.warehouse.load.staging_tables import StagedTables
from include.warehouse.model.registry import IMMPORT_MODEL
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.ops_tables import CONTENT, LOAD, STAGED
from tests.support.warehouse import RUN, Study, Warehouse, copied, full_row, hai, result, small_study

BOTH = {"fact_elisa", "fact_hai"}
#: Changes of a study from one release to the next.
Change = Callable[[Study], None]


def study() -> Study:
    """Results of two assays, that name one arm more than there is."""
    rows = small_study(*(hai(number, who=1 + number % 2) for number in range(1, 9)))
    rows["elisa"] = [
        result("elisa", number, analyteReported="IL-6", valueReported=str(number)) for number in range(1, 7)
    ]
    rows["elisa"][0]["armAccession"] = "ARM9"
    return rows


def load_study(warehouse: Warehouse, rows: Study, release: str) -> dict[str, str]:
    """Stage, check and publish a study as tasks do. Returns the messages of the steps."""
    load, messages = warehouse.land(rows, release), {}
    for name in ("stage", "check", "publish"):
        step = warehouse.step()
        getattr(steps, name)(warehouse.tools, run_ledger.load(warehouse.engine, load.load_id), step)
        messages[name] = step.message or ""
    return messages


def renamed(release: str) -> Change:
    """What each release brings: the study names it."""

    def change(rows: Study) -> None:
        rows["study"][0] |= {"latestDataReleaseVersion": release, "briefTitle": release}

    return change


def no_second_arm(rows: Study) -> None:
    rows["arm"].pop()


def all_arms(rows: Study) -> None:
    rows["arm"].append(full_row("arm", armAccession="ARM9", studyAccession="SDY1", name="Late"))


def other_arm(rows: Study) -> None:
    rows["arm"][0]["name"] = "Renamed"


def no_sample(rows: Study) -> None:
    rows["expsample"].pop()


def other_subject(rows: Study) -> None:
    rows["demographic"][0]["gender"] = "Male"


def other_result(rows: Study) -> None:
    rows["hai"][0]["valueReported"] = "81"


def fewer_results(rows: Study) -> None:
    rows["hai"].pop()


def shuffled(rows: Study) -> None:
    rows["hai"].reverse()


def unreadable(rows: Study) -> None:
    rows["elisa"][1]["valuePreferred"] = "x"


def none_of_one_assay(rows: Study) -> None:
    rows["elisa"].clear()


CHANGES = (
    no_second_arm, all_arms, other_arm, no_sample, other_subject, other_result, fewer_results, shuffled,
    unreadable, none_of_one_assay,
)  # fmt: skip


@pytest.fixture
def usual(postgres: Server, template: str, tmp_path: Path) -> Iterator[Warehouse]:
    """A second warehouse."""
    name = copied(postgres, template)
    engine = warehouse_engine(postgres.url(name))
    yield Warehouse(StepContext(engine, Landing(str(tmp_path / "usual")), RUN))
    engine.dispose()
    postgres.drop_database(name)


def recorded(warehouse: Warehouse) -> dict[str, Any]:
    """All that a load leaves for others to read."""
    results = "select load_id, endpoint, check_id, severity, success, unexpected_rows, detail"
    changes = "select load_id, relation, added, corrected, withdrawn, unchanged, distinct_keys"
    quarantined = "select load_id, endpoint, row_number, rule from quality.quarantine order by 1, 2, 3"
    return {
        **warehouse.history(),
        "results": warehouse.rows(f"{results} from quality.result order by 1, 2, 3"),
        "changes": warehouse.rows(f"{changes} from ops.release_change order by 1, 2"),
        "quarantined": warehouse.rows(quarantined),
    }


def audited(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """What an audit finds, such as the arm that is only named."""
    audit.run(warehouse.engine, "warehouse_upkeep/test")
    return warehouse.rows("select check_id, relation, failed_rows from quality.audit where failed_rows > 0")


def _compare(
    warehouse: Warehouse, usual: Warehouse, monkeypatch: pytest.MonkeyPatch, changes: Iterable[Change]
) -> None:
    """Load releases with a change each into both warehouses: one of them writes every row as usual."""
    rows = study()
    for number, change in enumerate((renamed("DR1"), *changes), start=1):
        renamed(f"DR{number}")(rows)
        change(rows)
        load_study(warehouse, rows, f"DR{number}")
        with monkeypatch.context() as patch:
            patch.setattr(unchanged, "same_rows", lambda *_: None)
            load_study(usual, rows, f"DR{number}")
    ours, theirs = recorded(warehouse), recorded(usual)
    assert {name: ours[name] for name in ours if ours[name] != theirs[name]} == {}
    assert audited(warehouse) == audited(usual)


def test_all_is_as_if_every_row_were_written_anew(
    warehouse: Warehouse, usual: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    _compare(warehouse, usual, monkeypatch, (no_second_arm, other_result))


@pytest.mark.long
def test_all_is_so_for_changes_of_every_kind(
    warehouse: Warehouse, usual: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = renamed("DR1")
    changes = [item for change in CHANGES for item in (change, nothing)]
    _compare(warehouse, usual, monkeypatch, changes)


def kept(warehouse: Warehouse, rows: Study, release: str) -> set[str]:
    """Load a study. Returns the facts of assays that were neither written nor compared."""
    found: set[str] = set()
    original = unchanged.kept

    def spy(*args: Any) -> dict[Any, Any]:
        answer = original(*args)
        found.update(table.relation for table in answer)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unchanged, "kept", spy)
        load_study(warehouse, rows, release)
    return found & BOTH


def second(warehouse: Warehouse, *changes: Change) -> set[str]:
    """The facts that a second release keeps."""
    rows = study()
    load_study(warehouse, rows, "DR1")
    for change in (renamed("DR2"), *changes):
        change(rows)
    return kept(warehouse, rows, "DR2")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (other_arm, BOTH),
        (no_second_arm, BOTH),
        (no_sample, BOTH),
        (other_result, {"fact_elisa"}),
        (shuffled, {"fact_elisa"}),
        (none_of_one_assay, {"fact_hai"}),
    ],
)
def test_facts_of_the_same_rows_are_kept(warehouse: Warehouse, change: Change, expected: set[str]) -> None:
    assert second(warehouse, change) == expected


def test_what_was_judged_is_not_judged_again(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks run of rows that are others, or that look into such; and rows are always counted."""
    ran: list[dict[str, set[str]]] = []
    verdicts = gate._verdicts

    def spy(*args: Any) -> Any:
        ran.append({name: {check.check_id for check in suite} for name, suite in args[2].items()})
        return verdicts(*args)

    monkeypatch.setattr(gate, "_verdicts", spy)
    rows = study()
    for release, change in (("DR1", None), ("DR2", None), ("DR3", other_arm), ("DR4", other_result)):
        renamed(release)(rows)
        if change:
            change(rows)
        load_study(warehouse, rows, release)
    of_study = {"row_count", "reference:studyAccession"}
    assert ran[1]["hai"] == ran[1]["elisa"] == of_study
    assert ran[1]["arm"] == of_study | {"not_empty"}
    assert ran[1]["study"] == ran[0]["study"] > {"row_count", "not_empty"}
    assert ran[2]["hai"] == of_study | {"reference:armAccession"}
    assert ran[2]["arm"] == ran[0]["arm"]
    assert ran[3]["hai"] == ran[0]["hai"]
    assert ran[3]["elisa"] == of_study


# ---- what must not be taken for the same


def _without_digests(warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(STAGED).values(content_digest=None))


def _other_code(warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(LOAD).values(code_digest="another"))


def _nothing_recorded(warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        connection.execute(sa.delete(CONTENT))


def _later_release(warehouse: Warehouse) -> None:
    load_study(warehouse, small_study(hai(1, "7")), "DR3")


def _damage(warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        for name in ("hai", "elisa"):
            connection.exec_driver_sql(
                f"update history.fact_{name} set value_reported = '0' where result_id = 2"
            )


def _withheld(warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        connection.execute(sa.update(STAGED).values(withheld="x"))


def _unreported(warehouse: Warehouse) -> None:
    """As if an earlier answer had not had a column."""
    rows = "select load_id, endpoint, 'comments', 'x' from ops.load, unnest(array['hai', 'elisa']) endpoint"
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(
            f"insert into ops.unreported_column (load_id, endpoint, column_name, reason) {rows}"
            " on conflict do nothing"
        )


@pytest.mark.parametrize(
    "disturb",
    [_without_digests, _other_code, _nothing_recorded, _later_release, _damage, _withheld, _unreported],
    ids=lambda item: item.__name__,
)
def test_what_may_differ_is_written_as_usual(
    warehouse: Warehouse, disturb: Callable[[Warehouse], None]
) -> None:
    rows = study()
    load_study(warehouse, rows, "DR1")
    disturb(warehouse)
    renamed("DR2")(rows)
    assert kept(warehouse, rows, "DR2") == set()
    values = "select string_agg(value_reported, ',' order by result_id) from star.fact_elisa"
    assert warehouse.value(values, "DR2") == "1,2,3,4,5,6"


def test_checks_look_into_the_rows_that_they_say_they_do() -> None:
    """Else a verdict would be taken for known although the rows that it depends on are others."""
    tables = StagedTables(7, frozenset(ENDPOINTS))
    names = {item.table: item.name for item in ENDPOINTS.values()}
    for endpoint in ENDPOINTS.values():
        for check in checks(IMMPORT_MODEL, endpoint, tables, "SDY1", 5):
            of_groups = check.of_groups.fill({"groups": "groups"}) if check.of_groups else ""
            text = f"{check.broken} {check.any_broken} {of_groups}"
            read = {names[name] for name in re.findall(r"staging\.l7_(\w+)", text)}
            said = {check.mention.home} if check.mention else set()
            assert read - {endpoint.name} <= said, f"{endpoint.name} {check.check_id}"

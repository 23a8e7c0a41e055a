"""Files of changes on their way to the sandbox's batch updater: compared with the star before the yes."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput

from immport_provider.operators.submission.approve import ImmPortApproveSubmissionOperator
from immport_provider.operators.submission.changes import (
    ImmPortCheckChangesOperator,
    ImmPortCompareChangesOperator,
)
from immport_provider.operators.submission.steps import (
    ImmPortFinishSubmissionOperator,
    ImmPortSendPackageOperator,
)
from include.pipeline.submissions import comparison, ledger
from include.pipeline.submissions.comparison import ChangeOutcome
from include.pipeline.submissions.star_columns import star_table
from include.sources.package.tables import TABLES
from include.submission.service.services import BATCH_UPDATER
from include.warehouse.access.study_visibility import hide
from include.warehouse.model.registry import IMMPORT_MODEL
from tests.provider.submitting import Lab, approved, killed
from tests.support.sandbox import RunningSandbox
from tests.support.warehouse import Study, Warehouse, small_study

CHECK, STORE = BATCH_UPDATER.purposes
SERVICE: dict[str, Any] = {"service": BATCH_UPDATER.name}


def head(table: str, keys: str, columns: str, form: str = "update_value") -> str:
    return f"table_name={table}\tformat={form}\tkey_columns={keys}\tdata_columns={columns}\n"


ARMS = f"# by hand\n{head('arm_or_cohort', 'arm_accession', 'name~description~type')}"
#: Two arms of the star, each with the name that it has; one that the star does not have.
ROWS = "ARM1\tFirst | arm\tsome\t\nARM2\tArm 2\t\t\nARM99\tx\ty\tz\n"


def described(kind: str) -> Study:
    """The study, its arms of a type."""
    rows = small_study()
    return {**rows, "arm": [{**row, "typeReported": kind} for row in rows["arm"]]}


@pytest.fixture
def lab(
    warehouse: Warehouse, sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Lab:
    warehouse.load(described("Observational"), "DR2")
    return Lab.opened(warehouse, sandbox, tmp_path, monkeypatch, BATCH_UPDATER)


def checked(lab: Lab, text: str = ARMS + ROWS, name: str = "UpdateValue.Arm.txt") -> int:
    """The number of a submission whose changes were checked here."""
    place = lab.folder / name
    place.write_text(text)
    number: int = ImmPortCheckChangesOperator(task_id="check", package=str(place)).execute(lab.context())
    return number


def compared(lab: Lab, number: int) -> str | None:
    found: str | None = ImmPortCompareChangesOperator(task_id="c", submission=number).execute(lab.context())
    return found


def changes(lab: Lab) -> list[tuple[Any, ...]]:
    """What the record has of values that are not the star's already."""
    return lab.warehouse.rows(
        "select line_number, record, column_name, star_value, new_value, outcome"
        " from ops.submission_change order by position"
    )


def test_changes_are_validated_compared_allowed_and_applied_and_a_second_run_changes_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[Any] = []
    monkeypatch.setattr(
        "airflow.providers.standard.operators.hitl.upsert_hitl_detail", lambda **what: questions.append(what)
    )

    def run() -> str | None:
        number, context = checked(lab), lab.context()
        of: dict[str, Any] = {**SERVICE, "submission": number}
        ImmPortSendPackageOperator(task_id="a", **of).execute(context)
        lab.followed(number, is_stored=False)
        compared(lab, number)
        waiting: Any = {**context, "task_instance": SimpleNamespace(id="1")}
        try:
            ImmPortApproveSubmissionOperator(task_id="b", **of).execute(waiting)
        except TaskAwaitingInput:
            approved(lab, number)
        ImmPortSendPackageOperator(task_id="c", is_stored=True, **of).execute(context)
        lab.followed(number, is_stored=True)
        state: str | None = ImmPortFinishSubmissionOperator(task_id="d", **of).execute(context)
        return state

    assert run() == ledger.STORED
    shown = questions[0]["body"]
    assert "Against the star as of DR2: 2 changed, 2 blank, 3 not in the star, 2 same." in shown
    assert "| arm\\_or\\_cohort | arm\\_accession=ARM1 | name | Arm 1 | First \\| arm |" in shown, shown
    assert "/warehouse/submissions/changes?submission=" in shown
    before = lab.sandbox.uploads()
    assert [(item["service"], item["purpose"]) for item in before] == [
        ("batch_updater", CHECK),
        ("batch_updater", STORE),
    ]
    assert [item["file"].partition("-")[0] for item in before] == ["UpdateValue.Arm"] * 2
    assert all(item["file"].endswith(".txt") for item in before)
    found = changes(lab)
    lab.warehouse.load(small_study(), "DR3")
    assert run() == ledger.STORED
    assert (lab.sandbox.uploads(), len(questions), changes(lab)) == (before, 1, found)
    statuses = lab.warehouse.value(
        "select statuses from ops.submission_ticket where purpose = :purpose", purpose=CHECK
    )
    assert (statuses[0], statuses[-1]) == (
        "Pending_Batch_Updater_Validation",
        "Completed_Batch_Updater_Validation",
    )
    # Of changes that were validated, only the report as a text names lines.
    assert (
        lab.warehouse.value(
            "select count(*) from ops.submission_line where purpose = :purpose and line_number = 3"
            " and description like '%whose value is [ARM1].'",
            purpose=CHECK,
        )
        == 1
    )


def test_each_value_has_its_outcome_beside_the_newest_release(lab: Lab) -> None:
    lab.warehouse.load(described("older"), "DR1")
    compared(lab, checked(lab))
    assert changes(lab) == [
        (3, "arm_accession=ARM1", "name", "Arm 1", "First | arm", "changed"),
        (3, "arm_accession=ARM1", "description", None, "some", "changed"),
        (3, "arm_accession=ARM1", "type", "Observational", "", "blank"),
        (4, "arm_accession=ARM2", "type", "Observational", "", "blank"),
        (5, "arm_accession=ARM99", "name", None, "x", "not in the star"),
        (5, "arm_accession=ARM99", "description", None, "y", "not in the star"),
        (5, "arm_accession=ARM99", "type", None, "z", "not in the star"),
    ]
    numbers = head("planned_visit", "planned_visit_accession", "order_number~name~nothing")
    results = head("hai_result", "result_id", "subject_accession~value_reported~unit_reported")
    several = head("biosample", "type", "name")
    strange = head("lk_plate", "plate_id", "name") + "1\tx\n" + head("reagent", "user_defined_id", "name")
    other = head("study", "study_accession", "brief_title", form="append_value")
    compared(lab, checked(
        lab,
        f"{numbers}PV1\t1.0\tDay 1\tx\n{results}1\tSUB1\t41\tx\n+1\tSUB1\t41\tx\n{several}Serum\tx\n"
        f"{strange}my id\tx\n{other}SDY1\tx\n",
        "all.txt",
    ))  # fmt: skip
    rows = lab.warehouse.rows(
        "select table_name, column_name, outcome, value_count, relation from ops.submission_comparison"
        " where submission_id = 2 order by table_name, column_name, outcome"
    )
    assert rows == [
        ("biosample", "name", "several records", 1, "dim_biosample"),
        ("hai_result", "subject_accession", "not in the star", 1, "fact_hai"),
        ("hai_result", "subject_accession", "same", 1, "fact_hai"),
        ("hai_result", "unit_reported", "changed", 1, "fact_hai"),
        ("hai_result", "unit_reported", "not in the star", 1, "fact_hai"),
        ("hai_result", "value_reported", "changed", 1, "fact_hai"),
        ("hai_result", "value_reported", "not in the star", 1, "fact_hai"),
        ("lk_plate", "name", "not compared", 1, None),
        ("planned_visit", "name", "changed", 1, "dim_planned_visit"),
        ("planned_visit", "nothing", "not compared", 1, None),
        ("planned_visit", "order_number", "same", 1, "dim_planned_visit"),
        ("reagent", "name", "not compared", 1, None),
        ("study", "brief_title", "not compared", 1, None),
    ]


def test_records_of_hidden_studies_are_not_shown(lab: Lab) -> None:
    with lab.engine.begin() as connection:
        hide(connection, ["SDY1"], "restricted")
    compared(lab, checked(lab))
    assert {row[3] for row in changes(lab)} == {None}
    assert {row[5] for row in changes(lab)} == {"not in the star"}


def test_all_values_are_counted_and_a_bounded_number_kept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MOST_CHANGES", 5)
    monkeypatch.setattr("include.pipeline.submissions.compare._BATCH", 7)
    number = checked(lab, ARMS + "".join(f"ARM{at}\tx\ty\tz\n" for at in range(1, 31)))
    assert compared(lab, number) == "against the star as of DR2: 6 changed, 84 not in the star"
    assert len(changes(lab)) == 5
    found = comparison.kept(lab.engine, number)
    assert found is not None
    assert found.of(ChangeOutcome.NOT_FOUND) == 84


def test_nobody_decides_without_the_comparison_and_what_was_shown_stays(lab: Lab) -> None:
    number = checked(lab)
    waiting: Any = {**lab.context(), "task_instance": SimpleNamespace(id="1")}
    with pytest.raises(AirflowFailException, match="was not compared with the star"):
        ImmPortApproveSubmissionOperator(task_id="b", submission=number, **SERVICE).execute(waiting)
    compared(lab, number)
    found = changes(lab)
    approved(lab, number, "Reject")
    lab.warehouse.load(small_study(), "DR3")
    assert compared(lab, number) is None
    assert changes(lab) == found
    assert lab.sandbox.uploads() == []


def test_what_is_wrong_is_found_here_or_by_the_batch_updater(lab: Lab) -> None:
    with pytest.raises(
        AirflowFailException, match=r"1 errors.*the record of line 3 again, with other values"
    ):
        checked(lab, f"{ARMS}ARM1\ta\tb\tc\nARM1\ta\tb\td\n")
    assert lab.warehouse.value("select state from ops.submission") == ledger.REFUSED
    assert lab.sandbox.uploads() == []
    number = checked(lab, f"{head('arm_or_cohort', 'arm_accession', 'name').replace('=', ': ')}ARM1\tx\n")
    lab.send(number)
    with pytest.raises(AirflowFailException, match="The file has no header"):
        lab.followed(number, is_stored=False)


@pytest.mark.long
def test_one_ticket_and_a_whole_comparison_wherever_the_process_is_killed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.send(checked(lab, name="first.txt"))
    for place, is_done in (("file", False), ("hook.send", True), ("ledger.know", False)):
        text = f"# {place}\n{ARMS}{ROWS}"
        number = checked(lab, text, "x.txt")
        assert killed(lab, number, place, is_done=is_done) == 9, place
        assert lab.settled(number).state == ledger.KNOWN, place
        assert len(lab.tickets(number)) == 1, place
        assert lab.followed(number, is_stored=False) == "Completed_Batch_Updater_Validation"
    # Killed half-way: the transaction takes the first half with it.
    number = checked(lab)
    monkeypatch.setattr(comparison, "_BATCH", 2)
    inner = comparison._counted

    def dies(*arguments: Any) -> Any:
        for at, row in enumerate(inner(*arguments)):
            if at == 5:
                os._exit(9)
            yield row

    child = os.fork()
    if child == 0:
        try:
            engine = sa.create_engine(lab.engine.url, poolclass=sa.NullPool)
            monkeypatch.setattr(comparison, "_counted", dies)
            monkeypatch.setattr(ImmPortCompareChangesOperator, "engine", lambda self: engine)
            compared(lab, number)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert changes(lab) == []
    compared(lab, number)
    assert len(changes(lab)) == 7


def test_a_comparison_of_every_table_is_a_query_that_the_warehouse_answers(lab: Lab) -> None:
    text = ""
    for name in TABLES:
        if not (star := star_table(name)):
            continue
        keys = TABLES[name].key
        columns = [column for column in star.columns if column not in keys]
        text += head(name, "~".join(keys), "~".join(columns))
        text += "\t".join(["1"] * (len(keys) + len(columns))) + "\n"
    assert compared(lab, checked(lab, text)) is not None
    outcomes = lab.warehouse.rows("select distinct outcome from ops.submission_comparison")
    assert ("not compared",) not in outcomes


def test_tables_of_the_star_that_hold_one_of_immports_are_found_by_the_declarations() -> None:
    found = {table: star_table(table) for table in ("reagent", "arm_or_cohort", "elisa_result", "subject")}
    assert {name: star.relation for name, star in found.items() if star} == {
        "reagent": "dim_reagent",
        "arm_or_cohort": "dim_arm",
        "elisa_result": "fact_elisa",
        "subject": "dim_subject",
    }
    reagent = star_table("REAGENT")
    assert reagent is not None
    shown = [column.sql for column in reagent.find("analyte_preferred")]
    assert shown == ['r."analyte_accession"', 'r."analyte_preferred"']
    assert reagent.find("detector_name") == reagent.find("clone_name")
    assert star_table("lk_analyte") is None
    relations = {table.relation for table in IMMPORT_MODEL.tables}
    assert {star.relation for star in found.values() if star} <= relations

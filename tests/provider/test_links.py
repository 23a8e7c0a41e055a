"""Where the page of a task leads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from immport_provider.get_provider_info import get_provider_info
from immport_provider.links import RunReportLink, StudyLink
from immport_provider.operators.base import WarehouseOperator
from immport_provider.operators.files import ImmPortDownloadOperator
from immport_provider.operators.load_steps import ImmPortBatchOperator, ImmPortStageOperator

KEY: Any = SimpleNamespace(dag_id="immport_release", run_id="manual__2026-01-01T00:00:00+00:00")


def stage(studies: Any) -> ImmPortStageOperator:
    return ImmPortStageOperator(task_id="t", landing="file:///l", load_ids=[1], studies=studies)


@pytest.mark.parametrize(
    ("studies", "label", "page"),
    [
        (["SDY180"], "SDY180", "https://www.immport.org/shared/study/SDY180"),
        (["SDY1", "SDY2"], "SDY1, SDY2", "https://www.immport.org/shared/search"),
        ([f"SDY{n}" for n in range(1, 9)], "SDY1, SDY2, SDY3, SDY4, SDY5 and 3 more",
         "https://www.immport.org/shared/search"),
        ("", "", "https://www.immport.org/shared/search"),
    ],
)  # fmt: skip
def test_a_task_is_named_by_its_studies_and_leads_to_them(studies: Any, label: str, page: str) -> None:
    task = stage(studies)
    assert task.label == label
    assert StudyLink().get_link(task, ti_key=KEY) == page


def test_a_download_is_named_by_the_studies_of_its_files() -> None:
    batch: Any = {"first": 0, "count": 3, "studies": ["SDY7"]}
    task = ImmPortDownloadOperator(task_id="t", landing="file:///l", batch=batch)
    assert task.label == "SDY7"
    assert StudyLink().get_link(task, ti_key=KEY).endswith("/SDY7")


def test_the_report_of_a_run_is_the_log_of_its_last_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://127.0.0.1:8080/")
    task: Any = SimpleNamespace(task_id="t", dag=SimpleNamespace(leaves=[SimpleNamespace(task_id="finish")]))
    assert RunReportLink().get_link(task, ti_key=KEY) == (
        "http://127.0.0.1:8080/dags/immport_release/runs/manual__2026-01-01T00%3A00%3A00%2B00%3A00/tasks/finish"
    )


def test_the_provider_lists_every_link_that_its_operators_have() -> None:
    kinds: tuple[type[WarehouseOperator], ...] = (ImmPortBatchOperator, ImmPortDownloadOperator)
    names = {
        f"{type(link).__module__}.{type(link).__name__}"
        for kind in kinds
        for link in kind.operator_extra_links
    }
    assert names == set(get_provider_info()["extra-links"])

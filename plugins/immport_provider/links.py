"""Where the page of a task instance leads: to its study at ImmPort, and to the report of its run.

One entry of a page is one template; what fills it is in the task. Addresses are made where the task ran and
kept as XCom: they hold no secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

from immport_provider.page_links import absolute, run_path
from include.sources.source import is_study

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

STUDY_PAGE = "https://www.immport.org/shared/study/{study}"
STUDIES_PAGE = "https://www.immport.org/shared/search"


class StudyLink(BaseOperatorLink):
    """The study that a task works on at ImmPort; the search for studies where they are several."""

    name = "Study at ImmPort"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        studies = getattr(operator, "studies", ())
        if not isinstance(studies, list | tuple):
            return STUDIES_PAGE
        if not all(map(is_study, studies)):  # a batch of another source
            return ""
        return STUDY_PAGE.format(study=quote(studies[0])) if len(studies) == 1 else STUDIES_PAGE


class RunReportLink(BaseOperatorLink):
    """What the last task of the run logs: which studies ended how, and why."""

    name = "Report of the run"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        last = sorted(task.task_id for task in operator.dag.leaves) if operator.dag else [operator.task_id]
        # The log of the task that ends the run.
        return absolute(f"{run_path(f'{ti_key.dag_id}/{ti_key.run_id}')}/tasks/{quote(last[0])}")

"""Addresses of the operations pages and of runs, below the address of Airflow's page.

Who refers to a page (an alert, a note of a run, another page) names it here: every link is made in one place.
A query parameter without a value is left out; a study or a scope is named with its source.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import quote, urlencode

#: Where the operations pages are mounted, below the address of Airflow's page.
MOUNT = "/warehouse"


class OperationsPage(StrEnum):
    """The pages, by their last part of the address."""

    OVERVIEW = "overview"
    STUDIES = "studies"
    STUDY = "study"
    RELEASES = "releases"
    QUALITY = "quality"
    QUARANTINE = "quarantine"
    SOURCES = "sources"
    FAILURES = "failures"
    SUBMISSIONS = "submissions"
    VALIDATIONS = "validations"
    SUBMISSION_CHANGES = "submissions/changes"


def page_path(page: str, **query: str | int | None) -> str:
    """Path of a page with its query, such as `/warehouse/study?source=immport&scope=SDY1`.

    :param query: parameters of the page, in the order in which they are to stand; None leaves one out.
    :raises ValueError: there is not a page of that name.
    """
    given = {name: str(value) for name, value in query.items() if value is not None}
    path = f"{MOUNT}/{OperationsPage(page)}"
    return f"{path}?{urlencode(given, safe='', quote_via=quote)}" if given else path


def run_path(run: str) -> str:
    """Path of a run's page in Airflow.

    :param run: key of the run in the warehouse, `dag_id/run_id`.
    :raises ValueError: it is not such a key.
    """
    dag_id, slash, run_id = run.partition("/")
    if not (dag_id and slash and run_id):
        raise ValueError(f"{run!r} is not the key of a run, such as immport_release/manual__1")
    return f"/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"


def absolute(path: str) -> str:
    """A path below the address of Airflow's page (`base_url` of `[api]`); the path where that is unset."""
    from airflow.sdk.configuration import conf

    return str(conf.get("api", "base_url", fallback="")).rstrip("/") + path

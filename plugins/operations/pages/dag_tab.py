"""The runs of one DAG, how fresh its source is, and what comes next: a tab of Airflow's page of the DAG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from airflow.models.dag import DagModel
from airflow.utils.session import create_session

from immport_provider.dag_names import loading_dag
from include.warehouse.model.registry import SOURCES
from operations.listing import Filter, PageTable, TableColumn
from operations.page import WebPage, address
from operations.pages.studies import of_run
from operations.view import View

#: DAG -> the source that it loads.
_SOURCES = {loading_dag(name): name for name in SOURCES}
#: Intervals between releases, from which the next one is expected.
_ENOUGH = 2


def _load(view: View) -> Mapping[str, Any]:
    dag_id = view.text("dag_id")
    source = _SOURCES.get(dag_id)
    shown: dict[str, Any] = {
        "dag_id": dag_id,
        "next_run": _next_run(dag_id),
        "source": None,
        "expected": None,
    }
    if source is None:
        return shown
    model = SOURCES[source].source
    releases = view.rows("dag_releases", source=source)
    return {
        **shown,
        **view.row("dag_freshness", source=source, dag_id=dag_id),
        "source": source,
        "title": model.title,
        "plural": model.scope.plural,
        "loaded": releases[0] if releases else None,
        "is_dated_by_fetch": model.is_dated_by_fetch,
        "expected": None if model.is_dated_by_fetch else next_release(releases),
    }


def _next_run(dag_id: str) -> Mapping[str, Any] | None:
    """What Airflow's scheduler has planned; None of a DAG that it does not know."""
    with create_session() as session:
        dag = session.get(DagModel, dag_id)
        if dag is None:
            return None
        return {"at": dag.next_dagrun_create_after, "is_paused": dag.is_paused}


def next_release(releases: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The day at which the next release may come, a usual interval after the last; None of too few releases.

    :param releases: rows of the query `dag_releases`, the newest first.
    """
    days: list[date] = sorted({row["release_date"] for row in releases if row["release_date"]})
    intervals = [(after - before).days for before, after in pairwise(days)]
    if len(intervals) < _ENOUGH:
        return None
    usual = round(median(intervals))
    return {"at": days[-1] + timedelta(days=usual), "days": usual, "intervals": len(intervals)}


def _studies(row: Mapping[str, Any]) -> str:
    dag_id, _, run_id = row["run_id"].partition("/")
    return address("tabs/run", dag_id=dag_id, run_id=run_id)


PAGE = WebPage(
    name="tabs/dag",
    title="Warehouse",
    about="The runs of this DAG, how fresh its source is, and what comes next.",
    load=_load,
    listing=PageTable(
        query="dag_runs",
        columns=(
            TableColumn("started_at", "Started", "time", link=of_run),
            TableColumn("state", "Outcome", "state", link=_studies),
            TableColumn("seconds", "Took", "seconds"),
            TableColumn("newest_release", "Release"),
            TableColumn("listed", "Listed", "number"),
            TableColumn("note", "Note"),
        ),
        order="-started_at",
        key=("run_id",),
        filters=(Filter("state", "Outcome", ("running", "success", "partial", "failed")),),
        empty="The warehouse has no record of a run of this DAG: trigger it, or wait for its schedule.",
    ),
    in_nav=False,
    tab="dag",
    subject=("dag_id",),
)

"""Whole releases of small studies through the DAG, with Airflow's scheduler and LocalExecutor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from benchmarks.airflow_system import Airflow, running_airflow
from benchmarks.bench import Bench
from benchmarks.figures import Goal
from benchmarks.part import Part
from benchmarks.product import Installation
from benchmarks.recorded import RecordedSource

#: Studies of a release and their result rows per assay, by default.
STUDIES, ROWS = 16, 20
_DAG = Installation.dag_id
_WORKERS = 2
#: Studies that one call of the search lists, and its path.
_PAGE, _SEARCH = 1000, "/data/query/api/search/study"


@contextmanager
def _system(bench: Bench, source: RecordedSource, workers: int) -> Iterator[tuple[Installation, Airflow]]:
    """An empty warehouse and an Airflow that is ready to fill it."""
    with bench.database() as warehouse, bench.database() as metadata:
        place = Installation(warehouse, bench.new_folder(), source, "package")
        place.prepare()
        with running_airflow(place, metadata, workers) as airflow:
            yield place, airflow


def _source(bench: Bench) -> RecordedSource:
    """A source of the release, all of whose answers are recorded."""
    source = bench.source(studies=bench.sizes.studies or STUDIES, rows=bench.sizes.rows or ROWS)
    done = source.recording.folder / "landed"
    if not done.exists():
        bench.say("  recording the answers of every study")
        with bench.database() as url:
            place = Installation(url, bench.new_folder(), source, "package")
            place.prepare()
            place.do("land", place.discover())
        done.touch()
    return source


def _release(bench: Bench) -> None:
    source = _source(bench)
    with _system(bench, source, _WORKERS) as (place, airflow):
        run = airflow.run(_DAG)
        bench.taken[_WORKERS] = run.seconds
        studies = place.published()
        rows, _ = place.totals()
        bench.figure(f"release of {studies} studies, a study", "s", [run.seconds / studies], Goal(0.25))
        bench.figure(f"release of {studies} studies", "s", [run.seconds])
        bench.figure(f"release of {studies} studies, tasks", "tasks", [run.tasks])
        bench.figure(f"release of {studies} studies, rows", "rows/s", [rows / run.seconds])
        _, before = place.totals()
        source.requests()
        again = airflow.run(_DAG)
        calls = source.requests()
        _, after = place.totals()
        bench.figure("nothing changed, a whole run", "s", [again.seconds], Goal(10))
        bench.figure("nothing changed, searches", "calls", [calls[_SEARCH]], Goal(ceil(studies / _PAGE)))
        bench.figure("nothing changed, other calls", "calls", [sum(calls.values()) - calls[_SEARCH]])
        bench.figure("nothing changed, rows written", "rows", [after - before], Goal(0))


def _workers(bench: Bench) -> None:
    source = _source(bench)
    for workers in {1, _WORKERS} - bench.taken.keys():
        with _system(bench, source, workers) as (_, airflow):
            bench.taken[workers] = airflow.run(_DAG).seconds
    times = bench.taken[1] / bench.taken[_WORKERS]
    bench.figure("two workers against one", "times", [times], Goal(1.4, is_least=True))


PARTS = (
    Part(
        "release",
        "A release of small studies through the DAG with LocalExecutor and two workers, from the start of the"
        " run to its end; then a run in which nothing had changed",
        _release,
    ),
    Part("workers", "The same release with one worker and with two", _workers),
)

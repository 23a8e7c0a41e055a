"""The product as the benchmarks see it: the operators of its DAG, called as Airflow calls them.

The only module of the benchmarks that knows how a load is brought on its way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import sqlalchemy as sa

from benchmarks.recorded import RecordedSource
from immport_provider.operators.base import ImmPortOperator
from immport_provider.operators.discover import ImmPortDiscoverOperator
from immport_provider.operators.load_steps import (
    ImmPortBatchOperator,
    ImmPortCheckOperator,
    ImmPortExtractOperator,
    ImmPortPublishOperator,
    ImmPortStageOperator,
)
from include.landing.zone import Landing, Manifest
from include.local.airflow import airflow_environment
from include.pipeline.answers.tsv_verification import BULK_ROWS
from include.pipeline.run_ledger import load
from include.sources.endpoint import Endpoint
from include.sources.immport.endpoints import SERVED
from include.warehouse.migrate import upgrade
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.ops_tables import FORMAT_VERDICT, RELEASE_CHANGE, SCOPES, STAGED

#: The steps of a load in their order, by the name that figures have.
STEPS: dict[str, type[ImmPortBatchOperator]] = {
    "land": ImmPortExtractOperator,
    "stage": ImmPortStageOperator,
    "check": ImmPortCheckOperator,
    "publish": ImmPortPublishOperator,
}
#: How a study comes: JSON and TSV of the API, or the Tab package.
ROUTES = ("json", "tsv", "package")


@dataclass
class Installation:
    """A warehouse, its landing zone and the source that feeds it.

    :param database: URL of a database of its own, migrated by `prepare`.
    :param route: one of `ROUTES`, for every study.
    :param runs: runs that were planned so far; the loads belong to the last one.
    """

    database: sa.URL
    folder: Path
    source: RecordedSource
    route: str = "json"
    #: One answer per endpoint, however large: parts are a benchmark of their own.
    extra: dict[str, Any] = field(default_factory=lambda: {"split_above_rows": 10**9, "max_answer_mb": 10**5})
    runs: int = 0
    dag_id: ClassVar[str] = "immport_release"

    def prepare(self) -> None:
        """Make the warehouse; for TSV, as if it had been compared with JSON before."""
        upgrade(self.database)
        if self.route == "tsv":
            with self.engine() as engine, engine.begin() as connection:
                connection.execute(sa.delete(FORMAT_VERDICT))
                connection.execute(sa.insert(FORMAT_VERDICT), [_trusted(self.source, e) for e in results()])

    @contextmanager
    def engine(self) -> Iterator[sa.Engine]:
        """An engine for the warehouse."""
        engine = warehouse_engine(self.database)
        try:
            yield engine
        finally:
            engine.dispose()

    @property
    def landing(self) -> Path:
        """Root of the landing zone."""
        return self.folder / "landing"

    @property
    def environment(self) -> dict[str, str]:
        """Airflow's connections and variables of the installation."""
        named = airflow_environment(
            self.folder, metadata_url="", warehouse=self.database,
            immport=self.source.connection(**self.extra), landing=self.landing,
        )  # fmt: skip
        return {key: text for key, text in named.items() if key.startswith(("AIRFLOW_CONN", "AIRFLOW_VAR"))}

    def discover(self, *studies: str, force: bool = True) -> list[int]:
        """Plan a run over these studies, all when none is named. Returns the numbers of its loads."""
        self.runs += 1
        given = {"studies": list(studies), "force": force, "approve_releases": True}
        batches = self._perform(ImmPortDiscoverOperator, **given)
        return [number for batch in batches for number in batch["load_ids"]]

    def do(self, step: str, loads: list[int]) -> None:
        """Bring loads one step on.

        :raises AirflowException: a load failed; the message names it.
        :raises RuntimeError: another run has taken a load.
        """
        more = {}
        if STEPS[step] is ImmPortExtractOperator:
            more = {"route": "package" if self.route == "package" else "api"}
        self._perform(STEPS[step], load_ids=loads, **more)
        with self.engine() as engine:
            left = [number for number in loads if not load(engine, number).has_reached(STEPS[step].ends)]
        if left:
            raise RuntimeError(f"{step}: loads {left} did not come so far")

    def manifest(self, load_id: int) -> Manifest:
        """What a load landed."""
        with self.engine() as engine:
            found = load(engine, load_id)
        (manifest,) = (
            item
            for item in Landing(str(self.landing)).manifests(found.scope)
            if item.fetch_id == found.fetch_id
        )
        self._require_route(manifest)
        return manifest

    def written(self, load_id: int) -> int:
        """Rows of the star that a load wrote: added, corrected or withdrawn."""
        it = RELEASE_CHANGE.c
        changed = sa.func.sum(it.added + it.corrected + it.withdrawn)
        with self.engine() as engine, engine.connect() as connection:
            found = connection.scalar(sa.select(changed).where(it.load_id == load_id))
        return int(found or 0)

    def totals(self) -> tuple[int, int]:
        """Rows staged by all loads so far, and rows of the star that they wrote."""
        it = RELEASE_CHANGE.c
        with self.engine() as engine, engine.connect() as connection:
            staged = connection.scalar(sa.select(sa.func.sum(STAGED.c.rows_staged)))
            written = connection.scalar(sa.select(sa.func.sum(it.added + it.corrected + it.withdrawn)))
        return int(staged or 0), int(written or 0)

    def published(self) -> int:
        """Studies that the warehouse has."""
        with self.engine() as engine, engine.connect() as connection:
            current = sa.select(sa.func.count()).where(SCOPES.c.state == "current")
            return int(connection.scalar(current) or 0)

    def _perform(self, operator: type[ImmPortOperator], **given: Any) -> Any:
        made = operator(task_id="bench", landing=self.landing.as_uri(), **given)
        task = SimpleNamespace(
            task_id="bench", map_index=-1, try_number=1, max_tries=0, xcom_push=lambda key, value: None
        )
        context: Any = {
            "dag": SimpleNamespace(dag_id=self.dag_id),
            "run_id": f"bench-{self.runs}",
            "ti": task,
        }
        with set_environment(self.environment):
            return made.perform(context)

    def _require_route(self, manifest: Manifest) -> None:
        """Make sure that the study came as it was to come."""
        forms = {item.form for item in manifest.landed if item.rows >= BULK_ROWS}
        is_right = {
            "json": "tsv" not in forms,
            "tsv": not forms or "tsv" in forms,
            "package": manifest.package is not None,
        }
        if not is_right[self.route]:
            raise RuntimeError(f"{manifest.scope} was to come as {self.route}, and came as {forms}")


def warm_up() -> None:
    """Import what a task imports once, and no figure is to hold."""
    import great_expectations.expectations  # noqa: F401 - imported before the clock starts

    from include.pipeline import extract, steps  # noqa: F401 - imported before the clock starts


def results() -> list[Endpoint]:
    """The endpoints of results."""
    return [item for item in SERVED.values() if item.path.startswith("/result/")]


def _trusted(source: RecordedSource, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "source": source.url.removeprefix("http://"),
        "endpoint": endpoint.name,
        "is_equal": True,
        "header": "\t".join(endpoint.names),
        "rows_compared": 0,
    }


@contextmanager
def set_environment(values: dict[str, str]) -> Iterator[None]:
    """Variables of this process, for the time of a `with`."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, text in before.items():
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text

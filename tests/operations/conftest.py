"""The operations pages over a real warehouse, for users with the rights of Airflow's own auth manager."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from include.pipeline import run_ledger
from include.warehouse.schema.ops_tables import LOAD, STEP, WORK
from tests.support.pages import OPERATOR, VIEWER, Pages, connection_to, made_pages
from tests.support.warehouse import Warehouse

__all__ = ["OPERATOR", "VIEWER", "Ledger", "Pages"]
RUN = "immport_release/run-1"


@pytest.fixture(scope="session")
def app() -> FastAPI:
    """The application, without a warehouse."""
    return made_pages()


@pytest.fixture
def pages(app: FastAPI, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """The pages of an empty warehouse."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", json.dumps(connection_to(warehouse.engine.url)))
    return Pages(app)


@dataclass
class Ledger:
    """Writes what runs record, for pages to show."""

    engine: sa.Engine
    run: str = RUN

    def begin(self, release: str = "DR9") -> None:
        """Open the record of the run."""
        run_ledger.start_run(self.engine, self.run)
        run_ledger.note_run(self.engine, self.run, listed=5, newest_release=release)

    def work(
        self,
        study: str,
        action: str = "load",
        state: str | None = None,
        error: str | None = None,
        **work: Any,
    ) -> int | None:
        """A scope on the work list, with a load in a state; the number of the load."""
        release = str(work.pop("release", "DR9"))
        about = {"source": work.pop("source", "immport"), "scope": study, "release_version": release}
        key = int(release[2:]) * 10_000
        with self.engine.begin() as connection:
            number = None
            if state:
                load = sa.insert(LOAD).values(
                    **about, release_key=key, fetch_id="f", state=state, error=error, run_id=self.run
                )
                number = connection.execute(load.returning(LOAD.c.load_id)).scalar_one()
            values = {"reason": "new study", **work}
            connection.execute(
                sa.insert(WORK).values(**about, run_id=self.run, action=action, load_id=number, **values)
            )
        return number

    def step(self, study: str, step: str, state: str = "done", **values: Any) -> None:
        """A step of a scope."""
        with self.engine.begin() as connection:
            connection.execute(
                sa.insert(STEP).values(
                    run_id=self.run, scope=study, release_version="DR9", step=step, state=state,
                    task_id=f"load.{step}", map_index=0, try_number=1, **values,
                )
            )  # fmt: skip

    def end(self, state: str = "success") -> None:
        """Close the record of the run."""
        run_ledger.finish_run(self.engine, self.run, state)


@pytest.fixture
def ledger(warehouse: Warehouse) -> Ledger:
    """What runs recorded: nothing yet."""
    return Ledger(warehouse.engine)


@pytest.fixture
def engine(warehouse: Warehouse) -> sa.Engine:
    """The warehouse of the pages, as its owner."""
    return warehouse.engine

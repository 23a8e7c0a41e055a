"""The operations pages over a real warehouse, for users with the rights of Airflow's own auth manager."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from airflow import settings
from airflow.api_fastapi.app import create_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import get_user
from airflow.models import import_all_models
from airflow.models.base import Base
from fastapi import FastAPI
from starlette.testclient import TestClient

from include.pipeline import run_ledger
from include.warehouse.schema.ops_tables import LOAD, STEP, WORK
from operations.app import make_app
from operations.page import MOUNT
from tests.support.warehouse import Warehouse

#: Roles of Airflow's simple auth manager: who reads only, and who may trigger runs.
VIEWER, OPERATOR = "viewer", "op"
RUN = "immport_release/run-1"


@dataclass
class Pages:
    """The pages, as a browser asks for them."""

    app: FastAPI
    clients: dict[str, TestClient] = field(default_factory=dict)

    def get(self, path: str, role: str | None = OPERATOR, **parameters: Any) -> httpx.Response:
        """A page, for a user of a role; without one, for somebody who is not signed in."""
        return self._client(role).get(path, params=parameters)

    def post(
        self,
        path: str,
        role: str | None = OPERATOR,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **parameters: Any,
    ) -> httpx.Response:
        """A form that is sent."""
        return self._client(role).post(path, params=parameters, data=data, headers=headers)

    def _client(self, role: str | None) -> TestClient:
        self.app.dependency_overrides = (
            {} if role is None else {get_user: lambda: SimpleAuthManagerUser(username="ada", role=role)}
        )
        return self.clients.setdefault("all", TestClient(self.app, follow_redirects=False))


@pytest.fixture(scope="session")
def app() -> FastAPI:
    """The application; Airflow's auth manager says who may what, and looks DAGs up in Airflow's database."""
    import_all_models()
    Base.metadata.create_all(settings.get_engine())
    create_auth_manager()
    root = FastAPI()
    app = make_app()
    root.mount(MOUNT, app)
    return app


@pytest.fixture
def pages(app: FastAPI, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """The pages of an empty warehouse."""
    url = warehouse.engine.url
    connection = {
        "conn_type": "postgres",
        "host": url.host,
        "port": url.port,
        "login": url.username,
        "password": url.password,
        "schema": url.database,
        "extra": dict(url.query),
    }
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", json.dumps(connection))
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

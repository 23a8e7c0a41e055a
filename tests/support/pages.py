"""The operations pages, requested as a browser does, by users with rights of Airflow's own auth manager."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import sqlalchemy as sa
from airflow import settings
from airflow.api_fastapi.app import create_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import get_user
from airflow.models import import_all_models
from airflow.models.base import Base
from fastapi import FastAPI, HTTPException, Request
from starlette.testclient import TestClient

from operations.app import make_app
from operations.page import MOUNT

#: Roles of Airflow's simple auth manager: who reads only, and who may trigger runs.
VIEWER, OPERATOR = "viewer", "op"
#: What a viewer sends where a test's client has no other way to say who it is.
TOKEN = "a-token-of-airflow"


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


def user_of(request: Request) -> SimpleAuthManagerUser:
    """Who sends the token."""
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise HTTPException(401)
    return SimpleAuthManagerUser(username="ada", role=VIEWER)


def made_pages() -> FastAPI:
    """The application; Airflow's auth manager says who may what, and looks DAGs up in Airflow's database."""
    import_all_models()
    Base.metadata.create_all(settings.get_engine())
    create_auth_manager()
    root = FastAPI()
    app = make_app()
    root.mount(MOUNT, app)
    return app


def connection_to(url: sa.URL) -> dict[str, Any]:
    """An Airflow connection to a warehouse, as JSON has it."""
    return {
        "conn_type": "postgres",
        "host": url.host,
        "port": url.port,
        "login": url.username,
        "password": url.password,
        "schema": url.database,
        "extra": dict(url.query),
    }

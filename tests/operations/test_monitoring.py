"""Health and metrics over HTTP, for monitors that have a token of Airflow's."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from include.telemetry.exposition import CONTENT_TYPE
from include.telemetry.health import FAILED
from operations.page import MOUNT
from tests.operations.conftest import OPERATOR, VIEWER, Ledger, Pages
from tests.support.warehouse import Warehouse

PATHS = ("/health", "/metrics")


def test_where_monitors_find_them() -> None:
    assert [MOUNT + path for path in PATHS] == ["/warehouse/health", "/warehouse/metrics"]


@pytest.mark.parametrize("path", PATHS)
def test_they_need_a_token(pages: Pages, path: str) -> None:
    assert pages.get(path, role=None).status_code == 401


def test_an_empty_warehouse_is_a_status_that_monitors_see(pages: Pages) -> None:
    answer = pages.get("/health", VIEWER)
    assert answer.status_code == 503
    assert [item["rule"] for item in answer.json()["reasons"]] == ["empty"]


def test_a_loaded_warehouse_is_well(pages: Pages, ledger: Ledger, warehouse: Warehouse) -> None:
    ledger.begin()
    ledger.work("SDY1", state="published")
    ledger.end()
    with warehouse.engine.begin() as connection:
        connection.execute(
            sa.text("insert into ops.scope (source, scope, state) values ('immport', 'SDY1', 'current')")
        )
    answer = pages.get("/health", OPERATOR)
    assert (answer.status_code, answer.json()["state"]) == (200, "ok"), answer.text
    text = pages.get("/metrics", OPERATOR)
    assert text.headers["content-type"] == CONTENT_TYPE
    assert 'immport_health{state="ok"} 1' in text.text.splitlines()
    assert "SDY1" not in answer.text + text.text


@pytest.mark.parametrize("path", PATHS)
def test_a_warehouse_that_is_gone_is_a_status_that_monitors_see(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", "postgres://nobody@127.0.0.1:9/none")
    answer = pages.get(path)
    assert answer.status_code == 503
    assert "nobody" not in answer.text
    if path == "/health":
        assert (answer.json()["state"], answer.json()["reasons"][0]["rule"]) == (FAILED, "unreachable")

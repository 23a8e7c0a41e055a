"""Every page: for whom it is, what it may load, what it says where there is nothing to show."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from starlette.routing import Route

from operations.access import Reader
from operations.app import HEADERS
from operations.database import reading
from operations.page import WebPage, external_views
from operations.registry import PAGES
from operations.rendering import static_files
from tests.operations.conftest import OPERATOR, VIEWER, Ledger, Pages
from tests.support.warehouse import Warehouse

#: What a tab is opened with; DAGs of the simple auth manager need not exist.
SUBJECT = {
    "dag_id": "immport_release", "run_id": "run-1", "task_id": "load.extract", "map_index": "0",
    "source": "immport", "scope": "SDY1",
}  # fmt: skip
HOSTILE = "<script>alert(1)</script>'\"\N{RIGHT-TO-LEFT OVERRIDE}\N{PILE OF POO}"


def paths(pages: Pages) -> list[str]:
    """Paths of all routes that are read."""
    found = [route for route in pages.app.routes if isinstance(route, Route)]
    return [
        route.path.replace("{name:path}", "pages.css") for route in found if "GET" in (route.methods or ())
    ]


def test_nobody_reads_a_route_without_signing_in(pages: Pages) -> None:
    assert len(paths(pages)) > len(PAGES)
    for path in paths(pages):
        assert pages.get(path, role=None, **SUBJECT).status_code in {401, 403, 404}, path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("role", [VIEWER, OPERATOR])
def test_a_page_of_an_empty_warehouse_says_what_to_do(pages: Pages, page: WebPage, role: str) -> None:
    answer = pages.get(page.path, role, **SUBJECT)
    assert answer.status_code in ({200, 404} if page.subject else {200}), answer.text
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_file_of_the_pages_is_served_and_nothing_else(pages: Pages) -> None:
    for name in static_files():
        assert pages.get(f"/static/{name}").status_code == 200, name
    for name in ("../app.py", "..%2fapp.py", "%2e%2e/app.py", "nothing.js", ""):
        assert pages.get(f"/static/{name}").status_code == 404, name


def test_a_warehouse_that_is_gone_is_a_page_that_says_so(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {
        "conn_type": "postgres",
        "host": "127.0.0.1",
        "port": 1,
        "login": "x",
        "password": "secret-7",
    }
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT", json.dumps(connection))
    answer = pages.get("/overview")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.text
    assert "secret-7" not in answer.text


def test_no_connection_is_a_page_that_says_which_to_make(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE_DEFAULT")
    answer = pages.get("/overview")
    assert answer.status_code == 503
    assert "warehouse_operations" in answer.text


def test_a_warehouse_of_an_older_model_is_a_page_that_says_so(pages: Pages, warehouse: Warehouse) -> None:
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql("drop view monitor.run cascade")
    answer = pages.get("/overview")
    assert answer.status_code == 503
    assert "include.warehouse.migrate" in answer.text


@pytest.mark.parametrize("may_operate", [False, True])
@pytest.mark.parametrize(
    "statement",
    [
        "update ops.run set note = 'x'",
        "create temporary table mine (a integer)",
        "select pg_advisory_lock(1)",
        "select lo_create(0)",
        "select * from ops.run",
        "select * from history.fact_hai",
    ],
)
def test_a_page_can_only_read_what_is_for_it(pages: Pages, may_operate: bool, statement: str) -> None:
    with pytest.raises(sa.exc.DBAPIError), reading(Reader("ada", may_operate)) as connection:
        connection.exec_driver_sql(statement)


def test_hostile_texts_are_shown_as_text(pages: Pages, ledger: Ledger) -> None:
    ledger.begin()
    ledger.work("SDY1", "load", "failed", error=HOSTILE, reason=HOSTILE)
    ledger.work(HOSTILE, "hold", reason=HOSTILE)
    ledger.end("partial")
    for page in PAGES:
        for parameters in (SUBJECT, {**SUBJECT, "search": HOSTILE, "order": HOSTILE, "page": HOSTILE}):
            text = pages.get(page.path, **parameters).text
            assert "<script>alert" not in text, page.name
            assert "'\"\N{RIGHT-TO-LEFT OVERRIDE}" not in text, page.name


def test_views_of_airflow_have_routes_of_their_own() -> None:
    views = external_views(PAGES)
    routes = [view["url_route"] for view in views]
    assert len(set(routes)) == len(routes)
    assert {view["destination"] for view in views} >= {"nav", "dag_run"}

"""The .sql files run as they lie there: psql takes each of them, without this project's Python."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from include.warehouse.views import value_functions
from tests.questions.answers import answer_text
from tests.support.warehouse import Warehouse

WAREHOUSE = Path(__file__).parents[3] / "include" / "warehouse"
FILES = [path for folder in ("queries", "views") for path in sorted((WAREHOUSE / folder).rglob("*.sql"))]


def test_psql_runs_every_file_in_a_warehouse(warehouse: Warehouse) -> None:
    assert len(FILES) > 15
    for path in FILES:
        answer_text(warehouse.engine.url, path)


def test_psql_makes_the_value_functions_in_an_empty_database(database: sa.URL) -> None:
    answer_text(database, "create schema star")
    for name in value_functions.FILES:
        answer_text(database, WAREHOUSE / "views" / "value_functions" / f"{name}.sql")
    query = "select star.value_number('<40', null) as titre, star.age_band(41) as band"
    assert answer_text(database, query) == "titre,band\n40,35-49\n"


def test_every_file_of_value_functions_is_read() -> None:
    folder = WAREHOUSE / "views" / "value_functions"
    assert {path.stem for path in folder.glob("*.sql")} == set(value_functions.FILES)

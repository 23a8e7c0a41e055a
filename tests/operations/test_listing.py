"""Tables of pages: which part is shown, and how many rows are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from starlette.datastructures import QueryParams

from include.warehouse.schema.ops_tables import SCOPES
from operations.access import Reader
from operations.listing import show
from operations.pages.studies import LISTING
from operations.view import View
from tests.support.warehouse import Warehouse


@pytest.mark.parametrize("search", [{}, {"search": "sdy"}], ids=["all", "searched"])
@pytest.mark.parametrize("there", [0, 1, 6, 7])
def test_each_page_has_its_rows_and_all_are_counted_up_to_the_limit(
    warehouse: Warehouse, there: int, search: dict[str, str]
) -> None:
    every = [f"SDY{number}" for number in range(1, there + 1)]
    with warehouse.engine.begin() as connection:
        for scope in every:
            connection.execute(sa.insert(SCOPES).values(source="immport", scope=scope, state="current"))
    with warehouse.engine.connect() as connection:
        for size in (1, 2, 7, 10):
            for counted in (4, 6, 100):
                total = min(there, counted + 1)
                for page in (1, 2, 4, 50):
                    chosen = QueryParams({"size": str(size), "page": str(page), **search})
                    view = View(Reader("ada", True), connection, chosen)
                    shown = show(view, replace(LISTING, counted=counted))
                    # A page behind the last is the last.
                    at = min(page, max(1, -(-total // size)))
                    assert (shown.total, shown.page) == (total, at)
                    assert [row["scope"] for row in shown.rows] == every[(at - 1) * size : at * size]

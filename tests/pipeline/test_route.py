"""Which route a study takes, and why."""

from __future__ import annotations

from typing import Any

import pytest

from include.pipeline.route import Choice, Known, RouteError, Wish, choose
from include.sources.inventory import Inventory
from include.sources.model import Route

COUNTS = Inventory("SDY1-DR2_table_count.txt", {"study": 1, "elisa_result": 19_000, "hai_result": 1_000})
RESULTS = frozenset({"elisa_result", "hai_result"})


def known(**values: Any) -> Known:
    given = {"package": "SDY1-DR2_Tab.zip", "package_bytes": 1_000, "inventory": COUNTS}
    return Known(**{"study": "SDY1", "results": RESULTS, **given, **values})


def test_a_large_study_takes_the_package() -> None:
    reason = "20,000 result rows by SDY1-DR2_table_count.txt, from 20,000"
    assert choose(known(), Wish()) == Choice(Route.PACKAGE, reason)


def test_a_small_study_takes_the_api() -> None:
    reason = "20,000 result rows by SDY1-DR2_table_count.txt, below 20,001"
    assert choose(known(), Wish(package_rows=20_001)) == Choice(Route.API, reason)


@pytest.mark.parametrize(("size", "route"), [(3_999_999, Route.API), (4_000_000, Route.PACKAGE)])
def test_without_an_inventory_the_size_decides(size: int, route: Route) -> None:
    choice = choose(known(inventory=None, package_bytes=size), Wish())
    assert (choice.route, choice.reason) == (
        route,
        "SDY1-DR2_Tab.zip has 4.0 MB, and rows are not counted",
    )


@pytest.mark.parametrize(("rows", "route"), [(19_999, Route.API), (20_000, Route.PACKAGE)])
def test_without_a_size_the_search_decides(rows: int, route: Route) -> None:
    choice = choose(known(inventory=None, package_bytes=None, listed_rows=rows), Wish())
    assert choice.route is route
    assert choice.reason.startswith(f"{rows:,} result rows by the search")


def test_without_a_package_only_the_api_is_left() -> None:
    assert choose(known(package=None), Wish()) == Choice(Route.API, "the manifest lists no package")
    with pytest.raises(RouteError, match="SDY1: the package was asked for"):
        choose(known(package=None), Wish(Route.PACKAGE))


def test_a_wish_for_one_study_goes_before_that_for_all() -> None:
    wish = Wish.read("package", {"sdy1": "api", "SDY2": "auto"})
    assert choose(known(), wish) == Choice(Route.API, "asked for")
    assert wish.of("SDY2") is Route.PACKAGE
    assert Wish.read("auto", None).of("SDY1") is None


def test_an_unknown_route_is_refused() -> None:
    with pytest.raises(ValueError, match="fax"):
        Wish.read("auto", {"SDY1": "fax"})

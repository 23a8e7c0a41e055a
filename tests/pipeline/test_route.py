"""Which route a study takes, and why."""

from __future__ import annotations

import pytest

from include.pipeline.route import RouteChoice, RouteError, RoutePreference, choose
from include.sources.endpoint import Route
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.load.carry_forward import Knowledge
from include.warehouse.model.registry import IMMPORT_MODEL

PACKAGE = "SDY1-DR2_Tab.zip"


def test_a_study_comes_as_its_package_where_there_is_one() -> None:
    reason = f"{PACKAGE} provides all that the API does, and more"
    assert choose("SDY1", PACKAGE, RoutePreference()) == RouteChoice(Route.PACKAGE, reason)


def test_without_a_package_only_the_api_is_left() -> None:
    alone = RouteChoice(Route.API, "the manifest lists no package")
    assert choose("SDY1", None, RoutePreference()) == alone
    with pytest.raises(RouteError, match="SDY1: the package was requested"):
        choose("SDY1", None, RoutePreference(Route.PACKAGE))


def test_results_do_not_wait_for_the_listing_of_files() -> None:
    """For every preference: without the manifest no package can be found, and the API has the results."""
    for preference in (RoutePreference(), RoutePreference(Route.API), RoutePreference(Route.PACKAGE)):
        choice = choose("SDY1", None, preference, is_listed=False)
        assert choice.route is Route.API
        assert choice.reason.startswith("the source refused the manifest")
        assert ("the package was requested" in choice.reason) is (preference.route is Route.PACKAGE)


def test_a_preference_for_one_study_goes_before_that_for_all() -> None:
    preference = RoutePreference.read("package", {"sdy1": "api", "SDY2": "auto"})
    assert choose("SDY1", PACKAGE, preference) == RouteChoice(Route.API, "requested")
    assert preference.of("SDY2") is Route.PACKAGE
    assert RoutePreference.read("auto", None).of("SDY1") is None


def test_an_unknown_route_is_refused() -> None:
    with pytest.raises(ValueError, match="fax"):
        RoutePreference.read("auto", {"SDY1": "fax"})


def test_the_default_route_lacks_nothing_of_the_star() -> None:
    """What the API alone serves, and reaches the star, must be fetched beside the package."""
    by_default = {
        name: item.unknown_columns(Route.PACKAGE if item.is_packaged else Route.API)
        for name, item in ENDPOINTS.items()
    }
    assert Knowledge(by_default).lacks(IMMPORT_MODEL.tables) == []
    by_api = {name: item.unknown_columns(Route.API) for name, item in ENDPOINTS.items() if item.is_served}
    assert {"dim_reagent", "dim_expsample.description", "fact_elisa.is_limit_known"} <= set(
        Knowledge(by_api).lacks(IMMPORT_MODEL.tables)
    )

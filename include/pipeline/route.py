"""By which route a study comes: requested endpoint by endpoint, or as its package. No I/O in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.sources.endpoint import Route


class RouteError(RuntimeError):
    """The requested route is not there."""


@dataclass(frozen=True)
class RouteChoice:
    """The route of a study, and why, in words."""

    route: Route
    reason: str


@dataclass(frozen=True)
class RoutePreference:
    """The routes that the run requests.

    :param route: for every study; None leaves the choice.
    :param studies: for single studies, which goes before.
    """

    route: Route | None = None
    studies: Mapping[str, Route] | None = None

    @classmethod
    def read(cls, route: str, studies: Mapping[str, str] | None) -> RoutePreference:
        """From the parameters of a run; `auto` leaves the choice.

        :raises ValueError: there is no such route.
        """
        named = {study.upper(): Route(text) for study, text in (studies or {}).items() if text != "auto"}
        return cls(None if route == "auto" else Route(route), named)

    def of(self, study: str) -> Route | None:
        """The requested route, None where none was requested."""
        return (self.studies or {}).get(study, self.route)


def choose(
    study: str, package: str | None, preference: RoutePreference, *, is_listed: bool = True
) -> RouteChoice:
    """Choose the route of one study: its package wherever its release has one.

    A package, with the endpoints beside it that packages do not hold, provides all that reaches the star by
    the API; the API lacks columns and whole tables of it.

    :param package: name of the package of the release that is loaded; None when none is known.
    :param is_listed: the source provided the listing of files. Results do not wait for it: without it the
        study comes by the API, whatever was requested.
    :raises RouteError: the package was requested, and there is none.
    """
    wanted = preference.of(study)
    if not is_listed:
        requested = "; the package was requested" if wanted is Route.PACKAGE else ""
        return RouteChoice(Route.API, f"the source refused the manifest, which names the packages{requested}")
    if wanted is Route.PACKAGE and package is None:
        raise RouteError(f"{study}: the package was requested, but the manifest lists none")
    if wanted is not None:
        return RouteChoice(wanted, "requested")
    if package is None:
        return RouteChoice(Route.API, "the manifest lists no package")
    return RouteChoice(Route.PACKAGE, f"{package} provides all that the API does, and more")

"""By which route a study comes: asked endpoint by endpoint, or as its package. No I/O in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.sources.inventory import Inventory
from include.sources.model import Route

#: From so many result rows on, or so many bytes of a package where nobody counted rows, the package is
#: taken: three calls whatever the size, where the API makes every row's subject and sample anew.
PACKAGE_ROWS, PACKAGE_BYTES = 20_000, 4_000_000


class RouteError(RuntimeError):
    """The route that was asked for is not there."""


@dataclass(frozen=True)
class Choice:
    """The route of a study, and why, in words."""

    route: Route
    reason: str


@dataclass(frozen=True)
class Wish:
    """What a person asked of the run.

    :param route: for every study; None leaves the choice.
    :param studies: for single studies, which goes before.
    :param package_rows: result rows from which on the package is taken.
    """

    route: Route | None = None
    studies: Mapping[str, Route] | None = None
    package_rows: int = PACKAGE_ROWS

    @classmethod
    def read(cls, route: str, studies: Mapping[str, str] | None, package_rows: int = PACKAGE_ROWS) -> Wish:
        """From the parameters of a run; `auto` leaves the choice.

        :raises ValueError: no such route, or no accession.
        """
        named = {study.upper(): Route(text) for study, text in (studies or {}).items() if text != "auto"}
        return cls(None if route == "auto" else Route(route), named, package_rows)

    def of(self, study: str) -> Route | None:
        return (self.studies or {}).get(study, self.route)


@dataclass(frozen=True)
class Known:
    """What is known of a study before it is fetched.

    :param package: name of its package, if its manifest lists one.
    :param package_bytes: size of that, if the manifest tells.
    :param inventory: rows by table, if the release counted them.
    :param results: tables that hold results.
    :param listed_rows: result rows by the search, 0 if it tells none.
    """

    study: str
    package: str | None
    package_bytes: int | None
    inventory: Inventory | None
    results: frozenset[str]
    listed_rows: int = 0

    def result_rows(self) -> int | None:
        """Rows of all results; None if nobody counted."""
        if self.inventory is None:
            return None
        return sum(rows for table, rows in self.inventory.tables.items() if table in self.results)


def choose(known: Known, wish: Wish) -> Choice:
    """Choose the route of one study.

    :raises RouteError: the package was asked for, and there is none.
    """
    wanted = wish.of(known.study)
    if wanted is Route.PACKAGE and known.package is None:
        raise RouteError(f"{known.study}: the package was asked for, but the manifest lists none")
    if wanted is not None:
        return Choice(wanted, "asked for")
    if known.package is None:
        return Choice(Route.API, "the manifest lists no package")
    rows, told = known.result_rows(), "by the search"
    if known.inventory is not None:
        told = f"by {known.inventory.source}"
    elif known.package_bytes is not None:
        size = f"{known.package} has {known.package_bytes / 1e6:.1f} MB, and rows are not counted"
        return Choice(Route.PACKAGE if known.package_bytes >= PACKAGE_BYTES else Route.API, size)
    counted = known.listed_rows if rows is None else rows
    many = counted >= wish.package_rows
    reason = f"{counted:,} result rows {told}, {'from' if many else 'below'} {wish.package_rows:,}"
    return Choice(Route.PACKAGE if many else Route.API, reason)

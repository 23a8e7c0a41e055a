"""The parts of docs/sources.md on Tab packages."""

from __future__ import annotations

from collections.abc import Iterator

from include.sources.endpoint import Route
from include.sources.immport.endpoints import ENDPOINTS, SERVED
from include.sources.package.layout import Holder
from include.sources.package.recipes import RECIPES, read_for
from include.sources.package.tables import TABLES
from include.sources.package.unread import UNREAD, UNREAD_COLUMNS
from include.warehouse.load.carry_forward import single_route
from include.warehouse.model.registry import IMMPORT_MODEL


def package_table(endpoint: str) -> str:
    """The table that an endpoint's rows are made of by the other route."""
    return f"`{RECIPES[endpoint].table}`" if endpoint in RECIPES else "-"


def package_sections() -> Iterator[str]:
    """Lines on the tables of a package, and on what only one route knows."""
    yield from _tables_read()
    yield from _unread()
    yield from _of_one_route()


def _tables_read() -> Iterator[str]:
    yield from ("", "## Tables of a package", "")
    yield "Read from `Tab/<table>.txt` of a study's Tab package, and what is made of them: declared in"
    yield "[tables.py](../include/sources/package/tables.py) and"
    yield "[recipes.py](../include/sources/package/recipes.py). `ops.package_table` counts their rows."
    yield from ("", "| table | older names | columns read | other header names of columns | read for |")
    yield "|---|---|---|---|---|"
    for table in TABLES.values():
        older = (
            f"`{column}`: {', '.join(ways)}"
            for column, holders in table.holders.items()
            if (ways := [way for item in holders if (way := _way(item)) != column])
        )
        cells = (
            f"`{table.name}`",
            ", ".join(table.aliases) or "-",
            str(len(table.holders)),
            "; ".join(older) or "-",
            _short(read_for(table.name) or ""),
        )
        yield f"| {' | '.join(cells)} |"
    yield from (
        "",
        "The first of the header names that a table has is read: the current one, unless a name means",
    )
    yield "something else now (`purpose` before `detail`). `original_name, else name` is the first of both"
    yield "that a row has; `file_name beside summary` counts where a table has SUMMARY, too. A load warns of"
    yield "a column whose values another header held in the package of another release (`columns_in_place`)."


def _unread() -> Iterator[str]:
    yield from ("", "Tables that are not read:", "", "| what they hold | tables |", "|---|---|")
    for what, names in UNREAD.items():
        yield f"| {what} | {', '.join(names)} |"
    yield from ("", "Columns that are not read, of tables that are:", "", "| why | columns |", "|---|---|")
    for why, unread in UNREAD_COLUMNS.items():
        shown = (
            f"`{name}` of every table" if table == "*" else f"`{table}.{name}`" for table, name in unread
        )
        yield f"| {why} | {', '.join(shown)} |"


def _of_one_route() -> Iterator[str]:
    yield from ("", "## What only one route knows", "")
    yield "All other columns of the star are the same by the API and by the package, cell by cell. A column"
    yield "that a load does not report keeps the value it had at the release before: those listed here, and"
    yield "by either route a column that no header of its table holds, or a key that no row of an answer has."
    yield "`ops.unreported_column` has them, load by load."
    yield from ("", "Tables that only packages have are above; of the others:")
    yield from ("", "| endpoint | only the API sends | only a package holds |", "|---|---|---|")
    for item in SERVED.values():
        api = ", ".join(f"`{name}`" for name in item.names if name in item.unpackaged)
        package = ", ".join(f"`{field.name}`" for field in item.of_package)
        if not item.is_packaged:
            api = "all of it: it is requested beside a package"
        if api or package:
            yield f"| {item.name} | {api or '-'} | {package or '-'} |"
    yield from ("", "| table of the star | columns | known from |", "|---|---|---|")
    for silent, source in ((Route.PACKAGE, "the API"), (Route.API, "packages")):
        tables = IMMPORT_MODEL.tables
        alone = {item.relation for item in tables if not ENDPOINTS[item.endpoint or ""].is_served}
        shared = (pair for pair in single_route(silent).items() if pair[0] not in alone)
        for relation, columns in shared:
            yield f"| [{relation}](dictionary.md#{relation}) | {', '.join(columns)} | {source} |"


def _way(holder: Holder) -> str:
    """The headers that hold a column, in words."""
    names = ", else ".join(holder.names)
    return f"{names} beside {holder.beside}" if holder.beside else names


def _short(names: str) -> str:
    """Endpoints a table is read for; of what all need, the number."""
    found = names.split(", ")
    return names if len(found) <= 6 else f"{len(found)} endpoints"

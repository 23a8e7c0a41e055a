"""Tables of pages that are searched, filtered, sorted, paged and downloaded alike.

What the reader chose stands in the address, so that an address shows the same to everybody and the browser's
back button undoes a choice.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from operations.database import query

if TYPE_CHECKING:
    from operations.view import View

Kind = Literal["text", "number", "time", "bytes", "seconds", "state", "code", "json"]
#: Rows of a page, and the most that a reader may choose.
PAGE_SIZE, LARGEST_PAGE = 50, 2_000
#: Rows are counted up to this number.
COUNTED = 100_000
#: Rows as received that the search of a page reads, where its query has this limit: a tenth of a second of
#: Postgres. The search of a file reads all.
SEARCHED = 10_000
#: Rows of a CSV file.
LONGEST_FILE = 1_000_000
#: Column of a search with the number of rows that it finds.
_ALL = "number_of_all_rows"
#: A cell of a spreadsheet that begins so is a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class TableColumn:
    """A column of a table.

    :param name: column of the query.
    :param kind: how its values are shown.
    :param link: address that a value of a row leads to; none where it gives nothing.
    :param made_of: makes the value of the row, where it is not a column of the query.
    """

    name: str
    title: str
    kind: Kind = "text"
    link: Callable[[Mapping[str, Any]], str | None] | None = None
    made_of: Callable[[Mapping[str, Any]], Any] | None = None

    def value(self, row: Mapping[str, Any]) -> Any:
        """The value of a row."""
        return row[self.name] if self.made_of is None else self.made_of(row)


@dataclass(frozen=True)
class Filter:
    """What the reader may choose.

    :param name: parameter of the query and of the address.
    :param choices: query of the values there are, in its first column; or the values. None for a text.
    """

    name: str
    label: str
    choices: str | tuple[str, ...] | None = None


@dataclass(frozen=True)
class PageTable:
    """A table of a page.

    :param query: name of the query; it takes the filters as parameters, null where nothing is chosen.
    :param order: column to sort by at first, with `-` before it for the largest first.
    :param key: columns that order rows which are equal in the chosen one.
    :param empty: what to do where there is no row.
    :param hidden: columns that links and templates need beside those shown.
    :param is_short: its rows are sums of others: they are counted while they are read, not before.
    :param counted: rows are counted up to this number, where more take too long.
    :param given: reads further parameters of the query, of those that the reader chose.
    :param count: which of these is the number of all rows, where nothing is searched.
    :param is_read_whole: its query reads all rows for any of them: they are counted while it does.
    """

    query: str
    columns: tuple[TableColumn, ...]
    order: str
    key: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    empty: str = "There is nothing here."
    hidden: tuple[str, ...] = ()
    is_short: bool = False
    counted: int = COUNTED
    given: Callable[[View, Mapping[str, object]], Mapping[str, object]] | None = None
    count: str | None = None
    is_read_whole: bool = False

    @property
    def sortable(self) -> tuple[str, ...]:
        """Columns of the query: what rows are sorted by."""
        return tuple(item.name for item in self.columns if item.made_of is None)

    def statement(self) -> sa.Subquery:
        """The query, with the columns of the table."""
        names = dict.fromkeys((*self.sortable, *self.hidden, *self.key, self.order.removeprefix("-")))
        return sa.text(query(self.query)).columns(*(sa.column(name) for name in names)).subquery()


@dataclass(frozen=True)
class Shown:
    """The part of a table that a page shows.

    :param total: rows in all, as far as they are counted.
    :param chosen: filter -> value, those that have one.
    :param choices: filter -> values there are.
    """

    listing: PageTable
    rows: Sequence[Mapping[str, Any]]
    total: int
    page: int
    size: int
    order: str
    chosen: Mapping[str, str]
    choices: Mapping[str, Sequence[str]]

    @property
    def pages(self) -> int:
        """Number of pages."""
        return max(1, -(-self.total // self.size))

    @property
    def is_counted(self) -> bool:
        """All rows were counted."""
        return self.total <= self.listing.counted


def show(view: View, listing: PageTable, **fixed: object) -> Shown:
    """Read the part of a table that the address requests.

    :param fixed: parameters of the query that the page sets.
    """
    chosen = {item.name: value for item in listing.filters if (value := view.text(item.name))}
    parameters = {item.name: chosen.get(item.name) for item in listing.filters} | fixed
    parameters["searched"] = SEARCHED
    if listing.given:
        parameters |= listing.given(view, parameters)
    order = view.text("order") or listing.order
    if order.removeprefix("-") not in listing.sortable:
        order = listing.order
    size = view.number("size", PAGE_SIZE, 1, LARGEST_PAGE)
    ordered = _sorted(listing.statement(), listing, order)
    page = view.number("page", 1, 1, 1_000_000)
    if listing.is_short:
        every = [dict(row) for row in view.connection.execute(ordered.limit(COUNTED), parameters).mappings()]
        total = len(every)
        page = min(page, max(1, -(-total // size)))
        found = every[(page - 1) * size : page * size]
    else:
        found, total, page = _page(view, listing, ordered, parameters, page, size)
    choices = {item.name: _choices(view, item, fixed) for item in listing.filters if item.choices}
    return Shown(listing, found, total, page, size, order, chosen, choices)


def as_csv(view: View, listing: PageTable, **fixed: object) -> Iterator[str]:
    """All rows of a table as lines of CSV, those that the filters of the address choose."""
    parameters = {item.name: view.text(item.name) or None for item in listing.filters} | fixed
    parameters["searched"] = None
    if listing.given:
        parameters |= listing.given(view, parameters)
    order = view.text("order") or listing.order
    rows = _sorted(listing.statement(), listing, order).limit(LONGEST_FILE)
    yield _line([item.title for item in listing.columns])
    with view.connection.execution_options(stream_results=True, yield_per=2_000).execute(
        rows, parameters
    ) as found:
        for row in found.mappings():
            yield _line([_plain(item.value(dict(row))) for item in listing.columns])


def _page(
    view: View,
    listing: PageTable,
    ordered: sa.Select[Any],
    parameters: Mapping[str, object],
    page: int,
    size: int,
) -> tuple[list[dict[str, Any]], int, int]:
    """A page of a table, or the last where it has no such page: its rows, the number of all rows, its own."""
    most = listing.counted + 1
    page = min(page, -(-most // size))
    # A search reads all rows: they are counted while it does.
    counts = listing.is_read_whole or parameters.get("search") is not None
    shown = ordered.add_columns(sa.func.count().over().label(_ALL)) if counts else ordered
    found = _part(view, shown, parameters, page, size)
    if len(found) < size and (found or page == 1):
        # The last page says how many rows there are.
        return found, min((page - 1) * size + len(found), most), page
    if found and counts:
        return found, min(found[0][_ALL], most), page
    total = _counted(view, listing, parameters)
    if found:
        return found, total, page
    page = max(1, -(-total // size))
    return _part(view, ordered, parameters, page, size), total, page


def _part(
    view: View, ordered: sa.Select[Any], parameters: Mapping[str, object], page: int, size: int
) -> list[dict[str, Any]]:
    part = ordered.limit(size).offset((page - 1) * size)
    return [dict(row) for row in view.connection.execute(part, parameters).mappings()]


def _counted(view: View, listing: PageTable, parameters: Mapping[str, object]) -> int:
    if listing.count and parameters.get("search") is None:
        return min(int(str(parameters[listing.count])), listing.counted + 1)
    rows = sa.select(sa.literal(1)).select_from(listing.statement()).limit(listing.counted + 1).subquery()
    return int(view.connection.scalar(sa.select(sa.func.count()).select_from(rows), parameters) or 0)


def _sorted(rows: sa.Subquery, listing: PageTable, order: str) -> sa.Select[Any]:
    name = order.removeprefix("-")
    if name not in rows.c:
        name = listing.order.removeprefix("-")
    column = rows.c[name]
    first = column.desc().nulls_last() if order.startswith("-") else column.asc().nulls_last()
    return sa.select(rows).order_by(first, *(rows.c[item] for item in listing.key))


def _choices(view: View, item: Filter, fixed: Mapping[str, object]) -> Sequence[str]:
    if isinstance(item.choices, tuple):
        return item.choices
    statement = sa.text(query(str(item.choices)))
    return [str(value) for value in view.connection.scalars(statement, dict(fixed)) if value is not None]


def _line(values: Sequence[Any]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(values)
    return written.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return value

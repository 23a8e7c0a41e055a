"""The form of a package table's declaration: its columns, and the headers that hold them in each layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType


@dataclass(frozen=True)
class Holder:
    """One way in which a package holds a column.

    :param names: header names; the first cell of a row that is not empty is the value.
    :param beside: header name that marks the layout in which these names have this meaning.
    """

    names: tuple[str, ...]
    beside: str | None = None

    @classmethod
    def parse(cls, text: str) -> Holder:
        """Read `"original_name+name"` or `"file_name/summary"`: FILE_NAME of a table that has SUMMARY."""
        names, _, beside = text.partition("/")
        return cls(tuple(names.split("+")), beside or None)

    def places(self, header: tuple[str, ...]) -> tuple[int, ...]:
        """Positions of its names in a header line; none if one is not there."""
        needed = (*self.names, *((self.beside,) if self.beside else ()))
        return tuple(map(header.index, self.names)) if set(needed) <= set(header) else ()


@dataclass(frozen=True, eq=False)
class TabTable:
    """One table of a package.

    :param name: as packages of today call it; its member is `Tab/<name>.txt`.
    :param holders: the ways in which a package may hold a column, by column: the first that fits is taken.
    :param key: columns that identify a row.
    :param aliases: names of the table in older packages.
    :param unread: header names that are known and not needed; any other is drift.
    :param optional: columns that not every release has, or has here: their absence is not drift.
    """

    name: str
    holders: dict[str, tuple[Holder, ...]]
    key: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are read, under their names of today."""
        return tuple(self.holders)

    @property
    def headers(self) -> dict[str, tuple[str, ...]]:
        """All header names that may hold a column, by column."""
        return {
            column: tuple(dict.fromkeys(name for way in ways for name in way.names))
            for column, ways in self.holders.items()
        }

    @property
    def known(self) -> frozenset[str]:
        """Every header name that is declared, read or not."""
        return self.unread.union(*self.headers.values())

    @lru_cache(maxsize=1024)  # noqa: B019 - tables are declared, and few
    def places(self, header: tuple[str, ...]) -> Mapping[str, tuple[int, ...]]:
        """Positions of the headers that hold each column; columns that no header holds are left out.

        :param header: names of a header line, in lower case.
        """
        found = {
            column: next((at for way in ways if (at := way.places(header))), ())
            for column, ways in self.holders.items()
        }
        return MappingProxyType({column: at for column, at in found.items() if at})


def tab_table(
    name: str, columns: str, *, keys: int = 1, aliases: str = "", unread: Iterable[str] = ()
) -> TabTable:
    """Read `"arm_accession type_reported|type"`: a column, and after a bar its older header names.

    `name=title|name` lists all ways where today's is not the first to look for, and `assessment_type?` is
    a column that not every release has here.

    :param keys: how many of the columns, from the first, identify a row.
    """
    holders: dict[str, tuple[Holder, ...]] = {}
    optional = set()
    for word in columns.split():
        text = word.removesuffix("?")
        column, _, given = text.partition("=")
        column = column.partition("|")[0]
        holders[column] = tuple(map(Holder.parse, (given or text).split("|")))
        if word.endswith("?"):
            optional.add(column)
    identity = tuple(holders)[:keys]
    read = {item for ways in holders.values() for way in ways for item in way.names}
    return TabTable(
        name, holders, identity, tuple(aliases.split()), frozenset(unread) - read, frozenset(optional)
    )

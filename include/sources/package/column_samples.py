"""Columns whose values stand under another header in another package of the same study.

ImmPort renames columns between releases, and sometimes gives an old name to other data. Two packages of one
study show it: the same rows, and the values of one header under another. Of each table a few rows are
compared, the same ones in every package, chosen by their keys.

    python -m include.sources.package.column_samples SDY139-DR16_Tab.zip SDY139-DR25_Tab.zip
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.sources.package.layout import TabTable
from include.sources.package.package_reader import TabReader, opened, tables
from include.sources.package.tables import NAMES, TABLES

#: Rows of a table that are compared.
ROWS = 32
#: Share of rows that agree in a column that is where it was, and in one that has moved.
IN_PLACE, MOVED = 0.5, 0.8
#: Different values that must agree where each alone is weak evidence: a flag, a number, a day.
ENOUGH_VALUES = 3
#: A value that no other column has by chance.
_DISTINCTIVE = re.compile(r"(?=.*[A-Za-z]).{8,}", re.DOTALL)
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class TableSample:
    """A few rows of a package table, with digests in place of values.

    :param table: name of the table, as packages of today call it.
    :param header: header names, in lower case.
    :param keys: digest of each row's key.
    :param cells: for each header name, the digest of each row's value; None for an empty one.
    """

    table: str
    header: tuple[str, ...]
    keys: tuple[int, ...]
    cells: tuple[tuple[int | None, ...], ...]

    @classmethod
    def of_rows(
        cls, table: str, header: Sequence[str], key: Sequence[int], rows: Iterable[Sequence[str | None]]
    ) -> TableSample:
        """Make a sample of rows in order; of several with one key the first counts.

        :param key: positions of the columns that identify a row.
        """
        chosen: dict[int, Sequence[str | None]] = {}
        for row in rows:
            chosen.setdefault(digest(_SEPARATOR.join(row[at] or "" for at in key)), row)
        # Most values of a table are those of the row before.
        known: dict[str | None, int | None] = {"": None, None: None}
        for value in {cell for row in chosen.values() for cell in row if cell}:
            known[value] = digest(value)
        cells = tuple(tuple(known[row[at]] for row in chosen.values()) for at in range(len(header)))
        return cls(table, tuple(header), tuple(chosen), cells)

    @classmethod
    def of_lines(
        cls, table: str, header: Sequence[str], key: Sequence[int], lines: Iterable[str]
    ) -> TableSample:
        """Choose the rows among all lines of a table: the first by `order_of` their keys."""
        rows = [line.split("\t") for line in lines]
        rows.sort(key=lambda row: order_of(row[at] for at in key))
        return cls.of_rows(table, header, key, rows[:ROWS])

    def as_row(self) -> dict[str, Any]:
        """Its values by the columns of `ops.package_sample`."""
        return {
            "table_name": self.table,
            "header": list(self.header),
            "keys": list(self.keys),
            "cells": [list(cells) for cells in self.cells],
        }

    def columns(self) -> dict[str, tuple[str, tuple[int | None, ...]]]:
        """Header and values by column; a header that no column reads stands in capitals for itself."""
        by_header = dict(zip(self.header, self.cells, strict=True))
        places = TABLES[self.table].places(self.header) if self.table in TABLES else {}
        found = {}
        for column, at in places.items():
            parts = [self.cells[place] for place in at]
            values = tuple(next((cell for cell in row if cell), None) for row in zip(*parts, strict=True))
            found[column] = (self.header[at[0]].upper(), values)
        read = {self.header[place] for at in places.values() for place in at}
        found |= {
            name.upper(): (name.upper(), values) for name, values in by_header.items() if name not in read
        }
        return found


@dataclass(frozen=True)
class MovedColumn:
    """A header whose column now holds the values that were under another header.

    :param agree: rows in which the values are the same.
    :param rows: rows that were compared.
    """

    table: str
    header: str
    moved_from: str
    agree: int
    rows: int

    def describe(self) -> str:
        """What was found, in words."""
        return (
            f"{self.header} has the values of {self.moved_from} ({self.agree} of {self.rows} rows compared)"
        )


def digest(value: str) -> int:
    """63 bits for a value, the last one set where agreement on that value alone is evidence."""
    found = int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest()) >> 2
    return found << 1 | bool(_DISTINCTIVE.fullmatch(value))


def order_of(key: Iterable[str | None]) -> str:
    """What rows are put in order by, so that two packages are sampled alike: as SQL has it, too."""
    joined = _SEPARATOR.join(part or "" for part in key)
    return hashlib.md5(joined.encode(), usedforsecurity=False).hexdigest()


def order_sql(columns: Iterable[str]) -> str:
    """SQL of `order_of` for these columns of text."""
    parts = " || e'\\x1f' || ".join(f"coalesce({column}, '')" for column in columns)
    return f"md5({parts})"


def moved_columns(old: TableSample, new: TableSample) -> Iterator[MovedColumn]:
    """Headers of a table whose columns hold the values of another header in the other package.

    A rename that is declared is not reported, nor a move among headers that no column is read from.
    """
    where = {key: at for at, key in enumerate(old.keys)}
    pairs = [(where[key], at) for at, key in enumerate(new.keys) if key in where]
    before = {name: (shown, [cells[at] for at, _ in pairs]) for name, (shown, cells) in old.columns().items()}
    after = {name: (shown, [cells[at] for _, at in pairs]) for name, (shown, cells) in new.columns().items()}
    staying = {
        name for name, (_, cells) in after.items() if name in before and _stays(before[name][1], cells)
    }
    for name, (shown, cells) in after.items():
        if name in staying or not any(cells):
            continue
        sources = [
            (agree, moved_from)
            for other, (moved_from, earlier) in before.items()
            if other != name
            and other not in staying
            and _is_relevant(new.table, name, other)
            and (agree := _moved(earlier, cells))
        ]
        if sources:
            agree, moved_from = max(sources)
            yield MovedColumn(new.table, shown, moved_from, agree, len(pairs))


def _is_relevant(table: str, name: str, other: str) -> bool:
    return table not in TABLES or not (name.isupper() and other.isupper())


def _agreeing(one: Sequence[int | None], other: Sequence[int | None]) -> tuple[list[int], int]:
    """Values that agree, and rows in which there is any."""
    filled = [(a, b) for a, b in zip(one, other, strict=True) if a or b]
    return [a for a, b in filled if a is not None and a == b], len(filled)


def _stays(old: Sequence[int | None], new: Sequence[int | None]) -> bool:
    same, rows = _agreeing(old, new)
    return len(same) >= IN_PLACE * rows


def _moved(old: Sequence[int | None], new: Sequence[int | None]) -> int:
    """Rows that agree, where they are evidence of a move; else 0."""
    same, rows = _agreeing(old, new)
    is_evidence = len(set(same)) >= ENOUGH_VALUES or any(value & 1 for value in same)
    return len(same) if is_evidence and len(same) >= MOVED * rows else 0


def package_samples(path: Path) -> dict[str, TableSample]:
    """Samples of the tables of a package that have rows, those included that nothing reads.

    :raises NotDataError: it is not a package, or one of its tables cannot be read.
    """
    found = {}
    with opened(path) as archive:
        for name, member in tables(archive).items():
            today = NAMES.get(name, name)
            sample = _sample(archive, member, today)
            if sample.keys and (today not in found or today == name):
                found[today] = sample
    return found


def _sample(archive: zipfile.ZipFile, member: zipfile.ZipInfo, table: str) -> TableSample:
    with archive.open(member) as file:
        reader = TabReader(file)
        lines = [line for block in reader.blocks() for line in block.decode().split("\n")[:-1]]
    return TableSample.of_lines(table, reader.header, _key(TABLES.get(table), reader.header), lines)


def _key(table: TabTable | None, header: tuple[str, ...]) -> tuple[int, ...]:
    """Positions of the columns that identify a row: of an undeclared table, its first column."""
    return key_places(table, header) if table else (0,)


def key_places(table: TabTable, header: tuple[str, ...]) -> tuple[int, ...]:
    """Positions of the headers that identify a row of a declared table; of those that are there."""
    places = table.places(header)
    return tuple(places[column][0] for column in table.key if column in places)


def compare(old: Mapping[str, TableSample], new: Mapping[str, TableSample]) -> list[MovedColumn]:
    """Moved columns of every table that both packages have rows of."""
    return [item for name in old.keys() & new.keys() for item in moved_columns(old[name], new[name])]


def report(found: Iterable[MovedColumn]) -> Iterator[str]:
    """Lines on moved columns."""
    for item in sorted(found, key=lambda one: (one.table, one.header)):
        read = "" if item.table in TABLES else " (a table that nothing reads)"
        yield f"{item.table}: {item.describe()}{read}\n"


def main() -> None:
    """Print the columns whose values moved between two packages of one study."""
    parser = argparse.ArgumentParser(
        prog="python -m include.sources.package.column_samples",
        description="Print the columns whose values moved between two Tab packages of one study.",
    )
    parser.add_argument("older", type=Path, metavar="OLD_Tab.zip")
    parser.add_argument("newer", type=Path, metavar="NEW_Tab.zip")
    packages = parser.parse_args()
    found = compare(package_samples(packages.older), package_samples(packages.newer))
    sys.stdout.writelines(report(found))


if __name__ == "__main__":
    main()

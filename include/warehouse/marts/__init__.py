"""The marts: views for analysts over the star, each a file of this folder that psql runs as it is.

A file begins with comment lines that say what the view is for, its grain, its caveat, what it does with
censored values, and each column; they become comments in the database and the pages of the dictionary:

    -- Purpose: one line
    -- Grain: what one row is
    -- Caveat: what to beware of; a line that begins with no word and colon goes on from the one before
    -- Censored: the policy for values below or above a limit
    -- Columns:
    --   name type: meaning

Views of one result per row, a view per assay, are written from the model: see `wide`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from include.warehouse.marts.wide import wide_views

_HEADING = re.compile(r"^(Purpose|Grain|Caveat|Censored|Columns): ?(.*)$")
_COLUMN = re.compile(r"^  (\w+) ([a-z ]+): (.+)$")
_VIEW = re.compile(r"^create or replace view mart\.(\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class MartColumn:
    """One column of a mart: its type as Postgres names it, and its meaning with any unit."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Mart:
    """One view of the schema `mart`.

    :param purpose: what it is for, in a line.
    :param grain: what one row is.
    :param caveat: what whoever reads it must know.
    :param censored: what becomes of values below or above a limit.
    :param statement: SQL that makes it, with the comment lines it began with.
    """

    name: str
    purpose: str
    grain: str
    caveat: str
    censored: str
    columns: tuple[MartColumn, ...]
    statement: str

    @property
    def comment(self) -> str:
        """The comment of the view."""
        return f"{self.purpose} One row: {self.grain} Caveat: {self.caveat} Censored values: {self.censored}"

    @property
    def reads(self) -> set[str]:
        """Other marts that it reads."""
        return set(re.findall(r"\bmart\.(\w+)", self.statement)) - {self.name}


@cache
def marts() -> tuple[Mart, ...]:
    """All marts, each after those it reads.

    :raises ValueError: a file lacks one of its headings, or makes another view than its name says.
    :raises graphlib.CycleError: marts read each other.
    """
    found = {mart.name: mart for mart in _all()}
    order = TopologicalSorter({name: sorted(mart.reads & found.keys()) for name, mart in found.items()})
    return tuple(found[name] for name in order.static_order())


def mart_statements() -> Iterator[str]:
    """SQL that makes every mart, with its comments."""
    for mart in marts():
        yield mart.statement
        yield f"comment on view mart.{mart.name} is {_quote(mart.comment)}"
        for column in mart.columns:
            yield f"comment on column mart.{mart.name}.{column.name} is {_quote(column.meaning)}"


def parse(name: str, text: str) -> Mart:
    """A mart from the text of its file.

    :raises ValueError: a heading is missing or twice, a line is none, or it makes another view.
    """
    told: dict[str, str] = {}
    columns: list[MartColumn] = []
    heading = ""
    for line in text.splitlines():
        if not line.startswith("-- "):
            break
        content = line.removeprefix("-- ")
        if found := _HEADING.match(content):
            heading = found[1]
            if heading in told:
                raise ValueError(f"mart {name}: {heading} stands twice")
            told[heading] = found[2]
        elif heading == "Columns" and (column := _COLUMN.match(content)):
            columns.append(MartColumn(column[1], column[2], column[3]))
        elif heading == "Columns" and columns:
            last = columns.pop()
            columns.append(MartColumn(last.name, last.type, f"{last.meaning} {content.strip()}"))
        elif heading:
            told[heading] = f"{told[heading]} {content.strip()}"
        else:
            raise ValueError(f"mart {name}: {line!r} stands before any heading")
    missing = [word for word in ("Purpose", "Grain", "Caveat", "Censored") if not told.get(word)]
    if missing or not columns:
        raise ValueError(f"mart {name}: it does not say {', '.join(missing or ['Columns'])}")
    if _VIEW.findall(text) != [name]:
        raise ValueError(f"mart {name}: the file must make the view mart.{name} and no other")
    statement = text.strip().removesuffix(";")
    return Mart(
        name, told["Purpose"], told["Grain"], told["Caveat"], told["Censored"], tuple(columns), statement
    )


def _all() -> Iterator[Mart]:
    for path in sorted(Path(__file__).parent.glob("*.sql")):
        yield parse(path.stem, path.read_text(encoding="utf-8"))
    for name, text in wide_views():
        yield parse(name, text)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

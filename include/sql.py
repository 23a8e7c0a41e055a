"""SQL as data: names and texts quoted in one place, and expressions that know which columns they read.

An expression is made of fixed text, columns and gaps; nothing ever reads its text again:

    >>> S = Row("s")
    >>> age = sql("star.age_years(", S.age, ", ", S.age_unit, ")")
    >>> age.text
    'star.age_years(s.age, s.age_unit)'
    >>> [column.name for column in age.columns]
    ['age', 'age_unit']
    >>> age.over(s="h").text
    'star.age_years(h.age, h.age_unit)'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files

#: A name that stands in SQL as it is, whatever follows it.
_PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PART = re.compile(r"\bpart\.(\w+)")


def literal(text: str) -> str:
    """A text as an SQL literal: `it's` is `'it''s'`.

    The sessions of this project have `standard_conforming_strings` on: a backslash is a backslash.

    :raises ValueError: the text holds a NUL, which Postgres cannot store.
    """
    if "\x00" in text:
        raise ValueError(f"a text with a NUL character: {text!r}")
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Texts as SQL literals with commas between: `'HAI', 'ELISA'`."""
    return ", ".join(map(literal, texts))


def identifier(*names: str) -> str:
    """A name as a quoted SQL identifier; several are schema and name: `"star"."dim_study"`.

    :raises ValueError: a name is empty or holds a NUL.
    """
    if any(not name or "\x00" in name for name in names):
        raise ValueError(f"not the name of anything in a database: {names!r}")
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def plain_name(name: str) -> str:
    """The name itself, which needs no quotes.

    :raises ValueError: it does: it is not of small letters, digits and underscores.
    """
    if not _PLAIN.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain name: small letters, digits and underscores, at most 63")
    return name


def sql_with_parts(text: str, part: Callable[[str], str]) -> str:
    """A query that reads what a part selects as if it were a table of a schema `part`.

    :param part: text of the part of a name: a query, which may read the query's own `with` before it.
    """
    return _PART.sub(lambda found: f"(\n{part(found[1])})", text)


def sql_file(package: str, name: str) -> str:
    """The text of an .sql file that lies in a package, without the blank at its ends and its last semicolon.

    :param name: name of the file without its suffix.
    """
    text = (files(package) / f"{name}.sql").read_text(encoding="utf-8")
    return text.strip().removesuffix(";")


@dataclass(frozen=True)
class ColumnOf:
    """A column that an expression reads.

    :param alias: name of the row.
    :param home: table or endpoint of the row, where the expression itself joins it; empty for an alias whose
        meaning is declared where the expression is used.
    """

    alias: str
    name: str
    home: str = ""


@dataclass(frozen=True)
class Gap:
    """What is put in when the SQL is made, such as the staged table of an endpoint."""

    name: str


@dataclass(frozen=True)
class Expression:
    """A part of a SQL statement: an expression, a join or a query."""

    parts: tuple[str | ColumnOf | Gap, ...]

    @property
    def columns(self) -> tuple[ColumnOf, ...]:
        """The columns that it reads, each once, in the order of its text."""
        return tuple(dict.fromkeys(part for part in self.parts if isinstance(part, ColumnOf)))

    @property
    def gaps(self) -> tuple[str, ...]:
        """Names of its gaps, each once."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Gap)))

    @property
    def column(self) -> ColumnOf | None:
        """The column that it is and nothing else."""
        return self.columns[0] if len(self.parts) == 1 and self.columns else None

    @property
    def text(self) -> str:
        """Its SQL.

        :raises KeyError: it has a gap.
        """
        return self.fill({})

    def fill(self, gaps: Mapping[str, str]) -> str:
        """Its SQL, with what each gap stands for.

        :raises KeyError: it has another gap.
        """
        return "".join(_text(part, gaps) for part in self.parts)

    def over(self, **aliases: str) -> Expression:
        """The expression over the rows of other aliases: `over(h="k")` reads of `k` what it read of `h`."""
        return Expression(
            tuple(
                replace(part, alias=plain_name(aliases[part.alias]))
                if isinstance(part, ColumnOf) and part.alias in aliases
                else part
                for part in self.parts
            )
        )

    def __format__(self, _: str) -> str:
        raise TypeError("an f-string forgets what an expression reads: join it by sql(), or write its .text")


def _text(part: str | ColumnOf | Gap, gaps: Mapping[str, str]) -> str:
    if isinstance(part, ColumnOf):
        return f"{part.alias}.{part.name}"
    return gaps[part.name] if isinstance(part, Gap) else part


def sql(*parts: str | Expression) -> Expression:
    """An expression of parts: SQL text as it is, and expressions."""
    found: list[str | ColumnOf | Gap] = []
    for part in parts:
        for one in part.parts if isinstance(part, Expression) else (part,):
            if isinstance(one, str) and found and isinstance(found[-1], str):
                found[-1] += one
            elif one != "":
                found.append(one)
    return Expression(tuple(found))


def joined(separator: str, parts: Iterable[str | Expression]) -> Expression:
    """Parts with a separator between."""
    found: list[str | Expression] = []
    for part in parts:
        found += [separator, part] if found else [part]
    return sql(*found)


def call(function: str, *arguments: str | Expression) -> Expression:
    """A call of a function: `call("coalesce", S.name, "''")`."""
    return sql(f"{function}(", joined(", ", arguments), ")")


def gap(name: str) -> Expression:
    """What is put in when the SQL is made."""
    return Expression((Gap(name),))


class Row:
    """A row whose columns expressions read: `Row("s").arm_accession`, or `Row("s")["arm_accession"]`."""

    def __init__(self, alias: str, home: str = "") -> None:
        self._alias = plain_name(alias)
        self._home = home

    def __getitem__(self, name: str) -> Expression:
        return Expression((ColumnOf(self._alias, plain_name(name), self._home),))

    def __getattr__(self, name: str) -> Expression:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]


def nearly_all(condition: str) -> str:
    """SQL: a condition that the planner takes to be true of nearly all rows, 99.5 in a hundred.

    For a condition that it cannot see through, such as a comparison with what a subquery finds, it takes a
    third or half of the rows: of ten joined tables that each have one, one row in a thousand. What follows is
    planned for a single row and never ends. Where the condition is null, this is false.
    """
    return f"nullif({condition}, false) is not null"

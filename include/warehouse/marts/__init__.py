"""The marts: views for analysts over the star, each a file of this folder that psql runs as it is.

A file begins with comment lines that say what the view is for, its grain, its caveat, what it does with
censored values, what it never mixes, what it leaves out, and each column; they become comments in the
database and the pages of the dictionary:

    -- Purpose: one line
    -- Grain: what one row is
    -- Caveat: what to beware of; a line that begins with no word and colon goes on from the one before
    -- Censored: the policy for values below or above a limit
    -- Apart:
    --   aspect: columns that keep it apart, or in brackets why it cannot make numbers incomparable
    -- Leaves out: rows that are in no row of the view
    -- Reads: other marts that it reads; left out where it reads none
    -- Assays: of which alone it reads results of mart.sample_result; left out where it reads those of all
    -- Columns:
    --   name type: meaning

`Apart` names every one of `ASPECTS`, or says in one line that nothing is summarised.

A query over star.fact_assay_result whose rows come from one assay each stands between the lines
`-- of each assay` and `-- of all assays`, or below the first to the end of the file: it is made over the fact
of each assay, and united. A mart that reads mart.sample_result is made over the query of that mart, with what
it reads of it: see `each_assay`.

Views of one result per row, a view per assay, are written from the model: see `wide`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from include.sql import literal
from include.warehouse.marts.wide import wide_views
from include.warehouse.model.assays import ASSAY_FACTS
from include.warehouse.model.declaration import Fact
from include.warehouse.views.each_assay import EachAssay

#: What makes two numbers incomparable: a summary of both would mean nothing.
ASPECTS = ("sample type", "technique", "unit", "stimulation", "time zero", "statistic", "species")
_HEADINGS = ("Purpose", "Grain", "Caveat", "Censored", "Apart", "Leaves out")
_HEADING = re.compile(rf"^({'|'.join((*_HEADINGS, 'Reads', 'Assays', 'Columns'))}): ?(.*)$")
#: The mart whose query others are made over, with what they need of it.
RESULTS = "sample_result"
_COLUMN = re.compile(r"^  (\w+) ([a-z ]+): (.+)$")
_MAKES = "create or replace view"
_ASPECT = re.compile(rf"^  ({'|'.join(ASPECTS)}): (.+)$")


@dataclass(frozen=True)
class MartColumn:
    """One column of a mart: its type as Postgres names it, and its meaning with any unit."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Apart:
    """How a mart treats one aspect.

    :param columns: columns of the mart that keep it apart; none where it cannot matter.
    :param reason: why it cannot, where there are no columns.
    """

    aspect: str
    columns: tuple[str, ...]
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.aspect} ({', '.join(self.columns)})"


@dataclass(frozen=True)
class Mart:
    """One view of the schema `mart`.

    :param purpose: what it is for, in a line.
    :param grain: what one row is.
    :param caveat: what whoever reads it must know.
    :param censored: what becomes of values below or above a limit.
    :param apart: each of `ASPECTS`; empty for a mart that summarises no value, as `apart_note` says.
    :param leaves_out: which results or subjects are in no row.
    :param reads: other marts that it reads.
    :param statement: SQL that makes it, with the comment lines it began with.
    """

    name: str
    purpose: str
    grain: str
    caveat: str
    censored: str
    apart: tuple[Apart, ...]
    apart_note: str
    leaves_out: str
    columns: tuple[MartColumn, ...]
    reads: tuple[str, ...]
    statement: str

    @property
    def comment(self) -> str:
        """The comment of the view."""
        return (
            f"{self.purpose} One row: {self.grain} Caveat: {self.caveat} Censored values: {self.censored}"
            f" Never mixed: {self.never_mixed} Left out: {self.leaves_out}"
        )

    @property
    def never_mixed(self) -> str:
        """What is kept apart, with the columns that do it, as a sentence."""
        return self.apart_note or ", ".join(str(one) for one in self.apart if one.columns) + "."


@cache
def marts() -> tuple[Mart, ...]:
    """All marts, each after those it reads.

    :raises ValueError: a file lacks one of its headings, or makes another view than its name says, or
        says that it reads a mart that is not there.
    :raises graphlib.CycleError: marts read each other.
    """
    found = {mart.name: mart for mart in _all()}
    for name, mart in found.items():
        if strange := set(mart.reads) - found.keys():
            raise ValueError(f"mart {name} reads {', '.join(sorted(strange))}: there is no such mart")
    order = TopologicalSorter({name: mart.reads for name, mart in found.items()})
    return tuple(found[name] for name in order.static_order())


def mart_statements() -> Iterator[str]:
    """SQL that makes every mart, with its comments."""
    for mart in marts():
        yield mart.statement
        yield f"comment on view mart.{mart.name} is {literal(mart.comment)}"
        for column in mart.columns:
            yield f"comment on column mart.{mart.name}.{column.name} is {literal(column.meaning)}"


def parse(name: str, text: str, results: EachAssay | None = None) -> Mart:
    """A mart from the text of its file.

    :param results: the statement of `RESULTS`, for a mart that reads it.
    :raises ValueError: a heading is missing or twice, a line belongs to none, an aspect is missing or names a
        column that the mart has not, or the file makes another view.
    """
    stated: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith("-- "):
            break
        content = line.removeprefix("-- ")
        if found := _HEADING.match(content):
            if found[1] in stated:
                raise ValueError(f"mart {name}: {found[1]} stands twice")
            stated[found[1]] = [found[2]]
        elif stated:
            stated[next(reversed(stated))].append(content)
        else:
            raise ValueError(f"mart {name}: {line!r} stands before any heading")
    columns = tuple(MartColumn(*found) for found in _entries(_COLUMN, stated.get("Columns", [])))
    texts = {heading: " ".join(map(str.strip, lines)).strip() for heading, lines in stated.items()}
    missing = [word for word in _HEADINGS if not texts.get(word)]
    if missing or not columns:
        raise ValueError(f"mart {name}: it does not say {', '.join(missing or ['Columns'])}")
    if f"\n{_MAKES} mart.{name}\n" not in text or text.count(_MAKES) > 1:
        raise ValueError(f"mart {name}: the file must make the view mart.{name} and no other")
    reads = tuple(" ".join(stated.get("Reads", [])).split(", ")) if "Reads" in stated else ()
    try:
        statement = _statement(text, results if RESULTS in reads else None, _assays(texts.get("Assays")))
    except ValueError as error:
        raise ValueError(f"mart {name}: {error}") from None
    apart = _apart(name, stated["Apart"], {column.name for column in columns})
    return Mart(
        name, texts["Purpose"], texts["Grain"], texts["Caveat"], texts["Censored"], apart,
        "" if apart else texts["Apart"], texts["Leaves out"], columns, reads, statement,
    )  # fmt: skip


def _entries(form: re.Pattern[str], lines: list[str]) -> list[tuple[str, ...]]:
    """Entries of a list, each with the lines that go on from it."""
    found: list[tuple[str, ...]] = []
    for line in lines:
        if entry := form.match(line):
            found.append(entry.groups())
        elif found and line.strip():
            *before, text = found.pop()
            found.append((*before, f"{text} {line.strip()}"))
    return found


def _apart(name: str, lines: list[str], columns: set[str]) -> tuple[Apart, ...]:
    entries = _entries(_ASPECT, lines)
    if not entries and lines[0]:
        return ()
    found = []
    for aspect, how in entries:
        if how.startswith("("):
            found.append(Apart(aspect, (), how.strip("()")))
            continue
        named = tuple(how.split(", "))
        if unknown := [column for column in named if column not in columns]:
            raise ValueError(f"mart {name}: Apart, {aspect}: it has no column {', '.join(unknown)}")
        found.append(Apart(aspect, named))
    if sorted(one.aspect for one in found) != sorted(ASPECTS):
        missing = sorted(set(ASPECTS) - {one.aspect for one in found})
        raise ValueError(f"mart {name}: Apart must name each aspect once; missing: {', '.join(missing)}")
    return tuple(found)


def _statement(text: str, results: EachAssay | None, assays: Sequence[Fact]) -> str:
    """SQL that makes the view of a file, what it says of each assay made over each.

    :param results: the query that it reads in place of `RESULTS`.
    :param assays: of which it reads results.
    """
    statement = text.strip().removesuffix(";")
    if results:
        heading, makes, query = statement.partition(_MAKES)
        before, found, after = query.partition(f"mart.{RESULTS}")
        if not found or f"mart.{RESULTS}" in after:
            raise ValueError(f"it must read mart.{RESULTS} once")
        return f"{heading}{makes}{before}({results.read_for(before, after).over(assays)}){after}"
    made = EachAssay.of(statement)
    return made.over(ASSAY_FACTS) if made.query else statement


def _assays(named: str | None) -> Sequence[Fact]:
    found = [fact for fact in ASSAY_FACTS if named is None or fact.assay in named.split(", ")]
    if named and len(found) != len(named.split(", ")):
        raise ValueError(f"Assays: {named}: an assay is not known")
    return found


def _all() -> Iterator[Mart]:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.sql")}
    _, _, query = texts[RESULTS].strip().removesuffix(";").partition(") as\n")
    results = EachAssay.of(query)
    for name, text in sorted(texts.items()):
        yield parse(name, text, results)
    for name, text in wide_views(results):
        yield parse(name, text)

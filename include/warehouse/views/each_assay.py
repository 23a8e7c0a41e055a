"""Queries over results, made over the fact of each assay; and of such a query what one reader needs.

    select
        c.result_id,
        c.arm,
        q.measurement_technique
    from (
        -- of each assay
        select
            r.result_id,
            r.technique_key,
            a.name as arm
        from star.fact_assay_result as r
        left join star.dim_arm as a on r.arm_key = a.arm_key
        -- of all assays
    ) as c
    left join star.dim_technique as q on c.technique_key = q.technique_key

A reader who names `result_id` alone reads it without arm and technique, and without the two joins: a left
join to a dimension by its key finds one row or none, whatever is read of it. The planner cannot know that a
member has one version that is valid, and would join all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent, indent

from include.warehouse.model.declaration import Fact
from include.warehouse.views.assay_results import over

#: Lines of a file, whatever their indentation.
EACH, TOGETHER = "-- of each assay", "-- of all assays"
#: A query whose clauses begin lines: what it selects, from what.
_QUERY = re.compile(r"select\n(.+?)\n(from .+)", re.DOTALL | re.MULTILINE)
_CLAUSES = re.compile(r"^(?=(?:left join|inner join|where) )", re.MULTILINE)
_LEFT_JOIN = re.compile(r"left join \S+ as (\w+) on ")
_ALIAS = re.compile(r"\W*as (\w+)")
_WORD = re.compile(r"(\bas\s+)?(?:\b(\w+)\.)?\b(\w+)")
_COMMENT = re.compile(r"--.*")
_PART = re.compile(r"--[^\n]*|'(?:[^']|'')*'|[(),]|[^-'(),]+|-")


@dataclass(frozen=True)
class EachAssay:
    """A query, of which a part is made over the fact of each assay and united.

    The rows are the same where each comes from results of one assay. The planner knows how many different
    values a column of a table has, and nothing of a column of a union: what is joined is joined below it.

    :param before: the lines before the part.
    :param query: the part, which reads the view over all assays once; empty in a text without one.
    :param after: the lines after it.
    """

    before: str
    query: str
    after: str

    @classmethod
    def of(cls, text: str) -> EachAssay:
        """A text whose part stands between the lines `EACH` and `TOGETHER`, or below `EACH` to the end."""
        parts: list[list[str]] = [[], [], []]
        at = 0
        for line in text.splitlines():
            if line.strip() == (EACH, TOGETHER, None)[at]:
                at += 1
            else:
                parts[at].append(line)
        before, query, after = ("\n".join(lines) for lines in parts)
        return cls(f"{before}\n", query, f"\n{after}")

    def over(self, facts: Sequence[Fact]) -> str:
        """The query over the facts of some assays, its part made over each and united.

        :raises ValueError: its part reads the view over all assays not at all, or several times.
        """
        return (
            self.before + "\nunion all\n".join(f"({over(fact, self.query)})" for fact in facts) + self.after
        )

    def read_for(self, before: str, after: str) -> EachAssay:
        """The query with those of its columns that a reader names, and the left joins that these need.

        :param before: text of the reader up to where it reads the query.
        :param after: its text from there on, which may begin with an alias: ` as r`. `r.*` names no column.
        :raises ValueError: it is not written as the example above.
        """
        whole = _read_for(self.before + EACH + self.after, before, after)
        before, _, after = whole.partition(EACH)
        return EachAssay(before, indent(_read_for(dedent(self.query), before, after), "    "), after)


def _read_for(query: str, before: str, after: str) -> str:
    found = _QUERY.fullmatch(query.lstrip())
    if not found:
        raise ValueError("its select, from and joins must each begin a line")
    selected, read = found.groups()
    alias = _ALIAS.match(after)
    names = set(_named(f"{before}\n{after}", alias[1] if alias else ""))
    items = ",\n".join(item for item in _items(selected) if re.findall(r"\w+", item)[-1] in names)
    source, *clauses = _CLAUSES.split(read)
    kept: list[str] = []
    # From the last: what is joined by a column of another is joined after it.
    for clause in reversed(clauses):
        joined = _LEFT_JOIN.match(clause)
        if not joined or re.search(rf"\b{joined[1]}\.", "".join((items, *kept))):
            kept.insert(0, clause)
    return f"select\n{items}\n{source}{''.join(kept)}"


def _named(reader: str, alias: str) -> Iterator[str]:
    """Words that may be columns of a row: bare, or behind its alias. What a select calls its own is none."""
    for its_own, row, word in _WORD.findall(_COMMENT.sub("", reader)):
        if not its_own and row in ("", alias):
            yield word


def _items(text: str) -> Iterator[str]:
    """What a select gives, at its commas outside of brackets."""
    depth, item = 0, ""
    for part in _PART.findall(text):
        depth += (part == "(") - (part == ")")
        if part == "," and not depth:
            yield item.strip("\n")
            item = ""
        else:
            item += part
    yield item.strip("\n")

"""The part of Solr's query language that clients of IMPC's cores use: terms, phrases, sets and ranges."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from include.sandbox.row import Row
from include.sources.impc.fields import FIELDS

Test = Callable[[Row], bool]

KNOWN = frozenset(item.name for item in FIELDS)
_WORD = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\(|\)|\[[^\]]*\]|(?:[^\s()"\[\]\\:]|\\.)+|:)')
#: Terms of one query, as Solr limits them.
MOST_CLAUSES = 1024


class QueryError(ValueError):
    """A query that Solr refuses."""


def read_query(text: str) -> Test:
    """What documents a query is true of.

    :raises QueryError: it cannot be read, or names a field that the core does not have.
    """
    tokens = _WORD.findall(text)
    if not _same(tokens, text):
        raise QueryError(f"Cannot parse '{text}'")
    parser = _Parser(tokens, text)
    found = parser.disjunction()
    if parser.tokens:
        raise QueryError(f"Cannot parse '{text}': Encountered \"{parser.tokens[0]}\"")
    return found


def _same(tokens: list[str], text: str) -> bool:
    """Whether the tokens are all of the text, white space between them aside."""
    return re.sub(r"\s", "", "".join(tokens)) == re.sub(r"\s", "", text)


class _Parser:
    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens, self._text, self._clauses = list(tokens), text, 0

    def disjunction(self, field: str | None = None) -> Test:
        """Clauses with OR or nothing between: one must hold; those with AND: all."""
        parts = [self.conjunction(field)]
        while self.tokens and self.tokens[0] != ")":
            if self.tokens[0] in ("OR", "||"):
                self.tokens.pop(0)
            parts.append(self.conjunction(field))
        return lambda row: any(part(row) for part in parts)

    def conjunction(self, field: str | None) -> Test:
        parts = [self.clause(field)]
        while self.tokens and self.tokens[0] in ("AND", "&&"):
            self.tokens.pop(0)
            parts.append(self.clause(field))
        return lambda row: all(part(row) for part in parts)

    def clause(self, field: str | None) -> Test:
        self._clauses += 1
        if self._clauses > MOST_CLAUSES:
            raise QueryError("too many boolean clauses")
        word = self._next()
        if word in ("NOT", "!", "-", "+"):
            inner = self.clause(field)
            return inner if word == "+" else lambda row: not inner(row)
        if word[0] in "-+" and len(word) > 1:
            self.tokens.insert(0, word[1:])
            self.tokens.insert(0, word[0])
            return self.clause(field)
        if word == "(":
            found = self.disjunction(field)
            if self._next() != ")":
                raise QueryError(f"Cannot parse '{self._text}'")
            return found
        if self.tokens and self.tokens[0] == ":":
            self.tokens.pop(0)
            return self._of_field(word)
        if field is None:
            raise QueryError(
                f"no field name specified in query and no default specified via 'df' param ({word})"
            )
        return _term(field, word)

    def _of_field(self, field: str) -> Test:
        if field == "*":
            self._next()
            return lambda row: True
        if field not in KNOWN:
            raise QueryError(f"undefined field {field}")
        return self.clause(field)

    def _next(self) -> str:
        if not self.tokens:
            raise QueryError(f"Cannot parse '{self._text}': Encountered \"<EOF>\"")
        return self.tokens.pop(0)


def values(row: Row, field: str) -> list[Any]:
    """The values of a field, none where it is not there."""
    found = row.get(field)
    return found if isinstance(found, list) else [] if found is None else [found]


def _term(field: str, word: str) -> Test:
    if word == "*":
        return lambda row: bool(values(row, field))
    if word.startswith("["):
        return _range(field, word)
    if word.startswith('"'):
        wanted = re.sub(r"\\(.)", r"\1", word[1:-1])
        return lambda row: any(_text(item) == wanted for item in values(row, field))
    if "*" in word or "?" in word:
        pattern = re.compile(_glob(word))
        return lambda row: any(pattern.fullmatch(_text(item)) for item in values(row, field))
    wanted = re.sub(r"\\(.)", r"\1", word)
    return lambda row: any(_text(item) == wanted for item in values(row, field))


def _glob(word: str) -> str:
    parts = re.findall(r"\\.|.", word)
    return "".join(
        re.escape(part[1]) if part[0] == "\\" else {"*": ".*", "?": "."}.get(part, re.escape(part))
        for part in parts
    )


def _range(field: str, word: str) -> Test:
    found = re.fullmatch(r"\[\s*(\S+)\s+TO\s+(\S+)\s*\]", word)
    if found is None:
        raise QueryError(f"Cannot parse '{word}'")
    low, high = found[1].strip('"'), found[2].strip('"')

    def holds(item: Any) -> bool:
        if isinstance(item, int | float) and not isinstance(item, bool):
            return (low == "*" or item >= float(low)) and (high == "*" or item <= float(high))
        return (low == "*" or _text(item) >= low) and (high == "*" or _text(item) <= high)

    try:
        for end in (low, high):
            if end != "*" and field in _NUMBERS:
                float(end)
    except ValueError:
        raise QueryError(f"Invalid Number: {end}") from None
    return lambda row: any(holds(item) for item in values(row, field))


_NUMBERS = frozenset(item.name for item in FIELDS if item.kind in ("int", "num"))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

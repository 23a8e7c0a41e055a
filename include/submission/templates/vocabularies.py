"""ImmPort's vocabularies for templates: which spelling is a term, and which term was probably meant."""

from __future__ import annotations

import difflib
import re
from functools import cached_property
from pathlib import Path

import msgspec

from include.sources.immport.lookups import is_stub
from include.submission.templates.declarations import DeclarationsError, json_documents

#: How alike a suggestion must be, from 0 to 1, and how many values of one list get one: each is compared with
#: every term.
_ALIKE, MOST_SUGGESTIONS = 0.6, 200
#: Between the parts of a term: `CD93 ; hCD93 ; ANA918` is a symbol, a label and an accession.
_PARTS = re.compile(r"\s*;\s*")
LOOKUPS = "lkTables.json"
_MISSING = "no vocabularies: name the file lkTables.json, which ImmPort gives with its templates (LOOKUPS)"


class _Row(msgspec.Struct):
    name: str
    link: str | None = None
    description: str | None = None
    id: str | int | None = None

    @property
    def values(self) -> dict[str, object]:
        return {"name": self.name, "link": self.link, "description": self.description, "id": self.id}


class _Lookup(msgspec.Struct):
    name: str
    rows: list[_Row]


class TermList:
    """The terms of one vocabulary.

    :ivar name: such as `lk_race`.
    """

    def __init__(self, name: str, terms: tuple[str, ...]) -> None:
        self.name = name
        self.terms = terms
        self._terms = frozenset(terms)
        self._suggested = 0
        self._suggestions: dict[str, str | None] = {}

    def __contains__(self, value: str) -> bool:
        """Whether a value is a term, letter by letter."""
        return value in self._terms

    def term(self, value: str) -> str | None:
        """The term in the vocabulary's spelling; None for a value that is none, whatever its case."""
        return self._by_spelling.get(normal(value))

    def preferred(self, value: str) -> str | None:
        """The same, and a part of a term is accepted for the whole: a symbol, a name, an accession."""
        found = self.term(value)
        if found is not None or ";" in value:
            return found
        return self._by_part.get(normal(value))

    def suggestion(self, value: str) -> str | None:
        """The term that is spelled most alike; None when none is, or very many values were looked up."""
        spelled = normal(value)
        if spelled not in self._suggestions and self._suggested < MOST_SUGGESTIONS:
            self._suggested += 1
            self._suggestions[spelled] = self._most_alike(spelled)
        return self._suggestions.get(spelled)

    def _most_alike(self, spelled: str) -> str | None:
        found = difflib.get_close_matches(spelled, self._by_spelling, n=1, cutoff=_ALIKE)
        if found:
            return self._by_spelling[found[0]]
        found = difflib.get_close_matches(spelled, self._by_part, n=1, cutoff=_ALIKE)
        return self._by_part[found[0]] if found else None

    @cached_property
    def _by_spelling(self) -> dict[str, str]:
        return {normal(term): term for term in reversed(self.terms)}

    @cached_property
    def _by_part(self) -> dict[str, str]:
        """Parts that belong to one term alone, each for itself as it is spelled there."""
        parts: dict[str, set[str]] = {}
        for term in self.terms:
            found = _PARTS.split(term)
            for part in found if len(found) > 1 else ():
                if part and part != "-":
                    parts.setdefault(normal(part), set()).add(part)
        return {spelled: min(spellings) for spelled, spellings in parts.items()}


class Vocabularies:
    """All vocabularies of one file, by name.

    :ivar source: where they were read from.
    """

    def __init__(self, lists: dict[str, TermList], source: str) -> None:
        self._lists = lists
        self.source = source

    def __getitem__(self, name: str) -> TermList:
        """:raises DeclarationsError: a template names a vocabulary that the file does not have."""
        try:
            return self._lists[name]
        except KeyError:
            raise DeclarationsError(
                f"{self.source} has no vocabulary {name}, which a template names"
            ) from None


def normal(text: str) -> str:
    """A text for comparison: in any case, whatever its blanks, those around a semicolon included."""
    return _PARTS.sub(";", " ".join(text.split())).casefold()


def read_vocabularies(place: Path) -> Vocabularies:
    """The vocabularies of ImmPort's `lkTables.json`, without the header-like first rows.

    :param place: the file, or a folder or zip file that holds it.
    :raises DeclarationsError: there is none, or it is not what ImmPort gives.
    """
    ((source, data), *others) = json_documents(place, LOOKUPS, _MISSING)
    if others:
        raise DeclarationsError(f"{place} holds no {LOOKUPS}; {_MISSING}")
    try:
        lookups = msgspec.json.decode(data, type=list[_Lookup])
    except msgspec.DecodeError as error:
        raise DeclarationsError(f"{source} does not hold vocabularies as ImmPort does: {error}") from error
    lists = {}
    for lookup in lookups:
        terms = [
            row.name for at, row in enumerate(lookup.rows) if row.name and not (at == 0 and _is_stub(row))
        ]
        lists[lookup.name] = TermList(lookup.name, tuple(terms))
    return Vocabularies(lists, source)


def _is_stub(row: _Row) -> bool:
    return is_stub(row.values)

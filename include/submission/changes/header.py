"""The head of a file of changes: which table, which columns find a record, which columns are given values.

ImmPort does not document how it is written, only what its batch updater reports of one that it read:
`[data_columns => analyte_preferred~analyte_reported, format => update_value, key_columns =>
reagent_accession, table_name => reagent]`. So each form in which these four names may have their values is
read: as pairs, on one line or on several, and as names with their values on the line below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

#: The one format that ImmPort's documentation shows: a row finds a record and gives values of columns.
UPDATE_VALUE = "update_value"
_NAMES = ("format", "table_name", "key_columns", "data_columns")
#: Without these nothing can be changed.
_NEEDED = _NAMES[1:]
_PAIR = re.compile(rf"(?<![\w.])({'|'.join(_NAMES)})\b[\"']?[ ]*(=>|:=|=|:|\t)", re.IGNORECASE)
_AROUND = " \t,;|[]{}()\"'"
#: What is between the names of a list; blanks alone are between words of a sentence.
_MARK = re.compile(r"[~,;|]")
_BETWEEN = re.compile(r"[~,;|\s]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_COMMENT = re.compile(r"\s*(#|//|--)+ ?")


@dataclass(frozen=True)
class ChangeHeader:
    """What the rows that follow change.

    :ivar keys: columns by which a record is found.
    :ivar columns: columns that are given values.
    :ivar line: where it ends, from 1.
    :ivar written: how it is written, in words.
    """

    format: str
    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    line: int
    written: str

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, in the order of a row without a line that names them."""
        return (*self.keys, *self.columns)

    @property
    def problems(self) -> Iterator[str]:
        """Why it cannot be meant so."""
        for name, given in (("key_columns", self.keys), ("data_columns", self.columns)):
            if twice := sorted({item for item in given if given.count(item) > 1}):
                yield f"{name} has {', '.join(twice)} twice"
        if both := sorted(set(self.keys) & set(self.columns)):
            yield f"{', '.join(both)}: both a column that finds a record and one that is given a value"


@dataclass
class HeaderReader:
    """Puts a head together, line by line.

    :param in_comments: it is looked for within comments.
    """

    in_comments: bool = False
    _found: dict[str, str] = field(default_factory=dict)
    _ways: list[str] = field(default_factory=list)
    _below: tuple[str, ...] = ()

    def take(self, number: int, text: str) -> ChangeHeader | bool:
        """Look at a line: a head that it ends, or whether it is a part of one."""
        if is_comment(text):
            if not self.in_comments:
                return False
            text = _COMMENT.sub("", text, count=1)
        if names := _row_of_names(text):
            self._below = names
            return True
        given = dict(self._values_below(text) if self._below else self._pairs(text))
        if not given:
            return False
        self._found.update(given)
        if not all(name in self._found for name in _NEEDED):
            return True
        header = ChangeHeader(
            self._found.get("format", "").lower(),
            self._found["table_name"].lower(),
            _listed(self._found["key_columns"]),
            _listed(self._found["data_columns"]),
            number,
            ", ".join(dict.fromkeys(self._ways)) + (" within comments" if self.in_comments else ""),
        )
        self._found, self._ways = {}, []
        return header

    def _pairs(self, text: str) -> Iterator[tuple[str, str]]:
        found = list(_PAIR.finditer(text))
        for at, pair in enumerate(found):
            end = found[at + 1].start() if at + 1 < len(found) else len(text)
            name, value = pair[1].lower(), text[pair.end() : end].strip(_AROUND + ">")
            if _is_value(name, value):
                self._ways.append(f"pairs with {'a tab' if pair[2] == chr(9) else pair[2]}")
                yield name, value

    def _values_below(self, text: str) -> Iterator[tuple[str, str]]:
        names, self._below = self._below, ()
        cells = [cell.strip(_AROUND) for cell in text.split("\t")]
        if len(cells) >= len(names) and all(map(_is_value, names, cells)):
            self._ways.append("names above their values")
            yield from zip(names, cells, strict=False)


def is_comment(text: str) -> bool:
    """Whether a line is a comment, as far as is known."""
    return _COMMENT.match(text) is not None


def _row_of_names(text: str) -> tuple[str, ...]:
    """The names on a line that has nothing else; none if it is not one."""
    cells = [cell.strip(_AROUND).lower() for cell in text.split("\t")]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells) if set(cells) <= set(_NAMES) and set(_NEEDED) <= set(cells) else ()


def _is_value(name: str, value: str) -> bool:
    """Whether a text may be the value of a name; a sentence about the name is none."""
    words = _listed(value)
    is_list = name in ("key_columns", "data_columns")
    if not words or not all(map(_WORD.fullmatch, words)):
        return False
    return len(words) == 1 or (is_list and _MARK.search(value) is not None)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _BETWEEN.split(value) if word)

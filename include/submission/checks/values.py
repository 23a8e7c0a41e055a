"""Whether single values are what their column declares: present, of its type, not too long, a term.

Each distinct value of a column is judged once, however many rows have it.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from include.submission.templates.declarations import IDENTIFIER_WIDTH, TemplateColumn, Templates
from include.submission.templates.vocabularies import TermList, Vocabularies

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"\+?0*[1-9][0-9]*")
_DATE = re.compile(r"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}|[0-9]{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: What Excel writes for a value that it could not compute or show.
_EXCEL_ERRORS = {"#n/a", "#ref!", "#value!", "#div/0!", "#name?", "#null!", "#num!", "#spill!", "#calc!"}
_EXCEL_TOO_NARROW = re.compile(r"#{3,}")
#: What Excel makes of MARCH1, SEPT2 or 5-3, and of a long number.
_EXCEL_DATE = re.compile(
    rf"[0-9]{{1,2}}-({'|'.join(_MONTHS)})|({'|'.join(_MONTHS)})-[0-9]{{2}}", re.IGNORECASE
)
_EXCEL_NUMBER = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]{2,}")
#: Days since 1899-12-30 of dates from 1954 to 2064, as Excel counts.
_EXCEL_DAYS = range(20_000, 60_000)
#: What a lab may have meant by a boolean of Excel.
BOOLEANS = {"TRUE": "Yes", "FALSE": "No"}
_EMPTY = "leave it empty"
_PLACEHOLDERS = {"n/a", "na", "null", "none", "nan", "nil", "missing", "-", "--", ".", "?"}
#: Of a comma: 1,234.5 and 1,5.
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")


class Breach(NamedTuple):
    """A rule that a value breaks, why, and what to write instead."""

    rule: str
    message: str
    fix: str | None = None


@dataclass(frozen=True)
class ValueChecks:
    """Judges values by the declared columns and vocabularies."""

    templates: Templates
    vocabularies: Vocabularies

    def breaches(self, column: TemplateColumn, value: str) -> Iterator[Breach]:
        """What is wrong with one value that is not empty."""
        name = column.controlled or column.preferred
        terms = self.vocabularies[name] if name else None
        if terms is not None and value in terms:
            return
        if breach := _characters(value):
            yield breach
            return
        text = " ".join(value.split())
        if text != value:
            # A few terms have two spaces themselves.
            term = terms.term(value) if terms is not None else None
            message = "blanks around the value, or other than single spaces"
            yield Breach("whitespace", message, term or text)
            if term is not None:
                return
        if not text:
            return
        if breach := _of_excel(column, text):
            yield breach
        elif column.is_list:
            yield from self._list(column, text)
        elif breach := self._single(column, text):
            yield breach

    def _list(self, column: TemplateColumn, text: str) -> Iterator[Breach]:
        items = [item.strip() for item in text.split(";")]
        if items[-1] == "":
            items.pop()
        if "" in items:
            filled = "; ".join(item for item in items if item)
            yield Breach("list_empty", "the list has an empty place", filled)
        filled_items = [item for item in items if item]
        for item in dict.fromkeys(filled_items):
            if filled_items.count(item) > 1:
                without = "; ".join(dict.fromkeys(filled_items))
                yield Breach("list_repeated", f"the list names {item} more than once", without)
            if breach := self._single(column, item):
                yield breach

    def _single(self, column: TemplateColumn, text: str) -> Breach | None:
        if column.controlled:
            return _controlled(self.vocabularies[column.controlled], text)
        if breach := self._too_long(column, text):
            return breach
        if column.preferred:
            return _preferred(self.vocabularies[column.preferred], text)
        return _typed(column, text)

    def _too_long(self, column: TemplateColumn, text: str) -> Breach | None:
        width = column.width
        if column.references:
            width = self.templates.identifier_widths.get(column.references, IDENTIFIER_WIDTH)
        if width is None or len(text) <= width:
            return None
        return Breach("length", f"{len(text):,} characters; ImmPort stores {width:,}")


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _characters(value: str) -> Breach | None:
    """A character that no value has. Line breaks within a cell come from workbooks alone."""
    if value.isascii() and value.isprintable():
        return None
    for character in value:
        if character in "\n\r":
            return Breach("line_break", "a line break in the cell", " ".join(value.split()))
        if character != "\t" and unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}:
            return Breach("character", f"a control character, U+{ord(character):04X}")
        if character in "\ufffd\ufeff\u200b":
            return Breach("character", f"a character that is none, U+{ord(character):04X}")
    return None


def _of_excel(column: TemplateColumn, text: str) -> Breach | None:
    """What Excel left in a text that was saved from it."""
    if text.casefold() in _EXCEL_ERRORS or _EXCEL_TOO_NARROW.fullmatch(text):
        return Breach("excel_error", "Excel's error, or a column that was too narrow to show the value")
    # Where only numbers, dates or terms are stored, such a text is an error.
    if column.is_number or column.controlled or column.json_data_type in {"date", "positive"}:
        return None
    if text.casefold() in _PLACEHOLDERS:
        return Breach("placeholder", "a text that stands for a missing value would be stored", _EMPTY)
    return None if column.json_data_type == "number" else _of_excel_text(text)


def _of_excel_text(text: str) -> Breach | None:
    if _EXCEL_DATE.fullmatch(text):
        return Breach("excel_date_text", "Excel probably made a date of this value")
    if _EXCEL_NUMBER.fullmatch(text):
        return Breach("excel_number", "Excel wrote a number with an exponent: digits may be lost")
    return None


def _controlled(terms: TermList, text: str) -> Breach | None:
    term = terms.term(text)
    if term == text:
        return None
    if term is not None:
        return Breach("spelling", f"{terms.name} spells it {term!r}", term)
    # Excel has TRUE and FALSE in all languages for what a lab typed as a yes or a no.
    meant = terms.term(BOOLEANS.get(text.upper(), "")) or terms.suggestion(text)
    return Breach("vocabulary", f"not a term of {terms.name}", meant)


def _preferred(terms: TermList, text: str) -> Breach | None:
    term = terms.preferred(text)
    if term == text:
        return None
    if term is not None:
        return Breach("spelling", f"{terms.name} spells it {term!r}", term)
    return Breach("preferred", f"not a preferred term of {terms.name}", terms.suggestion(text))


def _typed(column: TemplateColumn, text: str) -> Breach | None:
    kind = column.json_data_type
    if kind == "date":
        return _date(text)
    if kind == "positive" and _WHOLE.fullmatch(text) is None:
        fix = text.removesuffix(".0")
        message = "not a whole number above 0"
        return Breach("whole_number", message, fix if _WHOLE.fullmatch(fix) else None)
    if kind == "number" and not is_number(text):
        if column.is_number:
            return Breach("number", "not a number", _as_number(text))
        return Breach("number_reported", "not a number: ImmPort keeps the text alone", _as_number(text))
    return None


def _as_number(text: str) -> str | None:
    """The number that a text with a comma means, where there is one reading."""
    if text.casefold() in _PLACEHOLDERS:
        return _EMPTY
    if _THOUSANDS.fullmatch(text) and (text.count(",") > 1 or "." in text):
        return text.replace(",", "")
    if _COMMA.fullmatch(text) and not _THOUSANDS.fullmatch(text):
        return text.replace(",", ".")
    return None


def _date(text: str) -> Breach | None:
    message = "a date is written as 06-Feb-2005 or 06-Feb-05"
    found = _DATE.fullmatch(text)
    if found is None:
        return Breach("date", message, _as_date(text))
    day, month, year = found.groups()
    if month.casefold() not in _MONTHS:
        return Breach("date", f"{month} is not a month; {message}")
    # The century does not matter for how many days a month has, but for 1900.
    try:
        datetime.date(
            int(year) if len(year) == 4 else 2000 + int(year), _MONTHS.index(month.casefold()) + 1, int(day)
        )
    except ValueError:
        return Breach("date", f"{month} {year} has no day {day}")
    return None


def _as_date(text: str) -> str | None:
    """The date that an ISO date or a day number of Excel means; 02/06/2005 has two readings."""
    try:
        if text.isascii() and text.isdigit() and int(text) in _EXCEL_DAYS:
            return written_date(datetime.date(1899, 12, 30) + datetime.timedelta(days=int(text)))
        return written_date(datetime.date.fromisoformat(text[:10]))
    except ValueError:
        return None


def written_date(date: datetime.date) -> str:
    """As ImmPort's templates have it, 06-Feb-2005."""
    return f"{date:%d}-{_MONTHS[date.month - 1].capitalize()}-{date:%Y}"

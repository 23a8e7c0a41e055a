"""Rows as ImmPort prints them, JSON or TSV, in chunks; and the filters of its result endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any

from include.sandbox.archive.undecodable import json_bytes, raw_bytes
from include.sandbox.row import Row
from include.sandbox.world import Test

#: About this many characters are sent at a time.
CHUNK = 64 * 1024

_EXACT = set(
    """
ageEvent ageEventSpecify ageUnit ancestralPopulation armAccession biosampleAccession biosampleSubtype
biosampleType clinical ethnicity experimentAccession expsampleAccession gender measurementTechnique
plannedVisitAccession race raceSpecify species strain studyAccession studyTimeCollectedUnit
studyTimeT0Event studyTimeT0EventSpecify subjectAccession subjectPhenotype
""".split()  # noqa: SIM905 - a list of names reads best as one
)
_PARTIAL = ("armName", "studyTitle", "treatmentAccession")
_NUMERIC = re.compile(r"(maxSubjectAge|minSubjectAge|studyTimeCollected)(|Gte|Lte|Gt|Lt)")
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "": lambda value, limit: value == limit,
    "Gte": lambda value, limit: value >= limit,
    "Lte": lambda value, limit: value <= limit,
    "Gt": lambda value, limit: value > limit,
    "Lt": lambda value, limit: value < limit,
}


def json_text(value: Any) -> str:
    """One value as JSON. A Decimal keeps its scale, which the json module cannot print."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if type(value) is int:
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def tsv_text(value: Any) -> str:
    """One value as a TSV cell: null is empty, and what would break the line becomes a blank."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json_text(value)
    return text.translate({9: " ", 10: " ", 13: " "})


def printer(labels: Sequence[tuple[str, str]], text: Callable[[Any], str]) -> Callable[[Row], list[str]]:
    """Print rows value by value; one that is the very object of the row before keeps its text.

    Most of a row is its subject and sample, which neighbours share.
    """
    seen: list[Any] = [labels] * len(labels)  # no value of a row is this object
    texts = [""] * len(labels)

    def parts(row: Row) -> list[str]:
        for place, (name, label) in enumerate(labels):
            value = row.get(name)
            if value is not seen[place]:
                seen[place], texts[place] = value, label + text(value)
        return texts

    return parts


def _json_printer(names: Sequence[str]) -> Callable[[Row], str]:
    parts = printer([(name, json_text(name) + ":") for name in names], json_text)
    return lambda row: "{" + ",".join(parts(row)) + "}"


def json_object(names: Sequence[str], row: Row) -> str:
    """A row as a JSON object with exactly these keys, in this order."""
    return _json_printer(names)(row)


def json_array(names: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Rows as one bare array, in chunks."""
    text = _json_printer(names)

    def parts() -> Iterator[str]:
        yield "["
        separator = ""
        for row in rows:
            yield separator + text(row)
            separator = ","
        yield "]"

    return chunks(parts(), json_bytes)


def tsv_lines(
    names: Sequence[str], rows: Iterable[Row], header: Sequence[str] | None = None, torn: bool = False
) -> Iterator[bytes]:
    """Rows as tab-separated lines under a header line, in chunks.

    :param header: other names for the header line.
    :param torn: the last value of the first line has a raw tab in it, so that it fills two cells.
    """

    cells = printer([(name, "") for name in names], tsv_text)

    def parts() -> Iterator[str]:
        yield "\t".join(header or names) + "\n"
        for number, row in enumerate(rows):
            texts = cells(row)
            yield "\t".join(_torn(texts) if torn and number == 0 else texts) + "\n"

    return chunks(parts(), raw_bytes)


def _torn(texts: Sequence[str]) -> list[str]:
    last = max(place for place, text in enumerate(texts) if text)
    text = texts[last]
    return [*texts[:last], f"{text[: len(text) // 2]}\t{text[len(text) // 2 :]}", *texts[last + 1 :]]


def chunks(parts: Iterable[str], encode: Callable[[str], bytes]) -> Iterator[bytes]:
    """Text as bytes, some 64 KiB at a time."""
    buffered: list[str] = []
    size = 0
    for part in parts:
        buffered.append(part)
        size += len(part)
        if size >= CHUNK:
            yield encode("".join(buffered))
            buffered, size = [], 0
    if buffered:
        yield encode("".join(buffered))


def filters(parameters: Iterable[tuple[str, str]]) -> list[Test]:
    """Tests that a row must all pass, from query parameters; parameters ImmPort does not know are ignored.

    :raises ValueError: a numeric parameter holds no number.
    """
    wanted: dict[str, list[str]] = {}
    for name, text in parameters:
        # The whole text stays a candidate: vocabularies hold values with a comma in them.
        values = [text, *text.split(",")] if "," in text else [text]
        wanted.setdefault("gender" if name == "sex" else name, []).extend(value.strip() for value in values)
    tests: list[Test] = []
    for name, values in wanted.items():
        if name in _EXACT:
            tests.append(_among(name, values))
        elif name in _PARTIAL:
            tests.append(_containing(name, values))
        elif found := _NUMERIC.fullmatch(name):
            tests.append(_compared(found[1], found[2], values))
    return tests


def _among(name: str, values: Sequence[str]) -> Test:
    accepted = {value.casefold() for value in values}
    return lambda row: (row.get(name) or "").casefold() in accepted


def _containing(name: str, values: Sequence[str]) -> Test:
    parts = [value.casefold() for value in values]
    return lambda row: any(part in (row.get(name) or "").casefold() for part in parts)


def _compared(name: str, operator: str, values: Sequence[str]) -> Test:
    compare = _COMPARE[operator]
    try:
        limits = [Decimal(value) for value in values if "," not in value]
    except InvalidOperation:
        raise ValueError(f"{name}{operator}: not a number") from None
    return lambda row: (
        isinstance(row.get(name), Decimal) and any(compare(row[name], limit) for limit in limits)
    )

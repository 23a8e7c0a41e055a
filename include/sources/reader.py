"""Reading an answer of ImmPort: rows out of streamed JSON, exact or not at all.

Memory stays flat whatever the size of the answer: the reader keeps about a megabyte of text at a time.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

from include.sources.endpoint import Endpoint, Shape

#: Characters looked at in one go, and the longest row that is believed to be one.
BLOCK = 1 << 20
MAX_ROW = 64 << 20

#: An error this close to the end of the text may be a token that is not complete yet: `-Infinity`.
_LONGEST_TOKEN = 16
#: Digits of a number that can be an integer of anything.
_LONGEST_INTEGER = 300
_SPACE = re.compile(r"[ \t\r\n]*")


class NotDataError(ValueError):
    """The answer is not, or not to its end, the JSON that the endpoint promises."""


class Numeral(str):
    """A JSON number as the characters sent: `1.00` stays `1.00`."""

    __slots__ = ()


def read_rows(
    chunks: Iterable[bytes], endpoint: Endpoint, repeated: Counter[str] | None = None, start: int = 0
) -> Iterator[dict[str, object]]:
    """Rows of a JSON answer while it arrives, numbers as text.

    Clients have seen ImmPort send a bare object for a list of one, and a list of one for an
    object: both are read, but a bare object must hold the endpoint's key, or it is an error message.

    :param chunks: the body, cut anywhere.
    :param repeated: counts rows by a key that is in one of their objects twice; the last value counts.
    :param start: bytes of the answer that are before these, for messages.
    :raises NotDataError: what was found instead. It may come after rows: they count only when the
        iterator ends without it.
    """
    body = _Body(chunks, repeated, start)
    first = body.peek()
    if first == "{":
        row = body.value()
        if not all(name in row for name in endpoint.key):
            expected = (
                "an array was expected" if endpoint.shape is Shape.ARRAY else "it should identify itself"
            )
            raise NotDataError(f"a JSON object without {', '.join(endpoint.key)} where {expected}")
        body.finish()
        yield row
    elif first == "[":
        rows = _elements(body)
        yield from rows if endpoint.shape is Shape.ARRAY else _only(rows)
    elif first == "<":
        raise NotDataError("an HTML page instead of JSON")
    elif first == "":
        raise NotDataError("an empty body")
    else:
        raise NotDataError("text that is not a JSON array or object")


def read_json(chunks: Iterable[bytes], repeated: Counter[str] | None = None) -> Any:
    """A small answer as one value: objects, lists, texts, numbers as Python has them.

    :param repeated: counts objects by a key that they hold twice; the last value counts.
    :raises NotDataError: not JSON, more than `MAX_ROW` bytes, or nested deeper than can be read.
    """
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_ROW:
            raise NotDataError(f"more than {MAX_ROW >> 20} MB where a small answer was expected")
    try:
        return json.loads(b"".join(parts), object_pairs_hook=_counting(repeated), parse_int=_integer)
    except RecursionError:
        raise NotDataError("JSON nested deeper than can be read") from None
    except ValueError:
        raise NotDataError("text that is not JSON") from None


def _integer(digits: str) -> int | str:
    """A number of thousands of digits stays text: Python refuses to convert it."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _counting(repeated: Counter[str] | None) -> Callable[[list[tuple[str, object]]], dict[str, object]]:
    """Makes objects, and counts keys that one holds twice."""

    def made(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if repeated is not None and len(found) < len(pairs):
            names = Counter(name for name, _ in pairs)
            repeated.update({name: 1 for name, count in names.items() if count > 1})
        return found

    return made


def cell(value: object) -> str | None:
    """One JSON value as staging text: numbers as sent, lists and objects as compact JSON."""
    if value is None or type(value) is str:
        return value
    return _compact(value)


class _Sign(str):
    """A bracket, comma or colon on its way into the text, not a value."""

    __slots__ = ()


def _compact(value: object) -> str:
    """As JSON without blanks, however deep it is nested: a stack of our own, Python's is short."""
    parts: list[str] = []
    ahead = [value]
    while ahead:
        item = ahead.pop()
        if isinstance(item, (_Sign, Numeral)):
            parts.append(item)
        elif isinstance(item, (list, dict)):
            ahead += reversed(_opened(item))
        else:
            parts.append(json.dumps(item, ensure_ascii=False))
    return "".join(parts)


def _opened(value: list[object] | dict[str, object]) -> list[object]:
    """Signs and values of one level."""
    inside: list[object] = []
    if isinstance(value, list):
        for item in value:
            inside += (_Sign(","), item)
        return [_Sign("["), *inside[1:], _Sign("]")]
    for name, item in value.items():
        inside += (_Sign(","), name, _Sign(":"), item)
    return [_Sign("{"), *inside[1:], _Sign("}")]


def _elements(body: _Body) -> Iterator[dict[str, object]]:
    """The objects of the array that the body consists of."""
    following = body.skip()
    while following != "]":
        if following != "{":
            body.fail("an element that is not an object")
        yield body.value()
        following = body.peek()
        if following == ",":
            following = body.skip()
            if following == "]":
                body.fail("broken JSON")
        elif following != "]":
            body.fail("broken JSON")
    body.skip()
    body.finish()


def _only(rows: Iterator[dict[str, object]]) -> Iterator[dict[str, object]]:
    found = 0
    for row in rows:
        found += 1
        if found == 1:
            yield row
    if found != 1:
        raise NotDataError(f"an array of {found} objects where one object was expected")


def _refuse_constant(name: str) -> NoReturn:
    raise NotDataError(f"broken JSON: {name} is not a JSON value")


class _Body:
    """A streamed body as text: what is read is dropped, what is needed is fetched."""

    def __init__(self, chunks: Iterable[bytes], repeated: Counter[str] | None = None, start: int = 0) -> None:
        self._repeated = repeated
        self._of_value: Counter[str] = Counter()
        self._json = json.JSONDecoder(
            object_pairs_hook=_counting(self._of_value) if repeated is not None else None,
            parse_float=Numeral,
            parse_int=Numeral,
            parse_constant=_refuse_constant,
        )
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._received = start
        self._dropped = start
        self._ended = False

    def peek(self) -> str:
        """The next character that is not white space; empty at the end of the body."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches none, too
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grow():
                return ""

    def skip(self) -> str:
        """Pass over the character just seen and look at the next."""
        self._at += 1
        return self.peek()

    def value(self) -> dict[str, object]:
        """The object that starts here."""
        while True:
            self._of_value.clear()  # an attempt at an unfinished text counted them, too
            try:
                value, self._at = self._json.raw_decode(self._text, self._at)
                if self._repeated is not None and self._of_value:
                    self._repeated.update(self._of_value.keys())
                return value
            except json.JSONDecodeError as error:
                left = len(self._text) - error.pos
                unfinished = left <= _LONGEST_TOKEN or error.msg.startswith("Unterminated string")
                if unfinished and self._grow():
                    continue
                self._at = len(self._text) if error.msg.startswith("Unterminated string") else error.pos
            except RecursionError:
                self.fail("JSON nested deeper than can be read")
            self.fail("broken JSON")

    def finish(self) -> None:
        """Make sure that nothing follows."""
        if self.peek():
            self.fail("text after the end of the JSON")

    def fail(self, found: str) -> NoReturn:
        """Raise: the body is cut short if it ended here, otherwise it is what was found."""
        if self._ended and self._at >= len(self._text):
            raise NotDataError(f"JSON cut short at byte {self._received}")
        place = self._dropped + len(self._text[: self._at].encode())
        raise NotDataError(f"{found} at byte {place}")

    def _grow(self) -> bool:
        """Fetch as much text again as is in memory, so that a long row is not parsed too often."""
        if self._ended:
            return False
        self._dropped += len(self._text[: self._at].encode())
        rest = self._text[self._at :]
        self._text, self._at = rest, 0
        if len(rest) > MAX_ROW:
            self.fail(f"a row of more than {MAX_ROW >> 20} MB")
        wanted = max(BLOCK, len(rest))
        parts: list[bytes] = []
        size = 0
        while size < wanted and not self._ended:
            chunk = next(self._chunks, None)
            self._ended = chunk is None
            parts.append(chunk or b"")
            size += len(parts[-1])
        try:
            self._text = rest + self._decoder.decode(b"".join(parts), final=self._ended)
        except UnicodeDecodeError as error:
            if self._ended and error.reason == "unexpected end of data":
                raise NotDataError(f"JSON cut short at byte {self._received + size}") from None
            raise NotDataError(f"text that is not UTF-8 near byte {self._received + error.start}") from None
        self._received += size
        return True

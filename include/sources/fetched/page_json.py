"""A page of rows as one JSON value: what a server sends in an envelope of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from include.sources import reader
from include.sources.reader import NotDataError, Numeral
from include.sources.row_reader import Intake


def read_page(chunks: Iterable[bytes], intake: Intake) -> Any:
    """The body of a page as one value, numbers as the characters sent. Counts keys that objects have twice.

    :raises NotDataError: what it is instead; more than `reader.MAX_ROW` bytes are not read.
    """
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > reader.MAX_ROW:
            raise NotDataError(f"a page of more than {reader.MAX_ROW >> 20} MB: request fewer rows")

    def made(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            intake.repeated.update({name for name in names if names.count(name) > 1})
        return found

    body = b"".join(parts)
    if not body.strip():
        raise NotDataError("an empty body")
    if body.lstrip().startswith(b"<"):
        raise NotDataError("an HTML or XML page instead of JSON")
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=made,
            parse_float=Numeral,
            parse_int=Numeral,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        raise NotDataError(f"text that is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise NotDataError(f"broken JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise NotDataError("JSON nested deeper than can be read") from None


def _refuse_constant(name: str) -> NoReturn:
    raise NotDataError(f"broken JSON: {name} is not a JSON value")

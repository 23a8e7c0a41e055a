"""What a fault makes of a public file: bytes that somebody stored so."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Mapping
from typing import Any

#: A line of GMT that is not a list.
STRAY = "a line without a tab"


def bent(fault: str, body: bytes, key: str = "") -> bytes:
    """The file under a fault of its content; as it is under any other.

    :param key: with `new_key` and `missing_key`, which one.
    """
    if fault == "half":
        return body[: len(body) // 2]
    if fault == "no_bom":
        return body.removeprefix(codecs.BOM_UTF8)
    if body.lstrip()[:1] in (b"{", b"["):
        of_json = _OF_JSON.get(fault)
        return json.dumps(of_json(json.loads(body), key), indent=4).encode() if of_json else body
    of_text = _OF_TEXT.get(fault)
    return "".join(f"{line}\n" for line in of_text(body.decode().splitlines())).encode() if of_text else body


def _elements(value: Any) -> list[Any]:
    """The lists of a catalogue, or the genes of a list."""
    return value["genes"] if isinstance(value, dict) else value


def _counted(value: Any, _: str) -> Any:
    for element in _elements(value):
        if "count" in element:
            element["count"] = str(int(element["count"]) + 1)
    return value


def _repeated(value: Any, _: str) -> Any:
    _elements(value)[:0] = _elements(value)[:1]
    return value


def _padded(value: Any, _: str) -> Any:
    for element in _elements(value):
        for name in ("Symbol", "name"):
            if name in element:
                element[name] += "  "
    return value


def _with_key(value: Any, key: str) -> Any:
    for element in _elements(value):
        element[key or "newKey"] = "new"
    return value


def _without_key(value: Any, key: str) -> Any:
    for element in _elements(value):
        element.pop(key or next(iter(element)), None)
    return value


_OF_JSON: Mapping[str, Callable[[Any, str], Any]] = {
    "wrong_count": _counted,
    "duplicate": _repeated,
    "trailing_blanks": _padded,
    "new_key": _with_key,
    "missing_key": _without_key,
}
_OF_TEXT: Mapping[str, Callable[[list[str]], list[str]]] = {
    "duplicate": lambda lines: [*lines[:2], *lines[1:]],
    "trailing_blanks": lambda lines: ["\t".join(f"{cell} " for cell in line.split("\t")) for line in lines],
    "blank_lines": lambda lines: [part for line in lines for part in (line, "", " ")],
    "no_tab": lambda lines: [*lines[:1], STRAY, *lines[1:]],
}

"""The part of a file that a request wants, by its headers Range and If-Range."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: One range. No file has more bytes than fit into 18 digits.
_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", re.IGNORECASE)


class UnsatisfiableError(ValueError):
    """A range that begins behind the end of the file."""


def wanted(headers: Mapping[str, str], etag: str, size: int) -> range | None:
    """The bytes that a request wants; None for all of them.

    Several ranges at once, and what is not a range, give the whole file, as HTTP allows. So does a range of
    another version than the one that is here.

    :param etag: the version that is here, with its quotation marks.
    :param size: bytes of the file.
    :raises UnsatisfiableError: the file has none of them.
    """
    found = _RANGE.fullmatch(headers.get("range", ""))
    if found is None or headers.get("if-range", etag) != etag:
        return None
    first, last = (int(text) if text else None for text in found.groups())
    if first is None:
        if last is None:
            return None
        part = range(max(size - last, 0), size)
    elif last is not None and last < first:
        return None
    else:
        part = range(first, size if last is None else min(last + 1, size))
    if not part:
        raise UnsatisfiableError
    return part

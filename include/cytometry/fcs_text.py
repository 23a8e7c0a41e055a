"""The keywords of a TEXT segment of an FCS file.

Its first character is the delimiter; it stands between keywords and values and after the last of them, twice
where it is a part of a value. Values are not to be empty, but files have empty ones: then two delimiters
stand together, too. Those are recognised by their place: no keyword has a delimiter in it.
"""

from __future__ import annotations

import itertools

#: What some programs put around keywords and after TEXT.
_PADDING = " \0\r\n\t"


def keywords_of(text: bytes) -> dict[str, str] | None:
    """Values by upper-case keyword, None when the bytes are not keywords and values.

    A keyword that stands twice has its last value. Texts are UTF-8, or else ISO 8859-1, each for itself.
    """
    delimiter, body = text[:1], text[1:]
    unused = next((byte for byte in range(256) if byte not in body and byte not in delimiter), None)
    if unused is None or delimiter.isalnum():  # no text has all bytes
        return None
    within = bytes([unused])
    tokens = body.replace(delimiter * 2, within).split(delimiter)
    if len(tokens) % 2 == 0:  # a value at the very end: a delimiter is the end of it
        tokens[-1] = tokens[-1].removesuffix(within)
    found: dict[str, str] = {}
    for token, value in itertools.zip_longest(tokens[::2], tokens[1::2]):
        # A keyword with delimiters in it is keywords with empty values, and a last one.
        *without_value, keyword = token.split(within)
        found.update((_keyword(item), "") for item in without_value)
        if value is not None:
            found[_keyword(keyword)] = _decoded(value.replace(within, delimiter))
    found.pop("", None)
    return found if any(key.startswith("$") for key in found) else None


def is_closed(text: bytes) -> bool:
    """Whether TEXT ends with its delimiter, or with padding after it."""
    delimiter = text[:1]
    return text.endswith(delimiter) or text.rstrip(_PADDING.encode()).endswith(delimiter)


def _keyword(token: bytes) -> str:
    return _decoded(token).strip(_PADDING).upper()


def _decoded(token: bytes) -> str:
    try:
        return token.decode()
    except UnicodeDecodeError:
        return token.decode("latin-1")

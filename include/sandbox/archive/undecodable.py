"""Bytes of a package that are not UTF-8, carried through frames and answers as they are.

A frame holds no lone surrogate, so a byte is a character of a private plane until it is sent: in JSON as the
escape of a lone surrogate, which no database stores: a client must refuse the row; in TSV as the byte.
"""

from __future__ import annotations

import codecs
import re

_FIRST = 0x10FF00
_CARRIED = re.compile(f"[{chr(_FIRST + 0x80)}-{chr(_FIRST + 0xFF)}]")
_HANDLER = "include.sandbox.archive.undecodable"


def _carry(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(_FIRST + byte) for byte in wrong), error.end


codecs.register_error(_HANDLER, _carry)


def decoded(content: bytes) -> str:
    """Text as it is in a package; what is not UTF-8 is carried byte by byte."""
    return content.decode("utf-8", _HANDLER)


def json_bytes(text: str) -> bytes:
    """JSON text as sent: a carried byte 0xE9 is the escape `\\udce9`."""
    return _CARRIED.sub(lambda found: f"\\udc{ord(found[0]) - _FIRST:02x}", text).encode()


def raw_bytes(text: str) -> bytes:
    """Other text as sent: a carried byte is itself."""
    surrogates = _CARRIED.sub(lambda found: chr(0xDC00 + ord(found[0]) - _FIRST), text)
    return surrogates.encode("utf-8", "surrogateescape")

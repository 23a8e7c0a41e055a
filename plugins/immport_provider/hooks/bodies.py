"""The body of an answer, proven to be whole where its rows are made: compression has an end of its own.

A body cut where the compressor flushed has the right `Content-Length`, and what it unpacks to may end with a
whole row. Only the trailer of gzip shows it, so that is verified, and no other compression is accepted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from include.sources.errors import BadAnswerError

if TYPE_CHECKING:
    import httpx

#: The compression that is requested: the only one whose end is verified here.
ACCEPT_ENCODING = "gzip"

#: zlib's number for gzip with its checksum, and bytes unpacked in one go.
_GZIP, _BLOCK = 31, 1 << 20


def whole(answer: httpx.Response, *, is_self_ending: bool) -> Iterator[bytes]:
    """The body, unpacked, in blocks of about a megabyte at most.

    :param is_self_ending: what is read of it shows its end, as the last bracket of JSON does.
    :raises BadAnswerError: it is cut, broken or compressed otherwise, or nothing shows its end.
    """
    coding = coding_of(answer)
    if coding in ("gzip", "x-gzip"):
        return _unpacked(answer.iter_raw())
    if coding != "identity":
        raise BadAnswerError(f"compressed as {coding[:40]!r}, {ACCEPT_ENCODING} was requested", 200)
    if not is_self_ending:
        check_framing(answer)
    return answer.iter_raw()


def coding_of(answer: httpx.Response) -> str:
    """How a body is compressed on its way; `identity` when it is not."""
    return answer.headers.get("Content-Encoding", "").strip().lower() or "identity"


def check_framing(answer: httpx.Response) -> None:
    """Let only a body pass whose length HTTP states: cut between two lines, a TSV looks whole.

    :raises BadAnswerError: the connection's end would be the body's.
    """
    is_chunked = "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
    if not is_chunked and "Content-Length" not in answer.headers:
        raise BadAnswerError("a body of unknown length: a cut would not be seen", 200)


def check_plain(answer: httpx.Response) -> None:
    """Let only a body pass that is as it is stored, and whose length HTTP states.

    :raises BadAnswerError: it is compressed on its way, or a cut would not be seen.
    """
    if (coding := coding_of(answer)) != "identity":
        raise BadAnswerError(f"compressed on the way as {coding[:40]!r}, which was not requested", 200)
    check_framing(answer)


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """One gzip member or several, each with its checksum and length verified by zlib."""
    unpacker = zlib.decompressobj(_GZIP)
    is_between = False
    for chunk in chunks:
        rest = chunk
        while rest:
            if unpacker.eof:
                unpacker = zlib.decompressobj(_GZIP)
            try:
                block = unpacker.decompress(rest, _BLOCK)
            except zlib.error:
                raise BadAnswerError("broken compression", 200) from None
            if block:
                yield block
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        is_between = unpacker.eof
    if not is_between:
        raise BadAnswerError("compressed data cut short: the trailer of gzip is missing", 200)

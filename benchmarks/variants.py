"""Recordings of a study that differs: rows corrected, curated columns not filled in yet, a later release."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from itertools import count

from benchmarks.recorded import Recording

_RESULTS = "/data/query/result/"
#: A text that hardly any result has, and each may have.
_NO_COMMENT = re.compile(rb'"comments":null')
#: A value that ImmPort curated, next to the one reported.
_CURATED = re.compile(rb'"(\w+Preferred)":(?:"[^"\\]*"|-?[0-9.]+)')

Change = Callable[[bytes], bytes]


def corrected(share: int) -> Change:
    """Another comment in one of so many rows that have none."""
    numbers = count()

    def replaced(found: re.Match[bytes]) -> bytes:
        return b'"comments":"corrected"' if next(numbers) % share == 0 else found[0]

    return lambda body: _NO_COMMENT.sub(replaced, body)


def not_filled_in(of_ten: int) -> Change:
    """Null in so many of ten curated values."""
    numbers = count()

    def replaced(found: re.Match[bytes]) -> bytes:
        return b'"%b":null' % found[1] if next(numbers) % 10 < of_ten else found[0]

    return lambda body: _CURATED.sub(replaced, body)


def variant(
    original: Recording, name: str, change: Change, release: tuple[str, str] | None = None
) -> Recording:
    """A recording beside the original, with other results.

    :param release: the release that studies state, and the one they state in the variant.
    """
    made = Recording(original.folder.with_name(f"{original.folder.name}-{name}"))
    shutil.rmtree(made.folder, ignore_errors=True)
    made.folder.mkdir(parents=True)
    for head in original.folder.glob("*.json"):
        key = head.stem
        shutil.copyfile(head, made.folder / head.name)
        target, body = str((original.head(key) or {})["target"]), original.body(key)
        if target.startswith(_RESULTS):
            made.body(key).write_bytes(change(body.read_bytes()))
        elif release:
            old, new = (b'"%b"' % name.encode() for name in release)
            made.body(key).write_bytes(body.read_bytes().replace(old, new))
        else:
            os.link(body, made.body(key))
    return made

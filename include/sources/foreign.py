"""Text that others wrote, made fit for our own records: the one cleaner that names, notes and errors pass.

Values of the source are kept as they are, in the landing zone and the star. This is for text around them:
keys that are not declared, file names, accessions that are none, what an error quotes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from include.sources.reader import Numeral, cell

#: Characters of a message, and of a text that is part of a key (Postgres indexes 2,704 bytes).
LONGEST_TEXT, LONGEST_KEY = 4_000, 400

#: Findings of one note.
_MOST_FINDINGS = 10

#: What Postgres or UTF-8 cannot hold, and what moves a terminal's cursor: all controls but tab and newline.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


#: What no text of Postgres holds, and a number that its numbers may not hold: theirs end at 131,072 digits.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LARGE_NUMBER = re.compile(r".{10001,}|.*[eE][+-]?0*[1-9][0-9]{4,}", re.DOTALL)


def is_storable(value: object) -> bool:
    """Whether Postgres can hold a JSON value as it was sent, numbers within it as numbers."""
    ahead = [value]
    while ahead:  # however deep it is nested: Python's own stack is short
        item = ahead.pop()
        if isinstance(item, Numeral):
            if _LARGE_NUMBER.fullmatch(item):
                return False
        elif isinstance(item, str):
            if _UNSTORABLE.search(item):
                return False
        elif isinstance(item, dict):
            ahead += [*item, *item.values()]
        elif isinstance(item, list):
            ahead += item
    return True


def escaped(text: str) -> str:
    r"""A text with unfit characters written as JSON escapes them, `\u0000`."""
    return _UNFIT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text of at most `longest` characters, all of which any of our records can hold.

    What is cut ends with its length and part of its SHA-256, so that two long texts stay two.
    """
    # Before anything looks at it: it may be many megabytes.
    head = escaped(text[:longest])
    if len(text) <= longest and len(head) <= longest:
        return head
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    tail = f"... ({len(text):,} characters, sha256 {digest})"
    return head[: longest - len(tail)] + tail


def quoted(value: object, longest: int = 60) -> str:
    """A foreign value for a message: text in quotes, anything else as JSON, both short."""
    text = cell(value)
    shown = "null" if text is None else text
    is_cut = len(shown) > longest
    shown = escaped(shown[:longest]) + ("..." if is_cut else "")
    return f"'{shown}'" if isinstance(value, str) else shown


def summary(findings: Sequence[str]) -> str | None:
    """What was not readable as the text of one note, of many findings the first; None for none."""
    more = len(findings) - _MOST_FINDINGS
    return "; ".join([*findings[:_MOST_FINDINGS], *([f"and {more} more"] if more > 0 else [])]) or None

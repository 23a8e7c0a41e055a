"""Where a page ended, as an opaque text that holds all the next page needs: the server remembers nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from include.serve.fhir.outcome import FhirError

_MOST = 2**63


def encoded(values: Sequence[object]) -> str:
    """The last row's place in the order of its query."""
    packed = json.dumps(list(values), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decoded(text: str, types: Sequence[type]) -> list[int | str]:
    """The place again.

    :param types: of its parts.
    :raises FhirError: 400, the text was not made here.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _wrong() from error
    if not isinstance(values, list) or [type(item) for item in values] != list(types):
        raise _wrong()
    if any(isinstance(item, int) and not -_MOST <= item < _MOST for item in values):
        raise _wrong()
    if any(isinstance(item, str) and ("\0" in item or not _is_text(item)) for item in values):
        raise _wrong()
    return values


def _is_text(value: str) -> bool:
    """Whether it can be sent to the database: no half of a pair of surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong() -> FhirError:
    return FhirError(400, "value", "the address is not a next link of this server")

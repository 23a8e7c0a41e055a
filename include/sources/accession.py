"""Accessions of studies: the one field of a listing that must be right, for all else is filed under it."""

from __future__ import annotations

import re
from typing import TypeGuard

#: For declarations that take a pattern; `is_study` is what decides.
STUDY_PATTERN = "^SDY[1-9][0-9]{0,9}$"

_STUDY = re.compile(r"SDY([1-9][0-9]{0,9})")
_LARGEST = 2**31 - 1


def is_study(text: object) -> TypeGuard[str]:
    """Whether it is a study's accession: SDY and a number of 32 bits, ASCII, without leading zeros."""
    found = _STUDY.fullmatch(text) if isinstance(text, str) else None
    return found is not None and int(found[1]) <= _LARGEST

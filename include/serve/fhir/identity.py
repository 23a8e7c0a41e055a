"""Ids of resources: made of what identifies a row of the star, and read back.

>>> fhir_id("ARM1", "SUB2")
'ARM1.SUB2'
>>> key_of("ARM1.SUB2", 2)
('ARM1', 'SUB2')
>>> fhir_id("SUB_1")
'SUB-x5f1'
"""

from __future__ import annotations

import re

#: What FHIR takes for an id.
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
#: A point separates parts; the minus of what would read as an escape is escaped, too.
_ESCAPED = re.compile(r"[^A-Za-z0-9-]|-(?=x)")
_ESCAPES = re.compile(r"(?:-x[0-9a-f]{2})+")


class NoIdError(ValueError):
    """What identifies a row is too long for an id of FHIR."""


def fhir_id(*parts: str) -> str:
    """The id of a resource.

    :raises NoIdError: it would have more than 64 characters.
    """
    made = ".".join(_ESCAPED.sub(_escape, part) for part in parts)
    if not _ID.fullmatch(made):
        raise NoIdError(f"{parts} cannot be an id of FHIR, which has 1 to 64 characters")
    return made


def key_of(resource_id: str, parts: int) -> tuple[str, ...] | None:
    """What identifies the row of an id; null where no row can have that id."""
    found = resource_id.split(".")
    if not _ID.fullmatch(resource_id) or len(found) != parts:
        return None
    try:
        key = tuple(_ESCAPES.sub(_character, part) for part in found)
        return key if "\0" not in resource_id and fhir_id(*key) == resource_id else None
    except (UnicodeDecodeError, NoIdError):
        return None


def _escape(found: re.Match[str]) -> str:
    return "".join(f"-x{byte:02x}" for byte in found[0].encode())


def _character(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("-x", "")).decode()

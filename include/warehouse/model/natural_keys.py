"""The natural key of a member in SQL, and the digest under which its durable surrogate key is found."""

from __future__ import annotations

from collections.abc import Iterable

from include.sql import Expression
from include.warehouse.model.declaration import Dimension


def natural_key(dimension: Dimension) -> tuple[Expression, ...]:
    """The natural key of the members that a staged row of the dimension's own endpoint describes."""
    return tuple(item.raw for item in dimension.natural_key)


def name_of(dimension: Dimension, key: Iterable[Expression]) -> str:
    """SQL for a natural key as one text; null when there is no such member.

    An accession needs all its parts; a combination of terms needs any. Of an arm `s.arm_accession`, of a
    participation `s.arm_accession || e'\\x1f' || s.subject_accession`, of a strain `case when not
    (s.virus_strain_preferred is null and ...) then coalesce(s.virus_strain_preferred, e'\\x1e') || ... end`.
    """
    parts = [item.text for item in key]
    if len(parts) == 1:
        return parts[0]
    if dimension.is_versioned:
        return " || e'\\x1f' || ".join(parts)
    absent = " and ".join(f"{item} is null" for item in parts)
    whole = " || e'\\x1f' || ".join(f"coalesce({item}, e'\\x1e')" for item in parts)
    return f"case when not ({absent}) then {whole} end"


def digest_of(name: str) -> str:
    """SQL for the digest of a natural key, from SQL for its name."""
    return f"md5({name})::uuid"


def digest(dimension: Dimension, key: Iterable[Expression]) -> str:
    """SQL for the digest of a natural key; null when there is no such member.

    Of an arm `md5(s.arm_accession)::uuid`.
    """
    return digest_of(name_of(dimension, key))

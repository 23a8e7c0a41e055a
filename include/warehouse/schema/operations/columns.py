"""The kinds of columns that tables of operations are made of."""

from __future__ import annotations

import sqlalchemy as sa

from include.sources.foreign import LONGEST_KEY, LONGEST_TEXT
from include.sources.immport.source import IMMPORT
from include.warehouse.schema.foreign_types import CleanText
from include.warehouse.schema.submission_tables import metadata


def ops(
    name: str, comment: str, *columns: sa.Column | sa.Constraint | sa.Index, schema: str = "ops"
) -> sa.Table:
    """A table of operations, or of another schema."""
    return sa.Table(name, metadata, *columns, schema=schema, comment=comment)


def text(
    name: str,
    comment: str,
    *,
    required: bool = False,
    key: bool = False,
    default: str | None = None,
    longest: int | None = None,
) -> sa.Column:
    """A column of text, as others sent it or as runs word it.

    :param longest: characters that it may have; by default as many as a text, or a key, may have.
    """
    nullable = not (required or key)
    return sa.Column(
        name,
        CleanText(longest or (LONGEST_KEY if key else LONGEST_TEXT)),
        nullable=nullable,
        primary_key=key,
        server_default=default,
        comment=comment,
    )


def number(
    name: str, comment: str, *, required: bool = False, key: bool = False, default: int | None = None
) -> sa.Column:
    """A column of whole numbers."""
    return sa.Column(
        name,
        sa.BigInteger,
        nullable=not (required or key),
        primary_key=key,
        autoincrement=False,
        server_default=None if default is None else str(default),
        comment=comment,
    )


def time(name: str, comment: str, default: bool = False) -> sa.Column:
    """A column of points in time.

    :param default: whether it is filled with the current time.
    """
    stamp = sa.DateTime(timezone=True)
    return sa.Column(name, stamp, server_default=sa.func.now() if default else None, comment=comment)


def source(*, key: bool = False) -> sa.Column:
    """The column that names the source that a row is about."""
    about = "Source: immport, or another one of docs/sources.md"
    return text("source", about, required=True, key=key, default=IMMPORT.name)


def scope(*, key: bool = False) -> sa.Column:
    """The column that names the scope that a row is about."""
    about = "Scope of the source: the study, the vocabulary, the gene list"
    return text("scope", about, required=True, key=key)

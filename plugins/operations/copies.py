"""Queries that a page shows to be copied into psql, with their values written in."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from operations.database import query

_BREAK = re.compile(r"\s*[\r\n]+\s*")


def copied(name: str, **values: str) -> str:
    """A query of `queries/copies`, with each value as a literal.

    :raises KeyError: it takes a value that is not given.
    """
    # A line of a value must not end a comment of the query.
    given = {item: _BREAK.sub(" ", value) for item, value in values.items()}
    text = query(f"copies/{name}")
    statement = sa.text(text)
    statement = statement.bindparams(**{item: given[item] for item in statement._bindparams})
    written = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    # What the driver would read as a parameter stands doubled.
    return str(written).replace("%%", "%").strip() + ";"

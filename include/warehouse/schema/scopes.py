"""Rows of the tables of operations that are about one scope of a source."""

from __future__ import annotations

import sqlalchemy as sa

from include.sources.immport.source import IMMPORT


def of_scope(table: sa.FromClause, source: str, scope: str) -> sa.ColumnElement[bool]:
    """True of the rows about a scope of a source."""
    return (table.c.source == source) & (table.c.scope == scope)


def of_study(table: sa.FromClause, study: str) -> sa.ColumnElement[bool]:
    """True of the rows about a study of ImmPort."""
    return of_scope(table, IMMPORT.name, study)


def of_immport(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """True of the rows about any study of ImmPort."""
    return table.c.source == IMMPORT.name

"""Executing SQL that the project writes itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def run_sql(connection: sa.Connection, statement: str, **options: Any) -> sa.CursorResult:
    """Execute one or several statements that take no parameters: a per cent sign in them is one.

    Values from outside are parameters of `Connection.execute`, or literals that `include.sql` quoted.

    :param options: execution options of SQLAlchemy.
    """
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True, **options})

"""Functions of the star over values: numbers in texts, comparisons, quality, substitutes, statistics.

They are immutable and read no table, so that a query computes only the columns that it selects.

They are total: they return a value for any text or number, and null where there is no result. One
value that made one of them fail would fail every query over its table. An unknown policy alone is an error,
of the query.

They do not depend on the collation of the database: they compare texts by code points (`collate "C"`), so
that letters, digits and blanks are the same whatever provider of locales the server has.
"""

from __future__ import annotations

from include.sql import sql_file
from include.warehouse.views.value_functions.declared import DECLARED, DEFAULT_POLICY, WINDOWS

__all__ = ["DEFAULT_POLICY", "FILES", "FUNCTIONS", "WINDOWS"]

#: The .sql files, in an order in which each finds what it calls.
FILES = ("numbers", "quality", "statistics", "times", "strains")
#: SQL that makes them: the files of this folder, and what is written from declarations.
FUNCTIONS = ";\n".join([*(sql_file(__name__, name) for name in FILES), DECLARED])

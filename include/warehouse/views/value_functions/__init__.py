"""Functions of the star over values: numbers in texts, comparisons, quality, substitutes, statistics.

They are immutable and read no table, so that a query pays for those columns alone that it asks for.

They are total: whatever text or number they are given, they answer, with null where there is no answer. One
value that made one of them fail would fail every query over its table. An unknown policy alone is an error,
of the query.

They do not depend on the collation of the database: they compare texts by code points (`collate "C"`), so
that letters, digits and blanks are the same whatever provider of locales the server has.
"""

from __future__ import annotations

from include.warehouse.views.value_functions.numbers import NUMBERS
from include.warehouse.views.value_functions.quality import QUALITY
from include.warehouse.views.value_functions.statistics import DEFAULT_POLICY, STATISTICS
from include.warehouse.views.value_functions.strains import STRAINS
from include.warehouse.views.value_functions.times import AGE_BANDS, TIMES, WINDOWS, Window

__all__ = ["AGE_BANDS", "DEFAULT_POLICY", "FUNCTIONS", "WINDOWS", "Window"]

FUNCTIONS = ";\n".join(part.strip() for part in (NUMBERS, QUALITY, STATISTICS, TIMES, STRAINS))

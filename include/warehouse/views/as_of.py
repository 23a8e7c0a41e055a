"""Which data release a query means: the setting `star.as_of`, and releases by their names."""

from __future__ import annotations

from include.sql import sql_file

#: The scalar subquery is read once per query; a bare call would be made for every row.
AS_OF = "(select star.as_of_key() from star.one)"

FUNCTIONS = sql_file("include.warehouse.views.sql", "as_of")

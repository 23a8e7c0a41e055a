"""Which data release a query means: the setting `star.as_of`, and releases by their names."""

from __future__ import annotations

from include.sql import nearly_all, sql_file

#: The scalar subquery is read once per query; a bare call would be made for every row.
AS_OF = "(select star.as_of_key())"


def is_valid(alias: str) -> str:
    """SQL: whether a version is valid as of the release."""
    return nearly_all(f"{alias}.valid_from <= {AS_OF} and {alias}.valid_to > {AS_OF}")


FUNCTIONS = sql_file("include.warehouse.views.sql", "as_of")

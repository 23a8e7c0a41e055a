"""Which release a query means: a setting of the session per source, and releases by their names.

`star.as_of` names a data release of ImmPort; `star.as_of_gene_lists` names one of the gene lists.
"""

from __future__ import annotations

from include.sources.immport.source import IMMPORT
from include.sources.release import FetchLine
from include.sources.source import Source
from include.sql import literal, nearly_all, sql_file
from include.warehouse.model.registry import SOURCES


def setting(source: Source) -> str:
    """The setting that names the release of a source."""
    return "star.as_of" if source is IMMPORT else f"star.as_of_{source.name}"


def key_function(source: Source) -> str:
    """The function that finds the key of a release of a source by its name; null is the newest."""
    return "star.release_key" if source is IMMPORT else f"star.release_key_{source.name}"


def difference_function(source: Source) -> str:
    """The function that compares two releases of a source."""
    return "star.release_difference" if source is IMMPORT else f"star.release_difference_{source.name}"


def as_of(source: Source) -> str:
    """SQL of the release key that a query means.

    The scalar subquery is read once per query; a bare call would be made for every row.
    """
    return f"(select {setting(source)}_key())"


def is_valid(alias: str, source: Source = IMMPORT) -> str:
    """SQL: whether a version is valid as of the release."""
    at = as_of(source)
    return nearly_all(f"{alias}.valid_from <= {at} and {alias}.valid_to > {at}")


def _of_source(source: Source) -> str:
    """The functions of a source other than ImmPort."""
    of_setting = literal(setting(source))
    if isinstance(source.line, FetchLine):
        found = f"star.fetch_release_key({of_setting}, release)"
    else:
        found = f"star.numbered_release_key({literal(source.name)}, {of_setting}, release)"
    return f"""create or replace function {key_function(source)}(release text) returns integer
language sql stable parallel safe
return {found};

create or replace function {setting(source)}_key() returns integer
language sql stable parallel safe
return {key_function(source)}(current_setting({of_setting}, true))"""


def others() -> tuple[Source, ...]:
    """The sources besides ImmPort, which have functions and a setting of their own."""
    return tuple(model.source for model in SOURCES.values() if model.source is not IMMPORT)


FUNCTIONS = ";\n".join((sql_file("include.warehouse.views.sql", "as_of"), *map(_of_source, others())))

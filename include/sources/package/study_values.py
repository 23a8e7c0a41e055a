"""What a study's own row and its summary are made of: its releases, and what smaller tables list."""

from __future__ import annotations

from include.sources.package.recipe import RecipeValue


def listed(column: str, table: str) -> RecipeValue:
    """All values of a small table, in one field."""
    sql = (
        f"(select string_agg(l.{column}, '; ' order by l.row_number) from {{{table}}} l"
        f" where l.{column} is not null)"
    )
    return RecipeValue(sql, (f"{table}.{column}",))


#: The release that last changed the study: what the listing said, else what the study's own row says.
_LATEST = "coalesce(%(listed)s, t.latest_data_release_version, %(release)s)"
_STATED = f"t.latest_data_release_version = {_LATEST}"


def _initial(column: str) -> RecipeValue:
    """A study that changed after the release its row names was there at that release."""
    own, latest = f"t.initial_data_release_{column}", f"t.latest_data_release_{column}"
    is_earlier = f"t.initial_data_release_version is null and not {_STATED}"
    return RecipeValue(f"coalesce({own}, case when {is_earlier} then {latest} end)", (own, latest))


RELEASES = {
    # A package is made of shared studies only.
    "sharedStudy": RecipeValue("'Y'"),
    "latestDataReleaseVersion": RecipeValue(_LATEST, ("t.latest_data_release_version",), is_certain=True),
    "latestDataReleaseDate": RecipeValue(
        f"case when {_STATED} then t.latest_data_release_date else %(release_date)s end",
        ("t.latest_data_release_version", "t.latest_data_release_date"),
        is_certain=True,
    ),
    "initialDataReleaseVersion": _initial("version"),
    "initialDataReleaseDate": _initial("date"),
}
_FOUND_CONDITIONS = listed("condition_reported", "study_2_condition_or_disease")
CONDITIONS = RecipeValue(
    f"coalesce(t.condition_studied, {_FOUND_CONDITIONS.sql})",
    ("t.condition_studied", *_FOUND_CONDITIONS.reads),
)
INVESTIGATOR = RecipeValue(
    "(select concat_ws(', ', p.last_name, p.first_name) from {study_personnel} p"
    " where p.role_in_study = 'Principal Investigator' order by p.row_number limit 1)",
    ("study_personnel.last_name", "study_personnel.first_name"),
)

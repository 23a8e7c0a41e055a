"""What a study's own row and its summary are made of: its releases, and what smaller tables list."""

from __future__ import annotations

from include.sources.package.recipe import RecipeValue, T
from include.sql import Row, call, gap, joined, sql


def listed(column: str, table: str) -> RecipeValue:
    """All values of a small table, in one field."""
    row = Row("l", home=table)
    value = row[column]
    all_values = sql("string_agg(", value, ", '; ' order by ", row.row_number, ")")
    return RecipeValue(sql("(select ", all_values, " from ", gap(table), " l where ", value, " is not null)"))


#: The release that last changed the study: what the listing said, else what the study's own row says.
_LATEST = call("coalesce", gap("listed"), T.latest_data_release_version, gap("release"))
_STATED = sql(T.latest_data_release_version, " = ", _LATEST)


def _initial(column: str) -> RecipeValue:
    """A study that changed after the release its row names was there at that release."""
    own, latest = T[f"initial_data_release_{column}"], T[f"latest_data_release_{column}"]
    is_earlier = sql(T.initial_data_release_version, " is null and not ", _STATED)
    later = sql("case when ", is_earlier, " then ", latest, " end")
    return RecipeValue(call("coalesce", own, later), made_of=(own, latest))


RELEASES = {
    # A package is made of shared studies only.
    "sharedStudy": RecipeValue(sql("'Y'")),
    "latestDataReleaseVersion": RecipeValue(_LATEST, is_certain=True),
    "latestDataReleaseDate": RecipeValue(
        sql(
            "case when ", _STATED, " then ", T.latest_data_release_date, " else ", gap("release_date"), " end"
        ),
        is_certain=True,
    ),
    "initialDataReleaseVersion": _initial("version"),
    "initialDataReleaseDate": _initial("date"),
}  # fmt: skip
_FOUND_CONDITIONS = listed("condition_reported", "study_2_condition_or_disease")
CONDITIONS = RecipeValue(call("coalesce", T.condition_studied, _FOUND_CONDITIONS.expression))
_PERSON = Row("p", home="study_personnel")
INVESTIGATOR = RecipeValue(
    sql(
        "(select ", call("concat_ws", "', '", _PERSON.last_name, _PERSON.first_name),
        " from ", gap("study_personnel"), " p where ", _PERSON.role_in_study, " = 'Principal Investigator'",
        " order by ", _PERSON.row_number, " limit 1)",
    ),
    made_of=(_PERSON.last_name, _PERSON.first_name),
)  # fmt: skip
_NEW = Row("c", home="study_2_condition_or_disease")
_OLD = Row("o", home="study")
#: Conditions have a table in newer packages; before, the study named the one condition it studied.
CONDITION_ROWS = sql(
    "(select ", joined(", ", (_NEW.row_number, _NEW.study_accession, _NEW.condition_reported,
                              _NEW.condition_preferred)),
    " from ", gap("study_2_condition_or_disease"), " c where ", _NEW.condition_reported, " is not null",
    " union all select ",
    joined(", ", (_OLD.row_number, _OLD.study_accession, _OLD.condition_studied, "null")),
    " from ", gap("study"), " o where ", _OLD.condition_studied, " is not null",
    " and not exists (select 1 from ", gap("study_2_condition_or_disease"), "))",
)  # fmt: skip

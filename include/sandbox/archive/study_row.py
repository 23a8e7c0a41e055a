"""The row of `study` and `summary`: both are projections of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from include.sandbox.archive.joined_rows import pick
from include.sandbox.archive.tab_reader import Package
from include.sandbox.archive.typed_rows import typed
from include.sandbox.row import Row
from include.sandbox.world import number, padded
from include.sources.endpoint import snake_case
from include.sources.immport.endpoints import SHARED_DATA

#: Where the summary and the study itself differ from the column names of `study`.
_STUDY = {
    "title": "BRIEF_TITLE",
    "detailedDescription": "DESCRIPTION",
    "startDate": "ACTUAL_START_DATE",
    "sexIncluded": "GENDER_INCLUDED",
    "subjectsNumber": "ACTUAL_ENROLLMENT",
    "dataCompleteness": "DCL_ID",
}
_LISTS = {
    "studyLinks": ("study_link", "studyLinkId name type value"),
    "studyPubmeds": ("study_pubmed", "pubmedId authors doi issue journal month pages title year"),
    "studyPersonnel": (
        "study_personnel",
        "personAccession roleInStudy siteName email firstName honorific lastName organization suffixes"
        " titleInStudy workspaceId",
    ),
}


def study_row(package: Package) -> Row:
    """The row of a study, as its package states it."""
    table = package.table("study").iloc[:1]
    fields = {field.name: field for name in ("study", "summary") for field in SHARED_DATA[name].fields}
    columns = {name: _STUDY.get(name, field.column.upper()) for name, field in fields.items()}
    row = next(typed(pick(table, columns), tuple(fields.values())))
    stated = row["latestDataReleaseVersion"], row["latestDataReleaseDate"]
    # A package older than DR25 states no version; later ones may state only the last that changed it.
    if row["initialDataReleaseVersion"] is None and stated[0] != str(package.release):
        row["initialDataReleaseVersion"] = stated[0]
        row["initialDataReleaseDate"] = row["initialDataReleaseDate"] or stated[1]
    row["minimumAge"], row["maximumAge"] = (
        padded(number(row[name])) if number(row[name]) is not None else row[name]
        for name in ("minimumAge", "maximumAge")
    )
    row["sharedStudy"] = "Y"
    for name, (source, keys) in _LISTS.items():
        row[name] = _objects(package.table(source), keys.split())
    for paper in row["studyPubmeds"]:
        paper["id"] = {"studyAccession": package.study, "pubmedId": paper["id"]}
    for item in (*row["studyLinks"], *row["studyPersonnel"]):
        for name in item.keys() & {"studyLinkId", "workspaceId"}:
            item[name] = int(item[name])
    for person in row["studyPersonnel"]:
        if person["roleInStudy"] == "Principal Investigator":
            row["pi"] = f"{person['lastName']}, {person['firstName']}"
    for name, source, column in (
        ("researchFocus", "study_categorization", "RESEARCH_FOCUS"),
        ("program", "program", "NAME"),
        ("contractGrant", "contract_grant", "NAME"),
    ):
        row[name] = "; ".join(pick(package.table(source), {name: column})[name]) or None
    return row


def _objects(table: pd.DataFrame, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of a table as the objects inside a summary."""
    frame = pick(table, {key: snake_case(key).upper() for key in keys}).rename(columns={"pubmedId": "id"})
    return [{name: value or None for name, value in row.items()} for row in frame.to_dict("records")]

"""The questions about FHIR and Shared Data, answered from the API's own answers."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.questions.answers import answer, question
from tests.questions.conftest import World
from tests.support.world import RELEASES

#: What was planted: a sex, in every study of that person, and a sample that is gone.
FINDINGS = {("sex", "differs"), ("sample", "only in Shared Data")}


@pytest.mark.long
def test_studies_agree_but_for_what_was_planted(world: World) -> None:
    people = world.answers[RELEASES[-1]]["demographic"]
    people = people[people["species"] == "Homo sapiens"]
    subjects = people.groupby("studyAccession")["subjectAccession"].nunique().to_dict()
    rows = answer(world.url, question(42))
    found = {
        row["study_accession"]: int(row["equal"]) + int(row["differ"])
        for row in rows
        if row["aspect"] == "race"
    }
    assert found == subjects
    differing = answer(world.url, question(43))
    assert {(row["aspect"], row["finding"]) for row in differing} == FINDINGS
    (changed,) = {row["accession"] for row in differing if row["aspect"] == "sex"}
    of_person = people[people["subjectAccession"] == changed]["studyAccession"].nunique()
    assert Counter(row["aspect"] for row in differing) == {"sex": of_person, "sample": 1}

"""The studies of the FHIR server compared with Shared Data, both made of one world."""

from __future__ import annotations

import json
from typing import Any

from include.sandbox.synthetic.study_plan import RELEASES
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sources.immport.endpoints import SERVED
from tests.support.fhir import load_resources, saying
from tests.support.warehouse import Warehouse

STUDIES, ROWS, SEED = 3, 12, 5
NEWEST = list(RELEASES)[-1]
DIFFERENT = (
    "select aspect, accession, finding, shared_data, fhir from mart.fhir_reconciliation"
    " where finding <> 'equal' order by 1, 2"
)
COUNTS = "select study_accession, aspect, count(*) from mart.fhir_reconciliation group by 1, 2"
#: Accessions of each aspect in the answers of Shared Data; `people` alone in three of them.
COUNTED = {
    "study": ("study", "studyAccession"),
    "arm": ("arm", "armAccession"),
    "subject": ("demographic", "subjectAccession"),
    "sex": ("demographic", "subjectAccession"),
    "race": ("demographic", "subjectAccession"),
    "sample": ("biosample", "biosampleAccession"),
    "lab test": ("labtest", "labTestAccession"),
}
#: What the server says otherwise, and what is found of it.
PLANTED = {
    "Patient": saying("gender", "other", 1),
    "Specimen": saying("type", {"text": "Tears"}),
    "Group": saying("name", "Another arm"),
    "ResearchStudy": saying("title", "Another title"),
    "ResearchSubject": lambda found: found[1:],
    "Observation": lambda found: [*found[:-1], {**found[-1], "id": "LT1", "identifier": []}],
}
FOUND = [
    ("arm", "ARM10001", "differs"),
    ("lab test", "LT1", "only in FHIR"),
    ("lab test", "LT140014", "only in Shared Data"),
    ("race", "SUB100001", "only in Shared Data"),
    ("sample", "BS1000002", "differs"),
    ("sex", "SUB100001", "only in Shared Data"),
    # In two studies.
    ("sex", "SUB100002", "differs"),
    ("sex", "SUB100002", "differs"),
    ("study", "SDY1001", "differs"),
    # A patient who takes part in nothing any more, and a subject that is of the study.
    ("subject", "SUB100001", "only in FHIR"),
    ("subject", "SUB100001", "only in Shared Data"),
]


def _rows(world: SyntheticWorld, endpoint: str, study: str) -> list[dict[str, Any]]:
    names = SERVED[endpoint].names
    found = ({name: row.get(name) for name in names} for row in world.rows(endpoint, study, NEWEST))
    return [json.loads(json.dumps(row, default=str)) for row in found]


def _expected(world: SyntheticWorld) -> dict[tuple[str, str], int]:
    """How many accessions of each aspect Shared Data has; people alone where subjects are counted."""
    found = {}
    for study in world.studies(NEWEST):
        for aspect, (endpoint, name) in COUNTED.items():
            rows = _rows(world, endpoint, study)
            if endpoint == "demographic":
                rows = [row for row in rows if row["species"] == "Homo sapiens"]
            if rows:
                found[study, aspect] = len({row[name] for row in rows})
    return found


def test_what_is_the_same_is_equal_and_a_planted_difference_is_found(warehouse: Warehouse) -> None:
    world = SyntheticWorld(STUDIES, ROWS, SEED, packages=False)
    for study in world.studies(NEWEST):
        warehouse.load({name: _rows(world, name, study) for name in SERVED}, str(NEWEST), study)
    load_resources(warehouse, world, NEWEST)
    assert warehouse.rows(DIFFERENT) == []
    assert {(study, aspect): count for study, aspect, count in warehouse.rows(COUNTS)} == _expected(world)
    load_resources(warehouse, world, NEWEST, PLANTED)
    found = warehouse.rows(DIFFERENT)
    assert [row[:3] for row in found] == FOUND
    assert next(row[3:] for row in found if row[0] == "sample") == ("PBMC", "Tears")
    assert next(row[3:] for row in found if row[0] == "subject") == (None, None)

"""The studies of the FHIR server compared with Shared Data, both made of one world."""

from __future__ import annotations

from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from tests.support.fhir import NEWEST, load_resources, load_shared_data, saying, shared_rows
from tests.support.warehouse import Warehouse

STUDIES, ROWS, SEED = 3, 12, 5
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


def _expected(world: SyntheticWorld) -> dict[tuple[str, str], int]:
    """How many accessions of each aspect Shared Data has; people alone where subjects are counted."""
    found = {}
    for study in world.studies(NEWEST):
        for aspect, (endpoint, name) in COUNTED.items():
            rows = shared_rows(world, endpoint, study)
            if endpoint == "demographic":
                rows = [row for row in rows if row["species"] == "Homo sapiens"]
            if rows:
                found[study, aspect] = len({row[name] for row in rows})
    return found


def test_what_is_the_same_is_equal_and_a_planted_difference_is_found(warehouse: Warehouse) -> None:
    world = SyntheticWorld(STUDIES, ROWS, SEED, packages=False)
    load_shared_data(warehouse, world, *world.studies(NEWEST))
    load_resources(warehouse, world, NEWEST)
    assert warehouse.rows(DIFFERENT) == []
    assert {(study, aspect): count for study, aspect, count in warehouse.rows(COUNTS)} == _expected(world)
    load_resources(warehouse, world, NEWEST, PLANTED)
    found = warehouse.rows(DIFFERENT)
    assert [row[:3] for row in found] == FOUND
    assert next(row[3:] for row in found if row[0] == "sample") == ("PBMC", "Tears")
    assert next(row[3:] for row in found if row[0] == "subject") == (None, None)

"""FHIR resources of restricted studies, looked for with real logins over TCP."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa

from include.sandbox.fhir.resources import Resources
from include.sandbox.fhir.study_rows import study_rows
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sources.endpoint import snake_case
from include.sources.fhir.vocabulary import TYPES, FhirVersion
from include.warehouse.access.roles import MONITOR, MONITOR_ALL
from include.warehouse.access.study_visibility import hide
from include.warehouse.schema.ops_tables import QUARANTINE, WORK
from tests.support.fhir import NEWEST, Planted, Resource, load_resources, load_shared_data
from tests.support.logins import WHY, Logins, Reader
from tests.support.warehouse import Warehouse

#: Restricted after it was loaded, and before it could be; the others are open.
LOADED, NEVER = "SDY1001", "SDY1003"


@pytest.fixture
def monitor(logins: Logins, migrated: sa.URL) -> Reader:
    return Reader(logins.engine(migrated, MONITOR, acts_as=MONITOR))


@pytest.fixture
def cleared(logins: Logins, migrated: sa.URL) -> Reader:
    return Reader(logins.engine(migrated, MONITOR_ALL, acts_as=MONITOR_ALL))


def seen(reader: Reader) -> dict[str, set[str]]:
    """Ids of the resources that a reader sees, by type."""
    query = "select resource_id from star.fact_fhir_{}"
    return {of: {id_ for (id_,) in reader.rows(query.format(snake_case(of)))} for of in TYPES}


def of_studies(world: SyntheticWorld, *studies: str) -> dict[str, set[str]]:
    """Ids of the resources that are of studies, by type."""
    rows = [study_rows(world.rows, study, NEWEST) for study in studies]
    makers = Resources(FhirVersion.BALLOT).makers
    return {of: {item["id"] for one in rows for item in makers[of](one)} for of in TYPES}


def without_study(found: list[Resource], shared: set[str]) -> list[Resource]:
    """Resources that do not name their study, one under another id, and one of which nothing is known.

    A result is of a specimen or of a subject, not of both.

    :param shared: patients of several studies: that a result is of one says nothing.
    """
    made = []
    for number, item in enumerate(found):
        of_shared = item["subject"]["reference"].partition("/")[2] in shared
        if "specimen" in item:
            gone = {"extension", "subject" if of_shared or number % 2 else "specimen"}
        else:
            gone = set() if of_shared else {"extension"}
        made.append({name: value for name, value in item.items() if name not in gone})
    again = {name: value for name, value in made[0].items() if name not in ("subject", "specimen")}
    unknown = {**made[-1], "id": "X1", "identifier": [], "subject": {"reference": "Patient/X1"}}
    unknown.pop("specimen", None)
    return [{**again, "id": f"{again['id']}.other"}, *made[1:], unknown]


def with_institute(found: list[Resource]) -> list[Resource]:
    return [*found, {**found[0], "id": "institute", "name": "Institute"}]


def with_part(found: list[Resource], patient: str) -> list[Resource]:
    """A patient takes part in a study, too, of which nothing else is known."""
    part = {"study": {"reference": "ResearchStudy/SDY9999"}, "subject": {"reference": f"Patient/{patient}"}}
    return [*found, {**found[0], "id": "P1", **part}]


def at_it(found: list[Resource]) -> list[Resource]:
    """Persons of the restricted study at an institute that no other study names."""
    institute = {"organization": {"reference": "Organization/institute"}}
    return [item | institute if f"/{LOADED}" in str(item["extension"]) else item for item in found]


def quarantine(warehouse: Warehouse, of: str, **row: str) -> None:
    about = {"load_id": 1, "source": "fhir", "scope": of, "release_version": "now", "rule": "r", "row": row}
    numbered = sa.insert(QUARANTINE).values(
        endpoint=f"fhir{of}", row_number=sa.func.random(1, 10**9), **about
    )
    with warehouse.engine.begin() as connection:
        connection.execute(numbered)


def restrict(warehouse: Warehouse) -> None:
    never = {"run_id": "r", "scope": NEVER, "release_version": "", "reason": WHY, "action": "decline"}
    with warehouse.engine.begin() as connection:
        hide(connection, [LOADED], WHY)
        connection.execute(sa.insert(WORK).values(never))


def test_resources_of_a_restricted_study_are_seen_by_none_but_the_trusted(
    warehouse: Warehouse, analyst: Reader, trusted: Reader, monitor: Reader, cleared: Reader
) -> None:
    world = SyntheticWorld(5, 6, 5, packages=False)
    every = world.studies(NEWEST)
    opened = [name for name in every if name not in (LOADED, NEVER)]
    assert len(opened) == len(every) - 2 > 1
    load_shared_data(warehouse, world, LOADED, *opened)
    load_resources(warehouse, world, NEWEST)
    everything, left = of_studies(world, *every), of_studies(world, *opened)
    assert seen(analyst) == seen(monitor) == everything
    restrict(warehouse)
    assert [of for of in TYPES if left[of] == everything[of]] == ["Organization"]
    compared = "select distinct study_accession, finding from mart.fhir_reconciliation order by 1, 2"
    for reader in (analyst, monitor):
        assert seen(reader) == left
        assert reader.rows(compared) == [(name, "equal") for name in opened]
    assert seen(trusted) == seen(cleared) == everything

    # Where nothing but its accession says of which study a resource is, Shared Data says it.
    bare = ("Specimen", "Observation")
    once_hidden = of_studies(world, LOADED)["Patient"] - left["Patient"]
    planted: dict[str, Planted] = {
        **dict.fromkeys(bare, partial(without_study, shared=left["Patient"])),
        "Organization": with_institute,
        "PractitionerRole": at_it,
        "ResearchSubject": partial(with_part, patient=min(once_hidden)),
    }
    load_resources(warehouse, world, NEWEST, planted)
    releases = "select release_version from star.source_release where source = 'fhir' order by release_key"
    between = "', '".join(name for (name,) in warehouse.rows(releases))
    differing = f"select star_table, row_key from star.release_difference_fhir('{between}')"
    for reader in (analyst, monitor):
        shown, changed = seen(reader), reader.rows(differing)
        assert shown["Organization"] == left["Organization"]
        assert shown["Patient"] == {*left["Patient"], min(once_hidden)}
        for of in bare:
            assert shown[of] == {*left[of], "X1"}
            assert {"X1"} < {id_ for table, id_ in changed if table == f"fact_fhir_{of.lower()}"} <= shown[of]
    of_trusted = {id_ for _, id_ in trusted.rows(differing)}
    assert of_trusted > {*(everything["Specimen"] - left["Specimen"]), "X1", "institute"}

    quarantine(warehouse, "Specimen", id="X2", study_reference=f"ResearchStudy/{LOADED}")
    quarantine(warehouse, "Patient", id=max(once_hidden))
    quarantine(warehouse, "Patient", id="X3")
    rows = """select "row" ->> 'id' from monitor.quarantine order by 1"""
    assert monitor.rows(rows) == [("X3",)]
    assert len(cleared.rows(rows)) == 3

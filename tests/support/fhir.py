"""Resources of the synthetic world: what its FHIR server has, and loading them without HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from include.sandbox.fhir.fhir_server import FhirService, printed
from include.sandbox.synthetic.study_plan import RELEASES
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sources.endpoint import snake_case
from include.sources.fhir.endpoints import RESOURCES, TYPE
from include.sources.fhir.source import FHIR
from include.sources.fhir.vocabulary import TYPES, FhirVersion
from include.sources.immport.endpoints import SERVED
from include.sources.release import Release
from tests.support.sandbox import RunningSandbox
from tests.support.sources import load_scope
from tests.support.warehouse import Warehouse

Resource = dict[str, Any]
#: Release at which the studies of the world are loaded.
NEWEST = list(RELEASES)[-1]
#: What becomes of the resources of a type.
Planted = Callable[[list[Resource]], list[Resource]]


def shared_rows(world: SyntheticWorld, endpoint: str, study: str) -> list[dict[str, Any]]:
    """Rows of a study as ImmPort's API has them."""
    names = SERVED[endpoint].names
    found = ({name: row.get(name) for name in names} for row in world.rows(endpoint, study, NEWEST))
    return [json.loads(json.dumps(row, default=str)) for row in found]


def load_shared_data(warehouse: Warehouse, world: SyntheticWorld, *studies: str) -> None:
    """Load studies as Shared Data has them."""
    for study in studies:
        rows = {name: shared_rows(world, name, study) for name in SERVED}
        warehouse.load(rows, str(NEWEST), study)


def load_resources(
    warehouse: Warehouse,
    world: SyntheticWorld,
    release: Release,
    planted: Mapping[str, Planted] | None = None,
    version: FhirVersion = FhirVersion.BALLOT,
) -> None:
    """Load the resources of every type, without HTTP: as the sandbox would serve them on the release's day.

    :param planted: by type, what its resources become; then only these types are loaded, a day later.
    """
    service = FhirService(world, dict(world.releases), version)
    moment = datetime.combine(world.releases[release], datetime.min.time(), UTC)
    for of in planted or TYPES:
        found = service.resources(of, release)
        found = planted[of](found) if planted else found
        answers = {TYPE.name: printed(service.capabilities()), RESOURCES[of].name: printed(bundle(found))}
        load_scope(warehouse, FHIR, of, moment + timedelta(days=1 if planted else 0), **answers)


def saying(name: str, value: object, at: int = 0) -> Planted:
    """Makes resources of which one says something else."""
    return lambda found: [*found[:at], {**found[at], name: value}, *found[at + 1 :]]


def served(sandbox: RunningSandbox) -> dict[str, dict[str, Resource]]:
    """What the server of a sandbox has, by type and id, requested in one page of each type."""
    found = {}
    for of in TYPES:
        answer = sandbox.client.get(f"{sandbox.url}/fhir/{of}", params={"_count": "500"}).raise_for_status()
        page = answer.json()
        assert [link["relation"] for link in page["link"]] == ["self"], "a page has all"
        found[of] = {entry["resource"]["id"]: entry["resource"] for entry in page.get("entry", [])}
    return found


def stored(query: Callable[[str], Iterable[Sequence[Any]]]) -> dict[str, dict[str, Resource]]:
    """What the star is made of, by type and id, those of persons with what the star does not show.

    :param query: gives the rows of a query of the warehouse.
    """
    found = {}
    for of in TYPES:
        rows = [
            tuple(row)
            for row in query(
                f"select resource_id, resource from history.fact_fhir_{snake_case(of)}"
                " where valid_to = 2147483647 order by 1"
            )
        ]
        assert len({row[0] for row in rows}) == len(rows), "each is there once"
        found[of] = dict(rows)
    return found


def bundle(resources: list[Resource]) -> Resource:
    """One page with all of a search."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [{"resource": item, "search": {"mode": "match"}} for item in resources],
    }

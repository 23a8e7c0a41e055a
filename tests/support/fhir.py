"""Resources of the synthetic world: what its FHIR server has, and loading them without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from include.sandbox.fhir.fhir_server import FhirService, printed
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sources.fhir.endpoints import RESOURCES, TYPE
from include.sources.fhir.source import FHIR
from include.sources.fhir.vocabulary import TYPES, FhirVersion
from include.sources.release import Release
from tests.support.sources import load_scope
from tests.support.warehouse import Warehouse

Resource = dict[str, Any]
#: What becomes of the resources of a type.
Planted = Callable[[list[Resource]], list[Resource]]


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


def bundle(resources: list[Resource]) -> Resource:
    """One page with all of a search."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [{"resource": item, "search": {"mode": "match"}} for item in resources],
    }

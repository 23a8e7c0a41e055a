"""What third-party clients and validators of FHIR make of the stand-in's FHIR server, as JSON.

python fhir_pages_client.py URL VERSION TYPE...    all pages of each type, in an environment of its own
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from typing import Any

#: Version -> where fhir.resources has its classes; nobody has those of the ballot.
PACKAGES = {"R4B": "fhir.resources.R4B", "R5": "fhir.resources"}
COUNT = 5


def with_fhirpy(url: str, kind: str) -> list[dict[str, Any]]:
    """All resources, page by page."""
    from fhirpy import SyncFHIRClient

    search = SyncFHIRClient(url).resources(kind)
    return [json.loads(json.dumps(item.serialize())) for item in search.limit(COUNT).fetch_all()]


def with_fhirclient(url: str, kind: str) -> list[str]:
    """Ids by a client that refuses whatever its own model of R4 does not know."""
    from fhirclient.client import FHIRClient
    from fhirclient.models.fhirsearch import FHIRSearch

    client = FHIRClient(settings={"app_id": "judge", "api_base": url})
    if not client.prepare():
        raise RuntimeError("the server has no capabilities that fhirclient takes")
    model = getattr(import_module(f"fhirclient.models.{kind.lower()}"), kind)
    return [
        item.id for item in FHIRSearch(model, {"_count": str(COUNT)}).perform_resources_iter(client.server)
    ]


def problems(resource: dict[str, Any], package: str) -> list[str]:
    """What fhir.resources finds wrong."""
    kind = resource["resourceType"]
    model = getattr(import_module(f"{package}.{kind.lower()}"), kind)
    try:
        model.model_validate_json(json.dumps(resource))
    except ValueError as error:
        return [f"{kind}/{resource.get('id')}: {error}"]
    return []


def main() -> None:
    """Print the ids by type and client, and all problems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("version", choices=PACKAGES)
    parser.add_argument("types", nargs="+")
    options = parser.parse_args()
    package = PACKAGES[options.version]
    found: dict[str, Any] = {"fhirpy": {}, "fhirclient": {}, "problems": [], "let_through": []}
    for kind in options.types:
        resources = with_fhirpy(options.url, kind)
        found["fhirpy"][kind] = [item["id"] for item in resources]
        found["problems"] += [line for item in resources for line in problems(item, package)]
        wrong = [{**item, "status": "nearly-done"} for item in resources[:1] if "status" in item]
        found["let_through"] += [item for item in wrong if not problems(item, package)]
        if options.version == "R4B":
            found["fhirclient"][kind] = with_fhirclient(options.url, kind)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

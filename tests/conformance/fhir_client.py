"""What third-party clients and validators of FHIR make of a server, as JSON.

python fhir_client.py URL TOKEN TYPE...    all pages of each type by fhirpy and fhirclient, judged by
                                           fhir.resources in both versions, in an environment of its own
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from typing import Any

#: Version -> where fhir.resources has its classes.
VERSIONS = {"4.3": "fhir.resources.R4B", "5.0": "fhir.resources"}
COUNT = 3


def with_fhirpy(url: str, token: str, version: str, kind: str) -> tuple[list[dict[str, Any]], int]:
    """All resources, page by page, and their number."""
    from fhirpy import SyncFHIRClient

    accept = {"Accept": f"application/fhir+json; fhirVersion={version}"}
    client = SyncFHIRClient(url, authorization=f"Bearer {token}", extra_headers=accept)
    search = client.resources(kind)
    found = [json.loads(json.dumps(item.serialize())) for item in search.limit(COUNT).fetch_all()]
    return found, search.count()


def with_fhirclient(url: str, token: str, kind: str) -> list[str]:
    """Ids by a client that refuses whatever its own model of R4 does not know."""
    from fhirclient.client import FHIRClient
    from fhirclient.models.fhirsearch import FHIRSearch

    client = FHIRClient(settings={"app_id": "judge", "api_base": url})
    client.server.session.headers["Authorization"] = f"Bearer {token}"
    assert client.prepare()
    model = getattr(import_module(f"fhirclient.models.{kind.lower()}"), kind)
    found = FHIRSearch(model, {"_count": str(COUNT)}).perform_resources_iter(client.server)
    return [item.id for item in found]


def problems(resource: dict[str, Any], package: str) -> list[str]:
    """What fhir.resources finds wrong."""
    kind = resource["resourceType"]
    model = getattr(import_module(f"{package}.{kind.lower()}"), kind)
    try:
        model.model_validate_json(json.dumps(resource))
    except ValueError as error:
        return [f"{kind}/{resource.get('id')}: {error}"]
    return []


def with_wrong_code(resource: dict[str, Any], package: str) -> list[dict[str, Any]]:
    """The resource with a code that FHIR does not know, for each element with a code: those that pass."""
    codes = (name for name in ("status", "gender", "type", "membership") if name in resource)
    changed = [{**resource, name: "done"} for name in codes if isinstance(resource[name], str)]
    return [item for item in changed if not problems(item, package)]


def out_of_summary(url: str, token: str, version: str, kind: str, package: str) -> list[str]:
    """What is wrong with resources of which only the summary, or one element, is requested."""
    import requests

    headers = {"Authorization": f"Bearer {token}", "Accept": f"application/fhir+json; fhirVersion={version}"}
    model = getattr(import_module(f"{package}.{kind.lower()}"), kind)
    marked = {
        item.alias or name
        for name, item in model.model_fields.items()
        if (item.json_schema_extra or {}).get("summary_element_property")
    }
    wrong = []
    whole = requests.get(f"{url}/{kind}", {"_count": "20"}, headers=headers, timeout=60).json()["entry"]
    for parameters in ({"_summary": "true"}, {"_summary": "text"}, {"_elements": "id"}):
        answer = requests.get(f"{url}/{kind}", {"_count": "20", **parameters}, headers=headers, timeout=60)
        for full, entry in zip(whole, answer.json()["entry"], strict=True):
            resource = entry["resource"]
            wrong += problems(resource, package)
            if parameters.get("_summary") == "true":
                expected = {"resourceType", *(name for name in full["resource"] if name in marked)}
                wrong += [f"{kind} {version}: {sorted(expected ^ set(resource))}"] * (
                    expected != set(resource)
                )
    return wrong


def capability(url: str, token: str, version: str) -> dict[str, Any]:
    """The CapabilityStatement, as sent."""
    import requests

    headers = {"Authorization": f"Bearer {token}", "Accept": f"application/fhir+json; fhirVersion={version}"}
    answer = requests.get(f"{url}/metadata", headers=headers, timeout=60)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def main() -> None:
    """Print ids and numbers by type and version, and all problems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("types", nargs="+")
    options = parser.parse_args()
    found: dict[str, Any] = {"problems": [], "accepted": [], "count": COUNT}
    for version, package in VERSIONS.items():
        statement = capability(options.url, options.token, version)
        found["problems"] += problems(statement, package)
        for kind in options.types:
            resources, count = with_fhirpy(options.url, options.token, version, kind)
            found[f"{kind} {version}"] = {"ids": [item["id"] for item in resources], "count": count}
            found["problems"] += [line for item in resources for line in problems(item, package)]
            found["problems"] += out_of_summary(options.url, options.token, version, kind, package)
            found["accepted"] += [[item, f"{version}.0"] for item in with_wrong_code(resources[0], package)]
    for kind in options.types:
        found[f"{kind} fhirclient"] = with_fhirclient(options.url, options.token, kind)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

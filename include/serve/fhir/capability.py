"""What the server can do, as a CapabilityStatement: written from the declarations."""

from __future__ import annotations

from typing import Any

from include.serve.fhir.declaration import Resource, SearchKind
from include.serve.fhir.resources import RESOURCES
from include.serve.fhir.search import MOST_COUNT, USUAL_COUNT
from include.serve.fhir.version import MEDIA_TYPE
from include.sources.fhir.vocabulary import FhirVersion

#: Day on which the declarations last changed.
_CHANGED = "2026-12-01"
_ABOUT = (
    "ImmPort's shared data out of the warehouse, read-only, as of the data release that the parameter"
    " `release` of any request names (DR50), without it the newest. Next links stay with the release that"
    f" their search began with. A page has {USUAL_COUNT} resources, or `_count`, at most {MOST_COUNT}."
    " `meta.lastUpdated` is the day of the data release that last changed the study, of what several"
    " studies share the latest. `_include` follows the references of a page once. Not served, and refused"
    " with `Prefer: handling=strict`: `_sort`, since pages are in the order of keys that say nothing to a"
    " client; `_revinclude`, `_include:iterate`, chained parameters and `_has`, modifiers but `:contains`,"
    " `_text`, `_content` and `_filter`."
)
_SECURITY = "Airflow's session, or a token of Airflow's as `Authorization: Bearer`"
#: Of every type.
_COMMON = (
    ("_id", SearchKind.TOKEN, "Ids of resources"),
    ("_lastUpdated", "date", "Day of the data release that last changed the study"),
)


def statement(base: str, version: FhirVersion) -> dict[str, Any]:
    """The CapabilityStatement in a version.

    :param base: address of the server.
    """
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _CHANGED,
        "kind": "instance",
        "software": {"name": "ImmPort Warehouse"},
        "implementation": {"description": _ABOUT, "url": base},
        "fhirVersion": version.value,
        "format": [MEDIA_TYPE],
        "rest": [
            {
                "mode": "server",
                "documentation": _ABOUT,
                "security": {"description": _SECURITY},
                "resource": [_resource(item, version) for item in RESOURCES.values()],
            }
        ],
    }


def _resource(resource: Resource, version: FhirVersion) -> dict[str, Any]:
    parameters = [(item.name, item.kind, item.meaning) for item in resource.searched_by(version).values()]
    includes = [f"{resource.name}:{name}" for name in resource.included_by(version)]
    return {
        "type": resource.name,
        "documentation": resource.meaning,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "readHistory": False,
        "searchParam": [
            {"name": name, "type": str(kind), "documentation": meaning}
            for name, kind, meaning in (*_COMMON, *parameters)
        ],
        **({"searchInclude": includes} if includes else {}),
    }

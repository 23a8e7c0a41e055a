"""The operations of DRS that a client requests, by the names that calls are counted and reported under."""

from __future__ import annotations

from include.sources.endpoint import Endpoint, Group, Shape, parse_fields


def _operation(name: str, path: str, about: str, fields: str, quirks: str = "") -> Endpoint:
    named = parse_fields(fields)
    key = (named[0].name,)
    return Endpoint(name, path, named, key, about, group=Group.SERVICE, shape=Shape.OBJECT, quirks=quirks)


SERVICE_INFO = _operation("drsServiceInfo", "/service-info", "what a DRS service is", "id name type version")
OBJECT = _operation(
    "drsObject",
    "/objects/{object}",
    "a file or a bundle of files by its identifier",
    "id name self_uri size:int created_time checksums:json access_methods:json contents:json",
    "A refusal may have an empty body. 202 with Retry-After while it is made ready.",
)
ACCESS = _operation(
    "drsAccess",
    "/objects/{object}/access/{access}",
    "a signed address of a file",
    "url headers:list",
    "ImmPort's addresses live seven days. The key must not be sent to them.",
)
BULK_OBJECTS = _operation(
    "drsObjects",
    "/objects",
    "several objects at once",
    "resolved_drs_object:json unresolved_drs_objects:json summary:json",
    "From DRS 1.4 on, and no more at once than the service says.",
)
#: Requests to registries of compact identifiers, and to what they name.
NAMESPACE = _operation(
    "drsNamespace",
    "/namespaces/search/findByPrefix",
    "a prefix of compact identifiers at identifiers.org",
    "prefix _links:json",
)
RESOURCES = _operation(
    "drsResources",
    "/resources/search/findAllByNamespaceId",
    "where accessions of a prefix are, at identifiers.org",
    "_embedded:json",
)
PREFIX = _operation("drsPrefix", "/{prefix}:", "a prefix of compact identifiers at n2t.net", "redirect")
LOCATED = _operation("drsLocated", "/", "what a compact identifier leads to", "id self_uri")
OPERATIONS = {item.name: item for item in (SERVICE_INFO, OBJECT, ACCESS, BULK_OBJECTS)}

"""What is requested of the FHIR server, and the rows that are made of its resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from include.sources.endpoint import Endpoint, Field, parse_fields
from include.sources.fhir.bundle import LinkPaging, read_bundle, read_capabilities, read_resources
from include.sources.fhir.mapping import MAPPED
from include.sources.fhir.vocabulary import TYPES, wrong_codes
from include.sources.foreign import clean
from include.sources.row_reader import TOTAL, Intake
from include.sources.source import Scope

Row = dict[str, object]

SCOPE = Scope("fhir_type", "resource types", f"^({'|'.join(TYPES)})$")

#: What every resource has, beside what is mapped.
_OF_ALL = parse_fields("id version_id last_updated profiles:json")
_REST = parse_fields("wrong_codes resource:json")


@dataclass(frozen=True)
class ResourceEndpoint(Endpoint):
    """The resources of one type: rows of the scope of that type alone.

    :param of: the type.
    """

    of: str = ""

    def forms_of(self, scope: str) -> tuple[str, ...]:
        """Resources of another type are not of the scope."""
        return tuple(self.readers) if scope == self.of else ()

    def address(self, scope: str, form: str) -> str:
        """Below the server's own address."""
        return f"/{self.of}"


@dataclass(frozen=True)
class TypeEndpoint(Endpoint):
    """What the server says of itself and of a type: in its capabilities, else by answering a search."""

    def address(self, scope: str, form: str) -> str:
        """Below the server's own address."""
        return "/metadata" if form == "capabilities" else f"/{scope}"


def _read_rows(of: str, chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """Rows of the resources of a page.

    :raises NotDataError: it is not a page of them.
    """
    for resource in read_resources(chunks, of, intake):
        meta = resource.get("meta")
        about = meta if isinstance(meta, dict) else {}
        found: Row = {
            "id": resource.get("id"),
            "version_id": about.get("versionId"),
            "last_updated": about.get("lastUpdated"),
            "profiles": about.get("profile"),
        }
        found |= {item.name: item.find(resource) for item in MAPPED[of]}
        found["wrong_codes"] = "; ".join(wrong_codes(resource)) or None
        found["resource"] = resource
        yield found


def _read_capabilities(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """What the capabilities of the server say.

    :raises NotDataError: they are none.
    """
    found = read_capabilities(chunks)
    yield {"fhir_type_name": scope, "fhir_version": found.version, "software": found.software}


def _read_total(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """That a server without capabilities answers a search for the type.

    :raises NotDataError: it does not.
    """
    read_bundle(chunks, intake)
    yield {"fhir_type_name": scope, "fhir_version": None, "software": None}


def read_count(chunks: Iterable[bytes]) -> int | None:
    """The number of resources that a search has; None where the server does not say it.

    :raises NotDataError: it is not the answer of a search.
    """
    intake = Intake()
    read_bundle(chunks, intake)
    return int(intake.about[TOTAL]) if TOTAL in intake.about else None


TYPE = TypeEndpoint(
    "fhirType",
    "/metadata",
    parse_fields("fhir_type_name fhir_version software"),
    ("fhir_type_name",),
    "a type of resources, and what the server says of itself",
    needs_key=False,
    required=True,
    readers={"capabilities": _read_capabilities, "search": _read_total},
    quirks="Of a server without a capability statement the number of resources is requested instead.",
)

_QUIRKS = (
    "Pages are linked: the addresses mean something to the server alone, expire, and may name a host of its"
    " own. Whether a total is stated differs from search to search. Of renamed elements, the names of R4B, of"
    " the ballot of R5 and of R5 are looked for; all elements stand in `resource`."
)


def _resources(of: str) -> ResourceEndpoint:
    """The endpoint of the resources of a type."""
    mapped = tuple(Field(item.name, item.kind) for item in MAPPED[of])
    return ResourceEndpoint(
        f"fhir{of}",
        f"/{of}",
        (*_OF_ALL, *mapped, *_REST),
        ("id",),
        f"a {of} resource",
        needs_key=False,
        refusals=("wrong_codes",),
        paging=LinkPaging(),
        readers={"search": partial(_read_rows, of)},
        quirks=_QUIRKS,
        of=of,
    )


RESOURCES: Mapping[str, ResourceEndpoint] = {of: _resources(of) for of in TYPES}

#: What discovery requests beside the endpoints of a scope.
CAPABILITIES = Endpoint(
    "fhirCapabilities",
    "/metadata",
    parse_fields("fhirVersion"),
    ("fhirVersion",),
    "what the server says of itself",
    needs_key=False,
)


@dataclass(frozen=True)
class SearchEndpoint(Endpoint):
    """A search for resources of the type that it is requested for."""

    def address(self, scope: str, form: str) -> str:
        """Below the server's own address."""
        return f"/{scope}"


SEARCH = SearchEndpoint(
    "fhirSearch",
    "/{scope}",
    parse_fields("id"),
    ("id",),
    "a number of resources, or the one that was changed last",
    needs_key=False,
)
ENDPOINTS = (TYPE, *RESOURCES.values())


def note(text: str) -> str:
    """Words of the server, fit for a note of ours."""
    return clean(text, 200)

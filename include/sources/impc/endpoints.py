"""What is requested of IMPC's core of images, and what is made of its documents in staging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from include.sources.endpoint import Endpoint, Withholds, parse_fields
from include.sources.foreign import quoted
from include.sources.impc.fields import (
    ASSOCIATION_FIELDS,
    FIELDS,
    METADATA_FIELDS,
    SUB_TERM_FIELDS,
    TERM_FIELDS,
)
from include.sources.impc.solr import SolrPaging, quoted_term, read_documents, read_envelope
from include.sources.reader import NotDataError, cell
from include.sources.row_reader import TOTAL, Intake
from include.sources.source import Scope

Row = dict[str, object]

#: The core, and the field by which its documents are divided: each has one centre, or none.
SELECT, CENTRE_FIELD = "/mi/impc/solr/impc_images/select", "phenotyping_center"
METADATA = "/landing-page-data/dr{scope}/release_metadata.json"

#: Identifies the documents that name no centre: the name of a centre is written without brackets.
NO_CENTRE = "(no centre)"
_UNQUOTED = " &._'-"

SCOPE = Scope(
    "phenotyping_centre",
    "phenotyping centres",
    f"^(\\(no centre\\)|[A-Za-z0-9%][A-Za-z0-9%{_UNQUOTED}]{{0,199}})$",
)


def scope_of(centre: str | None) -> str:
    """The identifier of a centre: its name, other characters than usual percent-encoded."""
    return NO_CENTRE if centre is None else quote(centre, safe=_UNQUOTED)


def centre_of(scope: str) -> str | None:
    """The centre that an identifier is of; None for the documents without one."""
    return None if scope == NO_CENTRE else unquote(scope)


@dataclass(frozen=True)
class SolrEndpoint(Endpoint):
    """What a query of the core has: its documents, or their number.

    :param query: parameters of every request.
    """

    query: Mapping[str, str] = field(default_factory=dict)

    def request(self, scope: str) -> tuple[str, dict[str, str]]:
        """Path and parameters that request the documents of a centre; of all without a scope."""
        parameters = {"q": "*:*", **self.query, "wt": "json"}
        if scope:
            parameters["fq"] = centre_filter(scope)
        return self.path, parameters


def centre_filter(scope: str) -> str:
    """The query for the documents of a scope."""
    centre = centre_of(scope)
    return f"-{CENTRE_FIELD}:[* TO *]" if centre is None else f"{CENTRE_FIELD}:{quoted_term(centre)}"


def read_images(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """Image documents of a centre.

    :raises NotDataError: it is not a page of them, or has one of another centre.
    """
    declared, centre = frozenset(IMAGE.names), centre_of(scope)
    for row in read_documents(chunks, intake):
        found = cell(row.get(CENTRE_FIELD))
        if found != centre:
            raise NotDataError(f"a document of {quoted(found)} where {quoted(centre)} was requested")
        # A key that is not there is a field without a value, not a change of the form.
        intake.unknown.update(row.keys() - declared)
        yield row


def read_centre(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """The centre that a scope is of, with the number of its documents."""
    read_envelope(chunks, intake)
    if TOTAL not in intake.about:
        raise NotDataError("an answer without the number of documents")
    yield {
        "phenotyping_centre_id": scope,
        "centre_name": centre_of(scope),
        "document_count": intake.about[TOTAL],
    }


CENTRE = SolrEndpoint(
    "impcCentre",
    SELECT,
    parse_fields("phenotyping_centre_id centre_name document_count:int"),
    ("phenotyping_centre_id",),
    "a phenotyping centre and the number of its documents",
    needs_key=False,
    required=True,
    readers={"count": read_centre},
    query={"rows": "0"},
    quirks="The number is that of a query for the centre without rows.",
)

IMAGE = SolrEndpoint(
    "impcImage",
    SELECT,
    FIELDS,
    ("observation_id", "id"),
    "an image document",
    needs_key=False,
    required=True,
    withholds=Withholds.ITSELF,
    counted_by=(CENTRE.name, "document_count"),
    paging=SolrPaging(),
    readers={"cursor": read_images, "start": read_images},
    quirks="`id` is a random UUID, new at every build of the core: documents are known by `observation_id`. A"
    " field without a value is not sent. Whether the server takes a cursor is not verified: where it refuses"
    " or ignores it, pages are requested by the number of rows before. About 35 fields are documented and not"
    " written by IMPC's present build. Arrays of identifiers and terms are made independently of each other:"
    " their order need not be the same. Addresses begin with two slashes, without a scheme.",
)


def _made(name: str, fields: str, key: str, about: str) -> Endpoint:
    """An endpoint that is made of image documents in staging."""
    return Endpoint(
        name,
        "",
        parse_fields(fields),
        (key,),
        about,
        needs_key=False,
        withholds=Withholds.ITSELF,
    )


def _set(name: str, fields: Iterable[str], about: str) -> Endpoint:
    return _made(name, " ".join(("set_digest", *fields)), "set_digest", about)


TERM_SET = _set("impcTermSet", TERM_FIELDS, "the ontology terms of image documents, as arrays")
ASSOCIATION_SET = _set(
    "impcAssociationSet", ASSOCIATION_FIELDS, "the parameter associations of image documents, as arrays"
)
SUB_TERM_SET = _set("impcSubTermSet", SUB_TERM_FIELDS, "the sub-terms of image documents, as arrays")
METADATA_SET = _set("impcMetadataSet", METADATA_FIELDS, "the metadata of image documents, as an array")
SET_TERM = _made(
    "impcSetTerm",
    "element_id set_digest ontology relation ordinal:int term_id term alignment",
    "element_id",
    "a term of a set",
)
SET_SYNONYM = _made(
    "impcSetSynonym",
    "element_id set_digest ontology relation ordinal:int synonym",
    "element_id",
    "a synonym of a set",
)
SET_ASSOCIATION = _made(
    "impcSetAssociation",
    "element_id set_digest ordinal:int stable_id sequence_id dim_id name value unaligned",
    "element_id",
    "a parameter association of a set",
)
SET_SUB_TERM = _made(
    "impcSetSubTerm",
    "element_id set_digest ordinal:int sub_term_id name description unaligned",
    "element_id",
    "a sub-term of a set",
)
SET_METADATA = _made(
    "impcSetMetadata",
    "element_id set_digest ordinal:int raw item value",
    "element_id",
    "an entry of the metadata of a set",
)

#: What discovery requests beside the endpoints of a scope.
RELEASE = Endpoint(
    "impcRelease",
    METADATA,
    parse_fields("dataReleaseVersion dataReleaseDate"),
    ("dataReleaseVersion",),
    "what IMPC says of a release",
    needs_key=False,
)
CENTRES = SolrEndpoint(
    "impcCentres",
    SELECT,
    parse_fields("centre documents:int"),
    ("centre",),
    "the number of documents by centre",
    needs_key=False,
    query={
        "rows": "0",
        "facet": "true",
        "facet.field": CENTRE_FIELD,
        "facet.limit": "-1",
        "facet.mincount": "1",
        "facet.missing": "true",
    },
)
NEWEST = SolrEndpoint(
    "impcNewest",
    SELECT,
    parse_fields("_version_:num"),
    ("_version_",),
    "the document that was indexed last",
    needs_key=False,
    query={"rows": "1", "sort": "_version_ desc", "fl": "_version_"},
)

#: The bytes of an image, at an address that its document states.
IMAGE_FILE = Endpoint(
    "impcImageFile",
    "",
    parse_fields("file"),
    ("file",),
    "the file of an image",
    needs_key=False,
)

#: The endpoints of a scope, those that are requested first.
ENDPOINTS = (
    CENTRE,
    IMAGE,
    TERM_SET,
    ASSOCIATION_SET,
    SUB_TERM_SET,
    METADATA_SET,
    SET_TERM,
    SET_SYNONYM,
    SET_ASSOCIATION,
    SET_SUB_TERM,
    SET_METADATA,
)

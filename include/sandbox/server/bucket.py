"""ImmPort's public bucket: objects without a key, with validators, as S3 serves them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

from include.sandbox.gene_lists.bent import bent
from include.sandbox.gene_lists.public_object import GeneListWorld, PublicObject
from include.sandbox.server.faults import STATUSES, Fault, bend_body
from include.sandbox.server.responses import Cut, GzipCut, replaced, xml_refusal

#: What S3 calls a refusal; of an object that is not there it does not say so.
_CODES = {
    400: "InvalidRequest",
    401: "Unauthorized",
    403: "AccessDenied",
    404: "NoSuchKey",
    429: "TooManyRequests",
    503: "SlowDown",
}


class Bucket:
    """The objects of a world, at the place in the releases that the caller states."""

    def __init__(self, world: GeneListWorld) -> None:
        self.world = world

    def send(self, request: Request, place: int, fault: Fault | None) -> Response:
        """An object, or 304 where the client has it, or 403 where it is not there."""
        found = self.world.objects(place).get(request.url.path)
        if found is None:
            return xml_refusal(403, "AccessDenied", "Access Denied")
        if fault is not None:
            found = replace(found, body=bent(fault.fault, found.body, fault.key or ""))
        headers = {"ETag": found.etag, "Last-Modified": found.last_modified}
        if _is_known(request, found):
            return Response(status_code=304, headers=headers)
        kind = fault.fault if fault is not None else ""
        if kind == "cut":
            return Cut(found.body[: len(found.body) // 2], headers=headers, media_type=found.media_type)
        if kind == "gzip_cut":
            return GzipCut(found.body, found.media_type)
        body = b"".join(bend_body(fault, iter([found.body])))
        return Response(body, headers=headers, media_type=found.media_type)


def refused(fault: Fault | None) -> Response | None:
    """What comes in place of an object, under a fault that lets none through."""
    if fault is None or fault.fault not in STATUSES:
        return replaced(fault)
    status = int(fault.fault)
    return xml_refusal(status, _CODES.get(status, "InternalError"), "We refuse this.", fault.retry_after)


def _is_known(request: Request, found: PublicObject) -> bool:
    """Whether the client has this version: an ETag, where it names one, decides."""
    if (given := request.headers.get("if-none-match")) is not None:
        wanted = [part.strip().removeprefix("W/") for part in given.split(",")]
        return found.etag in wanted or "*" in wanted
    since = _time(request.headers.get("if-modified-since", ""))
    return since is not None and found.modified <= since


def _time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None

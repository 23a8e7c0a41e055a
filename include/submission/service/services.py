"""The two services that take data: where they are, which requests they take, under which purposes.

Both take a file in a multipart form and give it a ticket; the ticket has a status and two reports. There is
no address that lists tickets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from include.sources.endpoint import Endpoint, Group, Shape

#: A name of the record of calls -> path; `{ticket}` and `{workspace}` are gaps.
_WORKSPACES = "/workspaces"


def _endpoint(name: str, path: str, about: str, shape: Shape = Shape.OBJECT) -> Endpoint:
    return Endpoint(name, path, (), (), about, group=Group.SERVICE, shape=shape)


@dataclass(frozen=True)
class SubmissionService:
    """A service that takes packages.

    :param name: the word for it in our records.
    :param host: where ImmPort has it.
    :param send: takes a file; answers with its ticket.
    :param offline: makes a ticket for a file that comes on another way; None where there is no such way.
    :param validation: has a sent file validated, by its ticket.
    :param validate_purpose: purpose of a file that is validated and not stored.
    :param store_purpose: purpose of a file that is stored.
    :param is_of_templates: it takes packages of upload templates; else files of changes.
    """

    name: str
    title: str
    host: str
    send: Endpoint
    offline: Endpoint | None
    validation: Endpoint
    status: Endpoint
    summary: Endpoint
    database: Endpoint
    templates: Endpoint
    workspaces: Endpoint
    validate_purpose: str
    store_purpose: str
    is_of_templates: bool

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All requests that it takes."""
        found = (self.send, self.offline, self.validation, self.status, self.summary, self.database)
        return tuple(item for item in (*found, self.templates, self.workspaces) if item is not None)

    @property
    def purposes(self) -> tuple[str, str]:
        """What may be made of a file, the harmless purpose first."""
        return self.validate_purpose, self.store_purpose


_UPLOAD, _UPDATER = "/data/upload", "/data/batch/updater"

UPLOAD = SubmissionService(
    name="upload",
    title="upload service",
    host="https://immport-upload.niaid.nih.gov:8443",
    send=_endpoint("uploadOnline", f"{_UPLOAD}/type/online", "a package and its ticket"),
    offline=_endpoint("uploadOffline", f"{_UPLOAD}/type/offline", "a ticket for files that come otherwise"),
    validation=_endpoint("uploadValidation", f"{_UPLOAD}/validation", "validation of a ticket"),
    status=_endpoint("uploadStatus", f"{_UPLOAD}/registration/{{ticket}}/status", "status of a ticket"),
    summary=_endpoint(
        "uploadSummary", f"{_UPLOAD}/registration/{{ticket}}/reports/summary", "summary report"
    ),
    database=_endpoint(
        "uploadDatabase", f"{_UPLOAD}/registration/{{ticket}}/reports/database", "report of what was stored"
    ),
    templates=_endpoint(
        "uploadTemplates", f"{_UPLOAD}/documentation/templates/{{workspace}}", "the templates as a zip file"
    ),
    workspaces=_endpoint("uploadWorkspaces", _WORKSPACES, "workspaces of the user"),
    validate_purpose="validateData",
    store_purpose="uploadData",
    is_of_templates=True,
)
BATCH_UPDATER = SubmissionService(
    name="batch_updater",
    title="batch updater",
    host="https://immport-upload.niaid.nih.gov:9443",
    send=_endpoint("updaterSend", _UPDATER, "a file of changes and its ticket"),
    offline=None,
    validation=_endpoint("updaterValidation", f"{_UPDATER}/validation", "validation of a ticket"),
    status=_endpoint("updaterStatus", f"{_UPDATER}/registration/{{ticket}}/status", "status of a ticket"),
    # ImmPort's table of addresses leaves out `reports`; each of its examples has it.
    summary=_endpoint(
        "updaterSummary", f"{_UPDATER}/registration/{{ticket}}/reports/summary", "summary report"
    ),
    database=_endpoint(
        "updaterDatabase",
        f"{_UPDATER}/registration/{{ticket}}/reports/database",
        "report of what was changed",
    ),
    templates=_endpoint(
        "updaterTemplates", f"{_UPDATER}/documentation/templates", "its own templates as a zip file"
    ),
    workspaces=_endpoint("updaterWorkspaces", _WORKSPACES, "workspaces of the user"),
    validate_purpose="batchUpdateValidate",
    store_purpose="batchUpdateUpload",
    is_of_templates=False,
)
SERVICES = {service.name: service for service in (UPLOAD, BATCH_UPDATER)}


def endpoint_names() -> Iterator[str]:
    """Names of all requests of all services."""
    for service in SERVICES.values():
        for endpoint in service.endpoints:
            yield endpoint.name

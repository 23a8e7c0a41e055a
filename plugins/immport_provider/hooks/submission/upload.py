"""The hook of ImmPort's upload service and batch updater."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, ClassVar, Self, TypeVar
from urllib.parse import quote

from immport_provider.hooks.answers import Request, check
from immport_provider.hooks.bodies import whole
from immport_provider.hooks.client import KEYS_PAGE
from immport_provider.hooks.http_client import HttpClient
from immport_provider.hooks.settings import Connection
from immport_provider.hooks.submission.upload_settings import (
    DEFAULT_CONNECTION,
    SCOPE,
    UploadSettings,
    read_upload_settings,
)
from include.sources.endpoint import Endpoint
from include.sources.errors import (
    AccessError,
    ConfigurationError,
    CredentialError,
    ImmPortError,
    RequestError,
    UnknownTicketError,
)
from include.submission.service.answers import (
    Summary,
    Ticket,
    Workspace,
    read_database_report,
    read_summary,
    read_ticket,
    read_workspaces,
)
from include.submission.service.services import BATCH_UPDATER, UPLOAD, SubmissionService

if TYPE_CHECKING:
    import httpx
    from tenacity.wait import wait_base

T = TypeVar("T")

_FORBIDDEN, _UNKNOWN, _TOO_LARGE = 403, 404, 413


@dataclass(frozen=True)
class FormRequest(Request):
    """A request with a multipart form.

    :param fields: of the form.
    :param file: name and content of its file, which is read as it is sent.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    file: tuple[str, IO[bytes]] | None = None


class ImmPortUploadHook(HttpClient):
    """Sends packages to a workspace of ImmPort and asks about their tickets.

    Questions are asked again when what failed may pass. A package is sent once: an answer that was lost may
    have been a ticket.

    :param upload_conn_id: Airflow connection of type `immport_upload`; the others as of `HttpClient`.
    """

    conn_name_attr: ClassVar[str] = "upload_conn_id"
    default_conn_name: ClassVar[str] = DEFAULT_CONNECTION
    conn_type: ClassVar[str] = "immport_upload"
    hook_name: ClassVar[str] = "ImmPort data upload"

    def __init__(
        self,
        upload_conn_id: str = default_conn_name,
        *,
        wait: wait_base | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(upload_conn_id, wait=wait, sleep=sleep, clock=clock)

    @classmethod
    async def connected(cls, upload_conn_id: str) -> Self:
        """A hook for an event loop, whose connection is looked up there; its questions are for threads.

        :raises ConfigurationError: a field of the connection is wrong.
        """
        hook = cls(upload_conn_id)
        try:
            hook._settings = read_upload_settings(await cls.aget_connection(upload_conn_id))
        except ValueError as error:
            raise ConfigurationError(f"{error} (Airflow connection {upload_conn_id})") from None
        return hook

    def read_settings(self, connection: Connection) -> UploadSettings:
        """The connection, checked, its key masked in every log.

        :raises ValueError: which field is wrong, never what a secret one holds.
        """
        from airflow.sdk.log import mask_secret

        settings = read_upload_settings(connection)
        if settings.key:
            mask_secret(settings.key.secret)
        return settings

    def secret_headers(self, request: Request) -> Mapping[str, str]:
        """The key: every request needs it."""
        key = self.upload_settings.key
        return key.header if key else {}

    def form(self, request: Request) -> Mapping[str, Any]:
        """The form of a request that has one; multipart without a file, too, as in ImmPort's examples."""
        if not isinstance(request, FormRequest):
            return {}
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in request.fields.items()]
        if request.file is not None:
            name, content = request.file
            parts.append(("file", (name, content, "application/octet-stream")))
        return {"files": parts}

    def why_refused(self) -> str:
        """What a 401 means, and what to do about it."""
        renew = f"create one with the scope {SCOPE} at {KEYS_PAGE}, put it into the connection {self.conn_id}"
        return f"the API key is not accepted: {renew}"

    @property
    def upload_settings(self) -> UploadSettings:
        """The connection, read once.

        :raises ConfigurationError: a field of the connection is wrong.
        """
        settings = self.settings
        if not isinstance(settings, UploadSettings):
            raise TypeError("not the settings of an upload")
        return settings

    def workspace(self, service: SubmissionService = UPLOAD) -> Workspace:
        """The workspace of the connection, as the service has it.

        :raises ConfigurationError: the key has no access to it, or it has another name.
        """
        settings = self.upload_settings
        found = self._ask(service, service.workspaces, {}, read_workspaces)
        names = ", ".join(f"{item.workspace_id} ({item.name})" for item in found) or "none"
        for item in found:
            if item.workspace_id == settings.workspace_id:
                if settings.workspace_name not in ("", item.name):
                    raise ConfigurationError(
                        f"the workspace {item.workspace_id} is named {item.name!r}, the connection"
                        f" {self.conn_id} names it {settings.workspace_name!r}"
                    )
                return item
        raise ConfigurationError(f"no access to the workspace {settings.workspace_id}; the key has: {names}")

    def send(
        self, service: SubmissionService, purpose: str, file: IO[bytes], name: str, notes: str
    ) -> Ticket:
        """Send a file, once: it is read as it is sent.

        :param name: what it is called at ImmPort.
        :raises ImmPortError: no ticket; after a `RetriableError`, ImmPort may have it all the same.
        """
        # Only a single file has a name of its own.
        package = "" if name.lower().endswith(".zip") or service is not UPLOAD else name
        fields = self._fields(purpose, package, notes)
        return self._post(service, service.send, fields, (name, file), tries=1)

    def send_offline(self, service: SubmissionService, name: str, notes: str) -> Ticket:
        """Make a ticket for files that come on another way, once.

        :raises RequestError: the service has no such way.
        """
        if service.offline is None:
            raise RequestError(f"the {service.title} takes no files on another way")
        return self._post(service, service.offline, self._fields(service.store_purpose, name, notes), tries=1)

    def request_validation(self, service: SubmissionService, ticket: str) -> Ticket:
        """Have a sent file validated. To request it again changes nothing."""
        workspace = str(self.upload_settings.workspace_id)
        return self._post(
            service, service.validation, {"workspaceId": workspace, "uploadTicketNumber": ticket}
        )

    def status(self, service: SubmissionService, ticket: str, tries: int | None = None) -> str:
        """The status of a ticket.

        :raises UnknownTicketError: the service does not know it.
        """
        return self._ask(service, service.status, {"ticket": ticket}, read_ticket, tries).status

    def summary(self, service: SubmissionService, ticket: str) -> Summary:
        """The summary report of a ticket.

        :raises UnknownTicketError: there is none.
        """
        return self._ask(service, service.summary, {"ticket": ticket}, read_summary)

    def database_report(self, service: SubmissionService, ticket: str) -> str:
        """What was stored of a ticket.

        :raises UnknownTicketError: there is none.
        """
        return self._ask(service, service.database, {"ticket": ticket}, read_database_report)

    def templates(self, service: SubmissionService, receive: Callable[[Iterator[bytes]], T]) -> T:
        """The zip file with the declarations of the templates.

        :param receive: takes its chunks to the end; called anew for every try.
        """
        gaps = {"workspace": str(self.upload_settings.workspace_id)}
        return self._ask(service, service.templates, gaps, receive, form="zip")

    def test_connection(self) -> tuple[bool, str]:
        """Look up the workspace."""
        try:
            with self:
                found = self.workspace()
        except ConfigurationError as error:
            return False, f"Correct the connection: {error.what}"
        except (CredentialError, AccessError) as error:
            return False, str(error)
        except ImmPortError as error:
            return False, f"{error}. Check the address and the network, then try again."
        return True, f"{self.settings.source} takes packages for {found.name} ({found.workspace_id})."

    def _fields(self, purpose: str, package: str, notes: str) -> dict[str, str]:
        return {
            "workspaceId": str(self.upload_settings.workspace_id),
            "packageName": package,
            "uploadNotes": notes,
            "uploadPurpose": purpose,
            "serverName": "",
        }

    def _post(
        self,
        service: SubmissionService,
        endpoint: Endpoint,
        fields: Mapping[str, str],
        file: tuple[str, IO[bytes]] | None = None,
        tries: int | None = None,
    ) -> Ticket:
        place = self._place(service, endpoint.path)
        request = FormRequest(endpoint, place, method="POST", fields=fields, file=file)
        return self._attempt(request, self._reading(request, read_ticket), tries)

    def _ask(
        self,
        service: SubmissionService,
        endpoint: Endpoint,
        gaps: Mapping[str, str],
        receive: Callable[[Iterator[bytes]], T],
        tries: int | None = None,
        form: str = "json",
    ) -> T:
        path = endpoint.path.format_map({name: quote(value, safe="") for name, value in gaps.items()})
        request = Request(endpoint, self._place(service, path), form=form)
        return self._attempt(request, self._reading(request, receive), tries)

    def _reading(
        self, request: Request, receive: Callable[[Iterator[bytes]], T]
    ) -> Callable[[httpx.Response], T]:
        """Passes on the body of a good answer, raises for any other."""

        def take(answer: httpx.Response) -> T:
            status = answer.status_code
            if status == _UNKNOWN:
                raise UnknownTicketError("404; not known, or not there yet", status)
            if status == _TOO_LARGE:
                raise RequestError("413; the file is larger than is taken: send it offline", status)
            if status == _FORBIDDEN:
                why = f"the key lacks the scope {SCOPE}, or the workspace is not its own"
                raise AccessError(f"403; {why}", status)
            check(answer, self.why_refused(), self._clock())
            return receive(whole(answer, is_self_ending=request.form == "json"))

        return take

    def _place(self, service: SubmissionService, path: str) -> str:
        """The address of a request: the batch updater is at a port of its own."""
        settings = self.upload_settings
        return f"{settings.updater_base if service is BATCH_UPDATER else settings.base}{path}"

"""The hook of a DRS service: objects, bundles, and addresses of their bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, TypeVar

from immport_provider.hooks.answers import Request, check
from immport_provider.hooks.bodies import whole
from immport_provider.hooks.drs.drs_settings import read_drs_settings
from immport_provider.hooks.files.file_client import FileClient
from immport_provider.hooks.settings import Connection, Settings
from include.sources.drs.client_answers import (
    ServiceInfo,
    SeveralObjects,
    receive_objects,
    receive_service_info,
)
from include.sources.drs.endpoints import ACCESS, BULK_OBJECTS, OBJECT, SERVICE_INFO
from include.sources.drs.objects import AccessMethod, AccessUrl, DrsObject, receive_access, receive_object
from include.sources.drs.uris import encoded
from include.sources.drs.versions import BASE
from include.sources.errors import AccessError, BadAnswerError, ImmPortError, MissingFileError, RequestError

if TYPE_CHECKING:
    import httpx
    from tenacity.wait import wait_base

    from include.sources.endpoint import Endpoint

T = TypeVar("T")


class DrsHook(FileClient):
    """A service of GA4GH DRS, 1.2 to 1.5.

    What may pass is tried again, within the limits of the connection, as of `ImmPortHook`; 202 counts as
    that, and its `Retry-After` is waited for.

    :param drs_conn_id: Airflow connection of type `drs`; the others as of `HttpClient`.
    """

    conn_name_attr: ClassVar[str] = "drs_conn_id"
    default_conn_name: ClassVar[str] = "drs_default"
    conn_type: ClassVar[str] = "drs"
    hook_name: ClassVar[str] = "GA4GH DRS"
    prefix: ClassVar[str] = BASE

    def __init__(
        self,
        drs_conn_id: str = default_conn_name,
        *,
        wait: wait_base | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(drs_conn_id, wait=wait, sleep=sleep, clock=clock)
        self.drs_conn_id = drs_conn_id
        self._info: ServiceInfo | None = None

    def read_settings(self, connection: Connection) -> Settings:
        """The connection, checked, its token masked in every log.

        :raises ValueError: which field is wrong, never what a secret one holds.
        """
        from airflow.sdk.log import mask_secret

        settings = read_drs_settings(connection)
        for secret in (settings.key.secret if settings.key else "", (settings.login or ("", ""))[1]):
            if secret:
                mask_secret(secret)
        return settings

    def secret_headers(self, request: Request) -> Mapping[str, str]:
        """The token as a bearer token, or name and password as Basic; nothing without either."""
        return self.settings.credentials

    def why_refused(self) -> str:
        """What a 401 means, and what to do about it."""
        return f"the DRS service does not accept the token of the connection {self.conn_id}: renew it there"

    def service_info(self) -> ServiceInfo:
        """What the service says of itself.

        :raises ImmPortError: as `ImmPortHook.fetch`.
        """
        return self._request(Request(SERVICE_INFO, SERVICE_INFO.path), receive_service_info)

    def object(
        self,
        object_id: str,
        *,
        expand: bool = False,
        study: str | None = None,
        tries: int | None = None,
        is_retry: bool = False,
    ) -> DrsObject:
        """A blob or a bundle.

        :param expand: of a bundle, the members of nested ones, too; a service may ignore it.
        :param study: that it is of, for messages.
        :param tries: one, and `is_retry`, for a caller that tries again by itself.
        :raises MissingFileError: the service does not know it.
        :raises NotReadyError: it is not ready yet, after all tries.
        Raises as `ImmPortHook.fetch` for the rest.
        """
        parameters = {"expand": "true"} if expand else {}
        request = about(OBJECT, parameters, study=study, object=object_id)
        return self._once_or_more(request, receive_object, tries, is_retry=is_retry)

    def address(
        self,
        object_id: str,
        method: AccessMethod,
        *,
        study: str | None = None,
        tries: int | None = None,
        is_retry: bool = False,
    ) -> AccessUrl:
        """Where the bytes of an object are: a secret. As `object` otherwise."""
        if method.access_id is None:
            if method.access_url is None:
                raise BadAnswerError("an access method with neither access_url nor access_id", 200)
            return method.access_url
        request = about(ACCESS, study=study, object=object_id, access=method.access_id)
        return self._once_or_more(request, receive_access, tries, is_retry=is_retry)

    def objects(self, object_ids: Sequence[str]) -> SeveralObjects:
        """Several objects, as many with each request as the service takes: one before DRS 1.4.

        Raises as `object`, but for those that the service does not give: their status is listed.
        """
        found: dict[str, DrsObject] = {}
        missing: dict[str, int] = {}
        left = list(dict.fromkeys(object_ids))
        alone: list[str] = []
        most = self._most_at_once()
        while most > 1 and left:
            now = left[:most]
            try:
                several = self._request(_several(now), receive_objects)
            except RequestError as error:
                # Fewer at once than it says, or none: 413, or an operation that it does not have.
                most = most // 2 if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else 0
                continue
            found.update({name: several.found[name] for name in now if name in several.found})
            missing.update(several.missing)
            # An identifier that is neither is that of an object which has another one itself.
            alone += [name for name in now if name not in found and name not in missing]
            left = left[most:]
        for name in (*left, *alone):
            try:
                found[name] = self.object(name)
            except (MissingFileError, AccessError) as error:
                missing[name] = error.status or HTTPStatus.NOT_FOUND
        return SeveralObjects(found, missing)

    def _most_at_once(self) -> int:
        """Objects that one request may name; what the service says of itself is read once."""
        if self._info is None:
            try:
                self._info = self.service_info()
            except (RequestError, AccessError):
                self._info = ServiceInfo("")
        return self._info.most_at_once

    def _once_or_more(
        self, request: Request, receive: Callable[[Iterator[bytes]], T], tries: int | None, *, is_retry: bool
    ) -> T:
        if tries == 1:
            return self._send(request, self._taking(request, receive), is_retry=is_retry)
        return self._request(request, receive, tries)

    def _taking(
        self, request: Request, receive: Callable[[Iterator[bytes]], T]
    ) -> Callable[[httpx.Response], T]:
        """Passes on the body of a good answer. That of a refusal may be empty: the status says it all."""

        def take(answer: httpx.Response) -> T:
            if answer.status_code == 404 and request.endpoint in (OBJECT, ACCESS):
                raise MissingFileError("404; the DRS service does not know it", 404)
            check(answer, self.why_refused(), self._clock())
            return receive(whole(answer, is_self_ending=True))

        return take

    def test_connection(self) -> tuple[bool, str]:
        """Request what the service is."""
        try:
            with self:
                info = self.service_info()
        except ImmPortError as error:
            return False, f"{error}. Check the address, the token and the network, then try again."
        return True, f"{self.settings.source} speaks DRS {info.version}."


def _several(object_ids: Sequence[str]) -> Request:
    body = {"bulk_object_ids": list(object_ids)}
    return Request(BULK_OBJECTS, BULK_OBJECTS.path, method="POST", body=body)


def about(
    endpoint: Endpoint, parameters: Mapping[str, str] | None = None, study: str | None = None, **gaps: str
) -> Request:
    """A request for what is about one object.

    :param gaps: identifiers by the name of their place in the path.
    """
    path = endpoint.path.format_map({name: encoded(value) for name, value in gaps.items()})
    return Request(endpoint, path, parameters or {}, study)

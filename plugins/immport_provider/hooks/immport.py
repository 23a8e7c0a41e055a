"""The hook: the requests to ImmPort's Shared Data API and to its file store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, TypeVar
from urllib.parse import quote

from immport_provider.hooks.answers import Request
from immport_provider.hooks.client import KEYS_PAGE, ImmPortClient
from immport_provider.hooks.files.way import FileWay
from include.sources.client import Received
from include.sources.endpoint import Endpoint
from include.sources.errors import AccessError, ConfigurationError, CredentialError, ImmPortError
from include.sources.fetched.offering import Validators
from include.sources.immport.endpoints import (
    DRS_DOWNLOAD,
    ENDPOINTS,
    RESTRICTED_STUDIES,
    SEARCH,
    STUDY_ENDPOINTS,
)
from include.sources.reader import read_rows

if TYPE_CHECKING:
    from include.sources.drs.objects import AccessUrl
    from include.sources.immport.listing import Accessions, Listing, Page
    from include.sources.remote_files import Downloaded, ListedFile, RemoteFile

__all__ = ["KEYS_PAGE", "ImmPortHook"]

T = TypeVar("T")

NOTICE = timedelta(days=7)


class ImmPortHook(ImmPortClient):
    """ImmPort's Shared Data API.

    Use it as a context manager: one HTTP client, closed at the end. Timeouts, lost connections, 429,
    5xx and answers that are not data are tried again with jittered backoff; credentials and other
    4xx never. Several threads may use one hook: it makes no more calls at once, and none sooner, than
    its connection allows.
    """

    conn_name_attr: ClassVar[str] = "immport_conn_id"
    conn_type: ClassVar[str] = "immport"
    hook_name: ClassVar[str] = "ImmPort"

    def expiry_notice(self, now: datetime | None = None) -> str | None:
        """From seven days before the API key expires: what to do, logged as a warning, too."""
        expires_at, now = self.expires_at, now or self._clock()
        if expires_at is None or now < expires_at - NOTICE:
            return None
        when = f"expired on {expires_at:%Y-%m-%d %H:%M} UTC"
        if now < expires_at:
            when = f"expires on {expires_at:%Y-%m-%d %H:%M} UTC, in {(expires_at - now).days} days"
        notice = (
            f"the ImmPort API key {when}: create a new one at {KEYS_PAGE}"
            f" and put it into the Airflow connection {self.immport_conn_id}"
        )
        self.log.warning(notice)
        return notice

    def fetch(
        self,
        endpoint: Endpoint,
        study: str,
        receive: Callable[[Iterator[bytes]], T],
        *,
        filters: Mapping[str, str] | None = None,
        form: str = "json",
        tries: int | None = None,
        divisible: bool = False,
    ) -> T:
        """Stream the answer of one endpoint for one study, or for a part of it.

        :param receive: takes the body's chunks to the end; called anew for every try, so that what
            an earlier try gave must be dropped. A `NotDataError` it raises counts as a bad answer.
        :param filters: parameters that select a part of the study's rows.
        :param form: `json` or `tsv`.
        :param tries: how often it is tried at most; as often as the connection says without it.
        :param divisible: the caller can request less: what takes ImmPort too long is not tried again.
        :raises CredentialError: the key is not accepted.
        :raises AccessError: the study is not open to the key.
        :raises RequestError: ImmPort refuses the request.
        :raises RetriableError: still no answer after all tries.
        """
        request = Request(endpoint, *endpoint.request(study), study, filters or {}, form)
        return self._request(request, receive, tries, divisible=divisible)

    def request(
        self,
        endpoint: Endpoint,
        scope: str,
        receive: Callable[[Iterator[bytes]], T],
        *,
        form: str = "json",
        page: Mapping[str, str] | None = None,
    ) -> Received[T]:
        """Stream the answer of an endpoint that is of no study, such as the terms of a vocabulary.

        `receive` and errors are as of `fetch`. The API says nothing of the version of an answer.
        """
        path, parameters = endpoint.request(scope)
        request = Request(endpoint, path, {**parameters, **(page or {})}, scope or None, form=form)
        return Received(self._request(request, receive), Validators())

    def probe(self, endpoint: Endpoint, scope: str, *, form: str = "json") -> Validators:
        """Nothing: the API says nothing of the version of an answer."""
        return Validators()

    def studies(self) -> Listing:
        """Every shared study. A listing that is not complete is taken once more.

        :raises ImmPortError: as `fetch`.
        """
        from include.sources.immport.listing import walk

        listing = walk(self._page)
        if not listing.complete:
            self.log.warning("the study search is not complete (%s): listing once more", listing.reason)
            listing = walk(self._page)
        return listing

    def restricted_studies(self) -> Accessions:
        """Studies that ImmPort restricts: they were shared once, or are not open to everybody.

        :raises ImmPortError: as `fetch`; the list needs the key.
        """
        from include.sources.immport.listing import read_accessions

        return self._request(Request(RESTRICTED_STUDIES, RESTRICTED_STUDIES.path), read_accessions)

    def release_files(self, study: str) -> tuple[ListedFile, ...]:
        """The release files of a study as its manifest lists them, by name.

        :raises ImmPortError: as `fetch`.
        """
        # Other types are left out here, too: a filter may be ignored.
        found = [file for file in self.manifest(study, "release_file") if file.kind == "release_file"]
        return tuple({file.name: file for file in sorted(found, key=lambda file: file.name)}.values())

    def manifest(self, study: str, file_type: str = "all") -> list[ListedFile]:
        """Files that ImmPort keeps of a study, each UUID once.

        :param file_type: `result_file`, `protocol_file`, `study_file`, `release_file`, `archive_file` ...
        Raises as `fetch`.
        """
        from include.sources.remote_files import read_manifest

        endpoint = ENDPOINTS["manifest"]
        path, parameters = endpoint.request(study)
        if file_type != "all":
            parameters["fileType"] = file_type
        request = Request(endpoint, path, parameters, study)
        return self._request(request, lambda chunks: read_manifest(chunks, endpoint, study))

    def download(
        self, file: RemoteFile, target: Path, *, progress: Callable[[int, int], None] | None = None
    ) -> Downloaded:
        """Bring a file to `target`, verified; what `target` holds of it already is not fetched again.

        The retries of the connection count tries in a row that brought no byte.

        :param progress: given how many bytes of the file are there and how many came for it, while they come.
        :raises MissingFileError: ImmPort lists the file, but does not have it.
        :raises WrongFileError: size or MD5 are wrong, twice; nothing of it is left.
        :raises OSError: it cannot be written; what came stays for the next try.
        Raises as `fetch` for the rest.
        """
        return self.bring(self._way(file), target, progress)

    @contextmanager
    def parts(
        self, file: RemoteFile, *, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[BinaryIO]:
        """A file at its source as an open file: only the parts that are read are fetched, by HTTP Range.

        :param progress: given how many bytes came last, and how many came for it, while they come.
        Raises as `download` where it is read. Its MD5 is not verified: that would take all of it.
        """
        with self.opened(self._way(file), progress) as content:
            yield content

    def test_connection(self) -> tuple[bool, str]:
        """Request a study, and then what only a valid key may see of it."""
        root = STUDY_ENDPOINTS[0]
        try:
            with self:
                page = self._page(0, size=1, tries=1)
                for study in page.studies:
                    request = Request(root, *root.request(study), study)
                    self._request(request, lambda chunks: list(read_rows(chunks, root)), tries=1)
        except ConfigurationError as error:
            return False, f"Correct the connection: {error.what}"
        except (CredentialError, AccessError) as error:
            return False, str(error)
        except ImmPortError as error:
            return False, f"{error}. Check the address and the network, then try again."
        if not page.studies:
            return False, f"{self.settings.source} answers, but lists no study: check the address."
        return True, self.expiry_notice() or f"{self.settings.source} accepts the credentials."

    def _way(self, file: RemoteFile) -> FileWay:
        """How a file is had: by ImmPort's own route, or by DRS."""
        if self.settings.drs_base is None:
            return FileWay(file, lambda method, is_retry: self._address(file, method, is_retry=is_retry))
        from immport_provider.hooks.drs.route import DrsRoute

        route = DrsRoute(self.drs, file)
        return FileWay(route.file, route.address, route.checksum)

    def _address(self, file: RemoteFile, method: str, is_retry: bool) -> AccessUrl:
        """A signed address of a file: a secret."""
        from include.sources.remote_files import read_address

        gaps = {"accessMethod": method, "fileUUID": quote(file.uuid, safe="")}
        request = Request(DRS_DOWNLOAD, DRS_DOWNLOAD.path.format_map(gaps), study=file.study)
        return self._try(request, read_address, is_retry=is_retry)

    def _page(self, start: int, size: int | None = None, tries: int | None = None) -> Page:
        from include.sources.immport.listing import read_page

        parameters = {
            "fromRecord": str(start),
            "pageSize": str(size or self.settings.page_size),
            "sourceFields": ",".join(SEARCH.names),
        }
        return self._request(Request(SEARCH, SEARCH.path, parameters), read_page, tries)

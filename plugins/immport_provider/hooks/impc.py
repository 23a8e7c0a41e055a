"""The hook of IMPC: its Solr core of images and the metadata of its releases, without credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar
from urllib.parse import urlsplit

from immport_provider.hooks.answers import Request
from immport_provider.hooks.files.file_client import FileClient
from immport_provider.hooks.settings import Connection, Settings, address_of
from immport_provider.hooks.source_hook import SourceHook
from include.sources.drs.checksums import Checksum
from include.sources.drs.objects import AccessUrl
from include.sources.endpoint import Endpoint
from include.sources.errors import ForbiddenAddressError, MissingFileError
from include.sources.foreign import quoted
from include.sources.impc.core import find_release, read_core
from include.sources.impc.endpoints import IMAGE_FILE, RELEASE
from include.sources.remote_files import Downloaded, RemoteFile

if TYPE_CHECKING:
    import httpx

    from immport_provider.hooks.files.way import FileWay

#: Where EBI serves the cores, and where IMPC keeps the metadata of its releases.
SOLR_HOST = "https://www.ebi.ac.uk"
RELEASE_HOST = "https://impc-datasets.s3.eu-west-2.amazonaws.com"
#: Where the files of images lie: EBI's image server, and the tracker of IMPC. Documents name no other host.
FILE_HOSTS = frozenset({"www.ebi.ac.uk", "api.mousephenotype.org"})


@dataclass(frozen=True)
class ImpcSettings(Settings):
    """How to reach IMPC.

    :param release_base: scheme, host and port of the metadata of releases.
    :param file_base: the same of all files of images; None for the hosts that documents name.
    """

    release_base: str = RELEASE_HOST
    file_base: str | None = None


class ImpcHook(SourceHook, FileClient):
    """IMPC's images.

    Parameters as of `HttpClient`; the connection is of type `impc`.
    """

    default_conn_name: ClassVar[str] = "impc_default"
    conn_type: ClassVar[str] = "impc"
    hook_name: ClassVar[str] = "IMPC images"
    home: ClassVar[str] = SOLR_HOST
    needs_no_key: ClassVar[str] = "IMPC's data need no key"

    def read_settings(self, connection: Connection) -> ImpcSettings:
        """The connection, checked.

        :raises ValueError: which field is wrong; one that holds credentials is.
        """
        settings = super().read_settings(connection)
        # A stand-in serves all of it.
        own = None if settings.base == SOLR_HOST else settings.base

        def base(field: str, default: str | None) -> str | None:
            host = str(connection.extra_dejson.get(field) or "").strip() or own or default
            return address_of(host, RELEASE_HOST, allow_http=settings.allow_http) if host else None

        return ImpcSettings(
            **vars(settings),
            release_base=base("release_host", RELEASE_HOST) or RELEASE_HOST,
            file_base=base("file_host", None),
        )

    def request_of(self, endpoint: Endpoint, scope: str, form: str, page: Mapping[str, str]) -> Request:
        """A query of the core, or the metadata of a release, which are on a host of their own.

        :param scope: the centre, or the number of the release; empty for what concerns all centres.
        :param page: further parameters of the query.
        """
        request, settings = super().request_of(endpoint, scope, form, page), self.settings
        if endpoint is RELEASE and isinstance(settings, ImpcSettings):
            return replace(request, path=f"{settings.release_base}{request.path}")
        return request

    def check_answer(self, request: Request, answer: httpx.Response) -> None:
        """Let only a good answer pass.

        :raises MissingFileError: there are no metadata of the release.
        :raises ImmPortError: the kind that fits the status.
        """
        if request.endpoint is RELEASE and answer.status_code in (403, 404):
            raise MissingFileError(f"{answer.status_code}; no such release", answer.status_code)
        super().check_answer(request, answer)

    def download(
        self, file: RemoteFile, target: Path, *, progress: Callable[[int, int], None] | None = None
    ) -> Downloaded:
        """Bring the file of an image to `target`; its SHA-256 is verified where it is known.

        Otherwise as `ImmPortHook.download`.
        """
        return self.bring(self._way(file), target, progress)

    @contextmanager
    def parts(
        self, file: RemoteFile, *, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[BinaryIO]:
        """The file of an image at its source, as `ImmPortHook.parts`."""
        with self.opened(self._way(file), progress) as content:
            yield content

    def _way(self, file: RemoteFile) -> FileWay:
        from immport_provider.hooks.files.way import FileWay

        checksum = None if file.sha256 is None else Checksum("sha-256", file.sha256)
        return FileWay(file, lambda method, is_retry: self.file_address(file), checksum, IMAGE_FILE)

    def file_address(self, file: RemoteFile) -> AccessUrl:
        """Where the file of an image is requested: the address that its document states, at a known host.

        :raises ForbiddenAddressError: it states none, or one at another host.
        """
        url, settings = urlsplit(file.address or ""), self.settings
        rest = url._replace(scheme="", netloc="", fragment="").geturl()
        if isinstance(settings, ImpcSettings) and settings.file_base is not None and url.netloc:
            address = f"{settings.file_base}{rest}"
        elif url.scheme == "https" and url.netloc in FILE_HOSTS:
            address = f"https://{url.netloc}{rest}"
        else:
            raise ForbiddenAddressError(f"no files of images are fetched from {quoted(url.netloc)}", 0)
        with self.rate_limiter.acquire():  # a file is a call, as any other
            return AccessUrl(address)

    def look(self) -> tuple[bool, str]:
        """The number of documents, and the newest release."""
        core, release = read_core(self), find_release(self)
        if release is None:
            return False, f"{self.settings.source} answers, but there are no metadata of a release."
        return (
            True,
            f"{self.settings.source} has {core.total} documents; the newest release is {release.release}.",
        )

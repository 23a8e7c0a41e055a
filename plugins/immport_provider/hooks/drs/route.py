"""A file by way of DRS: the object that describes it, then an address of its bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from immport_provider.hooks.answers import explained
from immport_provider.hooks.drs.drs import DrsHook, about
from immport_provider.hooks.files.file_store import S3
from immport_provider.hooks.files.way import FileWay
from include.sources.drs.checksums import Checksum
from include.sources.drs.endpoints import OBJECT
from include.sources.drs.objects import AccessMethod, AccessUrl, DrsObject
from include.sources.errors import BadAnswerError, WrongFileError
from include.sources.remote_files import Downloaded, RemoteFile

#: Schemes of addresses that are fetched from here.
_FETCHED = ("https://", "http://")


class DrsRoute:
    """The addresses of one file, once the service has described it.

    :ivar file: as the manifest describes it; what it does not say, as DRS does.
    :ivar checksum: by which the bytes are verified where there is no MD5; None without one.

    :param drs: the service.
    :param file: as a manifest describes it.
    :param object_id: that of DRS; the UUID of the manifest when None.
    :raises WrongFileError: the object is not the file of the manifest.
    Raises as `DrsHook.object` for the rest.
    """

    def __init__(self, drs: DrsHook, file: RemoteFile, object_id: str | None = None) -> None:
        self._drs, self._object_id = drs, object_id or file.uuid
        self._object: DrsObject | None = drs.object(self._object_id, study=file.study)
        with explained(about(OBJECT, study=file.study, object=self._object_id), drs.settings.source):
            if problem := difference(self._object, file):
                raise WrongFileError(f"{file.name}: {problem}", 200)
        size, md5 = self._object.size, self._object.checksum("md5")
        self.file = replace(file, size_bytes=_first(file.size_bytes, size), md5=file.md5 or md5)
        known = [item for item in self._object.checksums if item.is_known]
        self.checksum: Checksum | None = known[0] if known and self.file.md5 is None else None

    def address(self, method: str, is_retry: bool) -> AccessUrl:
        """An address of the bytes, requested once: the caller tries again.

        :param method: `s3` for the best access method, `stream` for another one after that was refused.
        """
        found = self._object or self._drs.object(
            self._object_id, study=self.file.study, tries=1, is_retry=is_retry
        )
        ways = usable(found)
        if not ways:
            raise BadAnswerError("DRS names no way to the bytes that is fetched by https", 200)
        way = ways[0] if method == S3 else ways[-1]
        # An address without an identifier to request a new one by is renewed with the object.
        self._object = None if way.access_id is None else found
        study = self.file.study
        return self._drs.address(found.object_id, way, study=study, tries=1, is_retry=is_retry)


def download_object(
    drs: DrsHook, object_id: str, target: Path, progress: Callable[[int, int], None] | None = None
) -> Downloaded:
    """Bring a file of any service to `target`, verified by size and checksum; as `ImmPortHook.download`."""
    route = DrsRoute(drs, RemoteFile("", object_id, object_id, None, None))
    return drs.bring(FileWay(route.file, route.address, route.checksum), target, progress)


def usable(found: DrsObject) -> list[AccessMethod]:
    """The ways to the bytes that can be gone from here; first those at hand, and signed anew each time."""

    def rank(way: AccessMethod) -> tuple[bool, bool]:
        return way.available is False, way.access_id is None

    return sorted(filter(_is_usable, found.access_methods), key=rank)


def _is_usable(way: AccessMethod) -> bool:
    if way.access_id is not None:
        return True
    return way.access_url is not None and way.access_url.url.lower().startswith(_FETCHED)


def _first(stated: int | None, other: int | None) -> int | None:
    return other if stated is None else stated


def difference(found: DrsObject, file: RemoteFile) -> str | None:
    """How an object of DRS differs from the file of a manifest; None when it does not."""
    if found.is_bundle:
        return "a bundle, where the manifest lists a file"
    if file.size_bytes is not None and found.size not in (None, file.size_bytes):
        return f"{found.size} bytes by DRS, {file.size_bytes} by the manifest"
    md5 = found.checksum("md5")
    if file.md5 is not None and md5 not in (None, file.md5):
        return f"MD5 {md5} by DRS, {file.md5} by the manifest"
    return None

"""The bytes of downloaded files, where they were put: in a folder, or in an object storage."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from airflow.sdk import ObjectStoragePath
from fsspec import AbstractFileSystem
from starlette.responses import FileResponse, Response, StreamingResponse

from operations.drs.ranges import UnsatisfiableError, wanted
from operations.drs.signature import LIFE

log = logging.getLogger(__name__)
_BLOCK = 1 << 20


def is_local(location: str) -> bool:
    """Whether a file lies in a folder."""
    return location.startswith("file://")


class GoneError(LookupError):
    """A file that is recorded as present, and is not there or is another one."""


class KeptFile:
    """A file that a download put into place.

    :param location: as recorded: the whole path or URL.
    :param kept_as: its path below the destination, which the location ends with.
    :raises GoneError: the record is not of a place below a destination.
    """

    def __init__(self, location: str, kept_as: str) -> None:
        parts = kept_as.split("/")
        if not location.endswith(f"/{kept_as}") or not all(parts) or {".", ".."} & set(parts):
            raise GoneError("the recorded place is not below a destination")
        self.place = ObjectStoragePath(location)
        self.is_local = is_local(location)
        if self.is_local:
            root = Path(self.place.path.removesuffix(kept_as)).resolve()
            if not Path(self.place.path).resolve().is_relative_to(root):
                raise GoneError("a link leads out of the destination")

    def check(self, size: int) -> None:
        """Check that it is there, as long as recorded.

        :raises GoneError: it is not, or cannot be looked at.
        """
        try:
            found = int(self._storage().info(self.place.path)["size"])
        except Exception as error:  # noqa: BLE001 - storages have exceptions of their own
            log.warning("a kept file cannot be looked at: %s", type(error).__name__)
            raise GoneError(f"not there ({type(error).__name__})") from None
        if found != size:
            raise GoneError(f"{found} bytes are there, {size} were put there")

    def presigned(self) -> str | None:
        """An address that the storage itself signs: a secret; None of one that signs nothing.

        :raises GoneError: the storage refuses.
        """
        if self.is_local:
            return None
        try:
            return str(self._storage().sign(self.place.path, expiration=LIFE))
        except NotImplementedError:
            return None
        except Exception as error:  # noqa: BLE001 - of any storage; its text may hold the address
            log.warning("an address cannot be signed: %s", type(error).__name__)
            raise GoneError(f"no address ({type(error).__name__})") from None

    def response(self, kind: str, size: int, md5: str, headers: Mapping[str, str]) -> Response:
        """Its bytes, or the part of them that a request wants.

        A storage that cannot open a file at an offset sends the whole.

        :param kind: its media type.
        :param headers: of the request.
        :raises GoneError: it cannot be read.
        """
        etag = f'"{md5}"'
        about = {"ETag": etag, "X-Content-Type-Options": "nosniff"}
        name = self.place.name
        if self.is_local:
            return FileResponse(self.place.path, media_type=kind, filename=name, headers=about)
        whole = range(size)
        try:
            part = wanted(headers, etag, size) or whole
        except UnsatisfiableError:
            return Response(status_code=416, headers=about | {"Content-Range": f"bytes */{size}"})
        content = self._opened()
        if not _goes_to(content, part.start):
            part = whole
            content.close()
            content = self._opened()
        about |= {
            "Content-Disposition": "attachment",
            "Content-Length": str(len(part)),
            "Accept-Ranges": "bytes" if content.seekable() else "none",
        }
        if part == whole:
            return StreamingResponse(_blocks(content, size), 200, about, kind)
        about["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        return StreamingResponse(_blocks(content, len(part)), 206, about, kind)

    def _storage(self) -> AbstractFileSystem:
        """The storage, before anything is requested of it: then it takes no more options."""
        storage = self.place.fs
        # By default s3fs signs addresses by version 2, which S3 refuses for buckets made since 2020.
        if isinstance(options := getattr(storage, "config_kwargs", None), dict):
            options.setdefault("signature_version", "s3v4")
        return storage

    def _opened(self) -> BinaryIO:
        try:
            return cast("BinaryIO", self._storage().open(self.place.path, "rb"))
        except Exception as error:  # noqa: BLE001 - storages have exceptions of their own
            log.warning("a kept file cannot be opened: %s", type(error).__name__)
            raise GoneError(f"cannot be opened ({type(error).__name__})") from None


def _goes_to(content: BinaryIO, start: int) -> bool:
    """Move an open file to an offset; whether its storage can."""
    try:
        return not start or (content.seekable() and content.seek(start) == start)
    except (OSError, ValueError, NotImplementedError) as error:  # as fsspec's streams and compressed files do
        log.info("a storage sends whole files only: %s", type(error).__name__)
        return False


def _blocks(content: BinaryIO, length: int) -> Iterator[bytes]:
    """So many bytes from where an open file stands; it is closed with them."""
    with content:
        while length and (block := content.read(min(_BLOCK, length))):
            length -= len(block)
            yield block

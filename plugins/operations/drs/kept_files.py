"""The bytes of downloaded files, where they were put: in a folder, or in an object storage."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airflow.sdk import ObjectStoragePath
from starlette.responses import FileResponse, Response, StreamingResponse

from operations.drs.signature import LIFE

log = logging.getLogger(__name__)
_BLOCK = 1 << 20


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
        self.is_local = self.place.protocol == "file"
        if self.is_local:
            root = Path(self.place.path.removesuffix(kept_as)).resolve()
            if not Path(self.place.path).resolve().is_relative_to(root):
                raise GoneError("a link leads out of the destination")

    def check(self, size: int) -> None:
        """Check that it is there, as long as recorded.

        :raises GoneError: it is not, or cannot be looked at.
        """
        try:
            found = int(self.place.stat().st_size)
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
            return str(self.place.fs.sign(self.place.path, expiration=LIFE))
        except NotImplementedError:
            return None
        except Exception as error:  # noqa: BLE001 - of any storage; its text may hold the address
            log.warning("an address cannot be signed: %s", type(error).__name__)
            raise GoneError(f"no address ({type(error).__name__})") from None

    def response(self, kind: str, md5: str) -> Response:
        """Its bytes: of a folder any range of them; of a storage that signs no addresses the whole."""
        headers = {"ETag": f'"{md5}"', "X-Content-Type-Options": "nosniff"}
        name = self.place.name
        if self.is_local:
            return FileResponse(self.place.path, media_type=kind, filename=name, headers=headers)
        headers |= {"Content-Disposition": "attachment", "Accept-Ranges": "none"}
        return StreamingResponse(self._blocks(), media_type=kind, headers=headers)

    def _blocks(self) -> Iterator[bytes]:
        with self.place.open("rb") as content:
            file: Any = content
            while block := file.read(_BLOCK):
                yield block

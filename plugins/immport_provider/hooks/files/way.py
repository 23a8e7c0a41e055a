"""How one file is had: what is known of it, and what requests a signed address of its bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from include.sources.drs.checksums import Checksum
from include.sources.drs.objects import AccessUrl
from include.sources.endpoint import Endpoint
from include.sources.immport.endpoints import DRS_DOWNLOAD
from include.sources.remote_files import RemoteFile


@dataclass(frozen=True)
class FileWay:
    """A way to a file.

    :param address: requests an address: `s3` or `stream`, and whether a request failed before.
    :param checksum: by which the bytes are verified where the MD5 is not known.
    :param endpoint: what its requests are reported as.
    """

    file: RemoteFile
    address: Callable[[str, bool], AccessUrl]
    checksum: Checksum | None = None
    endpoint: Endpoint = DRS_DOWNLOAD

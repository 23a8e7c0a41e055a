"""An object of the public bucket, and where objects come from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property
from typing import Protocol

from include.sources.gene_lists.files import PUBLIC_FILES, PublicFile
from include.sources.orthologs.table import HOMOLOGY

#: The public files that are served here, those of one address first.
SERVED_FILES: Mapping[str, PublicFile] = {HOMOLOGY.name: HOMOLOGY, **PUBLIC_FILES}

_MEDIA_TYPES = {"json": "application/json", "txt": "text/plain"}


@dataclass(frozen=True)
class PublicObject:
    """One object: its bytes, and when they were written (UTC)."""

    key: str
    body: bytes
    modified: datetime

    @cached_property
    def etag(self) -> str:
        """As S3 makes it of an object that was written at once: the MD5 of its bytes, in quotes."""
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'

    @property
    def last_modified(self) -> str:
        """As HTTP writes it."""
        return format_datetime(self.modified, usegmt=True)

    @property
    def media_type(self) -> str:
        """What S3 says that it is, by the end of its key."""
        return _MEDIA_TYPES.get(self.key.rpartition(".")[2], "application/octet-stream")


class GeneListWorld(Protocol):
    """The gene lists of a world, or another kind of public files."""

    def objects(self, place: int) -> Mapping[str, PublicObject]:
        """All objects, by their address.

        :param place: index of the data release that the sandbox serves: lists change along the releases.
        """


@dataclass(frozen=True)
class Together:
    """Public files of several kinds; of one address those of the last."""

    kinds: tuple[GeneListWorld, ...]

    def objects(self, place: int) -> Mapping[str, PublicObject]:
        """All objects, by their address."""
        return {key: found for kind in self.kinds for key, found in kind.objects(place).items()}

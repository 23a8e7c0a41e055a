"""Zip files that others made: what must be known of one before any of it is unpacked."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib

#: A file that grows by more than this, and beyond this size, is a bomb: text shrinks to a twentieth.
MOST_GROWTH, LARGE = 200, 64 << 20
#: Bytes of all files of a zip file together.
MOST_BYTES = 1 << 42

#: What a zip file that is damaged, or of a kind that is not supported, can raise when it is opened or read.
READ_ERRORS = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)

_ENCRYPTED = 0x1


class UnsafeZipError(ValueError):
    """A zip file that must not be unpacked."""


def is_outside(name: str) -> bool:
    """Whether a name leads out of the folder that it is unpacked to, on any system."""
    parts = re.split(r"[/\\]", name)
    return name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name) is not None


def is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    return bool(info.flag_bits & _ENCRYPTED)


def is_bomb(info: zipfile.ZipInfo) -> bool:
    return info.file_size > LARGE and info.file_size > MOST_GROWTH * max(info.compress_size, 1)


def check_growth(archive: zipfile.ZipFile) -> None:
    """Refuse a zip file that would grow beyond measure.

    :raises UnsafeZipError: which file, and by how much.
    """
    for info in archive.infolist():
        if is_bomb(info):
            raise UnsafeZipError(
                f"{info.filename} grows from {info.compress_size:,} to {info.file_size:,} bytes"
            )
    total = sum(info.file_size for info in archive.infolist())
    if total > MOST_BYTES:
        raise UnsafeZipError(f"its files have {total:,} bytes")

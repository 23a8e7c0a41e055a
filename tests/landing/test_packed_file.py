"""A compressed file that a thread packs: all bytes in their order, and no error lost."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import threading
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest

from include.landing.packed_file import BATCH, PackedFile


class FullDisk(io.BytesIO):
    """Takes the header of a file, and nothing more."""

    def write(self, data: Any) -> int:
        if self.tell():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def numbered(size: int) -> bytes:
    return b"".join(b"%08x" % number for number in range(size // 8))


def packing() -> list[str]:
    return [item.name for item in threading.enumerate() if item.name.startswith("packing")]


@pytest.mark.parametrize("size", [0, 8, BATCH - 8, BATCH, BATCH + 8, 3 * BATCH + 16])
def test_holds_what_was_written_in_its_order(size: int) -> None:
    data, file, digest = numbered(size), io.BytesIO(), hashlib.sha256()
    with PackedFile(file, digest.update) as packed:
        for start in range(0, size, 65_000):
            packed.write(data[start : start + 65_000])
    assert gzip.decompress(file.getvalue()) == data
    assert digest.hexdigest() == hashlib.sha256(data).hexdigest()
    assert packed.stored_sha256 == hashlib.sha256(file.getvalue()).hexdigest()
    assert packed.stored_bytes == len(file.getvalue())
    assert not packing()


def pack(file: io.BytesIO, blocks: Iterator[bytes]) -> None:
    with PackedFile(file) as packed:
        for block in blocks:
            packed.write(block)


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_a_disk_that_is_full_is_an_error_of_the_writer(batches: int) -> None:
    with pytest.raises(OSError, match="No space left"):
        pack(FullDisk(), repeat(bytes(BATCH), batches))
    assert not packing()


def test_an_error_of_the_writer_ends_the_thread_and_stays_the_error() -> None:
    def broken() -> Iterator[bytes]:
        yield numbered(2 * BATCH)
        raise EOFError("cut")

    with pytest.raises(EOFError, match="cut"):
        pack(io.BytesIO(), broken())
    assert not packing()

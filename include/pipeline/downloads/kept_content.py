"""The content of a file that lies in the storage: whether it is the planned file, and its size and MD5."""

from __future__ import annotations

from typing import Any, NamedTuple

from include.landing.object_store import Storage

#: Columns of `ops.file_download` about a file that lies nowhere: they are null together.
NOTHING_KEPT = dict.fromkeys(("location", "kept_bytes", "kept_md5"))


class KeptContent(NamedTuple):
    """What lies in the storage.

    :param md5: 32 lower-case hexadecimal digits.
    """

    size_bytes: int
    md5: str

    def at(self, location: str) -> dict[str, Any]:
        """Columns of `ops.file_download` about it."""
        return dict(zip(NOTHING_KEPT, (location, self.size_bytes, self.md5), strict=True))


def find_kept(storage: Storage, row: Any) -> KeptContent | None:
    """The content of a planned file, if it lies in the storage already; None where it is to be fetched.

    A local file is read, and is the planned one by its SHA-256, or by its MD5: that of its source, or the
    recorded one where the source states none. One of an object storage is by what was recorded of the place;
    it is read where neither gives an MD5, once.

    :param row: of `ops.file_download`.
    :raises StorageError: it cannot be read.
    """
    path, size = row.kept_as, storage.size(row.kept_as)
    if size is None or row.size_bytes not in (None, size):
        return None
    is_recorded = row.location == str(storage.place(path))
    stated = row.md5 or (row.kept_md5 if is_recorded else None)
    if storage.is_local and (row.sha256 or stated):
        md5 = storage.digest(path, "md5")
        is_it = storage.digest(path, "sha256") == row.sha256 if row.sha256 else md5 == stated
        return KeptContent(size, md5) if is_it else None
    if not is_recorded or row.kept_bytes not in (None, size):
        return None
    return KeptContent(size, stated or storage.digest(path, "md5"))

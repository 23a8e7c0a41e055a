"""The objects of the service: files of the newest release that were downloaded, and bundles of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from include.sources.drs.bundles import blob, bundle_scope, bundles
from include.sources.drs.checksums import Checksum
from include.sources.drs.objects import AccessMethod, AccessUrl, DrsObject
from include.sources.drs.service import RefusedError
from operations.access import Reader
from operations.database import query
from operations.drs.kept_files import GoneError, KeptFile, is_local
from operations.drs.signature import PARAMETER, Signed, sign

#: Access methods, addresses that are signed when they are requested: of the storage, where it signs some, or
#: of this service, for clients that do not reach the storage, or send it their token, which it refuses.
SIGNED, STREAMED = "signed", "streamed"
_HERE = (AccessMethod("https", SIGNED),)
_IN_A_STORAGE = (*_HERE, AccessMethod("https", STREAMED))


@dataclass(frozen=True)
class WarehouseFiles:
    """The files of a warehouse, as a reader may see them.

    :param connection: a transaction with the rights of the reader.
    :param host: name of the server, for URIs.
    :param files: address under which bytes are served here.
    """

    connection: sa.Connection
    reader: Reader
    host: str
    files: str

    def find(self, object_id: str) -> DrsObject | None:
        """A file by its UUID, or a bundle: of a study at a release, or of a folder of it."""
        scope = bundle_scope(object_id)
        if scope is not None:
            return self._bundles(*scope).get(object_id)
        row = self.row(object_id)
        return self._blob(row) if row else None

    def address(self, found: DrsObject, access_id: str) -> AccessUrl | None:
        """A signed address, by one of the ways that the object names."""
        row = self.row(found.object_id)
        if row is None or access_id not in {way.access_id for way in found.access_methods}:
            return None
        try:
            kept = KeptFile(row["location"], row["kept_as"])
            kept.check(row["size_bytes"])
            address = kept.presigned() if access_id == SIGNED else None
        except GoneError as error:
            raise RefusedError(404, f"the bytes are not there: {error}") from None
        if address is None:
            token = sign(Signed(found.object_id, self.reader.may_operate))
            address = f"{self.files}/{found.object_id}?{PARAMETER}={token}"
        return AccessUrl(address)

    def totals(self) -> tuple[int, int]:
        """Files, and their bytes."""
        row = self.connection.execute(sa.text(query("drs_totals"))).one()
        return int(row.files), int(row.bytes)

    def row(self, file_uuid: str) -> Mapping[str, Any] | None:
        """What is recorded of a file that is here; None of any other."""
        found = self._rows("drs_file", file_uuid=file_uuid)
        return found[0] if len(found) == 1 else None

    def _rows(self, name: str, **parameters: str) -> list[Mapping[str, Any]]:
        if any("\0" in value for value in parameters.values()):
            return []
        found = self.connection.execute(sa.text(query(name)), parameters).mappings()
        return [dict(row) for row in found]

    def _bundles(self, study: str, release: str) -> Mapping[str, DrsObject]:
        day = self.connection.execute(sa.text(query("drs_release")), {"release": release}).scalar()
        if day is None:
            return {}
        self.connection.execute(
            sa.text("select set_config('star.as_of', :release, true)"), {"release": release}
        )
        try:
            rows = self._rows("drs_study", study=study)
        finally:
            self.connection.execute(sa.text("select set_config('star.as_of', '', true)"))
        files = [(row["path"] or row["file_uuid"], self._blob(row)) for row in rows]
        return bundles(f"{study}.{release}", files, self.host, _midnight(day))

    def _blob(self, row: Mapping[str, Any]) -> DrsObject:
        return blob(
            row["file_uuid"],
            self.host,
            row["file_name"] or row["kept_as"].rpartition("/")[2],
            int(row["size_bytes"]),
            [Checksum("md5", row["md5"])],
            _midnight(row["date_file_updated"] or row["changed_at"].date()),
            _HERE if is_local(row["location"]) else _IN_A_STORAGE,
        )


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"

"""The release files of each study as they were when it was loaded: what a later look is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.sources.immport.endpoints import ENDPOINTS
from include.sources.immport.release_files import issued
from include.sources.release import Release
from include.warehouse.load.staging_tables import StagedTables
from include.warehouse.schema.ops_tables import RELEASE_FILE, STAGED

if TYPE_CHECKING:
    from include.sources.remote_files import RemoteFile


def _of_load(table: str) -> str:
    """Copies the release files out of a staged manifest: `staging.l7_manifest`."""
    return f"""
insert into ops.release_file (study_accession, file_name, file_uuid, md5, size_bytes)
select distinct on (file_name) :study, file_name, file_uuid, lower(btrim(generated_md5)),
    case when filesize_bytes ~ '^[0-9]{{1,18}}$' then filesize_bytes::bigint end
from {table} where file_type = 'release_file' and file_name is not null and file_uuid is not null
order by file_name, file_uuid
"""


def recorded(connection: sa.Connection) -> dict[str, dict[str, RemoteFile]]:
    """The release files known, by study and name."""
    from include.sources.remote_files import RemoteFile

    found: dict[str, dict[str, RemoteFile]] = {}
    for row in connection.execute(sa.select(RELEASE_FILE)):
        file = RemoteFile(row.study_accession, row.file_uuid, row.file_name, row.size_bytes, row.md5)
        found.setdefault(row.study_accession, {})[row.file_name] = file
    return found


def record_first(connection: sa.Connection, study: str, files: Iterable[RemoteFile]) -> None:
    """Note the files of a study that was loaded before they were looked at."""
    rows = [
        {
            "study_accession": study,
            "file_name": file.name,
            "file_uuid": file.uuid,
            "md5": file.md5,
            "size_bytes": file.size_bytes,
        }
        for file in files
    ]
    if rows:
        connection.execute(upsert(RELEASE_FILE).on_conflict_do_nothing(), rows)


def record_load(connection: sa.Connection, load_id: int, study: str) -> None:
    """Note the files that a load's own manifest lists. In the transaction that publishes it: whatever
    becomes of a load that is not published, its study's files still differ from those noted. Where the source
    refused the manifest, what is noted stays."""
    of_manifest = (STAGED.c.load_id == load_id) & (STAGED.c.endpoint == "manifest")
    if connection.scalar(sa.select(STAGED.c.refused).where(of_manifest)) is not None:
        return
    connection.execute(sa.delete(RELEASE_FILE).where(RELEASE_FILE.c.study_accession == study))
    rows = StagedTables.read(connection, load_id).rows(ENDPOINTS["manifest"])
    connection.execute(sa.text(_of_load(rows)), {"study": study})


def news(known: Mapping[str, RemoteFile], found: Iterable[RemoteFile]) -> list[RemoteFile]:
    """Files that are new or have other bytes. A file that the source removed does not count as news."""
    return [file for file in found if file.name not in known or _differs(known[file.name], file)]


def release_of(files: Iterable[RemoteFile]) -> Release | None:
    """The newest release that names of files carry; None when none does."""
    named = (issued(file.name) for file in files)
    return max((item.release for item in named if item), default=None)


def _differs(one: RemoteFile, other: RemoteFile) -> bool:
    if one.md5 and other.md5:
        return one.md5 != other.md5
    return None not in (one.size_bytes, other.size_bytes) and one.size_bytes != other.size_bytes

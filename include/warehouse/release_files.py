"""The release files of each study as they were when it was loaded: what a later look is compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.sources.immport import ENDPOINTS
from include.sources.release import Release
from include.warehouse.stage import staging_table
from include.warehouse.tables import RELEASE_FILE

if TYPE_CHECKING:
    from immport_provider.hooks.listing import ReleaseFile

#: What `SDY139-DR25_Tab.zip` and `sdy180-dr47_subject_2_cytof.txt` say of their release.
_IN_NAME = re.compile(r"SDY\d+-(DR\d{1,5}(?:\.\d{1,2})?)[_.]", re.IGNORECASE)

_OF_LOAD = """
insert into ops.release_file (study_accession, file_name, file_uuid, md5, size_bytes)
select distinct on (file_name) :study, file_name, file_uuid, generated_md5,
    case when filesize_bytes ~ '^[0-9]{{1,18}}$' then filesize_bytes::bigint end
from {table} where file_type = 'release_file' and file_name is not null and file_uuid is not null
order by file_name, file_uuid
"""


def recorded(connection: sa.Connection) -> dict[str, dict[str, ReleaseFile]]:
    """The release files known, by study and name."""
    from immport_provider.hooks.listing import ReleaseFile

    found: dict[str, dict[str, ReleaseFile]] = {}
    for row in connection.execute(sa.select(RELEASE_FILE)):
        file = ReleaseFile(row.file_name, row.file_uuid, row.md5, row.size_bytes)
        found.setdefault(row.study_accession, {})[row.file_name] = file
    return found


def record_first(connection: sa.Connection, study: str, files: Iterable[ReleaseFile]) -> None:
    """Note the files of a study that was loaded before they were looked at."""
    rows = [
        {
            "study_accession": study,
            "file_name": file.name,
            "file_uuid": file.uuid,
            "md5": file.md5,
            "size_bytes": file.size,
        }
        for file in files
    ]
    if rows:
        connection.execute(upsert(RELEASE_FILE).on_conflict_do_nothing(), rows)


def record_load(connection: sa.Connection, load_id: int, study: str) -> None:
    """Note the files that a load's own manifest lists. In the transaction that publishes it: whatever
    becomes of a load that is not published, its study's files still differ from those noted."""
    connection.execute(sa.delete(RELEASE_FILE).where(RELEASE_FILE.c.study_accession == study))
    table = staging_table(load_id, ENDPOINTS["manifest"])
    connection.execute(sa.text(_OF_LOAD.format(table=table)), {"study": study})


def news(known: Mapping[str, ReleaseFile], found: Iterable[ReleaseFile]) -> list[ReleaseFile]:
    """Files that were not there or have other bytes. A file that is there no more is no news of the study."""
    return [file for file in found if file.name not in known or _differs(known[file.name], file)]


def release_of(files: Iterable[ReleaseFile]) -> Release | None:
    """The newest release that names of files carry; None when none does."""
    names = (_IN_NAME.match(file.name) for file in files)
    return max((Release.parse(name[1].upper()) for name in names if name), default=None)


def _differs(one: ReleaseFile, other: ReleaseFile) -> bool:
    if one.md5 and other.md5:
        return one.md5 != other.md5
    return one.size is not None and other.size is not None and one.size != other.size

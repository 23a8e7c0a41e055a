"""The plan of a run that brings files: written down, divided into batches, read again by each of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, TypedDict

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.pipeline.downloads.file_selection import LEFT_OUT, PLANNED, FileSelection
from include.pipeline.downloads.kept_content import NOTHING_KEPT
from include.sources.immport.source import IMMPORT
from include.warehouse.schema.ops_tables import FILE_DOWNLOAD

#: Bytes and files that are worth a task of their own, and tasks at most: far below Airflow's 1024.
BYTES_PER_TASK, FILES_PER_TASK, MOST_TASKS = 1 << 30, 200, 400


def write_plan(
    engine: sa.Engine, run_id: str, choices: Sequence[FileSelection], source: str = IMMPORT.name
) -> None:
    """Write the choices down. What was fetched of a file stays counted.

    The files belong to the run that planned them last: an earlier one that is still at work writes nothing
    more of them, and `fetching` reports them as superseded. Positions in the plan do not move by that.

    :param source: name of the source that the files are of.
    """
    rows = [_row(item, run_id, source) for item in choices]
    rows.sort(key=lambda row: (row["study_accession"], row["file_uuid"]))  # as any other run locks them
    numbers = count()
    for row in rows:
        row["position"] = None if row["state"] == LEFT_OUT else next(numbers)
    own = FILE_DOWNLOAD.c.run_id == run_id
    with engine.begin() as connection:
        # A second try of the plan may choose less.
        gone = sa.update(FILE_DOWNLOAD).where(own, FILE_DOWNLOAD.c.state == PLANNED)
        connection.execute(gone.values(state=LEFT_OUT, error="no longer wanted"))
        connection.execute(sa.update(FILE_DOWNLOAD).where(own).values(position=None))
        if rows:
            connection.execute(_upsert(), rows)
            connection.execute(_displaced(run_id))


def _row(item: FileSelection, run_id: str, source: str) -> dict[str, Any]:
    file = item.file
    return {
        "study_accession": file.study,
        "file_uuid": file.uuid or f"none: {file.path}",
        "path": file.path,
        "kept_as": file.kept_as or file.path,
        "file_type": file.kind,
        "size_bytes": file.size_bytes,
        "md5": file.md5,
        "sha256": file.sha256,
        "address": file.address,
        "source": source,
        "state": item.state,
        "error": item.why,
        "run_id": run_id,
    }


def _upsert() -> sa.Insert:
    """Insert planned files, or plan again what an earlier run recorded of them."""
    statement = upsert(FILE_DOWNLOAD)
    planned = (
        "path", "kept_as", "file_type", "size_bytes", "md5", "sha256", "address", "source", "state", "error",
        "run_id", "position",
    )  # fmt: skip
    again = {name: statement.excluded[name] for name in planned}
    is_same = FILE_DOWNLOAD.c.md5.is_not_distinct_from(statement.excluded.md5)
    return statement.on_conflict_do_update(
        index_elements=[FILE_DOWNLOAD.c.study_accession, FILE_DOWNLOAD.c.file_uuid],
        set_={
            **again,
            "changed_at": sa.func.now(),
            # What lies there is not known to be this content.
            **{name: sa.case((is_same, FILE_DOWNLOAD.c[name])) for name in NOTHING_KEPT},
        },
    )


def _displaced(run_id: str) -> sa.Update:
    """Other files that an earlier run, perhaps still at work, means to put where a planned file goes."""
    mine, table = FILE_DOWNLOAD.alias(), FILE_DOWNLOAD.c
    is_there = (mine.c.study_accession == table.study_accession) & (mine.c.kept_as == table.kept_as)
    others = sa.and_(is_there, mine.c.run_id == run_id, mine.c.state == PLANNED, mine.c.position.is_not(None))
    return (
        sa.update(FILE_DOWNLOAD)
        .where(others, table.run_id != run_id, table.state == PLANNED)
        .values(state=LEFT_OUT, error="another file is planned in its place", run_id=run_id, position=None)
    )


class PlannedBatch(TypedDict):
    """Files that one task fetches: the position of the first in the plan, how many, and of which studies."""

    first: int
    count: int
    studies: list[str]


def batches(engine: sa.Engine, run_id: str) -> list[PlannedBatch]:
    """Batches of the planned files of a run, in the order of the plan."""
    rows = rows_of(engine, run_id, 0, None)
    total = sum(row.size_bytes or 0 for row in rows)
    most_bytes = max(BYTES_PER_TASK, -(-total // MOST_TASKS) * 2)
    most_files = max(FILES_PER_TASK, -(-len(rows) // MOST_TASKS) * 2)
    found: list[PlannedBatch] = []
    total = 0
    for row in rows:
        size = row.size_bytes or 0
        if not found or found[-1]["count"] >= most_files or total + size > most_bytes:
            found.append({"first": row.position, "count": 0, "studies": []})
            total = 0
        batch = found[-1]
        batch["count"] = row.position - batch["first"] + 1
        if row.study_accession not in batch["studies"]:
            batch["studies"].append(row.study_accession)
        total += size
    return found


def rows_of(engine: sa.Engine, run_id: str, first: int, number: int | None) -> Sequence[Any]:
    """Rows of `ops.file_download` that a run planned and still has, by position.

    :param first: the first position.
    :param number: how many positions; all when None.
    """
    table = FILE_DOWNLOAD.c
    end = sa.true() if number is None else table.position < first + number
    mine = sa.and_(table.run_id == run_id, table.state != LEFT_OUT, table.position >= first, end)
    with engine.connect() as connection:
        return connection.execute(sa.select(FILE_DOWNLOAD).where(mine).order_by(table.position)).all()

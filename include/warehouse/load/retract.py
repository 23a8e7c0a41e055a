"""Retracting: what was published at releases that never were is removed, as if it had not been loaded.

A release that is loaded is the newest from then on. Where its number was a slip of the source, a study stays
pinned at it: every real release lies before. Its captures are at the end of the study's timeline, so removing
them gives back exactly what each earlier release had.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from include.sources.immport.release_files import issued
from include.sources.immport.source import IMMPORT
from include.sources.release import OPEN, Release
from include.sources.withdrawal import RETRACTED
from include.sql import literal
from include.warehouse.load import content_digests, fence, surrogate_keys
from include.warehouse.load.fence import Attempt
from include.warehouse.load.publish import TRANSACTION_TIMEOUT, lock_scope
from include.warehouse.model.registry import IMMPORT_MODEL
from include.warehouse.schema.history_tables import DATA_RELEASE
from include.warehouse.schema.ops_tables import (
    CAPTURE,
    LEDGER,
    LOAD,
    RELEASE_CHANGE,
    RELEASE_FILE,
    SCOPES,
)
from include.warehouse.schema.scopes import of_immport, of_study


def studies_after(engine: sa.Engine, last: Release) -> list[str]:
    """Studies that have a capture of a release after `last`."""
    captured = (
        sa.select(CAPTURE.c.scope, LOAD.c.release_version)
        .join(LOAD, LOAD.c.load_id == CAPTURE.c.load_id)
        .where(of_immport(CAPTURE))
    )
    with engine.connect() as connection:
        found = {
            row.scope for row in connection.execute(captured) if Release.parse(row.release_version) > last
        }
    return sorted(found, key=lambda study: int(study.removeprefix("SDY")))


def retract(engine: sa.Engine, study: str, last: Release, attempt: Attempt) -> tuple[str, ...]:
    """Remove what was published of a study at releases after `last`, in one transaction.

    Loads of these releases are ended and marked as retracted; what was landed stays. Who may see the study
    does not change here.

    :returns: the releases that were removed, oldest first.
    :raises SupersededError: a newer attempt works on one of these loads.
    """
    with engine.begin() as connection:
        connection.exec_driver_sql(f"set local transaction_timeout = {literal(TRANSACTION_TIMEOUT)}")
        connection.exec_driver_sql(f"set local lock_timeout = {literal(fence.LOCK_TIMEOUT)}")
        lock_scope(connection, IMMPORT.name, study)
        captures = _captures(connection, study)
        gone = [row for row in captures if Release.parse(row.release_version) > last]
        if not gone:
            return ()
        first: int = min(row.release_key for row in gone)
        _end_loads(connection, study, last, first, attempt)
        _truncate(connection, study, first)
        _forget_captures(connection, study, first)
        _forget_files(connection, study, last)
        left = [row for row in captures if row.release_key < first]
        names = tuple(sorted({row.release_version for row in gone}, key=Release.parse))
        _restate(connection, study, left, f"{RETRACTED}{', '.join(names)}, of after {last}")
        return names


def _captures(connection: sa.Connection, study: str) -> list[sa.Row[Any]]:
    """The captures of a study with their loads, in the order of the release line."""
    statement = (
        sa.select(
            CAPTURE.c.release_key,
            CAPTURE.c.kind,
            CAPTURE.c.reason,
            LOAD.c.load_id,
            LOAD.c.release_version,
            LOAD.c.release_date,
            LOAD.c.listed_version,
        )
        .join(LOAD, LOAD.c.load_id == CAPTURE.c.load_id)
        .where(of_study(CAPTURE, study))
        .order_by(CAPTURE.c.release_key)
    )
    return list(connection.execute(statement))


def _end_loads(connection: sa.Connection, study: str, last: Release, first: int, attempt: Attempt) -> None:
    """Take over all loads of these releases, published or on their way, and end them."""
    table = LOAD.c
    loads = sa.select(table.load_id, table.release_key, table.release_version, table.state).where(
        of_study(LOAD, study), table.state != "failed"
    )
    for row in connection.execute(loads.order_by(table.load_id)).all():
        if row.release_key >= first or Release.parse(row.release_version) > last:
            fence.take_over(connection, row.load_id, attempt)
            state = "retracted" if row.state == "published" else "failed"
            why = f"its release was retracted by run {attempt.run_id}"
            ended = {"state": state, "error": why, "changed_at": sa.func.now()}
            connection.execute(sa.update(LOAD).where(table.load_id == row.load_id).values(**ended))


def _truncate(connection: sa.Connection, study: str, first: int) -> None:
    """Let the timeline of a study end before a key: what began there goes, what ended there is open."""
    study_key = surrogate_keys.of_scope(connection, IMMPORT_MODEL, study)
    at = {"study": study_key, "first": first, "open": OPEN}
    changed = []
    for table in IMMPORT_MODEL.tables:
        rows = f"history.{table.relation}"
        began = sa.text(f"delete from {rows} where study_key = :study and valid_from >= :first")
        ended = sa.text(
            f"update {rows} set valid_to = :open"
            " where study_key = :study and valid_to >= :first and valid_to < :open"
        )
        if connection.execute(began, at).rowcount + connection.execute(ended, at).rowcount:
            changed.append(table.relation)
    newest = sa.select(sa.func.max(LEDGER.c.load_id)).where(
        of_study(LEDGER, study), LEDGER.c.release_key < first
    )
    content_digests.record(connection, IMMPORT_MODEL, study_key, connection.scalar(newest), changed)


def _forget_captures(connection: sa.Connection, study: str, first: int) -> None:
    loads = sa.select(LEDGER.c.load_id).where(of_study(LEDGER, study), LEDGER.c.release_key >= first)
    connection.execute(sa.delete(RELEASE_CHANGE).where(RELEASE_CHANGE.c.load_id.in_(loads)))
    for table in (LEDGER, CAPTURE):
        connection.execute(sa.delete(table).where(of_study(table, study), table.c.release_key >= first))
    # A release that no study has is not the newest either. Another study may have it still.
    captured = sa.select(CAPTURE.c.load_id).where(
        of_immport(CAPTURE), CAPTURE.c.release_key == DATA_RELEASE.c.release_key
    )
    unused = of_immport(DATA_RELEASE) & (DATA_RELEASE.c.release_key >= first) & ~captured.exists()
    connection.execute(sa.delete(DATA_RELEASE).where(unused))


def _forget_files(connection: sa.Connection, study: str, last: Release) -> None:
    """Forget release files of these releases: one that is still there then counts as new."""
    known = sa.select(RELEASE_FILE.c.file_name).where(RELEASE_FILE.c.study_accession == study)
    for name in connection.scalars(known).all():
        file = issued(name)
        if file is not None and file.release > last:
            of_name = (RELEASE_FILE.c.study_accession == study) & (RELEASE_FILE.c.file_name == name)
            connection.execute(sa.delete(RELEASE_FILE).where(of_name))


def _restate(connection: sa.Connection, study: str, left: Iterable[sa.Row[Any]], reason: str) -> None:
    """What the warehouse holds of the study now; one that is current is loaded anew by the next decision."""
    captures = list(left)
    full = [row for row in captures if row.kind != "withdrawn"]
    state: dict[str, Any] = {"state": "new", "release_version": None, "release_date": None}
    state |= {"listed_version": None, "reason": reason}
    if full:
        loaded, is_withdrawn = full[-1], captures[-1].kind == "withdrawn"
        state |= {
            name: getattr(loaded, name) for name in ("release_version", "release_date", "listed_version")
        }
        state |= {
            "state": "withdrawn" if is_withdrawn else "current",
            "reason": captures[-1].reason if is_withdrawn else reason,
        }
    connection.execute(sa.update(SCOPES).where(of_study(SCOPES, study)).values(**state))

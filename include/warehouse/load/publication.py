"""What is published, and the account of it: what a publish writes of itself in its own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.sources.immport.source import IMMPORT
from include.sources.withdrawal import keeps_open
from include.warehouse.access import study_visibility
from include.warehouse.load import carry_forward, known_release_files
from include.warehouse.load.scd2 import Change
from include.warehouse.markers import vocabularies
from include.warehouse.model.registry import SOURCES
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.history_tables import DATA_RELEASE
from include.warehouse.schema.ops_tables import CAPTURE, LEDGER, LOAD, RELEASE_CHANGE, SCOPES, WORK
from include.warehouse.schema.scopes import of_scope

#: What a capture says anew when its release is loaded again.
_OF_CAPTURE = ("kind", "reason", "lacks", "load_id", "marker_vocabulary")
_ADD_UP = """
update ops.ledger set (facts_added, facts_corrected, facts_withdrawn) = (
    select coalesce(sum(c.added), 0), coalesce(sum(c.corrected), 0), coalesce(sum(c.withdrawn), 0)
    from ops.release_change c where c.load_id = :load_id and starts_with(c.relation, 'fact'))
where load_id = :load_id"""


@dataclass(frozen=True)
class Publication:
    """What to publish.

    :param source: name of the source.
    :param is_withdrawal: the scope is no longer shared: close what is open, write nothing.
    :param release_key: position on the release line at which it becomes valid.
    """

    load_id: int
    source: str
    scope: str
    release: str
    release_date: date | None
    release_key: int
    is_withdrawal: bool = False

    @property
    def model(self) -> SourceModel:
        """The source, with its tables."""
        return SOURCES[self.source]

    def of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """True of rows of a table of operations that are about the scope."""
        return of_scope(table, self.source, self.scope)


def account(connection: sa.Connection, work: Publication, changes: tuple[Change, ...]) -> None:
    """Write down, in the same transaction, what was published."""
    connection.execute(
        sa.insert(RELEASE_CHANGE), [{"load_id": work.load_id, **vars(change)} for change in changes]
    )
    values: dict[str, Any] = {
        "source": work.source,
        "scope": work.scope,
        "release_key": work.release_key,
        "load_id": work.load_id,
    }
    connection.execute(sa.insert(LEDGER).values(values))
    add_up(connection, work.load_id)
    reasons = sa.select(sa.func.max(WORK.c.reason)).where(WORK.c.load_id == work.load_id)
    reason = connection.scalar(reasons) if work.is_withdrawal else None
    kind = "withdrawn" if work.is_withdrawal else "full"
    lacks = (
        None
        if work.is_withdrawal
        else carry_forward.captured(connection, work.source, work.scope, work.release_key).lacks(
            work.model.tables
        )
    )
    reads_markers = work.source == IMMPORT.name and not work.is_withdrawal
    vocabulary = vocabularies.in_use(connection) if reads_markers else None
    capture = upsert(CAPTURE).values(
        **values, kind=kind, reason=reason, lacks=lacks, marker_vocabulary=vocabulary
    )
    connection.execute(
        capture.on_conflict_do_update(
            index_elements=[CAPTURE.c.source, CAPTURE.c.scope, CAPTURE.c.release_key],
            set_={name: capture.excluded[name] for name in _OF_CAPTURE},
        )
    )
    of_load = sa.select(LOAD.c.listed_version, LOAD.c.same_as).where(LOAD.c.load_id == work.load_id)
    load = connection.execute(of_load).one()
    listed = load.listed_version
    # A study is withdrawn between data releases; elsewhere a withdrawal may be all that a release has.
    if not work.is_withdrawal or work.source != IMMPORT.name:
        _note_release(connection, work, listed)
    newest = connection.scalar(sa.select(sa.func.max(CAPTURE.c.release_key)).where(work.of(CAPTURE)))
    if newest == work.release_key:  # an older release that comes late does not move the scope back
        state: dict[str, Any] = {"state": "withdrawn" if work.is_withdrawal else "current", "reason": reason}
        if not work.is_withdrawal:
            state |= {"release_version": work.release, "release_date": work.release_date}
            state["listed_version"] = listed
        if work.source == IMMPORT.name:
            _settle_study(connection, work, reason, is_staged=load.same_as is None)
        connection.execute(sa.update(SCOPES).where(work.of(SCOPES)).values(**state))
    done = {"state": "published", "changed_at": sa.func.now(), "error": None}
    connection.execute(sa.update(LOAD).where(LOAD.c.load_id == work.load_id).values(**done))


def add_up(connection: sa.Connection, load_id: int) -> None:
    """Let the ledger say how many rows of facts a load changed: the sum over their tables."""
    connection.execute(sa.text(_ADD_UP), {"load_id": load_id})


def _settle_study(
    connection: sa.Connection, work: Publication, reason: str | None, *, is_staged: bool
) -> None:
    """What only studies have: release files, and readers who may not see them."""
    # Of a load that was not staged, the files are those that are noted.
    if is_staged and not work.is_withdrawal:
        known_release_files.record_load(connection, work.load_id, work.scope)
    is_open = not work.is_withdrawal or keeps_open(reason)
    study_visibility.settle(connection, work.scope, is_open=is_open, reason=None if is_open else reason)


def _note_release(connection: sa.Connection, work: Publication, listed: str | None) -> None:
    line = work.model.source.line
    release = line.parse(work.release)
    # The date was given with the listed release: it is not the date of a later release that only files name.
    day = work.release_date if listed is None or line.parse(listed) == release else None
    note = upsert(DATA_RELEASE).values(
        source=work.source, release_key=release.key, release_version=str(release), release_date=day
    )
    newest = sa.func.greatest(DATA_RELEASE.c.release_date, note.excluded.release_date)
    key = [DATA_RELEASE.c.source, DATA_RELEASE.c.release_key]
    connection.execute(note.on_conflict_do_update(index_elements=key, set_={"release_date": newest}))

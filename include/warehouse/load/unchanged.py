"""Loads that landed what the newest capture of their scope was made of: the same bytes, and the same code and
declarations that make the star of them.

Publishing such a load would write no row of history. So it is not staged and not checked; its publish records
the capture and refers to the load whose checks and quarantined rows hold for it, `ops.load.same_as`. Whatever
may make a difference leads to the usual way: another release captured since, an endpoint that was withheld or
refused, an upgrade, a row of history that is not what was published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from include.landing.manifest import Landed, Manifest
from include.warehouse.load import content_digests
from include.warehouse.load.scd2 import Change
from include.warehouse.load.staged_load import StagedLoad, StagingLostError
from include.warehouse.model.declaration import Dimension, Fact
from include.warehouse.model.source_model import SourceModel
from include.warehouse.schema.ops_tables import LOAD, RELEASE_CHANGE, RESULT, STAGED, UNREPORTED

#: Below `include`: what decides which rows of the star are made of landed bytes.
_MAKES_THE_STAR = (
    "sources",
    "landing",
    "quality",
    "warehouse/load",
    "warehouse/model",
    "warehouse/schema",
    "sql.py",
)
#: What of a landed file decides that, beside the bytes themselves.
_OF_ANSWER = ("endpoint", "piece", "form", "sha256", "rows", "refused")
_OF_LANDED = (*_OF_ANSWER, "rows_expected", "expected_from")

_NEWEST = """
select e.load_id, coalesce(e.same_as, e.load_id) as checked_as, first.release_version as since
from ops.load l
join ops.capture c on c.source = l.source and c.scope = l.scope and c.kind = 'full'
    and c.release_key <= l.release_key
join ops.load e on e.load_id = c.load_id and e.load_id <> l.load_id and e.state = 'published'
    and e.code_digest = l.code_digest
join ops.load first on first.load_id = coalesce(e.same_as, e.load_id)
where l.load_id = :load
    and not exists (select from ops.capture n
        where n.source = c.source and n.scope = c.scope and n.release_key > c.release_key)
"""
_LANDED_THE_SAME = """
    and e.landed_digest = l.landed_digest
    and not exists (select from ops.staged s
        where s.load_id = e.load_id and (s.withheld is not null or s.refused is not null))
"""
_SAME_ROWS = """
select s.endpoint, s.rows_staged from ops.staged s join ops.staged o using (endpoint)
where s.load_id = :load and o.load_id = :earlier and s.is_known and o.is_known
    and num_nonnulls(s.refused, o.refused, s.withheld, o.withheld) = 0
    and s.rows_staged = o.rows_staged and (s.rows_staged = 0 or s.content_digest = o.content_digest)
    and not exists (select from quality.quarantine q
        where q.load_id in (:load, :checked_as) and q.endpoint = s.endpoint)
    and not exists (select from quality.quarantined_value v
        where v.load_id in (:load, :checked_as) and v.endpoint = s.endpoint)
    and not exists (select from ops.unreported_column u
        where u.load_id in (:load, :earlier) and u.endpoint = s.endpoint
        group by u.column_name having count(*) = 1)
"""


@dataclass(frozen=True)
class Earlier:
    """The load that the newest capture of a scope is of.

    :param checked_as: the load that was staged and checked: itself, or the one that it landed the same as.
    :param since: release of that load.
    """

    load_id: int
    checked_as: int
    since: str

    @property
    def summary(self) -> str:
        return f"unchanged since {self.since}: landed the same as load {self.checked_as}"


@dataclass(frozen=True)
class SameRows:
    """What a load staged again.

    :param earlier: the load of the newest capture.
    :param rows: number of rows by endpoint, of those of which both staged the same rows, without the same
        columns, and quarantined none of them.
    """

    earlier: Earlier
    rows: Mapping[str, int]


def landed_digest(manifest: Manifest) -> str:
    """Digest of all that was landed of a scope, in whatever order: SHA-256, as hexadecimal digits."""
    return _digest(sorted(manifest.landed, key=lambda item: item.name), _OF_LANDED)


def answer_digest(parts: Sequence[Landed]) -> str | None:
    """Digest of one endpoint's answer, of its parts in their order: SHA-256, as hexadecimal digits; None of
    an endpoint that was not requested."""
    return _digest(parts, _OF_ANSWER) if parts else None


def _digest(files: Iterable[Landed], names: tuple[str, ...]) -> str:
    text = json.dumps([[getattr(item, name) for name in names] for item in files])
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_digest() -> str:
    """Digest of the declarations and code that make rows of the star of landed bytes, as this process has
    them: SHA-256, as hexadecimal digits. Any change of them counts, also one that changes nothing."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for name in _MAKES_THE_STAR:
        place = root / name
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def describe(connection: sa.Connection, load_id: int, manifest: Manifest) -> None:
    """Record what was landed for a load, and what will make the star of it."""
    digests = {"landed_digest": landed_digest(manifest), "code_digest": code_digest(), "same_as": None}
    connection.execute(sa.update(LOAD).where(LOAD.c.load_id == load_id).values(digests))


def find(connection: sa.Connection, load_id: int) -> Earlier | None:
    """The load of the newest capture, if a load that `describe` has recorded can say nothing else."""
    return _find(connection, load_id, _LANDED_THE_SAME)


def _find(connection: sa.Connection, load_id: int, condition: str, **values: str) -> Earlier | None:
    row = connection.execute(sa.text(_NEWEST + condition), {"load": load_id, **values}).one_or_none()
    return None if row is None else Earlier(row.load_id, row.checked_as, row.since)


def same_rows(connection: sa.Connection, load_id: int) -> SameRows | None:
    """What a load staged that the newest capture of its study was made of, by the code of this process."""
    earlier = _find(connection, load_id, "and l.code_digest = :code", code=code_digest())
    if earlier is None:
        return None
    loads = {"load": load_id, "earlier": earlier.load_id, "checked_as": earlier.checked_as}
    found = connection.execute(sa.text(_SAME_ROWS), loads)
    return SameRows(earlier, {row.endpoint: row.rows_staged for row in found})


def adopt(connection: sa.Connection, load_id: int, earlier: Earlier) -> None:
    """Record of a load, instead of staging it, what is recorded of the earlier one."""
    for table in (STAGED, UNREPORTED):
        names = [column.name for column in table.columns if column.name != "load_id"]
        copied = sa.select(sa.literal(load_id), *(table.c[name] for name in names))
        copied = copied.where(table.c.load_id == earlier.load_id)
        connection.execute(sa.insert(table).from_select(["load_id", *names], copied))
    known = sa.select(LOAD.c.route, LOAD.c.lacks).where(LOAD.c.load_id == earlier.load_id)
    route, lacks = connection.execute(known).one()
    of_load = sa.update(LOAD).where(LOAD.c.load_id == load_id)
    connection.execute(of_load.values(route=route, lacks=lacks, same_as=earlier.checked_as))


def confirmed(
    connection: sa.Connection, model: SourceModel, load_id: int, scope: str, release: str
) -> Earlier | None:
    """What an unchanged load refers to, looked at again under the lock of the scope; None of another load.

    :raises StagingLostError: `find` finds another one by now, its checks are not there, or history does not
        hold what was published: the load must be staged.
    """
    adopted = connection.scalar(sa.select(LOAD.c.same_as).where(LOAD.c.load_id == load_id))
    if adopted is None:
        return None
    earlier = find(connection, load_id)
    results = sa.select(
        sa.func.count(), sa.func.count().filter(~RESULT.c.success & (RESULT.c.severity == "critical"))
    )
    checked, critical = connection.execute(results.where(RESULT.c.load_id == adopted)).one()
    is_same = earlier is not None and earlier.checked_as == adopted and checked and not critical
    if not is_same or not content_digests.is_intact(connection, model, scope):
        raise StagingLostError(f"{scope} {release}: no longer known to be unchanged: to be staged")
    return earlier


def changes(connection: sa.Connection, earlier: Earlier) -> tuple[Change, ...]:
    """What publishing an unchanged load changes: nothing. Counts the rows of each table."""
    made = connection.execute(sa.select(RELEASE_CHANGE).where(RELEASE_CHANGE.c.load_id == earlier.load_id))
    return tuple(
        Change(
            row.relation,
            unchanged=row.added + row.corrected + row.unchanged,
            distinct_keys=row.distinct_keys,
        )
        for row in made
    )


def kept(connection: sa.Connection, load: StagedLoad, scope_key: int) -> dict[Dimension | Fact, Change]:
    """The facts that a load finds in history as it would write them, with the number of their rows.

    All that their rows are made of was staged again, by rows with a key each; history has just those rows, as
    they were published. Under the lock of the scope.
    """
    same = same_rows(connection, load.load_id)
    if same is None:
        return {}
    found = [
        table
        for table in load.model.facts
        if table.endpoint in load.provided and _read(table) <= same.rows.keys()
    ]
    if not found:
        return {}
    valid = content_digests.intact(connection, found, str(scope_key))
    made = {change.relation: change for change in changes(connection, same.earlier)}
    return {
        table: made[table.relation]
        for table in found
        if same.rows[table.endpoint or ""] == valid.get(table.relation) == made[table.relation].distinct_keys
    }


def _read(table: Fact) -> set[str]:
    """The endpoints whose rows a table is made of."""
    return {table.endpoint or "", *(name for join in table.joins for name in join.sql.gaps)}

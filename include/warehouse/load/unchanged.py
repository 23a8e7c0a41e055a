"""Loads that landed what the newest capture of their study was made of: the same bytes, and the same code and
declarations that make the star of them.

Publishing such a load would write no row of history. So it is not staged and not checked; its publish records
the capture and refers to the load whose checks and quarantined rows hold for it, `ops.load.same_as`. Whatever
may make a difference leads to the usual way: another release captured since, an endpoint that was withheld or
refused, an upgrade, a row of history that is not what was published.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from include.landing.manifest import Landed, Manifest
from include.warehouse.load import content_digests
from include.warehouse.load.scd2 import Change
from include.warehouse.load.staged_load import StagingLostError
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
_OF_LANDED = ("endpoint", "piece", "form", "sha256", "rows", "rows_expected", "expected_from", "refused")

_EARLIER = """
select e.load_id, coalesce(e.same_as, e.load_id) as checked_as, first.release_version as since
from ops.load l
join ops.capture c on c.study_accession = l.study_accession and c.kind = 'full'
    and c.release_key <= l.release_key
join ops.load e on e.load_id = c.load_id and e.load_id <> l.load_id and e.state = 'published'
    and e.landed_digest = l.landed_digest and e.code_digest = l.code_digest
join ops.load first on first.load_id = coalesce(e.same_as, e.load_id)
where l.load_id = :load
    and not exists (select from ops.capture n
        where n.study_accession = c.study_accession and n.release_key > c.release_key)
    and not exists (select from ops.staged s
        where s.load_id = e.load_id and (s.withheld is not null or s.refused is not null))
"""


@dataclass(frozen=True)
class Earlier:
    """The load that the newest capture of a study is of.

    :param checked_as: the load that was staged and checked: itself, or the one that it landed the same as.
    :param since: release of that load.
    """

    load_id: int
    checked_as: int
    since: str

    @property
    def summary(self) -> str:
        return f"unchanged since {self.since}: landed the same as load {self.checked_as}"


def landed_digest(manifest: Manifest) -> str:
    """Digest of all that was landed of a study, in whatever order: SHA-256, as hexadecimal digits."""
    files = sorted(manifest.landed, key=lambda item: item.name)
    text = json.dumps([_facts(item) for item in files])
    return hashlib.sha256(text.encode()).hexdigest()


def _facts(landed: Landed) -> list[object]:
    return [getattr(landed, name) for name in _OF_LANDED]


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
    row = connection.execute(sa.text(_EARLIER), {"load": load_id}).one_or_none()
    return None if row is None else Earlier(row.load_id, row.checked_as, row.since)


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


def confirmed(connection: sa.Connection, load_id: int, study: str, release: str) -> Earlier | None:
    """What an unchanged load refers to, looked at again under the lock of the study; None of another load.

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
    if not is_same or not content_digests.is_intact(connection, study):
        raise StagingLostError(f"{study} {release}: no longer known to be unchanged: to be staged")
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

"""What a run changed in the star, for those who wait for it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from include.pipeline.run_ledger import PUBLISHED, RETRACTED
from include.warehouse.model.registry import SOURCES

_CHANGED = """
select l.source, l.scope, l.release_version,
    coalesce(sum(c.added + c.corrected + c.withdrawn), 0)::bigint as rows
from ops.load l left join ops.release_change c on c.load_id = l.load_id
where l.run_id = :run and l.state in (:published, :retracted)
group by l.source, l.scope, l.release_version
order by length(l.scope), l.scope
"""


@dataclass(frozen=True)
class StarChange:
    """What a run published, withdrew or retracted.

    :param release: the newest release among it.
    :param studies: accessions, by number; of another source, its scopes.
    :param rows: rows added, corrected and withdrawn.
    """

    release: str
    studies: tuple[str, ...]
    rows: int


def star_change(engine: sa.Engine, run_id: str) -> StarChange | None:
    """What a run changed; None when it changed nothing.

    :param run_id: key of the run, `dag_id/run_id`.
    """
    states = {"published": PUBLISHED, "retracted": RETRACTED}
    with engine.connect() as connection:
        found = connection.execute(sa.text(_CHANGED), {"run": run_id, **states}).all()
    if not found:
        return None
    releases = {
        row.release_version: SOURCES[row.source].source.line.parse(row.release_version).key for row in found
    }
    newest = max(releases, key=lambda name: releases[name])
    studies = tuple(dict.fromkeys(row.scope for row in found))
    return StarChange(newest, studies, sum(int(row.rows) for row in found))

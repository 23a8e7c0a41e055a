"""What runs changed in the star, and whether more is to come: for those who wait for it."""

from __future__ import annotations

from collections.abc import Sequence
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
_EMPTY = "select not exists (select from ops.ledger)"
#: A run that was killed may seem to run for ever.
_AT_WORK = """
select r.run_id from ops.run r
where r.state = 'running' and r.dag_id = any(:dags) and r.started_at > now() - interval '1 day'
order by r.started_at, r.run_id
"""
_FOLLOWED = """
select coalesce(max(l.changed_at) < (
    select max(r.started_at) from ops.run r where r.dag_id = :dag and r.state = 'success'), false)
from ops.load l where l.run_id = any(:runs) and l.state in (:published, :retracted)
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


def is_empty(engine: sa.Engine) -> bool:
    """Whether nothing was published yet."""
    with engine.connect() as connection:
        return bool(connection.scalar(sa.text(_EMPTY)))


def at_work(engine: sa.Engine, dags: Sequence[str]) -> list[str]:
    """Keys of the runs of some DAGs that have begun and not ended."""
    with engine.connect() as connection:
        return [str(run) for run in connection.scalars(sa.text(_AT_WORK), {"dags": list(dags)})]


def is_followed(engine: sa.Engine, dag_id: str, runs: Sequence[str]) -> bool:
    """Whether all that some runs published was there before a run of a DAG, which ended well, began.

    :param runs: their keys; where they published nothing that is known, it is not.
    """
    states = {"published": PUBLISHED, "retracted": RETRACTED}
    with engine.connect() as connection:
        found = connection.scalar(sa.text(_FOLLOWED), {"dag": dag_id, "runs": list(runs), **states})
    return bool(found)

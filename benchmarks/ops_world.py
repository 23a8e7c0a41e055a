"""What many runs recorded: a ledger of operations and quality, made by SQL, for pages to show.

The studies are those of which the warehouse has facts, and others up to the number that is requested.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from benchmarks.queries import largest_study, statements_of
from include.landing.manifest import Fetch
from include.landing.reading import MANIFEST
from include.sources.immport.endpoints import SERVED
from include.sources.immport.source import IMMPORT
from include.warehouse.model.registry import IMMPORT_MODEL
from include.warehouse.schema.statements import run_sql

_STATEMENTS = Path(__file__).with_suffix(".sql")
#: Tables whose rows say how large the world is.
_COUNTED = ("ops.load", "ops.work", "ops.release_change", "quality.result", "quality.quarantine")


@dataclass(frozen=True)
class Subject:
    """What pages about one thing are requested for: the largest study, its newest load, the run of that.

    :param run_id: without its DAG.
    """

    scope: str
    load: int
    fetch: Fetch
    run_id: str
    map_index: int


def fill(engine: sa.Engine, studies: int) -> dict[str, int]:
    """Write the ledger anew, for so many studies.

    :returns: table -> rows, of the largest ones.
    """
    given = {
        "studies": studies,
        "relations": [table.relation for table in IMMPORT_MODEL.tables],
        "endpoints": list(SERVED),
    }
    with engine.begin() as connection:
        for statement in statements_of(_STATEMENTS.read_text(encoding="utf-8")):
            connection.execute(sa.text(statement), given)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        run_sql(connection, "vacuum (analyze)")
        return {name: connection.scalar(sa.text(f"select count(*) from {name}")) or 0 for name in _COUNTED}


def subject(engine: sa.Engine) -> Subject:
    """What pages about one thing are requested for."""
    with engine.connect() as connection:
        scope = largest_study(connection)
        found = connection.execute(
            sa.text("""select l.load_id, l.release_version, l.fetch_id, s.run_id, s.map_index
                from ops.load l join ops.step s on s.load_id = l.load_id and s.step = 'extract'
                where l.scope = :scope order by l.release_key desc limit 1"""),
            {"scope": scope},
        ).one()
    _, _, run_id = found.run_id.partition("/")
    fetch = Fetch(scope, found.release_version, found.fetch_id, IMMPORT)
    return Subject(scope, found.load_id, fetch, run_id, found.map_index)


def land(root: Path, fetch: Fetch, files: int = 200) -> None:
    """Write a manifest that lists so many files, into the landing zone of a fetch."""
    folder = root / fetch.path
    folder.mkdir(parents=True)
    endpoints = list(SERVED)
    about = {"rows": 1000, "size_bytes": 100_000, "stored_bytes": 9_000, "sha256": "0" * 64,
             "stored_sha256": "1" * 64, "fetched_at": "2026-01-01T00:00:00+00:00"}  # fmt: skip
    landed = [
        {"endpoint": endpoints[n % len(endpoints)], "piece": n, "path": f"{n}.json.gz", **about}
        for n in range(files)
    ]
    (folder / MANIFEST).write_text(json.dumps({"landed": landed}))

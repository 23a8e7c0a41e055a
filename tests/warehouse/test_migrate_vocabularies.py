"""Vocabularies that had versions by time: as releases, no version and no fetch of them is lost."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.landing.earlier_vocabularies import EarlierVocabularies
from include.landing.manifest import Landed
from include.landing.zone import Landing
from include.pipeline.batch_runner import StepContext
from include.pipeline.load_policy import LoadPolicy
from include.sources.immport.vocabularies import VOCABULARIES
from include.sources.release import OPEN
from include.warehouse import migrate
from include.warehouse.schema.engine import warehouse_engine
from tests.support.sources import Client, Runs, body
from tests.support.warehouse import RUN, Warehouse

#: Two fetches within a second, and one a week later.
FIRST, SECOND, THIRD = "2026-05-03 04:00:07.100+00", "2026-05-03 04:00:07.900+00", "2026-05-10 04:00:00+00"
#: vocabulary, term, from, to, description
VERSIONS = [
    ("lkHmdb", "HMDB1", FIRST, "infinity", "an acid"),
    ("lkRace", "Asian", FIRST, "infinity", None),
    ("lkSex", "Female", FIRST, SECOND, None),
    ("lkSex", "Female", SECOND, "infinity", "F"),
    ("lkSex", "Male", FIRST, SECOND, None),
    ("lkSex", "Male", THIRD, "infinity", None),
    ("lkSex", "Other", SECOND, THIRD, None),
]
#: fetch, vocabulary, time, received, dropped, added, corrected, withdrawn, unchanged, note
FETCHES = [
    ("one", "lkHmdb", FIRST, 1, 0, 1, 0, 0, 0, None),
    ("one", "lkRace", FIRST, 2, 1, 1, 0, 0, 0, None),
    ("one", "lkSex", FIRST, 2, 0, 2, 0, 0, 0, None),
    ("two", "lkSex", SECOND, 2, 0, 1, 1, 1, 0, None),
    ("two", "lkRace", SECOND, 0, 0, 0, 0, 0, 0, "not received: HTTP 404"),
    ("three", "lkSex", THIRD, 2, 0, 1, 0, 1, 1, "1 rows with the unknown key newKey"),
    ("three", "lkRace", THIRD, 2, 1, 0, 0, 0, 1, None),
]


@pytest.fixture
def old(database: sa.URL, tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse of the revision before, with the history above."""
    migrate.upgrade(database, "0034")
    engine = warehouse_engine(database)
    with engine.begin() as connection:
        for name, term, start, end, description in VERSIONS:
            connection.execute(
                sa.text("""insert into history.vocabulary_term
                    (vocabulary, term, name, valid_from, valid_to, description, fields)
                    values (:name, :term, :term, :start, :end, :description, '{"id": 1.50}')"""),
                {"name": name, "term": term, "start": start, "end": end, "description": description},
            )
        for fetch, name, at, *counts, note in FETCHES:
            connection.execute(
                sa.text("insert into ops.vocabulary_fetch values (:fetch, :name, :run, :at, :a, :b, :c, :d,"
                        " :e, :f, :note)"),
                {"fetch": fetch, "name": name, "run": f"immport_vocabularies/{fetch}", "at": at, "note": note,
                 **dict(zip("abcdef", counts, strict=True))},
            )  # fmt: skip
    yield Warehouse(StepContext(engine, Landing(str(tmp_path / "landing")), RUN))
    engine.dispose()


def upgraded(old: Warehouse) -> Warehouse:
    migrate.upgrade(old.engine.url)
    return old


def test_every_version_is_there_by_releases(old: Warehouse) -> None:
    warehouse = upgraded(old)
    of_source = "select release_version, release_key from star.source_release where source = :name order by 2"
    releases = dict(warehouse.rows(of_source, name="vocabularies"))
    assert list(releases) == ["2026-05-03T04:00:07Z", "2026-05-03T04:00:08Z", "2026-05-10T04:00:00Z"]
    key = dict(zip((FIRST, SECOND, THIRD), releases.values(), strict=True)) | {"infinity": OPEN}
    found = warehouse.rows("""select k.vocabulary_name, k.term, h.valid_from, h.valid_to, h.description
        from history.dim_vocabulary_term h join history.key_vocabulary_term k using (vocabulary_term_key)
        where h.vocabulary_term_key > 0 order by 1, 2, 3""")
    assert found == [(name, term, key[start], key[end], text) for name, term, start, end, text in VERSIONS]
    kept = warehouse.rows("select distinct fields::text from star.vocabulary_term")
    assert kept == [('{"id": 1.50}',)]
    fields = "select vocabulary_name, term_field from star.dim_vocabulary where vocabulary_key > 0 order by 1"
    assert warehouse.rows(fields) == [("lkHmdb", "hmdbId"), ("lkRace", "name"), ("lkSex", "name")]


@pytest.mark.long
@pytest.mark.parametrize(
    ("moment", "terms"),
    [
        ("2026-05-03T04:00:07Z", [("Female", None), ("Male", None)]),
        ("2026-05-03T04:00:08Z", [("Female", "F"), ("Other", None)]),
        ("2026-05-09 12:00:00+00", [("Female", "F"), ("Other", None)]),
        ("", [("Female", "F"), ("Male", None)]),
    ],
)
def test_the_star_answers_as_of_each_fetch(old: Warehouse, moment: str, terms: list[Any]) -> None:
    warehouse = upgraded(old)
    with warehouse.engine.begin() as connection:
        connection.exec_driver_sql(f"set local star.as_of_vocabularies = '{moment}'")
        query = "select term, description from star.vocabulary_term where vocabulary = 'lkSex' order by 1"
        assert [tuple(row) for row in connection.exec_driver_sql(query)] == terms


@pytest.mark.long
def test_each_fetch_of_a_vocabulary_is_a_load(old: Warehouse) -> None:
    warehouse = upgraded(old)
    loads = warehouse.rows("""select l.fetch_id, l.scope, l.state, l.error, l.run_id, c.kind,
            g.load_id is not null, s.rows_received, s.rows_staged, s.note, r.added, r.unchanged
        from ops.load l left join ops.capture c using (load_id) left join ops.ledger g using (load_id)
        left join ops.staged s using (load_id) left join ops.release_change r using (load_id)
        where l.source = 'vocabularies'""")
    lost = "not received: HTTP 404"
    expected: set[tuple[Any, ...]] = {
        (fetch, name, "published", None, f"immport_vocabularies/{fetch}", "full", True, received,
         received - dropped, note, counts[0], counts[3])
        for fetch, name, _, received, dropped, *counts, note in FETCHES if received
    }  # fmt: skip
    expected |= {
        ("two", "lkRace", "failed", lost, "immport_vocabularies/two", None, False, 0, 0, lost, None, None)
    }
    assert set(loads) == expected
    assert len(loads) == len(FETCHES)
    scopes = "select scope, state, release_version from ops.scope where source = 'vocabularies' order by 1"
    assert warehouse.rows(scopes) == [
        ("lkHmdb", "current", "2026-05-03T04:00:07Z"),
        ("lkRace", "current", "2026-05-10T04:00:00Z"),
        ("lkSex", "current", "2026-05-10T04:00:00Z"),
    ]


@pytest.mark.long
def test_the_next_run_writes_nothing_of_what_is_the_same(old: Warehouse) -> None:
    warehouse = upgraded(old)
    held = "select xmin::text, * from history.dim_vocabulary_term order by vocabulary_term_key, valid_from"
    before = warehouse.rows(held)
    terms = [
        {"name": name, "description": text, "id": 1.5} for name, text in (("Female", "F"), ("Male", None))
    ]
    sent = body(terms).replace(b"1.5}", b"1.50}")
    runs = Runs(warehouse, VOCABULARIES, Client({("term", "lkSex"): sent}))
    summary = runs.run(LoadPolicy(studies=frozenset({"lkSex"})))
    assert summary.state == "success", summary.text
    assert warehouse.rows(held) == before


@pytest.mark.long
def test_what_was_landed_together_can_be_replayed(old: Warehouse, tmp_path: Path) -> None:
    warehouse = upgraded(old)
    root = tmp_path / "landing"
    _land_as_before(root, "one", "2026-05-03T04:00:07.100+00:00", lkSex=["Female", "Male"], lkRace=["Asian"])
    _land_as_before(root, "two", "2026-05-03T04:00:07.900+00:00", lkSex=["Female", "Other"], lkRace=None)
    zone = EarlierVocabularies(str(root))
    assert (zone.adopt(), zone.adopt()) == (3, 0)
    found = [(item.release, item.scope, item.fetch_id) for item in zone.manifests(source=VOCABULARIES)]
    assert found == [
        ("2026-05-03T04:00:07Z", "lkSex", "one"),
        ("2026-05-03T04:00:07Z", "lkRace", "one"),
        ("2026-05-03T04:00:08Z", "lkSex", "two"),
    ]
    runs = Runs(warehouse, VOCABULARIES)
    assert runs.run(is_replay=True).counts["unchanged"] == 3
    summary = runs.run(LoadPolicy(force=True), is_replay=True)
    assert (summary.state, summary.counts["loaded"]) == ("success", 3), summary.text


def _land_as_before(root: Path, fetch: str, finished: str, **vocabularies: list[str] | None) -> None:
    """A fetch as it was landed before each vocabulary was a scope."""
    folder = root / "vocabularies" / fetch
    folder.mkdir(parents=True)
    landed = []
    for name, terms in vocabularies.items():
        sent = body({"name": term, "id": 1} for term in terms or ())
        path = f"vocabularies/{fetch}/{name}.json.gz" if terms is not None else ""
        if path:
            (root / path).write_bytes(gzip.compress(sent))
        digest = hashlib.sha256(sent).hexdigest() if path else ""
        landed.append(Landed(name, path, {}, finished, len(sent), 0, len(terms or ()), digest))
    manifest = {
        "source": "https://immport.invalid", "study": "vocabularies", "release": "", "release_date": None,
        "fetch_id": fetch, "started_at": finished, "finished_at": finished, "format": 1,
        "landed": [asdict(item) for item in landed],
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))

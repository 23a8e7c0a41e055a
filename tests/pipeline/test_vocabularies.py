"""The load of the vocabularies: resumed where it broke, published once, never by an older fetch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.landing import Landing
from include.pipeline import vocabularies
from include.sources.lookups import LOOKUP_ENDPOINTS
from include.sources.model import Endpoint
from tests.support.warehouse import Warehouse


class Source:
    """Answers each vocabulary with one term; breaks at one of them if told to."""

    settings = SimpleNamespace(base="https://immport.invalid")

    def __init__(self, term: int, breaks_at: str | None = None) -> None:
        self.term, self.breaks_at = term, breaks_at
        self.asked: list[str] = []

    def vocabulary(self, endpoint: Endpoint, receive: Callable[[Iterator[bytes]], Any]) -> Any:
        if endpoint.name == self.breaks_at:
            raise ConnectionError(endpoint.name)
        self.asked.append(endpoint.name)
        row = {**dict.fromkeys(endpoint.names), endpoint.key[0]: self.term}
        return receive(iter([json.dumps([row]).encode()]))


def land(landing: Landing, run: str, source: Source) -> Any:
    return vocabularies.land(landing, source, vocabularies.fetch_of(run))  # type: ignore[arg-type]


def test_a_broken_fetch_goes_on_where_it_broke(tmp_path: Path) -> None:
    landing, run = Landing(str(tmp_path)), "scheduled__2026-05-03T04:00:00+00:00"
    broken, whole, late = Source(1, "lkRace"), Source(1), Source(2)
    with pytest.raises(ConnectionError):
        land(landing, run, broken)
    land(landing, run, whole)
    assert sorted(broken.asked + whole.asked) == sorted(item.name for item in LOOKUP_ENDPOINTS)
    manifest = land(landing, run, late)
    assert (late.asked, manifest.rows) == ([], 45)
    assert (tmp_path / "vocabularies" / "scheduled__2026-05-03T04-00-00+00-00" / "manifest.json").exists()
    # A replay looks for studies and finds none here.
    assert landing.manifests() == []


def test_a_fetch_is_published_once_and_no_older_one_after_it(warehouse: Warehouse, tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))
    older, newer = land(landing, "one", Source(1)), land(landing, "two", Source(2))
    assert older.finished_at < newer.finished_at
    held = "select * from history.vocabulary_term order by vocabulary, term, valid_from"
    done = vocabularies.publish(warehouse.engine, landing, newer, "two")
    assert {change.added for change in done.values()} == {1}
    before = warehouse.rows(held)
    for manifest in (newer, older):
        assert vocabularies.publish(warehouse.engine, landing, manifest, "again") == {}
    assert warehouse.rows(held) == before
    assert warehouse.rows("select distinct fetch_id, run_id, added from ops.vocabulary_fetch") == [
        ("two", "two", 1)
    ]

"""The load of the vocabularies: resumed where it broke, published once, never by an older fetch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.landing.zone import Landing
from include.pipeline import vocabularies
from include.sources.endpoint import Endpoint
from include.sources.errors import ImmPortError, RequestError, ServerError
from include.sources.immport.lookups import LOOKUP_ENDPOINTS
from tests.support.warehouse import Warehouse


class Source:
    """Answers each vocabulary with one term; breaks at the vocabulary `breaks_at`."""

    settings = SimpleNamespace(base="https://immport.invalid")

    def __init__(
        self, term: int, breaks_at: str | None = None, refused: dict[str, ImmPortError] | None = None
    ) -> None:
        self.term, self.breaks_at, self.refused = term, breaks_at, refused or {}
        self.requested: list[str] = []

    def vocabulary(self, endpoint: Endpoint, receive: Callable[[Iterator[bytes]], Any]) -> Any:
        if endpoint.name == self.breaks_at:
            raise ConnectionError(endpoint.name)
        if endpoint.name in self.refused:
            raise self.refused[endpoint.name]
        self.requested.append(endpoint.name)
        row = {**dict.fromkeys(endpoint.names), endpoint.key[0]: self.term}
        return receive(iter([json.dumps([row]).encode()]))


def land(landing: Landing, run: str, source: Source, **options: Any) -> Any:
    fetch = vocabularies.fetch_of(run)
    return vocabularies.land(landing, source, fetch, **options)  # type: ignore[arg-type]


ALL = {item.name for item in LOOKUP_ENDPOINTS}
GONE, BUSY = RequestError("HTTP 404", 404), ServerError("HTTP 503", 503)


def test_a_broken_fetch_goes_on_where_it_broke(tmp_path: Path) -> None:
    landing, run = Landing(str(tmp_path)), "scheduled__2026-05-03T04:00:00+00:00"
    broken, whole, late = Source(1, "lkRace"), Source(1), Source(2)
    with pytest.raises(ConnectionError):
        land(landing, run, broken)
    land(landing, run, whole)
    assert sorted(broken.requested + whole.requested) == sorted(item.name for item in LOOKUP_ENDPOINTS)
    manifest = land(landing, run, late)
    assert (late.requested, manifest.rows) == ([], 45)
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


@pytest.mark.parametrize(("error", "options"), [(GONE, {}), (BUSY, {"is_last_try": True})])
def test_one_vocabulary_that_cannot_be_had_leaves_the_others_alone(
    warehouse: Warehouse, tmp_path: Path, error: ImmPortError, options: dict[str, Any]
) -> None:
    landing = Landing(str(tmp_path))
    vocabularies.publish(warehouse.engine, landing, land(landing, "one", Source(1)), "one")
    source = Source(2, refused={"lkRace": error})
    manifest = land(landing, "two", source, **options)
    assert set(source.requested) == ALL - {"lkRace"}
    assert vocabularies.missing(manifest) == {"lkRace": f"not received: {error}"}
    vocabularies.publish(warehouse.engine, landing, manifest, "two")
    held = (
        "select vocabulary, term from star.vocabulary_term where vocabulary in ('lkRace', 'lkSex') order by 1"
    )
    assert warehouse.rows(held) == [("lkRace", "1"), ("lkSex", "2")]
    noted = "note is not null and fetch_id = 'two'"
    query = f"select vocabulary, note, withdrawn from ops.vocabulary_fetch where {noted}"
    ((name, note, withdrawn),) = warehouse.rows(query)
    assert (name, withdrawn) == ("lkRace", 0)
    assert str(error) in note


def test_a_vocabulary_that_may_come_later_is_waited_for(tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))
    first = Source(1, refused={"lkRace": BUSY})
    with pytest.raises(ServerError):
        land(landing, "run", first)
    assert set(first.requested) == ALL - {"lkRace"}
    second = Source(1)
    assert vocabularies.missing(land(landing, "run", second)) == {}
    assert second.requested == ["lkRace"]


def test_a_service_that_is_down_does_not_get_a_request_per_vocabulary(tmp_path: Path) -> None:
    source, tried = Source(1), []

    def vocabulary(endpoint: Endpoint, receive: object) -> None:
        tried.append(endpoint.name)
        raise BUSY

    source.vocabulary = vocabulary  # type: ignore[method-assign]
    with pytest.raises(ServerError):
        land(Landing(str(tmp_path)), "run", source, is_last_try=True)
    assert len(tried) == 3


def test_no_vocabulary_at_all_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RequestError):
        land(Landing(str(tmp_path)), "run", Source(1, refused=dict.fromkeys(ALL, GONE)), is_last_try=True)


def test_what_could_not_be_stored_is_noted_with_its_vocabulary(warehouse: Warehouse, tmp_path: Path) -> None:
    landing, source = Landing(str(tmp_path)), Source("a\x00b")  # type: ignore[arg-type]
    vocabularies.publish(warehouse.engine, landing, land(landing, "one", source), "one")
    notes = warehouse.rows("select distinct note from ops.vocabulary_fetch")
    assert len(notes) == 1
    assert "left out, as Postgres cannot hold it: term 'a\\u0000b'" in notes[0][0]

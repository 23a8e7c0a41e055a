"""Files that are put into place together: when, in which order, and what is left when they cannot be."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from include.landing import arrivals
from include.landing.zone import Fetch, Landed, Landing, LandingError
from include.sources.immport.endpoints import ENDPOINTS

FETCH = Fetch("SDY1", "DR9", "run-1")


class TakenError(Exception):
    """Another attempt has taken the load."""


def land(landing: Landing, endpoint: str) -> Landed:
    row = dict.fromkeys(ENDPOINTS[endpoint].names, "x")
    return landing.receive(FETCH, ENDPOINTS[endpoint], {}, [json.dumps([row]).encode()])


def finish(landing: Landing, landed: list[Landed]) -> None:
    landing.write_manifest(FETCH, landed, source="https://a", release_date=None, started_at="")


def names(root: Path) -> set[str]:
    """Files of the fetch, those that wait apart."""
    return {path.name for path in root.rglob("*") if path.is_file() and path.suffix != ".part"}


def test_a_fetch_is_put_into_place_within_two_guards_and_without_notes(tmp_path: Path) -> None:
    guards = []

    @contextmanager
    def guard() -> Iterator[None]:
        guards.append(names(tmp_path))
        yield

    with Landing(str(tmp_path)).guarded(guard).together() as landing:
        landed = [land(landing, name) for name in ("study", "arm", "experiment")]
        assert names(tmp_path) == set()
        finish(landing, landed)
    files = {"study.json.gz", "arm.json.gz", "experiment.json.gz"}
    assert guards == [set(), files], "the answers, and then the manifest that says they are all"
    assert names(tmp_path) == {*files, "manifest.json"}
    assert list(tmp_path.rglob("*.part")) == []
    assert Landing(str(tmp_path)).read_manifest(FETCH).landed == tuple(landed)


def test_what_waits_can_be_read_and_discarded(tmp_path: Path) -> None:
    with Landing(str(tmp_path)).together() as landing:
        study, arm = land(landing, "study"), land(landing, "arm")
        assert len(list(landing.rows(arm, ENDPOINTS["arm"]))) == 1
        landing.discard(FETCH, arm)
        again = land(landing, "study")
        finish(landing, [again])
    assert names(tmp_path) == {"study.json.gz", "manifest.json"}
    assert list(tmp_path.rglob("*.part")) == []
    assert study.sha256 == again.sha256


def test_a_fetch_that_fails_leaves_what_had_arrived_and_what_is_known_of_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no answer"), Landing(str(tmp_path)).together() as landing:  # noqa: PT012 - what fails is the whole block
        landed = land(landing, "study")
        left_out = landing.leave_out(FETCH, ENDPOINTS["arm"], "no rows")
        raise ValueError("no answer")
    assert Landing(str(tmp_path)).partial(FETCH) == {"study": landed, "arm": left_out}
    assert list(tmp_path.rglob("*.part")) == []


@pytest.mark.parametrize("limit", [("MOST_FILES", 2), ("MOST_BYTES", 1)])
def test_much_is_put_into_place_at_once(
    limit: tuple[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, *limit)
    with Landing(str(tmp_path)).together() as landing:
        landed = land(landing, "study")
        land(landing, "arm")
        assert landing.partial(FETCH)["study"] == landed


def test_nothing_is_put_into_place_by_an_attempt_that_was_superseded(tmp_path: Path) -> None:
    @contextmanager
    def guard() -> Iterator[None]:
        raise TakenError
        yield

    with pytest.raises(TakenError), Landing(str(tmp_path)).guarded(guard).together() as landing:
        land(landing, "study")
    assert names(tmp_path) == set()
    assert list(tmp_path.rglob("*.part")) == []


def test_a_full_disk_fails_the_fetch_and_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(LandingError, match="No space left"), Landing(str(tmp_path)).together() as landing:  # noqa: PT012 - what fails is the whole block
        land(landing, "study")
        land(landing, "arm")
        monkeypatch.setattr(os, "fsync", full)
    assert names(tmp_path) == set()
    assert list(tmp_path.rglob("*.part")) == []


def test_the_reason_why_a_fetch_ended_is_not_lost_to_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ValueError, match="no answer") as ended, Landing(str(tmp_path)).together() as landing:  # noqa: PT012 - what fails is the whole block
        land(landing, "study")
        monkeypatch.setattr(os, "fsync", full)
        raise ValueError("no answer")
    assert "No space left on device" in "".join(ended.value.__notes__)

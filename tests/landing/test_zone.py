"""The landing zone: whole files or none, the bytes received or an error."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

import include.landing.files
from include.landing.zone import Fetch, Landed, Landing, LandingError, Manifest
from include.sources.endpoint import Group
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.reader import NotDataError
from include.sources.validate_answer import Confined, FilterIgnoredError

ARM = ENDPOINTS["arm"]
FETCH = Fetch("SDY1", "DR9", "run-1")
FULL = dict.fromkeys(ARM.names, "x")
BODY = json.dumps([FULL, {**FULL, "new": 1}, {"armAccession": "ARM3"}]).encode()


@pytest.fixture(params=["file", "memory"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Landing:
    """A landing zone in a folder whose name has a space, and one that is not a folder at all."""
    if request.param == "file":
        return Landing(f"{tmp_path}/landing zone")
    attach("memory", fs=MemoryFileSystem())
    return Landing(f"memory://{tmp_path.name}/landing")


def land(landing: Landing, fetch: Fetch = FETCH, body: bytes = BODY, endpoint: str = "arm") -> Landed:
    return landing.receive(fetch, ENDPOINTS[endpoint], {}, [body[:9], body[9:]])


def finish(landing: Landing, landed: list[Landed], fetch: Fetch = FETCH) -> Manifest:
    return landing.write_manifest(
        fetch,
        landed,
        source="https://user:canary@immport.example/base?token=canary",
        release_date="2026-04-30",
        started_at="2026-05-01T00:00:00Z",
    )


def files(landing: Landing) -> list[str]:
    return sorted(landing.root.fs.find(landing.root.path, withdirs=False)) if landing.root.exists() else []


def test_keeps_the_bytes_as_received(landing: Landing) -> None:
    landed = land(landing)
    stored = (landing.root / landed.path).read_bytes()
    assert landed.path == "SDY1/DR9/run-1/arm.json.gz"
    assert gzip.decompress(stored) == BODY
    assert stored[4:8] == b"\0\0\0\0"  # no time in it: the same answer gives the same file
    assert (landed.rows, landed.size_bytes, landed.stored_bytes) == (3, len(BODY), len(stored))
    assert landed.sha256 == hashlib.sha256(BODY).hexdigest()
    assert landed.unknown_keys == {"new": 1}
    assert landed.missing_keys == dict.fromkeys(sorted(set(ARM.names) - {"armAccession"}), 1)
    assert list(landing.rows(landed, ARM)) == [
        FULL,
        {**FULL, "new": "1"},
        {"armAccession": "ARM3"},
    ]


@pytest.mark.parametrize("body", [b"", BODY[:-1], b"<html>", BODY + b"x", b'{"error":"no"}'])
def test_a_body_that_is_not_data_leaves_nothing(landing: Landing, body: bytes) -> None:
    with pytest.raises(NotDataError):
        land(landing, body=body)
    assert files(landing) == []


def test_a_source_that_breaks_leaves_nothing(landing: Landing) -> None:
    class LostError(Exception):
        pass

    def chunks() -> Iterator[bytes]:
        yield BODY[:20]
        assert not (landing.root / FETCH.path / "arm.json.gz").exists()
        raise LostError

    with pytest.raises(LostError):
        landing.receive(FETCH, ARM, {}, chunks())
    assert files(landing) == []


def test_nothing_is_visible_before_the_end(landing: Landing) -> None:
    seen = []

    def chunks() -> Iterator[bytes]:
        yield BODY[:20]
        seen.append((landing.partial(FETCH), landing.manifests(), landing.is_complete(FETCH)))
        yield BODY[20:]

    landing.receive(FETCH, ARM, {}, chunks())
    assert seen == [({}, [], False)]


def test_a_full_disk_says_so_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    landing = Landing(str(tmp_path))
    monkeypatch.setattr(include.landing.files.os, "fsync", full)
    with pytest.raises(LandingError, match=r"SDY1/DR9/run-1/arm.json.gz.*No space left on device"):
        land(landing)
    assert files(landing) == []


def test_an_interrupted_fetch_is_taken_up_again(landing: Landing) -> None:
    kept = land(landing)
    lost = land(landing, endpoint="study")
    changed = land(landing, endpoint="experiment")
    noteless = land(landing, endpoint="biosample")
    (landing.root / lost.path).unlink()
    (landing.root / changed.path).write_bytes(gzip.compress(b"[]"))
    (landing.root / noteless.path.replace(".json.gz", ".landed.json")).write_bytes(b"{")
    assert landing.partial(FETCH) == {"arm": kept}
    assert landing.partial(Fetch("SDY1", "DR9", "run-2")) == {}


def test_a_manifest_makes_a_fetch_complete_and_final(landing: Landing) -> None:
    landed = land(landing)
    (landing.root / FETCH.path / ".arm.json.gz.killed.part").write_bytes(b"half")
    assert landing.manifests() == []
    with pytest.raises(LandingError, match="not complete"):
        landing.read_manifest(FETCH)
    manifest = finish(landing, [landed])
    assert landing.is_complete(FETCH)
    assert landing.read_manifest(FETCH) == manifest
    assert landing.manifests() == landing.manifests("SDY1") == [manifest]
    assert landing.manifests("SDY2") == []
    assert (manifest.scope, manifest.release, manifest.fetch_id) == (
        FETCH.scope,
        FETCH.release,
        FETCH.fetch_id,
    )
    assert manifest.of("arm") == landed
    with pytest.raises(LandingError, match="has no elisa"):
        manifest.of("elisa")
    assert len(files(landing)) == 3
    with pytest.raises(LandingError, match="never rewritten"):
        land(landing)
    with pytest.raises(LandingError, match="never rewritten"):
        finish(landing, [landed])


def test_no_credentials_in_any_file(landing: Landing) -> None:
    manifest = finish(landing, [land(landing)])
    assert manifest.source == "https://immport.example/base"
    assert not [path for path in files(landing) if b"canary" in landing.root.fs.cat(path)]


def test_a_manifest_names_only_what_is_there_once(landing: Landing) -> None:
    landed = land(landing)
    with pytest.raises(LandingError, match="landed 2 times"):
        finish(landing, [landed, landed])
    with pytest.raises(LandingError, match="is not in fetch"):
        finish(landing, [landed], Fetch("SDY1", "DR9", "run-2"))
    (landing.root / landed.path).unlink()
    with pytest.raises(LandingError, match="is not in fetch"):
        finish(landing, [landed])


def test_manifests_come_oldest_release_first(landing: Landing) -> None:
    for release in ("DR50", "DR9", "DR49.1", "DR49"):
        fetch = Fetch("SDY1", release, "run")
        finish(landing, [land(landing, fetch)], fetch)
    assert [item.release for item in landing.manifests()] == ["DR9", "DR49", "DR49.1", "DR50"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": 99}', b'{"format": 1, "landed": [{}]}'])
def test_a_manifest_that_cannot_be_read_is_named(landing: Landing, content: bytes) -> None:
    land(landing)
    (landing.root / FETCH.path / "manifest.json").write_bytes(content)
    with pytest.raises(LandingError, match=r"SDY1/DR9/run-1/manifest\.json"):
        landing.manifests()


def _flip(path: Any) -> None:
    stored = bytearray(path.read_bytes())
    stored[len(stored) // 2] ^= 1
    path.write_bytes(bytes(stored))


@pytest.mark.parametrize(
    "harm",
    [
        _flip,
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(gzip.compress(BODY.replace(b'"x"', b'"y"'))),
        lambda path: path.write_bytes(gzip.compress(BODY[:-1])),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
    ],
    ids=["bit", "cut", "value", "prefix", "empty", "missing"],
)
def test_bytes_that_changed_are_never_read_as_data(landing: Landing, harm: Any) -> None:
    landed = land(landing)
    harm(landing.root / landed.path)
    with pytest.raises(LandingError, match=r"SDY1 arm: SDY1/DR9/run-1/arm\.json\.gz: (changed|missing)"):
        list(landing.rows(landed, ARM))
    assert landing.partial(FETCH) == {}


@pytest.mark.parametrize(
    "parts", [("../x", "DR1", "a"), ("SDY1", "DR1/..", "a"), ("SDY1", "DR1", "../a"), ("SDY1", "DR1", "")]
)
def test_a_fetch_stays_below_the_root(parts: tuple[str, str, str]) -> None:
    with pytest.raises(LandingError):
        Fetch(*parts)


def test_files_below_the_landing_zone_are_no_fetches(landing: Landing) -> None:
    foreign = landing.root / "files" / "SDY139" / "StudyFiles" / "manifest.json"
    foreign.parent.mkdir(parents=True, exist_ok=True)
    foreign.write_text("{}")
    assert landing.manifests() == []


HEADER = "\t".join(ARM.names)
TSV = (HEADER + "\n" + "\t".join(["x"] * len(ARM.names)) + "\n" + "\t" * (len(ARM.names) - 1) + "\n").encode()


def test_tsv_is_kept_as_received_and_read_as_json_is(landing: Landing) -> None:
    landed = landing.receive(FETCH, ARM, {}, [TSV[:9], TSV[9:]], piece=2, tsv_header=HEADER)
    assert (landed.path, landed.form, landed.rows) == ("SDY1/DR9/run-1/arm.2.tsv.gz", "tsv", 2)
    assert gzip.decompress((landing.root / landed.path).read_bytes()) == TSV
    assert list(landing.rows(landed, ARM)) == [FULL, dict.fromkeys(ARM.names)]
    ((header, block),) = landing.lines(landed, ARM)
    assert header.line == HEADER
    assert f"{header.line}\n".encode() + block == TSV
    assert landing.partial(FETCH) == {"arm.2": landed}


def test_tsv_that_changed_is_never_read_as_data(landing: Landing) -> None:
    landed = landing.receive(FETCH, ARM, {}, [TSV], tsv_header=HEADER)
    (landing.root / landed.path).write_bytes(gzip.compress(TSV[: TSV.index(b"x\n") + 2]))
    for read in (landing.rows, landing.lines):
        with pytest.raises(LandingError, match="changed since"):
            list(read(landed, ARM))


def test_rows_that_were_not_requested_leave_nothing(landing: Landing) -> None:
    with pytest.raises(FilterIgnoredError):
        landing.receive(FETCH, ARM, {}, [BODY], piece=1, confined=Confined({"armAccession": "ARM7"}))
    assert files(landing) == []


def test_what_is_known_later_is_written_down_and_what_is_discarded_is_gone(landing: Landing) -> None:
    landed = landing.annotate(FETCH, land(landing), rows_expected=7, expected_from="a count")
    assert landing.partial(FETCH) == {"arm": landed}
    assert landed.rows_expected == 7
    landing.discard(FETCH, landed)
    assert files(landing) == []
    assert landing.partial(FETCH) == {}
    left_out = landing.leave_out(FETCH, ARM, "no rows")
    landing.discard(FETCH, left_out)
    finish(landing, [])
    with pytest.raises(LandingError, match="is complete"):
        landing.discard(FETCH, left_out)


# ---- the rows beside an answer


MANY = 2_000


def many_rows(odd: object = 'a "quote", a \\ and null') -> bytes:
    rows: list[dict[str, object]] = [{**FULL, "armAccession": f"ARM{n}"} for n in range(MANY)]
    rows[7] = {**FULL, "description": odd, "name": None, "typeReported": 1.5}
    return json.dumps(rows, separators=(",", ":")).replace(":1.5,", ":1.50,").encode()


def rows_path(landing: Landing, landed: Landed) -> Any:
    assert landed.rows_file is not None
    return landing.root / landed.rows_file.path


def test_many_rows_are_landed_as_lines_too(landing: Landing) -> None:
    landed = land(landing, body=many_rows())
    assert landed.rows_file is not None
    assert landed.rows_file.path == "SDY1/DR9/run-1/arm.rows.csv.gz"
    lines = b"".join(landing.lines_for_copy(landed, ARM) or ()).split(b"\n")
    assert len(lines) == MANY + 1
    assert lines[0] == b",".join([b'"ARM0"', *[b'"x"'] * (len(ARM.names) - 1)])
    assert lines[7] == rb'"x","x","a \"quote\", a \\ and null",null,1.50,"x"'
    assert landing.partial(FETCH) == {"arm": landed}
    manifest = finish(landing, [landed])
    assert landing.read_manifest(FETCH) == manifest


def test_few_rows_have_no_file_of_lines(landing: Landing) -> None:
    landed = land(landing)
    assert landed.rows_file is None
    assert landing.lines_for_copy(landed, ARM) is None
    assert len(files(landing)) == 2


def test_a_vocabulary_which_is_not_staged_has_no_file_of_lines(landing: Landing) -> None:
    terms = replace(ARM, group=Group.VOCABULARY)
    landed = landing.receive(FETCH, terms, {}, [many_rows()])
    assert (landed.rows, landed.rows_file) == (MANY, None)
    assert len(files(landing)) == 2


@pytest.mark.parametrize("odd", ["two\nlines", "a\x00b", "\ud800"])
def test_rows_that_no_line_holds_have_no_file_of_lines(landing: Landing, odd: str) -> None:
    stale = land(landing, body=many_rows())
    landed = land(landing, body=many_rows(odd))
    assert landed.rows_file is None
    assert not rows_path(landing, stale).exists()
    assert sum(1 for _ in landing.rows(landed, ARM)) == MANY


@pytest.mark.parametrize(
    "harm",
    [_flip, lambda path: path.write_bytes(path.read_bytes()[:-9]), lambda path: path.write_bytes(b""),
     lambda path: path.write_bytes(gzip.compress(b'"y"\n')), lambda path: path.unlink()],
    ids=["bit", "cut", "empty", "other", "missing"],
)  # fmt: skip
def test_a_file_of_lines_that_changed_is_not_used(landing: Landing, harm: Any) -> None:
    landed = land(landing, body=many_rows())
    harm(rows_path(landing, landed))
    assert landing.lines_for_copy(landed, ARM) is None
    assert sum(1 for _ in landing.rows(landed, ARM)) == MANY


def test_lines_of_other_columns_or_of_another_version_are_not_used(landing: Landing) -> None:
    landed = land(landing, body=many_rows())
    assert landed.rows_file is not None
    assert landing.lines_for_copy(landed, replace(ARM, fields=ARM.fields[::-1])) is None
    for other in (replace(landed.rows_file, version=99), replace(landed.rows_file, names=("armAccession",))):
        assert landing.lines_for_copy(replace(landed, rows_file=other), ARM) is None


@pytest.mark.parametrize("harm", [_flip, lambda path: path.unlink()], ids=["bit", "missing"])
def test_lines_are_not_used_for_an_answer_that_changed(landing: Landing, harm: Any) -> None:
    landed = land(landing, body=many_rows())
    harm(landing.root / landed.path)
    with pytest.raises(LandingError, match=r"SDY1 arm: SDY1/DR9/run-1/arm\.json\.gz: (changed|missing)"):
        landing.lines_for_copy(landed, ARM)


def test_the_file_of_lines_goes_with_its_answer(landing: Landing) -> None:
    landed = land(landing, body=many_rows())
    landing.discard(FETCH, landed)
    assert files(landing) == []
    with pytest.raises(NotDataError):
        land(landing, body=many_rows()[:-1])
    assert files(landing) == []


def test_what_was_landed_before_there_were_such_files_is_read(landing: Landing) -> None:
    landed = land(landing, body=many_rows())
    finish(landing, [landed])
    path = landing.root / FETCH.path / "manifest.json"
    manifest = json.loads(path.read_text())
    for item in manifest["landed"]:
        del item["rows_file"], item["stored_sha256"]
    path.write_text(json.dumps(manifest))
    (landing.root / landed.path).write_bytes(gzip.compress(many_rows(), 3))
    (old,) = landing.read_manifest(FETCH).landed
    assert old == replace(landed, rows_file=None, stored_sha256="")
    assert landing.lines_for_copy(old, ARM) is None
    assert sum(1 for _ in landing.rows(old, ARM)) == MANY

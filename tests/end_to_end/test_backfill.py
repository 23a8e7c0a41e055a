"""Releases from before the warehouse: loaded late, they give the history of the right order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from tests.sandbox.data import ARCHIVES, needs_data
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.star import differences, row_marks, star_digest

#: A package that the run names comes without a manifest: its files are known only by name, and its capture
#: says so.
FILES = "dim_file"
WITHOUT_MANIFEST = {FILES, "fact_result_file.file_key"}
NAMED: dict[str, tuple[str, ...]] = {"fact_result_file": ("file_key",), "study_capture": ("lacks",)}
#: The day of an older release is known only if ImmPort announced it: DR16 is dated by the sandbox.
DAYS: dict[str, tuple[str, ...]] = {
    "dim_data_release": ("release_date", "release_date_key"),
    "source_release": ("release_date",),
    "dim_study": ("latest_data_release_date", "latest_data_release_date_key"),
}


@pytest.fixture(scope="module")
def archives() -> Iterator[RunningSandbox]:
    with running_sandbox(archives=ARCHIVES) as sandbox:
        yield sandbox


@pytest.fixture
def newest(archives: RunningSandbox, installations: Installations) -> Installation:
    """A warehouse that has met SDY139 at DR25 only."""
    archives.set_release("DR25")
    installation = installations.fresh(archives)
    assert installation.run(route="package").state == "success"
    return installation


def _history(
    installation: Installation, without: Mapping[str, Collection[str]] | None = None
) -> dict[str, Any]:
    digest = star_digest(installation.engine, without)
    return {name: rows for name, rows in digest.items() if FILES not in name}


def _lacks(installation: Installation, release: str) -> set[str]:
    """What a study's capture of a release does not know of the star."""
    found = installation.query(
        "select unnest(lacks) from ops.capture join history.data_release using (release_key)"
        " where release_version = :release",
        release=release,
    )
    return {name for (name,) in found}


def _files_of_results(installation: Installation) -> list[tuple[Any, ...]]:
    """Result files of now with the file that each leads to: a late package takes none of them away."""
    return installation.query(
        "select f.file_info_id, f.file_path_id, d.file_uuid from star.fact_result_file f"
        " join star.dim_file d using (file_key) order by 1, 2, 3"
    )


@pytest.mark.long
@needs_data
def test_older_release_loaded_late_gives_the_history_of_the_right_order(
    archives: RunningSandbox, newest: Installation, installations: Installations
) -> None:
    in_order = installations.fresh(archives)
    for release in ("DR16", "DR25"):
        archives.set_release(release)
        run = in_order.run(route="package")
        assert run.state == "success", run.log[-4000:]

    planned = newest.run(dag="immport_backfill")
    assert planned.state == "success"
    ((reason, size),) = newest.query("select reason, expected_bytes from ops.work where action = 'plan'")
    assert (reason, size > 100_000) == (f"SDY139-DR16.zip of {size / 1e6:,.1f} MB", True)
    assert newest.one("select count(*) from ops.capture") == 1

    done = newest.run(dag="immport_backfill", dry_run=False)
    assert done.state == "success", done.log[-6000:]
    assert newest.query(
        "select release_version, route, route_reason from ops.load order by load_id desc limit 1"
    ) == [("DR16", "package", "the run names the package")]
    shown = (_history(item, NAMED | DAYS) for item in (newest, in_order))
    assert "\n".join(differences(*shown)) == ""
    assert _lacks(newest, "DR16") == _lacks(in_order, "DR16") | WITHOUT_MANIFEST
    assert _lacks(newest, "DR25") == _lacks(in_order, "DR25")
    assert not _lacks(in_order, "DR16") & WITHOUT_MANIFEST
    assert _files_of_results(newest) == _files_of_results(in_order) != []
    assert newest.query("select release_version, state from ops.scope") == [("DR25", "current")]
    with newest.engine.connect() as connection:
        curated = sa.text("select count(*), count(spot_number_preferred) from star.fact_elispot")
        assert connection.execute(curated).one() == (466, 466)
        connection.exec_driver_sql("set star.as_of = 'DR16'")
        assert connection.execute(curated).one() == (466, 0)

    marks = row_marks(newest.engine)
    assert newest.run(dag="immport_backfill", dry_run=False).state == "success"
    assert row_marks(newest.engine) == marks


@pytest.mark.long
@needs_data
def test_span_that_holds_no_package_loads_nothing(newest: Installation) -> None:
    run = newest.run(dag="immport_backfill", dry_run=False, first_release="DR17", last_release="DR24")
    assert run.state == "success"
    assert newest.one("select reason from ops.work where run_id like 'immport_backfill/%'") == (
        "ImmPort keeps no package from DR17 to DR24"
    )
    assert newest.one("select count(*) from ops.load") == 1


@pytest.mark.long
@needs_data
def test_study_whose_packages_cannot_be_listed_is_put_on_hold(
    archives: RunningSandbox, newest: Installation
) -> None:
    archives.fault("manifest", "403")
    try:
        run = newest.run(dag="immport_backfill", dry_run=False)
    finally:
        archives.clear_faults()
    assert run.state == "failed"
    assert "its packages could not be listed" in run.log


@pytest.mark.long
def test_synthetic_study_is_reached_back_to_its_first_release(
    small: RunningSandbox, installations: Installations
) -> None:
    early, late = installations.fresh(small), installations.fresh(small)
    for release in ("DR49", "DR49.1", "DR50", "DR51"):
        small.set_release(release)
        assert early.run(studies=["SDY1001"], route="package").state == "success"
    assert late.run(studies=["SDY1001"], route="package").state == "success"
    assert late.run(dag="immport_backfill", dry_run=False).state == "success"
    captures = (
        "select release_version, kind from ops.capture join history.data_release using (release_key)"
        " where scope = 'SDY1001' order by release_key"
    )
    captured = late.query(captures)
    assert captured == early.query(captures)
    first, last = (release for release, _ in captured)
    assert differences(_history(late, NAMED), _history(early, NAMED)) == []
    assert _lacks(late, first) == _lacks(early, first) | WITHOUT_MANIFEST
    assert _lacks(late, last) == _lacks(early, last)
    assert _files_of_results(late) == _files_of_results(early) != []

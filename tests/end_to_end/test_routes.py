"""The route of a study in a whole run: chosen by what its release counts, asked for, or what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from include.sources.immport import ENDPOINTS
from include.sources.model import Route
from include.warehouse.carry import single_route
from include.warehouse.model import VERSIONED
from tests.end_to_end.worlds import Loaded
from tests.sandbox.data import ARCHIVES, needs_data
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.star import differences, star_digest

STUDY = "SDY1001"
COUNTS = "SDY1001-DR51_table_count.txt"
PACKAGE = "SDY1001-DR51_Tab.zip"


@pytest.fixture
def fresh(installations: Installations, small: RunningSandbox) -> Iterator[Installation]:
    yield installations.fresh(small)
    small.clear_faults()


def _route(installation: Installation, study: str = STUDY) -> tuple[str, str]:
    statement = "select route, route_reason from ops.load where study_accession = :study"
    ((route, reason),) = installation.ask(statement, study=study)
    return route, reason


def _asked(sandbox: RunningSandbox, study: str = STUDY) -> Counter[str]:
    return Counter(seen["endpoint"] for seen in sandbox.requests() if seen["study"] == study)


def test_small_study_is_asked_for_where_it_has_rows(fresh: Installation, small: RunningSandbox) -> None:
    assert fresh.run(studies=[STUDY]).state == "success"
    assert _route(fresh) == ("api", f"50 result rows by {COUNTS}, below 20,000")
    asked = _asked(small)
    assert {"study", "arm", "hai", "elisa", "labtest", "manifest"} <= asked.keys()
    assert not {"pcr", "elispot", "kirTyping", "hlaTyping", "massSpectrometryResult"} & asked.keys()
    left_out = fresh.ask(
        "select s.endpoint, s.pieces, s.note from ops.staged s where s.endpoint in ('pcr', 'hai') order by 1"
    )
    assert left_out == [("hai", 1, None), ("pcr", 0, f"no rows by {COUNTS}")]
    assert fresh.one("select rows_expected = rows_staged from ops.staged where endpoint = 'hai'")


def test_large_study_comes_as_its_package(fresh: Installation, small: RunningSandbox, after: Loaded) -> None:
    small.clear_requests()
    assert fresh.run(package_rows=50).state == "success"
    assert _route(fresh) == ("package", f"50 result rows by {COUNTS}, from 50")
    # Its counts and its package; no answer of an endpoint that the package tells of.
    assert _asked(small) == {"manifest": 1, "drsDownload": 2, "download": 2}
    without = single_route(Route.API)
    alone = {item.relation for item in VERSIONED if not ENDPOINTS[item.endpoint or ""].is_served}
    now, same = (
        {name: rows for name, rows in star_digest(item.engine, without, alone).items() if _is_of_now(name)}
        for item in (fresh, after.installation)
    )
    assert differences(now, same) == []


def _is_of_now(relation: str) -> bool:
    return relation.startswith(("fact", "bridge")) and relation.endswith(" now")


def test_one_study_may_be_asked_for_otherwise(fresh: Installation, small: RunningSandbox) -> None:
    run = fresh.run(route="package", routes={STUDY: "api"})
    assert run.state == "success"
    assert _route(fresh) == ("api", "asked for")
    assert _route(fresh, "SDY1003") == ("package", "asked for")


def test_package_that_is_lost_gives_way_to_the_api(fresh: Installation, small: RunningSandbox) -> None:
    small.fault("download", "lost", file=PACKAGE)
    assert fresh.run(studies=[STUDY], package_rows=1).state == "success"
    route, reason = _route(fresh)
    assert route == "api"
    assert reason.startswith("not to be had as package: MissingFileError:")
    assert PACKAGE in reason


def test_package_that_was_asked_for_and_is_lost_fails_the_study_alone(
    fresh: Installation, small: RunningSandbox
) -> None:
    small.fault("download", "lost", file=PACKAGE)
    run = fresh.run(route="package")
    assert fresh.states() == {STUDY: "failed", "SDY1003": "published"}
    assert "ImmPort lists it, but does not have it" in run.log


def test_counts_that_are_lost_are_done_without(fresh: Installation, small: RunningSandbox) -> None:
    small.fault("download", "lost", file=COUNTS)
    assert fresh.run(studies=[STUDY]).state == "success"
    route, reason = _route(fresh)
    assert route == "api"
    assert reason.startswith(f"{PACKAGE} has 0.0 MB, and rows are not counted (")
    assert {"pcr", "kirTyping"} <= _asked(small).keys()


def test_package_that_is_not_offered_cannot_be_asked_for(installations: Installations) -> None:
    with running_sandbox(studies=1, rows=10, packages=False) as sandbox:
        installation = installations.fresh(sandbox)
        run = installation.run(route="package")
        assert run.state == "failed"
        assert "the package was asked for, but the manifest lists none" in run.log
        assert installation.run(route="auto").state == "success"
        assert _newest_reason(installation) == "the manifest lists no package"


@needs_data
@pytest.mark.parametrize("route", ["api", "package"])
def test_study_that_tells_an_older_release_than_its_files_is_of_that_of_its_files(
    route: str, installations: Installations
) -> None:
    """SDY139 says DR4, in its packages of DR16 and DR25, too."""
    with running_sandbox(archives=ARCHIVES, release="DR25", stated_releases=True) as sandbox:
        installation = installations.fresh(sandbox)
        run = installation.run(route=route)
        assert run.state == "success", run.log[-4000:]
        told = "select release_version, listed_version, route from ops.load"
        assert installation.ask(told) == [("DR25", "DR4", route)]
        assert installation.ask("select release_key from ops.capture") == [(250000,)]
        assert installation.one("select count(*) from star.fact_elispot") == 466
        assert installation.one(
            "select latest_data_release_version from star.dim_study where study_key > 0"
        ) == ("DR4")
        assert [path.name for path in (installation.landing / "SDY139").glob("*/*/manifest.json")] == [
            "manifest.json"
        ]
        assert installation.run().state == "success"
        assert installation.one("select count(*) from ops.load") == 1


def _newest_reason(installation: Installation) -> str:
    return str(installation.one("select route_reason from ops.load order by load_id desc limit 1"))

"""The route of a study in a whole run: chosen by what its release counts, requested, or what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from include.sources.endpoint import Route
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.load.carry_forward import single_route
from include.warehouse.model.registry import IMMPORT_MODEL
from tests.sandbox.data import ARCHIVES, needs_data
from tests.support.packages import SMALL, table, write_package
from tests.support.runs import Installation, Installations
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.star import differences, star_digest

STUDY = "SDY1001"
COUNTS = "SDY1001-DR51_table_count.txt"
PACKAGE = "SDY1001-DR51_Tab.zip"
#: Two values that just miss a limit, which the result in words alone states.
LIMITS = {
    **SMALL,
    "elisa_result": """
        RESULT_ID ARM_ACCESSION BIOSAMPLE_ACCESSION SUBJECT_ACCESSION EXPSAMPLE_ACCESSION \
        EXPERIMENT_ACCESSION STUDY_ACCESSION ANALYTE UNIT_REPORTED VALUE_REPORTED QUALITATIVE_RESULT
        1 ARM1 BS1 SUB1 ES1 EXP1 SDY1 IL-6 pg/ml 49.9999 <50
        2 ARM1 BS1 SUB1 ES1 EXP1 SDY1 IL-6 pg/ml 49.9999 <50
        """,
}

STRAINS = [b"A/Qu\xe9bec/1", b"A/X/1\tmore", *(b"A/X/%d" % number for number in range(20))]
_HAI = table(str(SMALL["hai_result"])).splitlines(keepends=True)[0]
#: Twenty good results and, between them, one that is not UTF-8 and one with a cell more than the header.
BAD_ROWS = {
    **SMALL,
    "hai_result": _HAI
    + b"".join(
        b"%d\tARM2\tBS1\tSUB1\tES1\t40\tEXP1\tSDY1\t%s\n" % (number, strain)
        for number, strain in enumerate(
            [b"A/Qu\xe9bec/1", b"A/X/1\tmore", *[b"A/X/%d" % n for n in range(20)]]
        )
    ),
}


@pytest.fixture
def fresh(installations: Installations, small: RunningSandbox) -> Iterator[Installation]:
    yield installations.fresh(small)
    small.clear_faults()


def _route(installation: Installation, study: str = STUDY) -> tuple[str, str]:
    statement = "select route, route_reason from ops.load where scope = :study"
    ((route, reason),) = installation.query(statement, study=study)
    return route, reason


def _requested(sandbox: RunningSandbox, study: str = STUDY) -> Counter[str]:
    return Counter(seen["endpoint"] for seen in sandbox.requests() if seen["study"] == study)


def test_study_by_the_api_is_requested_where_it_has_rows(fresh: Installation, small: RunningSandbox) -> None:
    assert fresh.run(studies=[STUDY], route="api").state == "success"
    assert _route(fresh) == ("api", "requested")
    requested = _requested(small)
    assert {"study", "arm", "hai", "elisa", "labtest", "manifest"} <= requested.keys()
    assert not {"pcr", "elispot", "kirTyping", "hlaTyping", "massSpectrometryResult"} & requested.keys()
    left_out = fresh.query(
        "select s.endpoint, s.pieces, s.note from ops.staged s where s.endpoint in ('pcr', 'hai') order by 1"
    )
    assert left_out == [("hai", 1, None), ("pcr", 0, f"no rows by {COUNTS}")]
    assert fresh.one("select rows_expected = rows_staged from ops.staged where endpoint = 'hai'")


def test_study_comes_as_its_package_by_default_and_shows_all_of_it(
    fresh: Installation, small: RunningSandbox, installations: Installations
) -> None:
    small.clear_requests()
    assert fresh.run().state == "success"
    assert _route(fresh) == ("package", f"{PACKAGE} provides all that the API does, and more")
    # A small study costs its manifest, an address and the bytes: no answer of an endpoint beside.
    assert _requested(small) == {"manifest": 1, "drsDownload": 1, "download": 1}
    empty = [name for name in ("treatment", "reagent", "protocol") if not _members(fresh, name)]
    assert empty == []

    by_api = installations.fresh(small)
    assert by_api.run(route="api").state == "success"
    lacks = _lacks(by_api, "ops.load")
    assert _lacks(by_api, "star.study_capture") == lacks
    assert {"dim_reagent", "bridge_study_panel", "dim_expsample.description"} <= lacks
    # No package at hand has a header for some columns; the API has none of those either.
    assert _lacks(fresh, "ops.load") == _lacks(fresh, "star.study_capture") < lacks
    without = {**single_route(Route.API), "fact_assay_result": ("is_limit_known",)}
    alone = {item.relation for item in IMMPORT_MODEL.tables if not ENDPOINTS[item.endpoint or ""].is_served}
    assert alone <= lacks
    now, same = (
        {name: rows for name, rows in star_digest(item.engine, without, alone).items() if _is_of_now(name)}
        for item in (fresh, by_api)
    )
    assert differences(now, same) == []


def _lacks(installation: Installation, relation: str) -> set[str]:
    return {name for (name,) in installation.query(f"select distinct unnest(lacks) from {relation}")}


def _members(installation: Installation, dimension: str) -> int:
    return int(installation.one(f"select count(*) from star.dim_{dimension} where {dimension}_key > 0"))


@pytest.mark.long
def test_statistics_know_limits_in_words_by_the_default_route(
    installations: Installations, tmp_path: Path
) -> None:
    """By the API alone the same results are marked: no answer of it has the result in words."""
    write_package(tmp_path / "SDY1-DR1_Tab.zip", LIMITS)
    levels = "select results, censored, limit_unknown, geometric_mean from mart.cytokine_profile"
    rows = "select value_quality, is_limit_known, count(*) from star.fact_assay_result where assay = 'ELISA'"
    with running_sandbox(archives=tmp_path, release="DR1") as sandbox:
        found = {}
        for route in ("auto", "package", "api"):
            installation = installations.fresh(sandbox)
            run = installation.run(route=route)
            assert run.state == "success", run.log[-4000:]
            found[route] = (installation.query(levels), installation.query(f"{rows} group by 1, 2"))
    assert found["auto"] == found["package"] == ([(2, 2, 0, 25)], [("censored_low", True, 2)])
    assert found["api"] == ([(2, 0, 2, Decimal("49.9999"))], [("ok", False, 2)])


@pytest.mark.long
def test_bad_rows_cost_the_same_by_either_route(installations: Installations, tmp_path: Path) -> None:
    """A line in Latin-1 and one with a cell too many, in the package and as far as JSON can carry them."""
    write_package(tmp_path / "SDY1-DR1_Tab.zip", BAD_ROWS)
    without = {
        **single_route(Route.API),
        "fact_assay_result": ("is_limit_known",),
        "study_capture": ("lacks",),
    }
    alone = {item.relation for item in IMMPORT_MODEL.tables if not ENDPOINTS[item.endpoint or ""].is_served}
    stars, quarantined = {}, {}
    with running_sandbox(archives=tmp_path, release="DR1") as sandbox:
        for route in ("api", "package"):
            installation = installations.fresh(sandbox)
            run = installation.run(route=route)
            assert run.state == "success", run.log[-4000:]
            stars[route] = star_digest(installation.engine, without, alone)
            quarantined[route] = installation.query(
                "select endpoint, row::text from quality.quarantine order by row_number"
            )
    assert differences(stars["api"], stars["package"]) == []
    assert len(stars["api"]["fact_hai now"]) == 20
    # No answer of the API has the line with a cell too many; the package has both.
    assert {name: [row.endpoint for row in rows] for name, rows in quarantined.items()} == {
        "api": ["hai"],
        "package": ["hai", "hai"],
    }
    assert all("bec/1" in rows[0].row for rows in quarantined.values())


def _is_of_now(relation: str) -> bool:
    return relation.startswith(("fact", "bridge")) and relation.endswith(" now")


@pytest.mark.long
def test_one_study_may_be_requested_by_another_route(fresh: Installation, small: RunningSandbox) -> None:
    run = fresh.run(route="package", routes={STUDY: "api"})
    assert run.state == "success"
    assert _route(fresh) == ("api", "requested")
    assert _route(fresh, "SDY1003") == ("package", "requested")


def test_package_that_is_lost_gives_way_to_the_api(fresh: Installation, small: RunningSandbox) -> None:
    small.fault("download", "lost", file=PACKAGE)
    assert fresh.run(studies=[STUDY]).state == "success"
    route, reason = _route(fresh)
    assert route == "api"
    assert reason.startswith("not available as package: MissingFileError:")
    assert PACKAGE in reason


@pytest.mark.long
def test_requested_package_that_is_lost_fails_the_study_alone(
    fresh: Installation, small: RunningSandbox
) -> None:
    small.fault("download", "lost", file=PACKAGE)
    run = fresh.run(route="package")
    assert fresh.states() == {STUDY: "failed", "SDY1003": "published"}
    assert "ImmPort lists it, but does not have it" in run.log


@pytest.mark.parametrize(
    ("endpoint", "fault", "retries", "message"),
    [
        ("drsDownload", "403", 0, "AccessError: "),  # a key whose scope lacks downloads
        pytest.param("download", "403", 0, "AccessError: ", marks=pytest.mark.long),
        pytest.param("download", "400", 0, "HTTP 400", marks=pytest.mark.long),
        pytest.param("drsDownload", "500", 1, "HTTP 500 (3 tries)", marks=pytest.mark.long),
    ],
)
def test_package_that_is_refused_gives_way_to_the_api(
    fresh: Installation, small: RunningSandbox, endpoint: str, fault: str, retries: int, message: str
) -> None:
    """No file can be had, the counts of the release neither. What the API lacks is recorded as always."""
    small.fault(endpoint, fault)
    run = fresh.run(studies=[STUDY], retries=retries)
    assert run.state == "success", run.log[-4000:]
    route, reason = _route(fresh)
    assert route == "api"
    assert reason.startswith("not available as package: ")
    assert PACKAGE in reason or STUDY in reason
    assert message in reason
    lacks = _lacks(fresh, "ops.load")
    assert lacks == _lacks(fresh, "star.study_capture")
    assert {"dim_reagent", "bridge_study_panel", "dim_expsample.description"} <= lacks
    assert _requested(small)["manifest"] == 1


@pytest.mark.long
def test_requested_package_that_is_refused_fails_the_study(
    fresh: Installation, small: RunningSandbox
) -> None:
    small.fault("drsDownload", "403", study=STUDY)
    assert fresh.run(route="package").state == "failed"
    assert fresh.states() == {STUDY: "failed", "SDY1003": "published"}
    assert "not open to this key" in fresh.one("select error from ops.load where state = 'failed'")


def test_key_that_is_refused_at_the_package_is_not_sent_again(
    fresh: Installation, small: RunningSandbox
) -> None:
    small.fault("drsDownload", "401", study=STUDY)
    assert fresh.run(studies=[STUDY]).state == "failed"
    assert "CredentialError" in fresh.one("select error from ops.load")
    assert "arm" not in _requested(small)


@pytest.mark.long
@pytest.mark.parametrize("endpoint", ["manifest", "drsDownload"])
def test_endpoint_that_is_down_for_every_study_is_not_the_service(
    endpoint: str, installations: Installations
) -> None:
    """Results do not wait for it: each study comes by the API on the last try; the circuit stays closed."""
    with running_sandbox(studies=5, rows=3) as sandbox:
        installation = installations.fresh(sandbox)
        sandbox.fault(endpoint, "503")
        run = installation.run(retries=1)
        assert run.state == "success", run.log[-4000:]
        assert len(installation.states()) > 3
        assert set(installation.states().values()) == {"published"}
        assert installation.query("select distinct route from ops.load") == [("api",)]
        assert installation.query("select state, failures from ops.circuit where state <> 'closed'") == []
        assert installation.one("select count(*) from ops.step where message like '%CircuitOpen%'") == 0
        # Where the service answers nothing about a study, its circuit opens, and the others get no request.
        sandbox.fault("study", "503")
        sandbox.fault("manifest", "503")
        sandbox.clear_requests()
        assert installation.run(retries=1, force=True).state == "failed"
        ((state, of),) = installation.query("select state, endpoint from ops.circuit where state <> 'closed'")
        assert (state, of) == ("open", "study")
        assert installation.one("select count(*) from ops.step where message like 'CircuitOpen%'") > 0


@pytest.mark.long
def test_package_that_cannot_be_read_gives_way_to_the_api(
    installations: Installations, tmp_path: Path
) -> None:
    """Two members for one table: which one counts, nobody can say."""
    twice = {**SMALL, "treatment": "TREATMENT_ACCESSION\nTRT1", "Treatment": "TREATMENT_ACCESSION\nTRT2"}
    write_package(tmp_path / "SDY1-DR1_Tab.zip", twice)
    with running_sandbox(archives=tmp_path, release="DR1") as sandbox:
        installation = installations.fresh(sandbox)
        run = installation.run()
        assert run.state == "success", run.log[-4000:]
        route, reason = _route(installation, "SDY1")
        assert route == "api"
        assert reason.startswith(
            "not available as package: WrongFileError: ImmPort: package of SDY1: SDY1-DR1"
        )
        assert "two members for one table" in reason
        assert installation.one("select count(*) from star.fact_hai") == 2


@pytest.mark.long
def test_counts_that_are_lost_are_done_without(fresh: Installation, small: RunningSandbox) -> None:
    small.fault("download", "lost", file=COUNTS)
    assert fresh.run(studies=[STUDY], route="api").state == "success"
    assert {"pcr", "kirTyping"} <= _requested(small).keys()


@pytest.mark.long
def test_package_that_is_not_offered_cannot_be_requested(installations: Installations) -> None:
    with running_sandbox(studies=1, rows=10, packages=False) as sandbox:
        installation = installations.fresh(sandbox)
        run = installation.run(route="package")
        assert run.state == "failed"
        assert "the package was requested, but the manifest lists none" in run.log
        assert installation.run(route="auto").state == "success"
        assert _newest_reason(installation) == "the manifest lists no package"


@needs_data
@pytest.mark.long
@pytest.mark.parametrize("route", ["api", "package"])
def test_study_that_states_an_older_release_than_its_files_is_of_that_of_its_files(
    route: str, installations: Installations
) -> None:
    """SDY139 says DR4, in its packages of DR16 and DR25, too."""
    with running_sandbox(archives=ARCHIVES, release="DR25", stated_releases=True) as sandbox:
        installation = installations.fresh(sandbox)
        run = installation.run(route=route)
        assert run.state == "success", run.log[-4000:]
        query = "select release_version, listed_version, route from ops.load"
        assert installation.query(query) == [("DR25", "DR4", route)]
        assert installation.query("select release_key from ops.capture") == [(250000,)]
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

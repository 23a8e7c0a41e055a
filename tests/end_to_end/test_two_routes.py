"""A study by the API and the same study by its package make the same star, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from include.cytometry.lookups import SPECIES_GROUPS
from include.cytometry.vocabulary import Marker, Vocabulary
from include.landing.zone import Landing
from include.local.server import Server
from include.pipeline.batch_runner import StepContext
from include.sources.endpoint import Route
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.load.carry_forward import single_route
from include.warehouse.markers import vocabularies
from include.warehouse.model.registry import IMMPORT_MODEL
from include.warehouse.schema.engine import warehouse_engine
from tests.sandbox.data import ARCHIVES, needs_data
from tests.support.packages import SMALL, Tables, write_package
from tests.support.routes import land_answers, land_package, take
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.star import differences, star_digest
from tests.support.warehouse import RUN, Warehouse, copied

pytestmark = pytest.mark.filterwarnings("ignore:`schema_name` is deprecated")
#: Tables and columns that only packages have: all else must be the same.
ALONE = {item.relation for item in IMMPORT_MODEL.tables if not ENDPOINTS[item.endpoint or ""].is_served}
OF_PACKAGES = {name: found for name, found in single_route(Route.API).items() if name not in ALONE}
#: The same in what the star shows: views say of each result whether its limit is known, and of each capture
#: what its loads did not provide.
SHOWN = {
    **OF_PACKAGES,
    "fact_assay_result": ("is_limit_known",),
    "study_capture": ("lacks",),
    "study_marker_vocabulary": ("recorded_at",),  # a time of this warehouse
}
REAL = "SDY139"

Fresh = Callable[[], Warehouse]


@pytest.fixture
def fresh(postgres: Server, template: str, tmp_path: Path) -> Iterator[Fresh]:
    """Makes warehouses, each empty but for the names of the markers that the sandbox counts.

    With them either route has the same markers: the package has rows of its own, and prefers none.
    """
    names = {name: Marker(name) for name in ("CD3", "CD4", "CD8", "CD19", "CD27", "CD38")}
    made: list[tuple[str, sa.Engine]] = []

    def make() -> Warehouse:
        name = copied(postgres, template)
        engine = warehouse_engine(postgres.url(name))
        made.append((name, engine))
        with engine.begin() as connection:
            vocabularies.adopt(connection, Vocabulary("names of the test", [], names, SPECIES_GROUPS))
        return Warehouse(StepContext(engine, Landing(str(tmp_path / name)), RUN))

    yield make
    for name, engine in made:
        engine.dispose()
        postgres.drop_database(name)


@pytest.fixture(scope="module")
def archives() -> Iterator[RunningSandbox]:
    with running_sandbox(archives=ARCHIVES) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def assays() -> Iterator[RunningSandbox]:
    """Eight studies with all ten assays, people and mice."""
    with running_sandbox(studies=8, rows=60) as sandbox:
        yield sandbox


def test_columns_of_one_route_are_those_that_are_declared() -> None:
    assert OF_PACKAGES == {
        "dim_study": ("type",),
        "dim_arm": ("population_selection_rule",),
        "dim_participation": ("study_enrollment_day",),
        "dim_planned_visit": ("period_accession", "period_name"),
        "dim_biosample": ("description",),
        "dim_experiment": ("purpose",),
        "dim_expsample": ("description", "declared_results"),
        "dim_grant": ("keywords",),
        "fact_elisa": ("qualitative_result", "is_limit_known"),
        "fact_elispot": ("cell_type",),
        "fact_adverse_event": ("is_serious_event",),
    }
    assert set(single_route(Route.API)) == OF_PACKAGES.keys() | ALONE
    assert {"dim_treatment", "dim_reagent", "bridge_expsample_reagent", "fact_rna_seq"} <= ALONE
    assert "bridge_expsample_biosample" not in ALONE
    # Which file of the manifest a result's file is, the manifest knows.
    assert list(single_route(Route.PACKAGE)) == ["dim_file", "fact_result_file"]


@needs_data
def test_real_study_is_the_same_by_both_routes(fresh: Fresh, archives: RunningSandbox) -> None:
    by_api, by_package = fresh(), fresh()
    for release in ("DR16", "DR25"):
        archives.set_release(release)
        take(by_api, land_answers(by_api, archives, REAL, release))
        take(by_package, land_package(by_package, archives, REAL, release), judged=True)
    one, other = (star_digest(item.engine, SHOWN, ALONE) for item in (by_api, by_package))
    assert differences(one, other) == []
    assert len(one["fact_elispot DR16"]) == 466
    assert len(one["fact_pcr DR25"]) == 456
    described = "select count(*) from star.dim_expsample where description is not null"
    assert (by_package.value(described), by_api.value(described)) == (1022, 0)


@needs_data
@pytest.mark.long
@pytest.mark.parametrize("order", [("DR16", "DR25"), ("DR25", "DR16")])
def test_package_and_then_api_keep_what_only_the_package_knows(
    order: tuple[str, str], fresh: Fresh, archives: RunningSandbox
) -> None:
    """Whichever comes first, the release loaded by API has the descriptions of the one before it."""
    mixed, by_api = fresh(), fresh()
    for release in order:
        archives.set_release(release)
        land = land_package if release == "DR16" else land_answers
        take(mixed, land(mixed, archives, REAL, release))
        take(by_api, land_answers(by_api, archives, REAL, release))
    assert differences(*(star_digest(item.engine, SHOWN, ALONE) for item in (mixed, by_api))) == []
    for release in ("DR16", "DR25"):
        query = (
            "select count(description), count(declared_results), sum(declared_results)"
            " from star.dim_expsample where is_inferred = false"
        )
        assert mixed.rows(query, as_of=release) == [(1022, 1022, 974)]


@needs_data
def test_same_release_by_any_route_changes_nothing(fresh: Fresh, archives: RunningSandbox) -> None:
    archives.set_release("DR25")
    warehouse = fresh()
    take(warehouse, land_answers(warehouse, archives, REAL, "DR25"))
    filled = take(warehouse, land_package(warehouse, archives, REAL, "DR25"))
    changed = {item.relation for item in filled.changes if not item.is_nothing}
    assert "dim_expsample" in changed
    assert changed <= OF_PACKAGES.keys() | ALONE
    before = warehouse.history()
    for land in (land_answers, land_package, land_answers):
        done = take(warehouse, land(warehouse, archives, REAL, "DR25"))
        assert done.rows_written == 0
    assert warehouse.history() == before


@needs_data
def test_package_without_the_manifest_leaves_the_files_as_they_were(
    fresh: Fresh, archives: RunningSandbox
) -> None:
    archives.set_release("DR16")
    warehouse = fresh()
    take(warehouse, land_answers(warehouse, archives, REAL, "DR16"))
    before = warehouse.rows("select * from star.dim_file order by 1")
    archives.set_release("DR25")
    take(warehouse, land_package(warehouse, archives, REAL, "DR25", beside=()))
    after = warehouse.rows("select * from star.dim_file where not is_inferred order by 1")
    assert [row for row in before if row[0] > 0] == [row for row in after if row[0] > 0]


#: Ages, times and days with digits that no scale of two decimals holds.
EXACT: Tables = {
    **SMALL,
    "arm_2_subject": """
        ARM_ACCESSION SUBJECT_ACCESSION AGE_UNIT MIN_SUBJECT_AGE MAX_SUBJECT_AGE
        ARM1 SUB1 Years 8.6954140999 8.6954140999
        ARM2 SUB1 Months 104.3449691988 104.345
        """,
    "planned_visit": """
        PLANNED_VISIT_ACCESSION NAME MIN_START_DAY MAX_START_DAY STUDY_ACCESSION
        PV1 Day_0 -0.04166667 1.005 SDY1
        """,
    "biosample": """
        BIOSAMPLE_ACCESSION SUBJECT_ACCESSION TYPE PLANNED_VISIT_ACCESSION STUDY_TIME_COLLECTED \
        STUDY_TIME_COLLECTED_UNIT STUDY_ACCESSION
        BS1 SUB1 Serum PV1 0.9583333333 Days SDY1
        """,
}


def test_ages_times_and_days_keep_their_digits_by_both_routes(fresh: Fresh, tmp_path: Path) -> None:
    folder = tmp_path / "packages"
    folder.mkdir()
    write_package(folder / "SDY1-DR1_Tab.zip", EXACT)
    by_api, by_package = fresh(), fresh()
    with running_sandbox(archives=folder) as sandbox:
        take(by_api, land_answers(by_api, sandbox, "SDY1", "DR1"))
        take(by_package, land_package(by_package, sandbox, "SDY1", "DR1"))
    one, other = (star_digest(item.engine, SHOWN, ALONE) for item in (by_api, by_package))
    assert differences(one, other) == []
    for warehouse in (by_api, by_package):
        ages = (
            "select min_subject_age from star.dim_participation where min_subject_age is not null order by 1"
        )
        assert warehouse.rows(ages) == [(Decimal("8.6954140999"),), (Decimal("104.3449691988"),)]
        days = "select min_start_day, max_start_day from star.dim_planned_visit where planned_visit_key > 0"
        assert warehouse.rows(days) == [(Decimal("-0.04166667"), Decimal("1.005"))]
        times = "select study_time_collected from star.dim_study_time where study_time_key > 0"
        assert warehouse.rows(times) == [(Decimal("0.9583333333"),)]


@pytest.mark.long
def test_all_assays_are_the_same_by_both_routes(fresh: Fresh, assays: RunningSandbox) -> None:
    by_api, by_package = fresh(), fresh()
    for release in ("DR49", "DR51"):
        assays.set_release(release)
        found = assays.get("/api/search/study", pageSize="100").json()["hits"]["hits"]
        for study in sorted(item["_source"]["study_accession"] for item in found):
            listed = assays.get(f"/api/study/{study}").json()[0]["latestDataReleaseVersion"]
            if listed != release:
                continue
            take(by_api, land_answers(by_api, assays, study, release))
            take(by_package, land_package(by_package, assays, study, release))
    one, other = (star_digest(item.engine, SHOWN, ALONE) for item in (by_api, by_package))
    assert differences(one, other) == []
    of_studies = [fact.relation for fact in IMMPORT_MODEL.facts if fact.relation not in ALONE]
    assert [name for name in (*of_studies, "fact_assay_result") if not one[f"{name} now"]] == []
    filled = {name: by_package.value(f"select count(*) from star.{name}") for name in ALONE}
    # No study of the synthetic world has sequences in rows.
    assert {name for name, rows in filled.items() if not rows} == {"fact_rna_seq"}

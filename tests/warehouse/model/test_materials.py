"""What packages report beyond the API's endpoints, and the biosamples of an experiment sample."""

from __future__ import annotations

import io
import itertools
import random
import zipfile
from collections.abc import Iterator
from decimal import Decimal

import pandas as pd
import pytest

from include.pipeline.run_ledger import Load
from include.quality import audit
from include.quality.checks import Severity
from include.sources.endpoint import Route
from include.sources.immport.endpoints import ENDPOINTS
from include.warehouse.model.registry import IMMPORT_MODEL
from tests.sandbox.data import ARCHIVES, needs_data
from tests.support.packages import FULL, SMALL, land_tables
from tests.support.routes import land_package, take
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.warehouse import Warehouse, full_row, small_study

pytestmark = pytest.mark.filterwarnings("ignore:`schema_name` is deprecated")

#: Tables of the star that no endpoint of the API reports.
ALONE = [item for item in IMMPORT_MODEL.tables if not ENDPOINTS[item.endpoint or ""].is_served]


@pytest.fixture
def full(warehouse: Warehouse) -> Warehouse:
    take(warehouse, land_tables(warehouse, FULL))
    return warehouse


def test_every_table_that_only_packages_provide_has_rows_and_passes(warehouse: Warehouse) -> None:
    take(warehouse, land_tables(warehouse, FULL), judged=True)
    counts = {
        item.relation: warehouse.value(
            f"select count(*) from history.{item.relation} where study_key > 0 and load_id > 0"
        )
        for item in ALONE
    }
    assert {name for name, count in counts.items() if not count} == set()
    assert warehouse.value("select count(*) from quality.quarantine") == 0
    assert audit.run(warehouse.engine, "night") == []


def test_biosamples_of_an_experiment_sample_share_one_weight(full: Warehouse) -> None:
    assert full.rows("""
        select x.expsample_accession, b.biosample_accession, t.weight from star.bridge_expsample_biosample t
        join star.dim_expsample x using (expsample_key) join star.dim_biosample b using (biosample_key)
        order by 1, 2""") == [
        ("ES1", "BS1", Decimal("0.5")),
        ("ES1", "BS2", Decimal("0.5")),
        ("ES2", "BS1", Decimal(1)),
    ]  # fmt: skip
    # An experiment sample of no biosample is a member all the same.
    assert (
        full.value("select count(*) from star.dim_expsample where not is_inferred and member = 'known'") == 3
    )


def test_one_bridge_row_by_the_api_whatever_number_of_arms(warehouse: Warehouse) -> None:
    rows = small_study()
    sample = {"studyAccession": "SDY1", "subjectAccession": "SUB1", "experimentAccession": "EXP1"}
    rows["expsample"] = [
        full_row(
            "expsample", **sample, armAccession=arm, biosampleAccession=biosample, expsampleAccession="ES1"
        )
        for arm in ("ARM1", "ARM2")
        for biosample in ("BS1", "BS2")
    ]
    warehouse.load(rows)
    bridges = "select expsample_biosample, weight from star.bridge_expsample_biosample order by 1"
    assert warehouse.rows(bridges) == [("ES1/BS1", Decimal("0.5")), ("ES1/BS2", Decimal("0.5"))]


def test_treatments_keep_what_is_not_a_number(full: Warehouse) -> None:
    assert full.rows("""
        select treatment_accession, name, amount_value, amount_value_text, amount_unit, duration_value,
            duration_value_text, comments, is_inferred
        from star.dim_treatment where member = 'known' order by 1""") == [
        ("TRT1", "PMA", None, "about 5", "ng/ml", Decimal(16), None, "overnight", False),
        ("TRT2", None, None, None, None, None, None, None, True),
    ]
    assert full.rows("""
        select b.biosample_accession, t.treatment_accession from star.bridge_biosample_treatment p
        join star.dim_biosample b using (biosample_key) join star.dim_treatment t using (treatment_key)
        order by 2""") == [("BS2", "TRT1"), ("BS2", "TRT2")]
    assert full.rows("select expsample_treatment from star.bridge_expsample_treatment") == [("ES1/TRT1",)]


def test_reagents_of_a_set_are_found(full: Warehouse) -> None:
    assert full.rows("""
        select x.expsample_accession, k.name, r.name, r.analyte_accession, r.analyte_preferred, r.clone_name
        from star.bridge_expsample_reagent u join star.dim_expsample x using (expsample_key)
        join star.dim_reagent k using (reagent_key)
        join star.bridge_reagent_set s on s.set_reagent_key = k.reagent_key
        join star.dim_reagent r on r.reagent_key = s.reagent_key""") == [
        ("ES1", "kit", "anti-IL-2", "ANA148", "IL2", "JES6")
    ]  # fmt: skip
    # The warehouse does not store the contact of a reagent.
    columns = full.rows("select column_name from information_schema.columns where table_name = 'dim_reagent'")
    assert ("contact",) not in columns


def test_wells_know_their_control_or_curve(full: Warehouse) -> None:
    assert full.rows("""
        select f.result_id, c.member, c.control_sample_accession, c.is_inferred, s.member,
            s.standard_curve_accession, s.lower_limit, s.lower_limit_unit, s.upper_limit, s.upper_limit_text
        from star.fact_mbaa f join star.dim_control_sample c using (control_sample_key)
        join star.dim_standard_curve s using (standard_curve_key) order by 1""") == [
        (11, "known", "CS1", False, "not applicable", None, None, None, None, None),
        (12, "not applicable", None, False, "known", "SC1", Decimal("3.2"), "pg/ml", None, ">10000"),
        (13, "not applicable", None, False, "not applicable", None, None, None, None, None),
        (14, "known", "CS9", True, "not applicable", None, None, None, None, None),
        (15, "unknown", None, False, "not applicable", None, None, None, None, None),
    ]  # fmt: skip
    assert full.rows("select control_sample_file from star.bridge_control_sample_file") == [("CS1/7",)]
    assert full.rows("select standard_curve_file from star.bridge_standard_curve_file") == [("SC1/7",)]


def test_markers_and_their_signs_are_split(full: Warehouse) -> None:
    assert full.rows("""
        select m.population_marker_reported, m.marker, m.marker_sign, f.population_name_reported
        from star.bridge_fcs_result_marker m join star.fact_fcs_analyzed f using (study_key, result_id)
        order by m.fcs_analyzed_result_marker_id""") == [
        ("CD3+", "CD3", "+", "Tfh"),
        ("CD44 high", "CD44", "++", "Tfh"),
        ("CD45-RA-", "CD45RA", "-", "Tfh"),
        ("B220", "B220", None, "Tfh"),
    ]
    assert full.rows("""
        select h.fcs_file_name, h.number_of_events, p.parameter_number, p.pnn_reported, p.pns_reported
        from star.fact_fcs_header h join star.bridge_fcs_header_marker p using (study_key, fcs_header_id)
        order by 3""") == [("a.fcs", 1500000, 1, "FSC-A", None), ("a.fcs", 1500000, 2, "B530-A", "CD3")]


def test_sequencing_results_are_results_of_an_assay(full: Warehouse) -> None:
    assert full.rows("""
        select r.assay, r.measurand_reported, r.value_reported, r.value_number, r.value_quality,
            t.measurement_technique, v.name
        from star.fact_assay_result r join star.dim_technique t using (technique_key)
        join star.dim_planned_visit v using (planned_visit_key) where result_id = 31""") == [
        ("RNA sequencing", "ENST1", "7.5", Decimal("7.5"), "ok", "HAI", "Day 0")
    ]  # fmt: skip


def test_a_study_may_have_several_focuses(full: Warehouse) -> None:
    assert full.rows(
        "select research_focus, weight from star.bridge_study_research_focus order by 1"
    ) == [("Immune Response", Decimal("0.5")), ("Vaccine Response", Decimal("0.5"))]  # fmt: skip
    assert full.rows("""
        select e.experiment_accession, p.name from star.bridge_experiment_protocol t
        join star.dim_experiment e using (experiment_key)
        join star.dim_protocol p using (protocol_key)""") == [
        ("EXP1", "Bleeding")
    ]  # fmt: skip


def test_the_api_leaves_what_it_does_not_provide(full: Warehouse) -> None:
    """Nothing is withdrawn, and the gate misses nothing: the answers are silent about these tables."""
    before = {item.relation: stored(full, item.relation) for item in ALONE}
    take(full, full.land(small_study(), "DR2"), judged=True)
    counts = {
        relation: [row for row in rows if row not in stored(full, relation)]
        for relation, rows in before.items()
        # Of controls and curves, results report the accessions.
        if relation not in {"dim_control_sample", "dim_standard_curve"}
    }
    assert {relation for relation, rows in counts.items() if rows} == set()


def stored(warehouse: Warehouse, relation: str) -> list[tuple[object, ...]]:
    return warehouse.rows(f"select * from history.{relation} where study_key > 0")


REAL = "SDY139"


@pytest.fixture(scope="module")
def archives() -> Iterator[RunningSandbox]:
    with running_sandbox(archives=ARCHIVES) as sandbox:
        yield sandbox


@needs_data
def test_tables_of_a_real_study_are_those_of_its_packages(
    warehouse: Warehouse, archives: RunningSandbox
) -> None:
    for release in ("DR16", "DR25"):
        archives.set_release(release)
        take(warehouse, land_package(warehouse, archives, REAL, release), judged=True)
    for release in ("DR16", "DR25"):
        for table, keys, query in COMPARED:
            raw = real(release, table)
            named = [name if name in raw.columns else OLDER[name] for name in keys]
            expected = sorted(tuple(row) for row in raw[named].drop_duplicates().itertuples(index=False))
            found = warehouse.rows(query, as_of=release)
            assert sorted(tuple(str(cell or "") for cell in row) for row in found) == expected, (
                release,
                table,
            )
    described = (
        "select count(*), count(*) filter (where is_inferred) from star.dim_reagent where member = 'known'"
    )
    assert warehouse.rows(described, as_of="DR16") == [(45, 0)]
    assert warehouse.value("select count(*) from quality.quarantine") == 0


#: Table of the package, columns of it, and the query that must give the same rows.
COMPARED = (
    ("expsample_2_reagent", ("EXPSAMPLE_ACCESSION", "REAGENT_ACCESSION"),
     "select x.expsample_accession, r.reagent_accession from star.bridge_expsample_reagent"
     " join star.dim_expsample x using (expsample_key) join star.dim_reagent r using (reagent_key)"),
    ("expsample_2_biosample", ("EXPSAMPLE_ACCESSION", "BIOSAMPLE_ACCESSION"),
     "select x.expsample_accession, b.biosample_accession from star.bridge_expsample_biosample"
     " join star.dim_expsample x using (expsample_key) join star.dim_biosample b using (biosample_key)"),
    ("reagent", ("REAGENT_ACCESSION", "NAME", "CATALOG_NUMBER", "ANALYTE_REPORTED", "CLONE_NAME"),
     "select reagent_accession, name, catalog_number, analyte_reported, clone_name from star.dim_reagent"
     " where member = 'known'"),
    ("reagent_set_2_reagent", ("REAGENT_SET_ACCESSION", "REAGENT_ACCESSION"),
     "select s.reagent_accession, r.reagent_accession from star.bridge_reagent_set t"
     " join star.dim_reagent s on s.reagent_key = t.set_reagent_key"
     " join star.dim_reagent r on r.reagent_key = t.reagent_key"),
    ("fcs_header", ("FCS_HEADER_ID", "EXPSAMPLE_ACCESSION", "NUMBER_OF_EVENTS", "PANEL_REPORTED"),
     "select fcs_header_id, expsample_accession, number_of_events, panel_reported from star.fact_fcs_header"
     " join star.dim_expsample using (expsample_key)"),
    ("fcs_header_marker", ("FCS_HEADER_ID", "PARAMETER_NUMBER", "PNN_REPORTED", "PNS_REPORTED"),
     "select fcs_header_id, parameter_number, pnn_reported, pns_reported from star.bridge_fcs_header_marker"),
    ("experiment_2_protocol", ("EXPERIMENT_ACCESSION", "PROTOCOL_ACCESSION"),
     "select experiment_accession, protocol_accession from star.bridge_experiment_protocol"
     " join star.dim_experiment using (experiment_key) join star.dim_protocol using (protocol_key)"),
    ("study_2_panel", ("PANEL_NAME",), "select panel_name from star.bridge_study_panel"),
    ("study_categorization", ("STUDY_CATEGORIZATION_ID", "RESEARCH_FOCUS"),
     "select study_categorization_id, research_focus from star.bridge_study_research_focus"),
)  # fmt: skip
#: Column of today -> what DR16 calls it.
OLDER = {"CLONE_NAME": "DETECTOR_NAME"}


def real(release: str, table: str) -> pd.DataFrame:
    with zipfile.ZipFile(ARCHIVES / f"{REAL}-{release}_Tab.zip") as archive:
        names = (f"/{table}.txt", "/biosample_2_expsample.txt" if table == "expsample_2_biosample" else "-")
        (member,) = [item for item in archive.namelist() if item.endswith(names)]
        text = archive.read(member).decode()
    return pd.read_csv(io.StringIO(text), sep="\t", dtype=str, keep_default_na=False, quoting=3)


#: Release -> route, controls named by results, and those described: packages describe them, the API does not.
CAPTURES: dict[str, tuple[Route, str, str]] = {
    "DR1": (Route.PACKAGE, "CS1 CS9", "CS1"),
    "DR2": (Route.API, "CS1 CS8", ""),
    "DR3": (Route.API, "CS8", ""),
    "DR4": (Route.PACKAGE, "CS8", "CS8"),
}
#: Control, where it comes from, whether it is inferred, first release, end.
EXPECTED = [
    ("CS1", "Bench", False, 10000, 40000),
    ("CS8", None, True, 20000, 40000),
    ("CS8", "Bench", False, 40000, 2147483647),
    ("CS9", None, True, 10000, 20000),
]
ORDERS = list(itertools.permutations(CAPTURES))


@pytest.mark.parametrize(
    "order",
    [
        ORDERS[-1],
        *(pytest.param(order, marks=pytest.mark.long) for order in random.Random(5).sample(ORDERS[:-1], 5)),
    ],
)
def test_every_order_of_captures_gives_the_same_controls(
    order: tuple[str, ...], warehouse: Warehouse
) -> None:
    """A control that results name shows whatever is known of it, and no longer than it is named."""
    for release in order:
        take(warehouse, with_controls(warehouse, release))
    found = warehouse.rows("""
        select k.control_sample_accession, h.source, h.is_inferred, h.valid_from, h.valid_to
        from history.dim_control_sample h join history.key_control_sample k using (control_sample_key)
        where h.study_key > 0 order by 1, 4""")
    assert found == EXPECTED
    assert [item.summary for item in audit.run(warehouse.engine, "night") if "CS" in item.summary] == []
    assert {item.check.severity for item in audit.run(warehouse.engine, "night")} <= {Severity.WARNING}
    for release in order[:2]:
        assert take(warehouse, with_controls(warehouse, release)).rows_written == 0


def with_controls(warehouse: Warehouse, release: str) -> Load:
    route, named, described = CAPTURES[release]
    results = list(enumerate(named.split(), start=11))
    if route is Route.API:
        well = {"studyAccession": "SDY1", "experimentAccession": "EXP1", "sourceType": "CONTROL SAMPLE"}
        rows = [full_row("mbaa", **well, resultId=number, sourceAccession=name) for number, name in results]
        return warehouse.land({**small_study(), "hai": [], "mbaa": rows}, release)
    tables = {
        **SMALL,
        "mbaa_result": "RESULT_ID SOURCE_ACCESSION SOURCE_TYPE EXPERIMENT_ACCESSION STUDY_ACCESSION\n"
        + "\n".join(f"{number} {name} CONTROL_SAMPLE EXP1 SDY1" for number, name in results),
        "control_sample": "CONTROL_SAMPLE_ACCESSION EXPERIMENT_ACCESSION SOURCE\n"
        + "\n".join(f"{name} EXP1 Bench" for name in described.split()),
    }
    del tables["hai_result"]
    return land_tables(warehouse, tables, release)

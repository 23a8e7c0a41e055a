"""No mart makes one number of results that cannot be compared: each declares what it keeps apart."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from include.landing.zone import Landing
from include.local.server import Server
from include.pipeline.batch_runner import StepContext
from include.warehouse.marts import Mart, marts
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.views.value_functions import DEFAULT_POLICY
from tests.support.clinical import lab_test
from tests.support.warehouse import RUN, Warehouse, copied, result, small_study, subject

#: The fields of a result in which each context differs from the first.
CONTEXTS: dict[str, dict[str, Any]] = {
    "base": {},
    "sample type": {"biosampleAccession": "BS4", "expsampleAccession": "ES4"},
    "sample subtype": {"biosampleAccession": "BS5", "expsampleAccession": "ES5"},
    "technique": {"measurementTechnique": "Mass cytometry"},
    "treatment": {"treatmentAccession": "TRT1"},
    "description": {"expsampleAccession": "ES6"},
    "time zero": {"studyTimeT0Event": "Time of infection"},
    "time zero in words": {"studyTimeT0EventSpecify": "second dose"},
    "species": {"subjectAccession": "SUB3", "biosampleAccession": "BS3", "expsampleAccession": "ES3"},
}
#: Times of collection without a length in days.
TIMES = {
    f"{count} d.p.c.": {"studyTimeCollected": count, "studyTimeCollectedUnit": "d.p.c."} for count in (3, 7)
}
#: A serum is not stimulated: the other contexts differ in what is not an aspect of a titre.
OF_TITRES = [name for name in CONTEXTS if name not in {"treatment", "description"}]
VALUE = {"mbaa": "concentrationValue", "fcsAnalyzed": "populationStatistic"}
UNIT = {"mbaa": "concentrationUnit", "fcsAnalyzed": "populationStatUnit"}
NAME = {"pcr": "geneSymbol", "fcsAnalyzed": "populationName"}


def _row(endpoint: str, number: int, value: object, unit: str, **values: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "studyTimeT0Event": "Time of vaccination",
        f"{VALUE.get(endpoint, 'value')}Reported": str(value),
        f"{UNIT.get(endpoint, 'unit')}Reported": unit,
    }
    if endpoint == "mbaa":
        source = values.pop("expsampleAccession", "ES1")
        kept |= {"sourceType": "EXPSAMPLE", "sourceAccession": source}
    return result(endpoint, number, **{**kept, **values})


def _profile(endpoint: str, units: tuple[str, str]) -> tuple[list[dict[str, Any]], list[int]]:
    """One result per context, then one in another unit: no two have the same value."""
    name = {f"{NAME.get(endpoint, 'analyte')}Reported": "X"}
    rows = [
        _row(endpoint, number, 2**number, units[0], **name, **context)
        for number, context in enumerate([*CONTEXTS.values(), *TIMES.values()], start=1)
    ]
    rows.append(_row(endpoint, len(rows) + 1, 2 ** (len(rows) + 1), units[1], **name))
    return rows, [2**number for number in range(1, len(rows) + 1)]


def _titres(endpoint: str) -> list[dict[str, Any]]:
    """Before and after in each context: the rise is another in each."""
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(OF_TITRES, start=1):
        for day, value in ((0, 16), (28, 16 * 2**number)):
            context = {
                **CONTEXTS[name],
                "studyTimeCollected": day,
                "virusStrainReported": "A/California/7/2009",
            }
            rows.append(_row(endpoint, len(rows) + 1, value, "Titer", **context))
    return rows


def _genes() -> list[dict[str, Any]]:
    """A gene and the reference gene in each context: both, and their difference, are others in each."""
    rows: list[dict[str, Any]] = []
    for number, context in enumerate(CONTEXTS.values(), start=1):
        for gene, cycles in (("Actb", 10 + number), ("Il21", 20 + 3 * number)):
            rows.append(_row("pcr", len(rows) + 1, cycles, "Ct", geneSymbolReported=gene, **context))
    return [*rows, _row("pcr", len(rows) + 1, 2, "Delta Ct", geneSymbolReported="Il21")]


@pytest.fixture(scope="module")
def world(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One subject and one arm, measured in every context; a mouse in the same arm."""
    name = copied(postgres, template)
    engine = warehouse_engine(postgres.url(name))
    warehouse = Warehouse(StepContext(engine, Landing(str(tmp_path_factory.mktemp("landing"))), RUN))
    rows = {**small_study(), "hai": _titres("hai"), "neutAbTiter": _titres("neutAbTiter"), "pcr": _genes()}
    rows["demographic"].append(subject(3, 1, species="Mus musculus"))
    sample, experiment = dict(rows["biosample"][0]), dict(rows["expsample"][0])
    others = {3: {"subjectAccession": "SUB3"}, 4: {"type": "Lung tissue"}, 5: {"subtype": "late"}, 6: {}}
    for number, about in others.items():
        rows["biosample"].append({**sample, "biosampleAccession": f"BS{number}", **about})
        named = {"biosampleAccession": f"BS{number}", "expsampleAccession": f"ES{number}"}
        rows["expsample"].append({**experiment, **named})
    of_assay = {"elisa": ("pg/ml", "AU"), "mbaa": ("pg/ml", "AU"), "fcsAnalyzed": ("%", "cells")}
    for endpoint, units in of_assay.items():
        rows[endpoint] = _profile(endpoint, units)[0]
    rows["labtest"] = [
        lab_test(1, "2"), lab_test(2, "4", biosampleAccession="BS4"),
        lab_test(3, "8", biosampleAccession="BS5"),
        lab_test(4, "16", resultUnitReported="mM"), lab_test(5, "32", plannedVisitAccession=None),
        lab_test(6, "64", who=3, biosampleAccession="BS3"),
    ]  # fmt: skip
    rows["hlaTyping"] = [
        result("hlaTyping", 1, locusName="A", allele1="01:01"),
        result("hlaTyping", 2, locusName="A", allele1="01:01", **CONTEXTS["species"]),
    ]
    warehouse.load(rows)
    with engine.begin() as connection:  # descriptions come with packages
        connection.exec_driver_sql("""
            update history.dim_expsample d set description = 'stimulated with peptide'
            from history.key_expsample k where k.expsample_key = d.expsample_key
                and k.expsample_accession = 'ES6'""")
    yield warehouse
    engine.dispose()
    postgres.drop_database(name)


@pytest.mark.parametrize("mart", [mart for mart in marts() if mart.apart], ids=lambda mart: mart.name)
def test_a_mart_has_a_row_for_each_side_of_what_it_keeps_apart(mart: Mart, world: Warehouse) -> None:
    """For every aspect that a mart keeps apart by columns, these columns identify the sides."""
    for one in mart.apart:
        if one.columns and mart.name != "study_assay_availability":
            sides = f"select count(distinct ({', '.join(one.columns)}, 1)) from mart.{mart.name}"
            assert world.value(sides) > 1, (mart.name, one.aspect)


@pytest.mark.parametrize("mart", [mart for mart in marts() if mart.apart], ids=lambda mart: mart.name)
def test_a_reason_is_given_for_what_is_not_kept_apart(mart: Mart) -> None:
    assert all(bool(one.columns) != bool(one.reason) for one in mart.apart)


def test_levels_of_two_contexts_are_never_one_median(world: Warehouse) -> None:
    values = [Decimal(value) for value in _profile("elisa", ("", ""))[1]]
    for assay in ("ELISA", "MBAA"):
        # A bead array knows its sample through the experiment sample that the well holds.
        found = (
            "select median, geometric_mean, results, policy from mart.cytokine_profile where assay = :assay"
        )
        rows = sorted(world.rows(found, assay=assay))
        assert [row[0] for row in rows] == values, assay
        assert [round(row[1]) for row in rows] == values
        assert {row[2:] for row in rows} == {(1, DEFAULT_POLICY)}


def test_populations_of_two_contexts_are_never_one_median(world: Warehouse) -> None:
    rows = world.rows("select median, mean, results from mart.cell_population order by 1")
    assert rows == [(value, value, 1) for value in _profile("fcsAnalyzed", ("", ""))[1]]


@pytest.mark.parametrize("assay", ["HAI", "Neutralising antibody"])
def test_a_rise_is_one_of_titres_that_can_be_compared(world: Warehouse, assay: str) -> None:
    rises = [Decimal(2**number) for number in range(1, len(OF_TITRES) + 1)]
    found = "select fold_rise from mart.{} where assay = :assay order by 1"
    assert [rise for (rise,) in world.rows(found.format("titre_response"), assay=assay)] == rises
    summary = world.rows(found.format("titre_response_summary"), assay=assay)
    assert [rise for (rise,) in summary] == rises


def test_a_gene_is_compared_with_the_reference_of_its_own_context(world: Warehouse) -> None:
    found = """select delta_ct, reference_gene, wells from mart.gene_expression
        where gene = 'Il21' and unit = 'Ct' order by 1"""
    assert world.rows(found) == [(10 + 2 * number, "Actb", 1) for number in range(1, len(CONTEXTS) + 1)]


def test_lab_tests_of_two_contexts_are_never_one_median(world: Warehouse) -> None:
    found = world.rows("select median, tests from mart.lab_test_profile order by 1")
    assert found == [(value, 1) for value in (2, 4, 8, 16, 32, 64)]


def test_people_and_animals_are_never_in_one_row(world: Warehouse) -> None:
    ages = "select species, subjects from mart.cohort where arm_accession = 'ARM1' order by 1"
    assert world.rows(ages) == [("Homo sapiens", 1), ("Mus musculus", 1)]
    alleles = "select species, chromosomes from mart.hla_allele_frequency order by 1"
    assert world.rows(alleles) == [("Homo sapiens", 2), ("Mus musculus", 2)]


def test_days_after_several_times_zero_have_no_first_and_last(world: Warehouse) -> None:
    found = """select t0_events > 1, first_day, last_day from mart.study_assay_availability
        where assay in ('HAI', 'ELISA')"""
    assert world.rows(found) == [(True, None, None)] * 2


def test_a_mart_says_whom_it_leaves_out(warehouse: Warehouse) -> None:
    """A study of mice alone: a mart without a row of it says that it leaves animals out."""
    rows = {**small_study(), "hai": _titres("hai")[:2], "neutAbTiter": _titres("neutAbTiter")[:2]}
    rows["demographic"] = [subject(n, n, species="Mus musculus") for n in (1, 2)]
    for endpoint in ("elisa", "mbaa", "fcsAnalyzed"):
        rows[endpoint] = _profile(endpoint, ("pg/ml", "pg/ml"))[0][:1]
    rows |= {"pcr": _genes()[:2], "labtest": [lab_test(1)]}
    rows["elispot"] = [result("elispot", 1, spotNumberReported="3")]
    rows["hlaTyping"] = [result("hlaTyping", 1, locusName="A", allele1="01:01")]
    rows["kirTyping"] = [result("kirTyping", 1, allele1="2DL1*001")]
    rows["massSpectrometryResult"] = [result("massSpectrometryResult", 1, intensity="3")]
    warehouse.load(rows)
    without = {
        mart.name for mart in marts()
        if any(column.name == "study_accession" for column in mart.columns)
        and warehouse.value(f"select count(*) from mart.{mart.name} where study_accession = 'SDY1'") == 0
    }  # fmt: skip
    # What needs more than results to have a row.
    without -= {"adverse_event_rate", "file_inventory", "release_timeline", "wide_rna_seq"}
    assert {mart.name for mart in marts() if "animals" in mart.leaves_out} == without == {"demographics"}
    assert warehouse.rows(
        "select distinct age_band from star.dim_participation where participation_key > 0"
    ) == [(None,)]

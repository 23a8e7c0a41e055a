"""Harmonised terms in the warehouse: proposed, decided, shown, and what stays of them."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import sqlalchemy as sa

from include.warehouse.terms import proposals
from tests.support.terms import REPORTED, STRAINS, command, everything, fetch, mapped, marks, propose, study
from tests.support.warehouse import Study, Warehouse, full_row, hai, result, small_study, subject

ANALYTES = (
    {"analyteAccession": "ANA110", "immunologySymbol": "IFNG", "geneAliases": "IFN-g;", "taxonomyId": "9606"},
    {"analyteAccession": "ANA569", "immunologySymbol": "Ifng", "geneAliases": "IFN-g;",
     "taxonomyId": "10090"},
)  # fmt: skip
SPECIES = ({"name": "Homo sapiens", "commonName": "Human", "taxonomyId": "9606"},
           {"name": "Mus musculus", "commonName": "Mouse", "taxonomyId": "10090"})  # fmt: skip


def test_strains_are_proposed_and_shown(reviewed: Warehouse) -> None:
    assert mapped(reviewed) == {
        "A/California/7/2009": ("exact", "A/California/7/2009"),
        "A/California/07/2009": ("alias", "A/California/7/2009"),
        "A/California/04/09": ("unmapped", None),
        "Control; A/California/04/09": ("unmapped", None),
        "B/Massachusetts/002/2012": ("proposed", None),
        "P. pneumoniae Serotype 1 (1)": ("unmapped", None),
    }
    shown = reviewed.rows("""
        select f.result_id, d.virus_strain_harmonised, d.mapping_status
        from star.fact_hai f join star.dim_virus_strain d on d.virus_strain_key = f.virus_strain_key
        order by 1""")
    assert shown == [
        (1, "A/California/7/2009", "exact"),
        (2, "A/California/7/2009", "alias"),
        (3, None, "unmapped"),
        (4, None, "unmapped"),
        (5, None, "proposed"),
        (6, None, "unmapped"),
    ]
    members = "select mapping_status from star.dim_virus_strain where virus_strain_key <= 0"
    assert reviewed.rows(members) == [(None,), (None,)]


def test_what_is_unmapped_is_kept_and_counted(reviewed: Warehouse) -> None:
    reviewed.load(study("A/California/04/09", "A/California/04/09", name="SDY2"), "DR2", "SDY2")
    question = """select reported, status, tables, rows from star.unmapped_term
        where domain = 'virus_strain' order by 1"""
    wanted = [
        ("A/California/04/09", "unmapped", "fact_hai", 3),
        ("B/Massachusetts/002/2012", "proposed", "fact_hai", 1),
        ("Control; A/California/04/09", "unmapped", "fact_hai", 1),
        ("P. pneumoniae Serotype 1 (1)", "unmapped", "fact_hai", 1),
    ]
    assert reviewed.rows(question) == wanted
    assert reviewed.rows(question, as_of="DR1")[0] == ("A/California/04/09", "unmapped", "fact_hai", 1)
    # The view also reports a term that nobody has looked at.
    reviewed.load(study("X", name="SDY3"), "DR3", "SDY3")
    assert reviewed.rows(
        "select evidence, rows from star.unmapped_term where domain = 'virus_strain' and reported = 'X'"
    ) == [("not looked at yet", 1)]
    assert reviewed.rows("select domain, reported, tables, rows from star.unmapped_term"
                         " where domain in ('sample_type', 'species') order by 1") == [
        ("sample_type", "Serum", "fact_hai", 9),
        ("species", "Homo sapiens", "dim_participation, dim_subject", 4)
    ]  # fmt: skip


def test_a_second_run_changes_nothing(reviewed: Warehouse) -> None:
    before = everything(reviewed), marks(reviewed)
    assert propose(reviewed) == 0
    reviewed.load(study(*REPORTED), "DR2")
    assert propose(reviewed) == 0
    assert (everything(reviewed), marks(reviewed)) == before


def test_without_its_vocabulary_a_term_is_unmapped_and_says_so(warehouse: Warehouse) -> None:
    warehouse.load(study("A/Perth/16/2009"))
    propose(warehouse)
    question = "select distinct status, evidence from star.term_mapping where domain = 'virus_strain'"
    assert warehouse.rows(question) == [("unmapped", "lkVirusStrain was not fetched yet")]
    fetch(warehouse, 0, "lkVirusStrain", *STRAINS)
    assert propose(warehouse) == 1
    assert mapped(warehouse) == {"A/Perth/16/2009": ("exact", "A/Perth/16/2009")}


def test_a_decision_outlives_reloads_runs_and_vocabularies(reviewed: Warehouse) -> None:
    by = ("--by", "A. Curator")
    term = ("--term", "A/California/7/2009", "--note", "as the protocol says")
    command(reviewed, "accept", "virus_strain", "A/California/04/09", *term, *by)
    command(reviewed, "reject", "virus_strain", "A/California/07/2009", *by)
    decided = {
        "A/California/04/09": ("accepted", "A/California/7/2009"),
        "A/California/07/2009": ("rejected", "A/California/7/2009"),
    }
    before = everything(reviewed)
    reviewed.load(study(*REPORTED), "DR2")
    reviewed.withdraw("SDY1", "DR3")
    reviewed.load(study(*REPORTED), "DR4")
    assert propose(reviewed) == 0
    assert everything(reviewed) == before

    # The vocabulary changes: what is undecided is proposed anew, what is decided stays.
    fetch(reviewed, 9, "lkVirusStrain", "B/Massachusetts/02/2012", "A/California/04/09")
    assert propose(reviewed) == 2
    found = mapped(reviewed)
    assert {name: found[name] for name in decided} == decided
    assert found["A/California/7/2009"] == ("unmapped", None)
    assert found["B/Massachusetts/002/2012"] == ("alias", "B/Massachusetts/02/2012")
    question = "select evidence, decided_by, is_listed from star.term_mapping where status = 'accepted'"
    assert reviewed.rows(question) == [("as the protocol says", "A. Curator", False)]
    question = """select virus_strain_reported, virus_strain_harmonised from star.dim_virus_strain
        where mapping_status in ('accepted', 'rejected')"""
    assert dict(reviewed.rows(question)) == {
        "A/California/04/09": "A/California/7/2009",
        "A/California/07/2009": None,
    }

    command(reviewed, "reopen", "virus_strain", "A/California/04/09")
    assert mapped(reviewed)["A/California/04/09"] == ("exact", "A/California/04/09")


def animals(study: str, species: str, number: int, **values: Any) -> Study:
    rows = small_study(study=study)
    people = [subject(number + n, n, study, species=species) for n in (1, 2)]
    measured = result("elisa", number, study=study, subjectAccession=f"SUB{number + 1}", **values)
    return {**rows, "demographic": people, "elisa": [measured], "hai": []}


def test_the_subjects_show_the_species_of_an_analyte(warehouse: Warehouse) -> None:
    fetch(warehouse, 0, "lkAnalyte", *ANALYTES)
    warehouse.load(animals("SDY1", "Mus musculus", 10, analyteReported="IFN-g"))
    propose(warehouse)
    assert mapped(warehouse, "analyte") == {"IFN-g": ("proposed", None)}  # no vocabulary states the taxon
    fetch(warehouse, 0, "lkSpecies", *SPECIES)
    propose(warehouse)
    assert mapped(warehouse, "analyte") == {"IFN-g": ("alias", "ANA569")}
    question = """select analyte_harmonised, analyte_harmonised_name, mapping_status
        from star.dim_analyte where analyte_key > 0"""
    assert warehouse.rows(question) == [("ANA569", "Ifng", "alias")]
    # Once people are measured under the same name, it is doubtful again.
    warehouse.load(animals("SDY2", "Homo sapiens", 20, analyteReported="IFN-g"), study="SDY2")
    propose(warehouse)
    assert mapped(warehouse, "analyte") == {"IFN-g": ("proposed", None)}


def test_other_domains_are_mapped_to_their_vocabularies(warehouse: Warehouse) -> None:
    fetch(warehouse, 0, "lkSpecies", *SPECIES)
    fetch(warehouse, 0, "lkSampleType", "serum")
    fetch(warehouse, 0, "lkExpMeasurementTech", "HAI")
    fetch(warehouse, 0, "lkUnitOfMeasure", "pg/ml")
    fetch(warehouse, 0, "lkCellPopulation", "B cell")
    fetch(warehouse, 0, "lkDisease", "influenza")
    rows = small_study(hai(1, unitReported="pg/mL"), hai(2, unitReported="Ct-values"))
    rows["fcsAnalyzed"] = [result("fcsAnalyzed", 1, populationNameReported="B  cell")]
    rows["immuneExposure"] = [full_row(
        "immuneExposure", exposureAccession="IM1", studyAccession="SDY1", armAccession="ARM1",
        subjectAccession="SUB1", diseasePreferred="influenza", diseaseReported="flu")]  # fmt: skip
    warehouse.load(rows)
    propose(warehouse)
    found = warehouse.rows("select domain, reported, status, term from star.term_mapping"
                           " where domain <> 'virus_strain' order by 1, 2")  # fmt: skip
    assert found == [
        ("cell_population", "B  cell", "alias", "B cell"),
        ("disease", "flu", "exact", "influenza"),
        ("sample_type", "Serum", "alias", "serum"),
        ("species", "Homo sapiens", "exact", "Homo sapiens"),
        ("technique", "HAI", "exact", "HAI"),
        ("unit", "Ct-values", "unmapped", None),
        ("unit", "pg/mL", "alias", "pg/ml"),
    ]
    assert warehouse.rows("select type, sample_type_harmonised from star.dim_biosample where member = 'known'"
                          ) == [("Serum", "serum")] * 2  # fmt: skip


def test_a_failure_is_logged_and_stops_nothing(
    reviewed: Warehouse, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(reviewed)
    reviewed.load(study("A/Perth/16/2009", name="SDY2"), study="SDY2")
    monkeypatch.setattr(proposals, "_WRITE", "select no_such_column")
    assert proposals.refresh(reviewed.engine) is None
    assert "terms could not be harmonised" in caplog.text
    assert everything(reviewed) == before
    monkeypatch.undo()
    with caplog.at_level(logging.INFO):
        assert (proposals.refresh(reviewed.engine) or {})["virus_strain"] == 1


def test_an_unread_mapping_costs_nothing(reviewed: Warehouse) -> None:
    plan = "\n".join(
        row[0]
        for row in reviewed.rows("""explain select f.result_id, d.virus_strain_reported
        from star.fact_hai f join star.dim_virus_strain d on d.virus_strain_key = f.virus_strain_key""")
    )
    assert "key_virus_strain" in plan
    assert "term_mapping" not in plan


def test_a_very_long_term_is_mapped_like_any_other(warehouse: Warehouse) -> None:
    fetch(warehouse, 0, "lkVirusStrain", *STRAINS)
    warehouse.load(study("x" * 9000))
    propose(warehouse)
    assert warehouse.rows("select length(reported), status from star.term_mapping"
                          " where domain = 'virus_strain'") == [(9000, "unmapped")]  # fmt: skip


def test_two_proposers_wait_for_each_other(reviewed: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "LOCK_TIMEOUT", "20ms")
    with reviewed.engine.begin() as connection:
        proposals.propose(connection)
        with reviewed.engine.connect() as other, pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            proposals.propose(other)


def test_a_decision_taken_meanwhile_stands(reviewed: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proposer has read the term before the person decided, and writes after that."""
    judge = proposals.match

    def decided_meanwhile(*arguments: Any) -> Any:
        if arguments[1] == "A/California/04/09" and reviewed.value(
            "select decided_by is null from history.term_mapping where reported = 'A/California/04/09'"
        ):
            chosen = ("--term", "A/Perth/16/2009", "--by", "me")
            command(reviewed, "accept", "virus_strain", "A/California/04/09", *chosen)
        return judge(*arguments)

    fetch(reviewed, 1, "lkVirusStrain", *STRAINS, "A/California/04/09")
    monkeypatch.setattr(proposals, "match", decided_meanwhile)
    propose(reviewed)
    assert mapped(reviewed)["A/California/04/09"] == ("accepted", "A/Perth/16/2009")

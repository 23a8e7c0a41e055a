"""Harmonised terms in the warehouse: proposed, decided, shown, and what stays of them."""

from __future__ import annotations

import csv
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from include.sources.immport import SHARED_DATA
from include.warehouse import term_review, terms, vocabulary
from include.warehouse.term_commands import run
from include.warehouse.term_review import ReviewError
from tests.support.warehouse import Study, Warehouse, full_row, hai, result, small_study, subject

START = datetime(2026, 5, 1, tzinfo=UTC)
STRAINS = ("A/California/7/2009", "A/Perth/16/2009", "B/Massachusetts/2/2012", "B/Massachusetts/02/2012")
REPORTED = ("A/California/7/2009", "A/California/07/2009", "A/California/04/09",
            "Control; A/California/04/09", "B/Massachusetts/002/2012",
            "P. pneumoniae Serotype 1 (1)")  # fmt: skip
ANALYTES = (
    {"analyteAccession": "ANA110", "immunologySymbol": "IFNG", "geneAliases": "IFN-g;", "taxonomyId": "9606"},
    {"analyteAccession": "ANA569", "immunologySymbol": "Ifng", "geneAliases": "IFN-g;",
     "taxonomyId": "10090"},
)  # fmt: skip
SPECIES = ({"name": "Homo sapiens", "commonName": "Human", "taxonomyId": "9606"},
           {"name": "Mus musculus", "commonName": "Mouse", "taxonomyId": "10090"})  # fmt: skip


def fetch(warehouse: Warehouse, day: int, name: str, *rows: str | dict[str, Any]) -> None:
    told: list[dict[str, object]] = [{"name": row} if isinstance(row, str) else row for row in rows]
    endpoint = SHARED_DATA[name]
    with warehouse.engine.begin() as connection:
        vocabulary.publish(connection, endpoint, told, START + timedelta(days=day))


def propose(warehouse: Warehouse) -> int:
    with warehouse.engine.begin() as connection:
        return sum(terms.propose(connection).values())


def study(*strains: str, name: str = "SDY1", **values: Any) -> Study:
    rows = [hai(n, study=name, virusStrainReported=strain, **values) for n, strain in enumerate(strains, 1)]
    return small_study(*rows, study=name)


def mapped(warehouse: Warehouse, domain: str = "virus_strain") -> dict[str, tuple[str, str | None]]:
    question = "select reported, status, term from star.term_mapping where domain = :domain"
    return {reported: (status, term) for reported, status, term in warehouse.rows(question, domain=domain)}


def everything(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows("select * from history.term_mapping order by term_id")


def marks(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """The transactions that wrote or locked each mapping."""
    return warehouse.rows("select term_id, xmin::text, xmax::text from history.term_mapping order by 1")


def command(warehouse: Warehouse, *arguments: str) -> None:
    run([warehouse.engine.url.render_as_string(hide_password=False), *arguments])


@pytest.fixture
def reviewed(warehouse: Warehouse) -> Warehouse:
    """A study with strains of all kinds, and proposals for them."""
    warehouse.load(study(*REPORTED))
    fetch(warehouse, 0, "lkVirusStrain", *STRAINS)
    propose(warehouse)
    return warehouse


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
    # A term that nobody has looked at is told, too.
    reviewed.load(study("X", name="SDY3"), "DR3", "SDY3")
    assert reviewed.rows(
        "select evidence, rows from star.unmapped_term where domain = 'virus_strain' and reported = 'X'"
    ) == [("not looked at yet", 1)]
    assert reviewed.rows("select domain, reported, tables, rows from star.unmapped_term"
                         " where domain in ('sample_type', 'species') order by 1") == [
        ("sample_type", "Serum", "fact_hai", 9), ("species", "Homo sapiens", "dim_subject", 2)
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


def test_a_decision_that_cannot_be_is_refused(reviewed: Warehouse) -> None:
    before = everything(reviewed)
    for arguments, told in (
        (("accept", "virus_strain", "B/Massachusetts/002/2012"), "nothing is proposed"),
        (("accept", "virus_strain", "A/California/04/09", "--term", "A/Nowhere/1/2000"), "does not list"),
        (("reject", "virus_strain", "A/Nowhere/1/2000"), "no term 'A/Nowhere/1/2000' is held"),
    ):
        with pytest.raises(SystemExit, match=told):
            command(reviewed, *arguments, "--by", "me")
    assert everything(reviewed) == before
    command(reviewed, "reject", "virus_strain", "A/California/04/09", "--by", "first")
    term = ("--term", "A/Perth/16/2009")
    with pytest.raises(SystemExit, match="first has rejected it"):
        command(reviewed, "accept", "virus_strain", "A/California/04/09", *term, "--by", "second")
    command(reviewed, "accept", "virus_strain", "A/California/04/09", *term, "--by", "second", "--overrule")
    assert mapped(reviewed)["A/California/04/09"] == ("accepted", "A/Perth/16/2009")


def test_one_reported_term_with_several_preferences_is_several(warehouse: Warehouse) -> None:
    fetch(warehouse, 0, "lkVirusStrain", *STRAINS)
    warehouse.load(small_study(
        hai(1, virusStrainReported="H1", virusStrainPreferred="A/California/7/2009"),
        hai(2, virusStrainReported="H1", virusStrainPreferred="B/Massachusetts/02/2012"),
        hai(3, virusStrainReported="H1"),
    ))  # fmt: skip
    propose(warehouse)
    question = (
        "select preferred, status, term, evidence from star.term_mapping where reported = 'H1' order by 1"
    )
    found = warehouse.rows(question)
    assert [row[:3] for row in found] == [
        ("", "unmapped", None),
        ("A/California/7/2009", "exact", "A/California/7/2009"),
        ("B/Massachusetts/02/2012", "exact", "B/Massachusetts/02/2012"),
    ]
    assert "preferred by ImmPort" in found[1][3]
    with pytest.raises(SystemExit, match="say which with --preferred"):
        command(warehouse, "reject", "virus_strain", "H1", "--by", "me")
    command(warehouse, "reject", "virus_strain", "H1", "--preferred", "", "--by", "me")
    assert [row[1] for row in warehouse.rows(question)] == ["rejected", "exact", "exact"]


def animals(study: str, species: str, number: int, **values: Any) -> Study:
    rows = small_study(study=study)
    people = [subject(number + n, n, study, species=species) for n in (1, 2)]
    measured = result("elisa", number, study=study, subjectAccession=f"SUB{number + 1}", **values)
    return {**rows, "demographic": people, "elisa": [measured], "hai": []}


def test_the_subjects_tell_the_species_of_an_analyte(warehouse: Warehouse) -> None:
    fetch(warehouse, 0, "lkAnalyte", *ANALYTES)
    warehouse.load(animals("SDY1", "Mus musculus", 10, analyteReported="IFN-g"))
    propose(warehouse)
    assert mapped(warehouse, "analyte") == {"IFN-g": ("proposed", None)}  # no vocabulary tells the taxon
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


def edited(path: Path, changes: dict[str, tuple[str, str]], delimiter: str = ",") -> None:
    """Give rows, named by their reported term, another status and term, as a spreadsheet would save it."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["reported"] in changes:
            row["status"], row["term"] = changes[row["reported"]]
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_review_in_a_spreadsheet_goes_round(reviewed: Warehouse, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "review.csv"
    command(reviewed, "export", str(path), "--domain", "virus_strain")
    changes = {
        "B/Massachusetts/002/2012": ("Accepted ", "B/Massachusetts/02/2012"),
        "A/California/04/09": ("rejected", ""),
    }
    edited(path, changes, delimiter)
    command(reviewed, "import", str(path), "--by", "me")
    found = mapped(reviewed)
    assert found["B/Massachusetts/002/2012"] == ("accepted", "B/Massachusetts/02/2012")
    assert found["A/California/04/09"] == ("rejected", None)
    assert found["Control; A/California/04/09"] == ("unmapped", None)
    before = everything(reviewed)
    command(reviewed, "import", str(path), "--by", "me")
    assert everything(reviewed) == before


def test_bad_rows_are_named_and_nothing_is_half_done(reviewed: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    command(reviewed, "export", str(path), "--domain", "virus_strain")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 5
    reported = [line.split(",")[2] for line in lines]
    good = reported.index("B/Massachusetts/002/2012")
    edited(path, {
        "B/Massachusetts/002/2012": ("accepted", "B/Massachusetts/02/2012"),
        "A/California/04/09": ("accepted", "A/Nowhere/1/2000"),
        "Control; A/California/04/09": ("agreed", ""),
    })  # fmt: skip
    with path.open("a", encoding="utf-8") as file:
        file.write("no-id,virus_strain,x,,rejected,,,\n")
        file.write(path.read_text(encoding="utf-8-sig").splitlines()[good] + "\n")
    before = everything(reviewed)
    with reviewed.engine.begin() as connection, pytest.raises(ReviewError) as caught:
        term_review.take_in(connection, path, "me")
    told = {reason.partition(":")[0]: reason for reason in caught.value.reasons}
    bad = f"line {reported.index('A/California/04/09') + 1}"
    assert "lkVirusStrain does not list the term 'A/Nowhere/1/2000'" in told.pop(bad)
    assert "the status 'agreed' is none of" in told.pop(
        f"line {reported.index('Control; A/California/04/09') + 1}"
    )
    assert "the term_id 'no-id' is none" in told.pop("line 6")
    assert "stands in an earlier line" in told.pop("line 7")
    assert not told
    assert everything(reviewed) == before
    path.write_text("reported,status\n")
    with pytest.raises(SystemExit, match="line 1: the column term_id, term is missing"):
        command(reviewed, "import", str(path), "--by", "me")


def test_a_cell_is_no_formula(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load(study("=1+1"))
    fetch(warehouse, 0, "lkVirusStrain", "-minus")
    propose(warehouse)
    path = tmp_path / "review.csv"
    command(warehouse, "export", str(path), "--domain", "virus_strain")
    assert ",'=1+1," in path.read_text(encoding="utf-8-sig")
    edited(path, {"'=1+1": ("accepted", "'-minus")})
    command(warehouse, "import", str(path), "--by", "me")
    assert mapped(warehouse) == {"=1+1": ("accepted", "-minus")}


def test_mappings_are_listed(reviewed: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    command(reviewed, "list", "--domain", "virus_strain", "--status", "proposed")
    told = capsys.readouterr().out.splitlines()
    assert told[0].split("\t")[:4] == ["domain", "reported", "preferred", "status"]
    assert told[1].split("\t")[:4] == ["virus_strain", "B/Massachusetts/002/2012", "", "proposed"]
    assert told[2:] == ["1 of 1"]
    command(reviewed, "propose")
    assert "virus_strain\t0 new or changed" in capsys.readouterr().out


def test_a_failure_is_told_and_stops_nothing(
    reviewed: Warehouse, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(reviewed)
    reviewed.load(study("A/Perth/16/2009", name="SDY2"), study="SDY2")
    monkeypatch.setattr(terms, "_WRITE", "select no_such_column")
    assert terms.refresh(reviewed.engine) is None
    assert "terms could not be harmonised" in caplog.text
    assert everything(reviewed) == before
    monkeypatch.undo()
    with caplog.at_level(logging.INFO):
        assert (terms.refresh(reviewed.engine) or {})["virus_strain"] == 1


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
    monkeypatch.setattr(terms, "LOCK_TIMEOUT", "20ms")
    with reviewed.engine.begin() as connection:
        terms.propose(connection)
        with reviewed.engine.connect() as other, pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            terms.propose(other)


def test_a_decision_taken_meanwhile_stands(reviewed: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proposer has read the term before the person decided, and writes after that."""
    judge = terms.match

    def decided_meanwhile(*arguments: Any) -> Any:
        if arguments[1] == "A/California/04/09" and reviewed.value(
            "select decided_by is null from history.term_mapping where reported = 'A/California/04/09'"
        ):
            chosen = ("--term", "A/Perth/16/2009", "--by", "me")
            command(reviewed, "accept", "virus_strain", "A/California/04/09", *chosen)
        return judge(*arguments)

    fetch(reviewed, 1, "lkVirusStrain", *STRAINS, "A/California/04/09")
    monkeypatch.setattr(terms, "match", decided_meanwhile)
    propose(reviewed)
    assert mapped(reviewed)["A/California/04/09"] == ("accepted", "A/Perth/16/2009")

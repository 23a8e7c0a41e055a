"""Reviewing mappings of terms: one by one on the command line, and many in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from include.warehouse.terms import review
from include.warehouse.terms.review import ReviewError
from tests.support.terms import STRAINS, command, everything, fetch, mapped, propose, study
from tests.support.warehouse import Warehouse, hai, small_study


def test_a_decision_that_cannot_be_is_refused(reviewed: Warehouse) -> None:
    before = everything(reviewed)
    for arguments, message in (
        (("accept", "virus_strain", "B/Massachusetts/002/2012"), "nothing is proposed"),
        (("accept", "virus_strain", "A/California/04/09", "--term", "A/Nowhere/1/2000"), "does not list"),
        (("reject", "virus_strain", "A/Nowhere/1/2000"), "no mapping of 'A/Nowhere/1/2000'"),
    ):
        with pytest.raises(SystemExit, match=message):
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
        review.take_in(connection, path, "me")
    reasons = {reason.partition(":")[0]: reason for reason in caught.value.reasons}
    bad = f"line {reported.index('A/California/04/09') + 1}"
    assert "lkVirusStrain does not list the term 'A/Nowhere/1/2000'" in reasons.pop(bad)
    assert "the status 'agreed' is not one of" in reasons.pop(
        f"line {reported.index('Control; A/California/04/09') + 1}"
    )
    assert "the term_id 'no-id' is not a UUID" in reasons.pop("line 6")
    assert "stands in an earlier line" in reasons.pop("line 7")
    assert not reasons
    assert everything(reviewed) == before
    path.write_text("reported,status\n")
    with pytest.raises(SystemExit, match="line 1: the column term_id, term is missing"):
        command(reviewed, "import", str(path), "--by", "me")


def test_a_cell_is_not_a_formula(warehouse: Warehouse, tmp_path: Path) -> None:
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
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("\t")[:4] == ["domain", "reported", "preferred", "status"]
    assert lines[1].split("\t")[:4] == ["virus_strain", "B/Massachusetts/002/2012", "", "proposed"]
    assert lines[2:] == ["1 of 1"]
    command(reviewed, "propose")
    assert "virus_strain\t0 new or changed" in capsys.readouterr().out

"""ImmPort's JSON of templates and vocabularies, as it is read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from include.submission.templates.declarations import DeclarationsError, read_templates
from include.submission.templates.roles import is_accession, roles_of
from include.submission.templates.vocabularies import TermList, read_vocabularies
from tests.submission.declared import LOOKUPS, TEMPLATES, needs_templates, template, templates, vocabularies


@needs_templates
def test_all_templates_are_declared() -> None:
    raw = json.loads((TEMPLATES / "templates.json").read_bytes())
    assert len(templates()) == len(raw) == 61
    assert sum(len(table.columns) for found in templates() for table in found.tables) == 1014
    assert {found.template_type for found in templates()} == {entry["templateType"] for entry in raw}
    assert [len(template(name).tables) for name in ("study_design_edit", "elisa")] == [14, 1]


@needs_templates
def test_what_a_column_declares() -> None:
    columns = {column.name: column for column in template("adverseevents").columns}
    assert (columns["User Defined ID"].defines, columns["User Defined ID"].width) == ("adverse_event", 150)
    assert (columns["Subject ID"].references, columns["Subject ID"].width) == ("subject", None)
    assert columns["Severity Reported"].preferred == "lk_adverse_event_severity"
    assert columns["Start Study Day"].is_number
    flow = {column.name: column for column in template("flow_cytometry").columns}
    assert [name for name, column in flow.items() if column.names_files] == [
        "Additional Result File Names",
        ".Fcs Result File",
        "Compensation Or Control File Name(s)",
    ]
    assert flow[".Fcs Result File"].width == 240


@needs_templates
def test_a_template_is_found_by_any_of_its_names() -> None:
    for name in ("experimentSamples.ELISA.txt", "experimentsamples.elisa", "ELISA", " elisa "):
        assert templates().find(name) is template("elisa")
    assert templates().find("elis") is None


@needs_templates
def test_combined_templates_describe_several_records() -> None:
    roles = roles_of(template("elisa").tables[0])
    assert roles.described == ("expsample", "biosample", "experiment")
    assert roles.primary == "expsample"
    owners = {template("elisa").columns[at].name: kinds for at, kinds in roles.owners.items()}
    assert owners["Study ID"] == ("biosample", "experiment")
    assert owners["Experiment Name"] == ("experiment",)  # declared as a column of expsample
    assert owners["Reagent ID(s)"] == ("expsample",)


@needs_templates
@pytest.mark.parametrize(
    ("name", "described", "primary"),
    [
        ("subjecthumans", ("subject",), "subject"),  # arms are known already
        ("subjectanimals", ("subject",), "subject"),
        ("assessments", ("assessment_panel",), None),  # subjects are known, a panel has many of them
        ("labtests", ("biosample", "lab_test_panel"), "biosample"),
        ("standardcurves", ("standard_curve", "experiment"), "standard_curve"),
        ("protocols", (), None),
    ],
)
def test_which_records_a_template_describes(
    name: str, described: tuple[str, ...], primary: str | None
) -> None:
    roles = roles_of(template(name).tables[0])
    assert (roles.described, roles.primary) == (described, primary)


def test_an_accession_is_known_by_its_prefix() -> None:
    assert is_accession("subject", "SUB123")
    assert not is_accession("subject", "SUBJECT1")
    assert not is_accession("biosample", "SUB123")


@needs_templates
def test_the_header_like_rows_of_vocabularies_are_no_terms() -> None:
    raw = json.loads((LOOKUPS / "lkTables.json").read_bytes())
    stubs = 0
    for lookup in raw:
        terms = vocabularies()[lookup["name"]].terms
        names = [row["name"] for row in lookup["rows"]]
        assert list(terms) in (names, names[1:])
        stubs += list(terms) == names[1:]
    assert stubs == 20
    assert not any("_preferred" in term for lookup in raw for term in vocabularies()[lookup["name"]].terms)


@needs_templates
def test_a_missing_vocabulary_is_named() -> None:
    with pytest.raises(DeclarationsError, match="lk_nothing"):
        vocabularies()["lk_nothing"]


def test_terms_are_found_in_any_case_and_suggested() -> None:
    terms = TermList("lk", ("Whole blood", "PBMC", "Serum"))
    assert terms.term("whole  BLOOD") == "Whole blood"
    assert terms.term("blood") is None
    assert terms.suggestion("Whole blod") == "Whole blood"
    assert terms.suggestion("zzz") is None


def test_a_part_of_a_preferred_term_is_enough() -> None:
    terms = TermList("lk", ("CD93 ; hCD93 ; ANA918", "- ; hHLA-A*2 ; ANA975"))
    assert terms.preferred("cd93;HCD93 ;ana918") == "CD93 ; hCD93 ; ANA918"
    assert terms.preferred("hcd93") == "hCD93"
    assert terms.preferred("-") is None
    assert terms.preferred("CD93 ; hHLA-A*2") is None
    assert terms.suggestion("hCD94") == "hCD93"


def test_suggestions_end_before_they_cost_minutes() -> None:
    terms = TermList("lk", ("abcdef",))
    found = [terms.suggestion(f"abcde{number}") for number in range(300)]
    assert found[0] == "abcdef"
    assert found[-1] is None
    assert terms.suggestion("abcde0") == "abcdef"  # what was looked up once


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "declares no template"),
        ("{", "does not declare templates as ImmPort does"),
        ('[{"name": "x"}]', "does not declare templates as ImmPort does"),
        (
            '[{"name": "x", "templateType": "single", "fileName": "x.txt", "schemaVersion": "1"}]',
            "without columns",
        ),
    ],
)
def test_what_does_not_declare_templates_is_refused(tmp_path: Path, text: str, message: str) -> None:
    place = tmp_path / "templates.json"
    place.write_text(text)
    with pytest.raises(DeclarationsError, match=message):
        read_templates(place)


def test_what_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(DeclarationsError, match=r"documentation/templates/\{workspaceId\}"):
            read_templates(place)
        with pytest.raises(DeclarationsError, match=r"lkTables\.json"):
            read_vocabularies(place)


def test_the_zip_file_of_the_service_may_stay_one(tmp_path: Path) -> None:
    declared = {
        "name": "x",
        "templateType": "single",
        "fileName": "x.txt",
        "schemaVersion": "3.40",
        "columns": [{"templateColumn": "Name", "jsonAttribute": "name", "futureField": 1}],
    }
    place = tmp_path / "templates.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("ImmPortTemplates/templates.json", json.dumps([declared]))
    found = read_templates(place)
    assert [template.schema_version for template in found] == ["3.40"]
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("x.json", json.dumps(declared))
        archive.writestr("y.json", json.dumps({**declared, "name": "y"}))
    assert [template.name for template in read_templates(place)] == ["x", "y"]
    assert read_templates(place).digest != found.digest
    place.write_bytes(b"no zip file")
    with pytest.raises(DeclarationsError, match="cannot be read"):
        read_templates(place)


def test_a_template_that_is_declared_twice_is_refused(tmp_path: Path) -> None:
    declared = {
        "templateType": "single",
        "fileName": "x.txt",
        "schemaVersion": "1",
        "name": "x",
        "columns": [],
    }
    place = tmp_path / "templates.json"
    place.write_text(json.dumps([declared, declared]))
    with pytest.raises(DeclarationsError, match="declares templates twice: x"):
        read_templates(place)

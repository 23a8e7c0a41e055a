"""A study as a package of upload templates: what is refused, what is said, what each template is filled from.

What the cells are is compared with the star in tests/questions.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from include.local.server import Server
from include.serve.upload_templates.__main__ import main
from include.serve.upload_templates.columns import OriginError, cells, query
from include.serve.upload_templates.command import TemplateError, write_package
from include.serve.upload_templates.origins import NOT_FILLED, ORIGINS, Origin
from include.serve.upload_templates.package import PlaceError, StudyPackage, write_study
from include.serve.upload_templates.reading import StudyError
from include.warehouse.access.roles import ANALYST, LOADER, RESTRICTED
from tests.submission.declared import LOOKUPS, TEMPLATES, needs_templates, template, templates, vocabularies
from tests.support.clinical import whole_study
from tests.support.copies import Original, at_rest, warehouse_of
from tests.support.logins import Logins, load_two_studies, restrict
from tests.support.upload_templates import as_dicts, complete, rows_of, same_rows
from tests.support.warehouse import Warehouse, hai

pytestmark = needs_templates


@pytest.fixture(scope="module")
def original(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """A study whose description has lines and whose second release corrects a titre."""
    landing = tmp_path_factory.mktemp("original")
    study = whole_study()
    study["study"][0] |= {"description": "first line\nsecond\tcell"}
    focus = {"studyAccession": "SDY1", "researchFocus": "Vaccine Response; Infection Response"}
    study["summary"] = [{**study.get("summary", [{}])[0], **focus}]
    with warehouse_of(postgres, template, landing) as warehouse:
        warehouse.load({**study, "hai": [hai(1), hai(2, "<10", who=2)]}, "DR16")
        warehouse.load({**study, "hai": [hai(1, "160")]}, "DR25")
        yield at_rest(warehouse, landing)


@pytest.fixture
def engine(postgres: Server, original: Original, tmp_path: Path) -> Iterator[sa.Engine]:
    with warehouse_of(postgres, original, tmp_path / "landing") as warehouse:
        yield warehouse.engine


def write(
    engine: sa.Engine, place: Path, study: str = "SDY1", release: str | None = None, format_: str = "tsv"
) -> StudyPackage:
    return write_study(engine, study, (templates(), vocabularies()), place, release, format_)


def test_every_template_is_filled_or_its_place_is_named() -> None:
    filled = {origin.table.partition("/")[0] for origin in ORIGINS}
    assert filled | NOT_FILLED.keys() == {one.name for one in templates()}
    assert not filled & NOT_FILLED.keys()


def test_a_column_of_another_record_is_no_source() -> None:
    """Experiments have no hypothesis in the star; the study has one."""
    (origin,) = (one for one in ORIGINS if one.table == "experiments")
    found = {cell.column.name: cell.sql for cell in cells(origin, template("experiments").tables[0])}
    assert found["Hypothesis"] is None
    assert found["Name"] == 'experiment."name"::text'


def test_an_origin_names_what_the_star_has() -> None:
    table = template("protocols").tables[0]
    with pytest.raises(OriginError, match="protocols: the star has no relation dim_nothing"):
        cells(Origin("protocols", "protocol=dim_nothing"), table)
    unjoined = Origin("protocols", "protocol=dim_protocol arm=dim_arm")
    with pytest.raises(OriginError, match="arm=dim_arm: nothing before it has the key arm_key"):
        query(unjoined, cells(unjoined, table))


def test_a_release_is_what_the_package_has(engine: sa.Engine, tmp_path: Path) -> None:
    first, second = write(engine, tmp_path / "first", release="DR16"), write(engine, tmp_path / "second")
    assert (first.study.release, second.study.release) == ("DR16", "DR25")
    titres = [[row["Value Reported"] for row in as_dicts(one.place, "hai")] for one in (first, second)]
    assert titres == [["40", "<10"], ["160"]]
    manifest = json.loads((second.place / "manifest.json").read_text())
    assert (manifest["study"], manifest["release"]) == ("SDY1", "DR25")
    assert templates().digest in manifest["templates"]
    assert sum(manifest["rows"].values()) == second.rows


def test_the_report_has_all_that_the_package_lacks(engine: sa.Engine, tmp_path: Path) -> None:
    done = write(engine, tmp_path / "out")
    [study] = as_dicts(done.place, "basic_study_design/study")
    assert study["Description"] == "first line second cell"
    focuses = as_dicts(done.place, "basic_study_design/study_categorization")
    assert [row["Research Focus"] for row in focuses] == ["Infection Response"]
    assert done.study.left_out["dim_study.research_focus"] == 1
    with (done.place / "report.tsv").open(newline="") as file:
        report = {
            (row["template"], row["column"], row["kind"]): row for row in csv.DictReader(file, delimiter="\t")
        }
    assert ("basic_study_design/study", "Description", "altered") in report
    email = report["basic_study_design/study_personnel", "Email", "not_shared"]
    assert (email["required"], email["reason"]) == ("yes", "the warehouse shows e-mail addresses to nobody")
    assert ("biosamples", "User Defined ID", "replaced") in report
    assert done.errors > 0
    assert complete(done) == []


def test_workbooks_have_the_same_rows(engine: sa.Engine, tmp_path: Path) -> None:
    text, books = write(engine, tmp_path / "text"), write(engine, tmp_path / "books", format_="xlsx")
    assert rows_of(text.place) == rows_of(books.place)
    assert same_rows(text)
    assert same_rows(books)
    assert text.gaps == books.gaps
    assert {path.suffix for path in (books.place / "package").iterdir()} == {".xlsx"}


def test_what_is_not_there_is_named(engine: sa.Engine, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="SDY9: the warehouse shows no such study as of DR25"):
        write(engine, tmp_path / "out", "SDY9")
    with pytest.raises(StudyError, match="RELEASE=DR99: "):
        write(engine, tmp_path / "out", release="DR99")
    with pytest.raises(StudyError, match="RELEASE=today: "):
        write(engine, tmp_path / "out", release="today")
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_overwritten(engine: sa.Engine, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(engine, tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    for name in ("empty", "file"):
        with pytest.raises(PlaceError, match=f"{name} is there already: nothing was written"):
            write(engine, tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"
    with pytest.raises(PlaceError, match="cannot be written"):
        write(engine, tmp_path / "file" / "out")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_restricted_study_is_for_who_may_see_it(
    warehouse: Warehouse, logins: Logins, tmp_path: Path
) -> None:
    load_two_studies(warehouse)
    restrict(warehouse, "SDY1", "DR2")
    url = warehouse.engine.url
    for number, role in enumerate((ANALYST, LOADER, None)):
        engine = logins.engine(url, role) if role else warehouse.engine
        with pytest.raises(StudyError, match="SDY1: the warehouse shows no such study as of DR1"):
            write(engine, tmp_path / str(number), release="DR1")
    assert write(logins.engine(url, RESTRICTED), tmp_path / "cleared", release="DR1").rows


def test_the_command_says_what_stays_to_be_done(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", engine.url.render_as_string(hide_password=False))
    options = ["--templates", str(TEMPLATES), "--lookups", str(LOOKUPS)]
    assert main(["SDY1", "--out", str(tmp_path / "out"), "--release", "DR16", *options]) == 0
    first, second, *columns = capsys.readouterr().out.splitlines()
    assert first.startswith("SDY1 as of DR16: ")
    assert " columns stay to be filled before it can be sent" in second
    assert (
        "  basic_study_design/study_personnel, Email: the warehouse shows e-mail addresses to nobody (1)"
        in columns
    )
    assert main(["SDY1", "--out", str(tmp_path / "out"), *options]) == 1
    assert "error: " in capsys.readouterr().err
    with pytest.raises(TemplateError, match="FORMAT=ods is not one of tsv, xlsx"):
        write_package(engine.url, "SDY1", tmp_path / "other", format_="ods")

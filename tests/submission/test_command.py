"""The command as a lab runs it: JSON lines, the page, exit statuses, messages."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from include.submission.__main__ import main
from include.submission.rules import RULES
from tests.submission.declared import LOOKUPS, TEMPLATES, needs_templates, template, vocabularies
from tests.submission.generated import write_package

ROOT = Path(__file__).parents[2]
KEYS = ["template", "line", "column", "value", "rule", "severity", "message", "fix", "file"]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FILE", "TEMPLATES", "LOOKUPS", "WORKSPACE", "PAGE", "CALLER"):
        monkeypatch.delenv(f"WAREHOUSE_{name}", raising=False)
    monkeypatch.delenv("IMMPORT_TEST_DATA", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_package(tmp_path / "package", [template("protocols")], vocabularies()).folder


def _spoil(folder: Path) -> None:
    file = folder / "protocols.txt"
    file.write_text(file.read_text().replace("0 Name", "<b>&</b>").replace("1 Name", ""))
    (folder / "more<1>.dat").write_text("x")


@needs_templates
def test_a_clean_package(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(folder), "--templates", str(TEMPLATES)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "package: 0 errors, 0 warnings; 1 templates, 2 rows\n"


@needs_templates
def test_warnings_alone_are_no_failure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "more.dat").write_text("x")
    assert main(["validate", str(folder), "--templates", str(TEMPLATES)]) == 0
    assert json.loads(capsys.readouterr().out)["rule"] == "file_unnamed"


@needs_templates
def test_findings_come_by_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [template(name) for name in ("treatments", "protocols")]
    written = write_package(tmp_path / "package", names, vocabularies(), count=4)
    for name, column in (("protocols.txt", "Name"), ("treatments.txt", "Name")):
        file = written.folder / name
        text = file.read_text().replace(f"\t3 {column}", "\t").replace(f"\t1 {column}", "\t")
        file.write_text(text.replace("protocols 0", "").replace("treatments 2", " "))
    assert main(["validate", str(written.folder), "--templates", str(TEMPLATES)]) == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    places = [(finding["file"], finding["line"] or 0) for finding in found]
    assert places == sorted(places)
    assert len({line for _, line in places}) > 2


@needs_templates
def test_findings_are_lines_of_json_and_a_page(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _spoil(folder)
    page = tmp_path / "a folder" / "page.html"
    words = ["validate", str(folder), "--templates", str(TEMPLATES.parent), "--page", str(page)]
    assert main(words) == 1
    out, err = capsys.readouterr()
    found = [json.loads(line) for line in out.splitlines()]
    assert [list(finding) for finding in found] == [KEYS] * 2
    assert [(finding["rule"], finding["line"], finding["severity"]) for finding in found] == [
        ("file_unnamed", None, "warning"),
        ("required", 5, "error"),
    ]
    assert "1 errors, 1 warnings" in err
    html = page.read_text()
    assert "more&lt;1&gt;.dat" in html
    assert hashlib.sha256((TEMPLATES / "templates.json").read_bytes()).hexdigest() in html
    assert "<b>&" not in html
    assert "http" not in html
    assert "src=" not in html


@needs_templates
@pytest.mark.parametrize("is_zip", [False, True])
@pytest.mark.parametrize(
    ("declared", "lookups"),
    [
        ("t/templates.json", "t/lkTables.json"),
        ("t/templates.json", "lookups/lkTables.json"),
        ("templates.json", "lookups/lkTables.json"),
        ("t/more/templates.json", "t/other/lkTables.json"),
    ],
)
def test_vocabularies_are_found_near_the_templates(
    folder: Path, tmp_path: Path, declared: str, lookups: str, is_zip: bool
) -> None:
    base = tmp_path / "declared"
    for name, source in ((declared, TEMPLATES / "templates.json"), (lookups, LOOKUPS / "lkTables.json")):
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(source.read_bytes())
    place = base / ("t" if "more" in declared else declared)
    if is_zip:
        place = Path(shutil.make_archive(str(tmp_path / "declared"), "zip", base))
        shutil.rmtree(base)
    assert main(["validate", str(folder), "--templates", str(place)]) == 0


@needs_templates
def test_a_page_of_many_findings_stays_small(tmp_path: Path) -> None:
    written = write_package(tmp_path / "package", [template("treatments")], vocabularies(), count=400)
    file = written.folder / "treatments.txt"
    file.write_text(file.read_text().replace("\tYes\t", "\tyess\t"))
    page = tmp_path / "page.html"
    words = ["validate", str(written.folder), "--templates", str(TEMPLATES), "--page", str(page)]
    assert main(words) == 1
    html = page.read_text()
    assert html.count("yess") == 1
    assert "and 388 more" in html


@needs_templates
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no package: give FILE="),
        (("nothing.zip",), "nothing.zip does not exist"),
        (("{folder}", "--lookups", "{folder}"), "holds no lkTables.json"),
        (("{folder}", "--workspace", "{folder}/protocols.txt"), "line 1 is not KIND"),
        (("{folder}", "--page", "/dev/null/page.html"), "cannot be written"),
    ],
)
def test_what_the_caller_can_put_right_is_reported_in_a_line(
    folder: Path, words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [word.format(folder=folder) for word in words]
    assert main(["validate", *filled, "--templates", str(TEMPLATES)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1


@needs_templates
def test_the_folder_of_real_data_has_templates(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMMPORT_TEST_DATA", str(TEMPLATES.parents[1]))
    assert main(["validate", str(folder)]) == 0


def test_without_templates_it_says_how_to_get_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(tmp_path)]) == 2
    assert "GET /data/upload/documentation/templates/{workspaceId}" in capsys.readouterr().err
    assert main(["validate", str(tmp_path), "--templates", str(tmp_path)]) == 2
    assert "GET /data/upload/documentation/templates/{workspaceId}" in capsys.readouterr().err


def test_bad_usage_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["validate", "--no-such-option"], [], ["no-such-command"]):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        assert stopped.value.code == 2
    capsys.readouterr()


def test_help_names_options_and_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["validate", "--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    for word in ("--templates", "--lookups", "--workspace", "--page", "exit status"):
        assert word in out


@needs_templates
def test_make_passes_its_variables_on(folder: Path, tmp_path: Path) -> None:
    """As `make validate` runs it: variables in the environment, paths of the caller's folder."""
    _spoil(folder)
    variables = {"FILE": "package", "TEMPLATES": str(TEMPLATES), "LOOKUPS": str(LOOKUPS), "PAGE": "page.html"}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WAREHOUSE_")},
        **{f"WAREHOUSE_{name}": value for name, value in variables.items()},
        "WAREHOUSE_CALLER": str(tmp_path),
    }
    command = [sys.executable, "-m", "include.submission", "validate"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1, done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert (tmp_path / "page.html").exists()


@needs_templates
def test_blank_templates_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--templates", str(TEMPLATES), "--to", str(tmp_path)]
    assert main(["blank", *words]) == 0
    assert len(list(tmp_path.glob("*.txt"))) == 61
    assert main(["blank", "elisa", "--xlsx", *words]) == 0
    assert (tmp_path / "experimentSamples.ELISA.xlsx").exists()
    assert main(["blank", "elisaa", *words]) == 2
    assert "there is no template elisaa" in capsys.readouterr().err


@needs_templates
def test_a_workbook_is_converted_and_back(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, book, back = folder / "protocols.txt", tmp_path / "p.xlsx", tmp_path / "p.txt"
    assert main(["convert", str(source), str(book)]) == 0
    assert main(["convert", str(book), str(back)]) == 0
    assert back.read_bytes() == source.read_bytes()
    book.write_bytes(b"no workbook")
    assert main(["convert", str(book), str(back)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_the_page_of_the_documentation_names_every_rule() -> None:
    text = (ROOT / "docs/submission.md").read_text()
    for rule in RULES.values():
        assert f"| `{rule.name}` | {rule.severity} | {rule.meaning} |" in text

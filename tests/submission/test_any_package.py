"""Whatever a package holds: findings, never a traceback, and the same ones again."""

from __future__ import annotations

import contextlib
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.submission.package import PackageError
from include.submission.rules import RULES
from include.submission.templates.grid import write_text
from include.submission.templates.workbooks import WorkbookError, read_workbook, write_workbook
from include.submission.templates.writer import filled_template
from tests.submission.declared import NAMES, check, needs_templates, template, vocabularies
from tests.submission.generated import make

pytestmark = needs_templates
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_SOME = st.sampled_from(
    [
        "",
        " ",
        ";",
        ";;",
        "\t",
        "\n",
        "\r",
        '"',
        '"a',
        "Other",
        "No",
        "SUB1",
        "1e400",
        "-1",
        "Column Name",
        "study",
    ]
)
_CELL = st.one_of(_TEXT, _SOME, st.sampled_from(NAMES or [""]))
_CHANGES = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 30), _CELL), max_size=12)
#: Every example is written and checked anew in the test's folder.
_settings = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_settings
@given(name=st.sampled_from(NAMES or [""]), changes=_CHANGES, cut=st.integers(0, 6), swap=st.booleans())
def test_any_change_of_cells_is_judged(
    tmp_path: Path, name: str, changes: list[tuple[int, int, str]], cut: int, swap: bool
) -> None:
    lines = filled_template(template(name), make(template(name), vocabularies()).rows).lines
    for row, cell, value in changes:
        line = lines[row % len(lines)]
        line[cell % len(line)] = value
    del lines[1 : 1 + cut]
    if swap:
        lines[1:] = lines[:0:-1]
    data = "\n".join("\t".join(line) for line in lines).encode()
    (tmp_path / "file.txt").write_bytes(data)
    first = check(tmp_path / "file.txt")
    assert first == check(tmp_path / "file.txt")
    assert all(finding.severity == RULES[finding.rule].severity for finding in first.findings)


@_settings
@given(name=st.sampled_from(NAMES or [""]), places=st.lists(st.tuples(st.integers(0), st.integers(0, 255))))
def test_any_change_of_bytes_is_judged(tmp_path: Path, name: str, places: list[tuple[int, int]]) -> None:
    data = bytearray(write_text(filled_template(template(name), make(template(name), vocabularies()).rows)))
    for at, byte in places:
        data[at % len(data)] = byte
    (tmp_path / "file.txt").write_bytes(data)
    check(tmp_path / "file.txt")


@_settings
@given(places=st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=5), cut=st.integers(0, 400))
def test_any_zip_file_is_judged_or_refused(tmp_path: Path, places: list[tuple[int, int]], cut: int) -> None:
    place = tmp_path / "package.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("protocols.txt", write_text(filled_template(template("protocols"), {})))
        archive.writestr("more/a.dat", b"a" * 50)
    data = bytearray(place.read_bytes())
    for at, byte in places:
        data[at % len(data)] = byte
    place.write_bytes(data[: len(data) - cut])
    with contextlib.suppress(PackageError):
        check(place)


@_settings
@given(places=st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=5), cut=st.integers(0, 400))
def test_any_workbook_is_read_or_refused(places: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(write_workbook(filled_template(template("protocols"), {}), "protocols"))
    for at, byte in places:
        data[at % len(data)] = byte
    with contextlib.suppress(WorkbookError):
        read_workbook(bytes(data[: len(data) - cut]))


def test_every_rule_is_broken_by_a_test() -> None:
    texts = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    named = {word for text in texts for word in re.findall(r'"([a-z_]+)"', text)}
    assert RULES.keys() - named == set()


@pytest.mark.parametrize(
    "text", ["", "\n", "a", "x\tSchema Version 3.20", "\tSchema Version 1", "elisa\tSchema Version 3.20"]
)
def test_files_of_almost_nothing(tmp_path: Path, text: str) -> None:
    for name in ("elisa.txt", "x.txt"):
        (tmp_path / name).write_text(text)
    assert check(tmp_path).findings

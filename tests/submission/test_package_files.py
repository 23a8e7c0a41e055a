"""Files of a package: what is unsafe, missing, damaged or named by nothing."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from include.submission import package, validate, zip_safety
from include.submission.checks.records import read_known_ids
from include.submission.findings import ValidationFinding
from include.submission.package import PackageError
from tests.submission.declared import check, needs_templates, template, vocabularies
from tests.submission.draft import draft
from tests.submission.generated import write_package

pytestmark = needs_templates
_PROTOCOL = "protocols-1-0.dat"


def _zipped(folder: Path, archive: Path, more: Callable[[zipfile.ZipFile], None] | None = None) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for path in sorted(folder.iterdir()):
            written.write(path, path.name)
        if more is not None:
            more(written)
    return archive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_package(tmp_path / "package", [template("protocols")], vocabularies()).folder


def _rules(found: list[ValidationFinding]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.file) for finding in found]


def test_a_zip_file_is_checked_like_its_folder(folder: Path, tmp_path: Path) -> None:
    assert check(_zipped(folder, tmp_path / "package.zip")).findings == []
    (folder / "protocols.txt").write_text((folder / "protocols.txt").read_text().replace("0 Name", ""))
    of_zip = check(_zipped(folder, tmp_path / "package.zip")).findings
    assert of_zip == check(folder).findings
    assert _rules(of_zip) == [("required", "protocols.txt")]


def test_one_template_is_checked_without_its_files(folder: Path) -> None:
    assert check(folder / "protocols.txt").findings == []


def _member(name: str, data: bytes = b"x", mode: int = 0) -> Callable[[zipfile.ZipFile], None]:
    def write(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, data, zipfile.ZIP_DEFLATED)

    return write


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        (_member("../outside.txt"), "zip_path"),
        (_member("/absolute.txt"), "zip_path"),
        (_member("a/../../b.txt"), "zip_path"),
        (_member("c:\\windows.txt"), "zip_path"),
        (_member("..\\windows.txt"), "zip_path"),
        (_member("link", b"/etc/passwd", stat.S_IFLNK | 0o777), "zip_path"),
        (_member("PROTOCOLS.txt"), "zip_repeated"),
        (_member("bomb.dat", b"0" * (80 << 20)), "zip_bomb"),
    ],
)
def test_what_is_unsafe_is_named_and_never_read(
    folder: Path, tmp_path: Path, more: Callable[[zipfile.ZipFile], None], rule: str
) -> None:
    [finding] = check(_zipped(folder, tmp_path / "package.zip", more)).findings
    assert finding.rule == rule
    assert not (tmp_path / "outside.txt").exists()


def test_all_files_together_may_not_grow_beyond_measure(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_safety, "MOST_BYTES", 100)
    found = check(_zipped(folder, tmp_path / "package.zip")).findings
    assert "zip_bomb" in {finding.rule for finding in found}


def test_an_encrypted_file_is_named(folder: Path, tmp_path: Path) -> None:
    archive = _zipped(folder, tmp_path / "package.zip")
    data = bytearray(archive.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    archive.write_bytes(data)
    rules = [finding.rule for finding in check(archive).findings]
    assert "zip_encrypted" in rules


def test_a_damaged_file_is_named(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for path in sorted(folder.iterdir()):
            written.write(path, path.name)
    data = archive.read_bytes()
    at = data.index(b"protocols-1-0.dat", data.index(b"protocols-1-0.dat") + 1)
    archive.write_bytes(data[:at] + b"X" + data[at + 1 :])
    [finding] = check(archive).findings
    assert (finding.rule, finding.file) == ("zip_damaged", _PROTOCOL)


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="does not exist"):
        check(tmp_path / "nothing.zip")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 and no end")
    with pytest.raises(PackageError, match="is not a zip file"):
        check(tmp_path / "cut.zip")


def test_a_package_without_templates_is_named(tmp_path: Path) -> None:
    assert _rules(check(tmp_path).findings) == [("package_empty", "")]


def _edits() -> Iterator[tuple[str, Callable[[Path], object], list[tuple[str, str]]]]:
    yield "missing", lambda folder: (folder / _PROTOCOL).unlink(), [("file_missing", "protocols.txt")]
    yield "unnamed", lambda folder: (folder / "more.dat").write_text("x"), [("file_unnamed", "more.dat")]
    yield "stray", lambda folder: (folder / ".DS_Store").write_text("x"), [("file_stray", ".DS_Store")]
    yield "empty", lambda folder: (folder / _PROTOCOL).write_bytes(b""), [("file_empty", _PROTOCOL)]
    yield (
        "case",
        lambda folder: (folder / _PROTOCOL).rename(folder / "Protocols-1-0.DAT"),
        [("file_case", "protocols.txt")],
    )

    def again(folder: Path) -> None:
        (folder / "more").mkdir()
        (folder / "more" / _PROTOCOL).write_text("x")

    yield "repeated", again, [("file_repeated", f"more/{_PROTOCOL}")]

    def link(folder: Path) -> None:
        (folder / "link.dat").symlink_to("/etc/passwd")

    yield "link", link, [("zip_path", "link.dat")]


@pytest.mark.parametrize(("name", "edit", "expected"), [*_edits()], ids=[name for name, *_ in _edits()])
def test_files_that_are_not_as_named(
    folder: Path, name: str, edit: Callable[[Path], object], expected: list[tuple[str, str]]
) -> None:
    edit(folder)
    assert _rules(check(folder).findings) == expected


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_checksums_are_compared(folder: Path, algorithm: str) -> None:
    digest = hashlib.new(algorithm, (folder / _PROTOCOL).read_bytes()).hexdigest()
    sums = folder / f"{algorithm}sums.txt"
    sums.write_text(f"{digest}  {_PROTOCOL}\n{digest.upper()} *./{_PROTOCOL}\n")
    assert check(folder).findings == []
    (folder / _PROTOCOL).write_text("other bytes")
    found = check(folder).findings
    assert _rules(found) == [("checksum", _PROTOCOL)] * 2
    assert digest in found[0].message


def test_a_checksum_beside_a_file_is_compared(folder: Path) -> None:
    (folder / f"{_PROTOCOL}.md5").write_text(f"{'0' * 32}  {_PROTOCOL}\n")
    assert _rules(check(folder).findings) == [("checksum", _PROTOCOL)]


def test_a_list_of_checksums_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "MD5SUMS").write_text(f"not a checksum\n{'0' * 32}  nothing.dat\n\n")
    found = check(folder).findings
    assert _rules(found) == [("checksum_list", "MD5SUMS")] * 2
    assert [finding.line for finding in found] == [1, 2]


def test_a_template_that_is_too_large_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (package, validate):
        monkeypatch.setattr(module, "MOST_TEMPLATE_BYTES", 100)
    rules = [finding.rule for finding in check(folder).findings]
    assert "file_too_large" in rules


def test_a_bead_array_may_be_its_own_results(tmp_path: Path) -> None:
    arrays = draft("mbaa", "mbaa_results")
    for row in (0, 1):
        arrays.made["mbaa"].files.discard(arrays.get("mbaa", "Result File Name", row))
        arrays.put("mbaa", "Result File Name", "", row)
        arrays.put("mbaa", "ImmPort Template?", "Yes", row)
    assert arrays.write(tmp_path / "package") == []


def test_known_identifiers_are_read_and_refused(tmp_path: Path) -> None:
    place = tmp_path / "known.tsv"
    place.write_text(
        "\ufeff# kind\tidentifier\taccession\n\nsubject\tS1\tSUB1\nsubject\t\tSUB2\n", encoding="utf-8"
    )
    known = read_known_ids(place)
    assert all(known.has("subject", value) for value in ("S1", "SUB1", "SUB2"))
    assert not known.has("study", "S1")
    for line in ("animal\tS1", "subject", "subject\ta\tb\tc"):
        place.write_text(line)
        with pytest.raises(Exception, match="line 1 is not KIND"):
            read_known_ids(place)


def test_a_template_that_is_damaged_is_named(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for path in sorted(folder.iterdir()):
            written.write(path, path.name)
    archive.write_bytes(archive.read_bytes().replace(b"Schema Version", b"Schema Xersion", 1))
    rules = _rules(check(archive).findings)
    assert ("zip_damaged", "protocols.txt") in rules

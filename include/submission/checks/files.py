"""Files of a package: those that templates name are there, whole, and once; others are reported."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from include.submission.findings import Findings
from include.submission.package import PackageFile, SubmissionPackage
from include.submission.templates.layout import TableRows, TemplateDocument
from include.submission.zip_safety import READ_ERRORS

#: By the length of a checksum in hexadecimal digits, its kind.
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
#: `d41d8cd9...  name` as md5sum writes it, `*name` for a binary file.
_CHECKSUM = re.compile(r"([0-9A-Fa-f]+)[ \t]+\*?(.+)")
_LIST_NAMES = re.compile(
    r"((md5|sha1|sha256|sha512)?(check)?sums?|manifest-(md5|sha1|sha256|sha512))(\.(txt|md5|sha1|sha256|sha512))?"
    r"|.+\.(md5|sha1|sha256|sha512)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class NamedAt:
    """Where a template names a file."""

    document: TemplateDocument
    line: int
    column: str


class FileChecks:
    """The checks of all files of a package.

    :param templates: paths of the files that are templates.
    """

    def __init__(self, package: SubmissionPackage, templates: set[str], findings: Findings) -> None:
        self._package = package
        self._templates = templates
        self._findings = findings
        self._files: dict[str, list[PackageFile]] = defaultdict(list)
        for file in package.files:
            self._files[file.name].append(file)
        self._by_case = {name.casefold(): name for name in self._files}

    def run(self, documents: list[TemplateDocument]) -> None:
        """Report files that are missing, repeated, empty, damaged, or named by nothing."""
        named = self._check_named(documents)
        lists = [file for file in self._package.files if is_checksum_list(file.name)]
        digests = [digest for file in lists for digest in self._read_list(file)]
        read = self._check_digests(digests)
        for file in self._package.files:
            if file.path in self._templates:
                continue
            report = self._findings.of(file.path, "")
            if file.is_stray:
                report.add(
                    "file_stray", f"{file.name} was left by a computer", fix="leave it out of the package"
                )
                continue
            if file.size == 0:
                report.add("file_empty", f"{file.name} has no bytes")
            elif file.path not in read:
                self._check_readable(file)
            if file.name not in named and file not in lists:
                report.add("file_unnamed", f"no template names {file.name}")
        for files in self._files.values():
            if len(files) > 1 and not files[0].is_stray:
                others = ", ".join(file.path for file in files[1:])
                message = f"{files[0].path} and {others} have the same name"
                self._findings.of(files[0].path, "").add("file_repeated", message, fix="rename one of them")

    def _check_named(self, documents: list[TemplateDocument]) -> set[str]:
        """Report named files that are not there; the names that are."""
        found: set[str] = set()
        for name, place in _named_files(documents):
            if name in self._files:
                found.add(name)
                continue
            actual = self._by_case.get(name.casefold())
            rule = "file_case" if actual else "file_missing"
            message = f"the package has {actual}" if actual else f"the package has no file {name}"
            if actual:
                found.add(actual)
            template = place.document.template.name if place.document.template else place.document.name
            report = self._findings.of(place.document.file, template)
            report.add(rule, message, line=place.line, column=place.column, value=name, fix=actual)
        return found

    def _read_list(self, file: PackageFile) -> list[tuple[PackageFile, PackageFile, int, str]]:
        """Of a list of checksums: the list, the file, the line, the checksum."""
        report = self._findings.of(file.path, "")
        try:
            text = self._package.read(file).decode()
        except UnicodeDecodeError:
            report.add("checksum_list", "the list of checksums is not a text")
            return []
        except READ_ERRORS:
            return []  # reported with the other files that cannot be read
        found = []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            match = _CHECKSUM.fullmatch(line.strip())
            if match is None or len(match[1]) not in _ALGORITHMS:
                report.add("checksum_list", "not a checksum and a file name", line=number, value=line)
                continue
            name = match[2].removeprefix("./")
            files = [other for other in self._package.files if name in (other.path, other.name)]
            if not files:
                report.add("checksum_list", f"the package has no file {name}", line=number, value=name)
            found += [(file, other, number, match[1].lower()) for other in files]
        return found

    def _check_digests(self, digests: list[tuple[PackageFile, PackageFile, int, str]]) -> set[str]:
        """Compare checksums; the paths of files that were read for it."""
        read: set[str] = set()
        for source, file, line, expected in digests:
            algorithm = _ALGORITHMS[len(expected)]
            read.add(file.path)
            try:
                actual = self._package.digest(file, algorithm)
            except READ_ERRORS as error:
                self._damaged(file, error)
                continue
            if actual != expected:
                message = (
                    f"the {algorithm} of {file.name} is not that of line {line} of {source.name}: {expected}"
                )
                self._findings.of(file.path, "").add(
                    "checksum", message, value=actual, fix="take the file anew"
                )
        return read

    def _check_readable(self, file: PackageFile) -> None:
        try:
            self._package.try_to_read(file)
        except READ_ERRORS as error:
            self._damaged(file, error)

    def _damaged(self, file: PackageFile, error: Exception) -> None:
        message = f"{file.name} cannot be read whole: {error}"
        self._findings.of(file.path, "").add("zip_damaged", message, fix="make the package anew")


def is_checksum_list(name: str) -> bool:
    """Whether a file is named like a list of checksums: `md5sums.txt`, `SHA256SUMS`, `result.fcs.md5`."""
    return _LIST_NAMES.fullmatch(name) is not None


def _named_files(documents: list[TemplateDocument]) -> list[tuple[str, NamedAt]]:
    """Each file name once per document and column, where it stands first."""
    found: dict[tuple[str, str, str], NamedAt] = {}
    for document in documents:
        for rows in document.tables:
            for at, column in rows.present():
                if column.names_files:
                    for name, line in _cells(rows, at, is_list=column.is_list):
                        found.setdefault(
                            (name, document.file, column.name), NamedAt(document, line, column.name)
                        )
    return [(name, place) for (name, *_), place in found.items()]


def _cells(rows: TableRows, at: int, *, is_list: bool) -> list[tuple[str, int]]:
    found = []
    for number, row in enumerate(rows.rows):
        for part in row[at].split(";") if is_list else [row[at]]:
            if name := part.strip():
                found.append((name, rows.line(number, at)))
    return found

"""What the stand-in finds in a package, by line, as ImmPort words it; by code of its own.

It knows what only a workspace knows: identifiers that it has. Of a template it checks what can be seen
without a declaration, and required values where it has one.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

_VERSION = re.compile(r"Schema Version \S+")
_HEADER, _IDENTIFIER = "Column Name", "User Defined ID"
_TEXTS = (".txt", ".tsv")
#: Bytes of a file that is looked at as a template.
_LARGEST = 32 << 20
#: Names of required columns, by template.
Required = Mapping[str, frozenset[str]]
#: File, line, status, description and error.
ReportRow = tuple[str, int | None, str, str | None, str | None]


@dataclass
class PackageReport:
    """What came of a package.

    :ivar rows: lines of the summary: file, line, status, description, error.
    :ivar identifiers: of the records that it describes, as (template, identifier).
    """

    rows: list[ReportRow] = field(default_factory=list)
    identifiers: set[tuple[str, str]] = field(default_factory=set)

    def add(self, file: str, line: int | None, status: str, text: str | None = None) -> None:
        """Say what was done."""
        self.rows.append((file, line, status, text, None))

    def refuse(self, file: str, line: int | None, why: str) -> None:
        """Say what is wrong."""
        self.rows.append((file, line, "Error", None, why))

    @property
    def is_good(self) -> bool:
        return all(row[4] is None for row in self.rows)


def required_columns(templates: list[dict[str, Any]]) -> Required:
    """The required columns of templates, out of ImmPort's JSON."""
    return {
        template["fileName"].rpartition(".")[0]: frozenset(
            column["templateColumn"] for column in template.get("columns", ()) if column.get("required")
        )
        for template in templates
    }


def check_package(
    name: str, file: IO[bytes], known: set[tuple[str, str]], required: Required
) -> PackageReport:
    """Look through a zip file, or one template.

    :param known: identifiers that the workspace has.
    """
    report = PackageReport()
    try:
        for member, size, data in _files(name, file):
            if member.lower().endswith(_TEXTS) and data is not None:
                _check_template(member, size, data, known, required, report)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        report.refuse(name, None, f"The file could not be unpacked: {error}")
    return report


def _files(name: str, file: IO[bytes]) -> Iterator[tuple[str, int, bytes | None]]:
    """Name, size and, of what may be a template, the bytes of each file."""
    file.seek(0)
    if not zipfile.is_zipfile(file):
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        is_small = size <= _LARGEST and name.lower().endswith(_TEXTS)
        yield name, size, file.read() if is_small else None
        return
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                is_small = info.file_size <= _LARGEST and info.filename.lower().endswith(_TEXTS)
                member = info.filename.rpartition("/")[2]
                yield member, info.file_size, archive.read(info) if is_small else None


def _check_template(
    file: str,
    size: int,
    data: bytes,
    known: set[tuple[str, str]],
    required: Required,
    report: PackageReport,
) -> None:
    lines = [line.split("\t") for line in data.decode(errors="replace").splitlines()]
    if not lines or len(lines[0]) < 2 or not _VERSION.match(lines[0][1]):
        return
    template, about = lines[0][0].strip(), f"Template: {file}, Size:{size} bytes"
    report.add(file, None, "Parsing", about)
    report.add(file, None, "Information", "Validation Level = Standard")
    report.add(file, 3, "Stored in:file_info", f"Size:{size} bytes")
    for number, row, first in _rows(lines):
        if first:
            report.refuse(file, number, f"The first column must be empty, not [{first}].")
        for column in sorted(required.get(template, frozenset()) & row.keys()):
            if not row[column].strip():
                report.refuse(file, number, f"The required column [{column}] has no value.")
        if identifier := row.get(_IDENTIFIER):
            if (template, identifier) in known:
                why = f"The {_IDENTIFIER} [{identifier}] already exists in the workspace."
                report.refuse(file, number, why)
            report.identifiers.add((template, identifier))
    report.add(file, None, "Parsed", about)


def _rows(lines: list[list[str]]) -> Iterator[tuple[int, dict[str, str], str]]:
    """Line, values by column and first cell of each row; in blocks, a label and its value are one."""
    header: list[str] = []
    for number, cells in enumerate(lines, 1):
        if cells[0] == _HEADER and len(cells) > 1:
            header = cells[1:]
        elif header and any(cells):
            yield number, dict(zip(header, cells[1:], strict=False)), cells[0]
        elif not header and len(cells) == 2:
            yield number, {cells[0]: cells[1]}, ""

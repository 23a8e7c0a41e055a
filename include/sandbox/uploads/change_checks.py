"""What the stand-in's batch updater reads of a file of changes, reported in the words of ImmPort's example.

By code of its own. A head is on one line, as pairs with tabs between: `table_name=reagent`; below it, one
line names the columns, or the rows follow at once.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO

from include.sandbox.uploads.package_checks import PackageReport

_NEEDED = ("table_name", "key_columns", "data_columns")


def check_changes(name: str, file: IO[bytes]) -> PackageReport:
    """Look through a file of changes, or a zip file of such files."""
    report = PackageReport()
    file.seek(0)
    if not zipfile.is_zipfile(file):
        file.seek(0)
        _check_file(name, file.read(), report)
        return report
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            _check_file(info.filename, archive.read(info), report)
    return report


def _check_file(name: str, data: bytes, report: PackageReport) -> None:
    size = f"Size:{len(data)} bytes"
    report.add(name, 0, "Parsing", size)
    lines = [line.split("\t") for line in data.decode(errors="replace").splitlines()]
    heads = [(number, head) for number, cells in enumerate(lines, 1) if (head := _head(cells))]
    if not heads:
        report.refuse(name, None, "The file has no header with table_name, key_columns and data_columns.")
    for at, (number, head) in enumerate(heads):
        end = heads[at + 1][0] - 1 if at + 1 < len(heads) else len(lines)
        shown = ", ".join(f"{key} => {value}" for key, value in sorted(head.items()))
        report.add(name, number, "Information", f"The header was read as follows: [{shown}]")
        columns = head["data_columns"].split("~")
        report.add(name, number, "Information", f"The data_columns are [{', '.join(columns)}].")
        keys = head["key_columns"].split("~")
        for line, cells in _rows(lines, number, end, [*keys, *columns]):
            _check_row(name, line, cells, (keys, columns), report)
    report.add(name, 0, "Parsed", size)


def _head(cells: list[str]) -> dict[str, str]:
    pairs = dict(cell.strip().split("=", 1) for cell in cells if "=" in cell and not cells[0].startswith("#"))
    found = {key.strip(): value.strip() for key, value in pairs.items()}
    return found if all(found.get(key) for key in _NEEDED) else {}


def _rows(lines: list[list[str]], head: int, end: int, names: list[str]) -> Iterator[tuple[int, list[str]]]:
    for number in range(head + 1, end + 1):
        cells = lines[number - 1]
        if any(cells) and cells != names and not cells[0].startswith("#"):
            yield number, cells


def _check_row(
    name: str, line: int, cells: list[str], of: tuple[list[str], list[str]], report: PackageReport
) -> None:
    keys, columns = of
    if len(cells) != len(keys) + len(columns):
        report.refuse(name, line, f"The line has {len(cells)} columns, not {len(keys) + len(columns)}.")
        return
    key, values = cells[: len(keys)], cells[len(keys) :]
    if not all(value.strip() for value in key):
        report.refuse(name, line, f"The primaryKey [{', '.join(keys)}] has no value.")
    which = f"primaryKey [{', '.join(keys)}] whose value is [{', '.join(key)}]"
    report.add(name, line, "Information", f"Parsing the line with {which}.")
    given = f"dataColumns [{', '.join(columns)}] whose values are [{', '.join(values)}]"
    report.add(name, line, "Information", f"Parsing the line with {given}.")

"""Checks files of changes: what can be known of them without ImmPort, and how they were read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from include.sources.foreign import escaped
from include.submission.changes.header import UPDATE_VALUE, ChangeHeader
from include.submission.changes.reader import ChangedRow, ChangesFile, changes_in
from include.submission.findings import Findings, ValidationFinding
from include.submission.validate import Validation
from include.submission.zip_safety import READ_ERRORS

#: Rule -> how grave a breach is.
CHANGE_RULES = {
    "changes_missing": "error",
    "changes_head": "error",
    "changes_format": "warning",
    "changes_row": "error",
    "changes_key": "error",
    "changes_conflict": "error",
    "changes_repeated": "warning",
    "changes_blank": "warning",
    "zip_damaged": "error",
}
_LONGEST = 300


@dataclass
class _FileCheck:
    """The check of one file.

    :ivar met: how it was read, in words.
    """

    file: ChangesFile
    findings: list[ValidationFinding]
    met: list[str] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    _header: ChangeHeader | None = None
    _seen: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)

    def run(self) -> None:
        left_out = 0
        for event in self.file.events():
            if isinstance(event, ChangeHeader):
                self._take_head(event)
            elif isinstance(event, ChangedRow):
                self._take_row(event)
            elif event.why:
                self._add("changes_row", event.why, event.line)
            else:
                left_out += 1
        if self._header and left_out:
            self.met.append(f"{left_out} lines of {self.file.name} left out: comments, names of columns")

    def _take_head(self, header: ChangeHeader) -> None:
        self._header, self._seen = header, {}
        self.rows[header.table] += 0
        self.met.append(f"head of {self.file.name} at line {header.line}: {header.written}")
        for problem in header.problems:
            self._add("changes_head", problem, header.line)
        if header.format != UPDATE_VALUE:
            what = f"the format {header.format or 'is not named'}"
            message = f"{what}: what ImmPort makes of it is not known here, and nothing is compared"
            self._add("changes_format", message, header.line, value=header.format)

    def _take_row(self, row: ChangedRow) -> None:
        header = self._header
        if header is None:
            raise LookupError("a row without a head")
        self.rows[header.table] += 1
        for name, value in zip(header.keys, row.key, strict=True):
            if not value.strip():
                self._add("changes_key", "no value by which the record is found", row.line, column=name)
        for name, value in zip(header.columns, row.values, strict=True):
            if not value.strip():
                message = "no value: whether ImmPort empties the column or leaves it is not documented"
                self._add("changes_blank", message, row.line, column=name)
        key, values = (_digest(part) for part in (row.key, row.values))
        line, given = self._seen.setdefault(key, (row.line, values))
        if line != row.line:
            rule = "changes_repeated" if given == values else "changes_conflict"
            which = "the same values" if given == values else "other values"
            message = f"the record of line {line} again, with {which}"
            self._add(rule, message, row.line, column=header.keys[0], value=row.key[0])

    def _add(
        self, rule: str, message: str, line: int | None, column: str | None = None, value: str | None = None
    ) -> None:
        table = self._header.table if self._header else ""
        self.findings.append(_finding(rule, message, line, column, value, self.file.name, table))


def validate_changes(place: Path) -> Validation:
    """Check a file of changes, or a folder or zip file of such files.

    :returns: its findings; `templates` has the tables that are changed, `declaration` how files were read.
    :raises PackageError: there is nothing at the place.
    """
    found, findings = Findings(), list[ValidationFinding]()
    met, rows = list[str](), Counter[str]()
    for file in changes_in(place, found):
        check = _FileCheck(file, findings)
        try:
            check.run()
        except READ_ERRORS as error:
            findings.append(
                _finding("zip_damaged", f"cannot be read whole: {error}", None, None, None, file.name)
            )
        met += check.met
        rows.update(check.rows)
    if not sum(rows.values()):
        message = "no file has a head with table_name, key_columns and data_columns, and rows below it"
        findings.append(_finding("changes_missing", message, None, None, None, ""))
    ordered = sorted([*found, *findings], key=lambda item: (item.file, item.line or 0))
    return Validation(place, ordered, sorted(rows.items()), "; ".join(met) or "no head was found")


def _finding(
    rule: str,
    message: str,
    line: int | None,
    column: str | None,
    value: str | None,
    file: str,
    table: str = "",
) -> ValidationFinding:
    shown = None if value is None else escaped(value[:_LONGEST])
    return ValidationFinding(
        table, line, column, shown, rule, CHANGE_RULES[rule], escaped(message), None, file
    )


def _digest(values: tuple[str, ...]) -> bytes:
    """What distinguishes a row from others, of the same size however long it is."""
    text = "\0".join(value.strip() for value in values)
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()

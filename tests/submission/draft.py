"""A valid package to be spoiled: rows first, then the bytes of files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from include.submission.checks.records import read_known_ids
from include.submission.findings import ValidationFinding
from tests.submission.declared import check, template, vocabularies
from tests.submission.generated import Made, make, write_package


@dataclass
class Draft:
    """A package of some templates, before it is written.

    :ivar made: by template, its rows.
    :ivar known: further lines of the list of known identifiers.
    :ivar edits: what is done to the written folder.
    """

    names: tuple[str, ...]
    made: dict[str, Made]
    known: list[str] = field(default_factory=list)
    has_workspace: bool = True
    edits: list[Callable[[Path], None]] = field(default_factory=list)

    def put(self, table: str, column: str, value: str, row: int = 1) -> None:
        """Another value; of a block, `table` is `template/block`."""
        name, _, block = table.partition("/")
        place = self.place(table, column)
        self.made[name].rows[block or name][row][place] = value

    def get(self, table: str, column: str, row: int = 1) -> str:
        name, _, block = table.partition("/")
        return self.made[name].rows[block or name][row][self.place(table, column)]

    def place(self, table: str, column: str) -> int:
        name, _, block = table.partition("/")
        [found] = [one for one in template(name).tables if one.name == (block or name)]
        return found.key.index(column)

    def edit(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Other bytes of a template's file."""
        file = template(name).file_name

        def apply(folder: Path) -> None:
            (folder / file).write_bytes(change((folder / file).read_bytes()))

        self.edits.append(apply)

    def replace(self, name: str, old: str, new: str) -> None:
        """Another text in a template's file; the old one must be there."""

        def change(data: bytes) -> bytes:
            assert old.encode() in data, old
            return data.replace(old.encode(), new.encode(), 1)

        self.edit(name, change)

    def write(self, folder: Path) -> list[ValidationFinding]:
        """Write and check the package; its findings."""
        written = write_package(folder, [template(name) for name in self.names], vocabularies(), self.made)
        with written.known.open("a") as known:
            known.writelines(f"{line}\n" for line in self.known)
        for edit in self.edits:
            edit(folder)
        return check(folder, read_known_ids(written.known) if self.has_workspace else None).findings


def draft(*names: str) -> Draft:
    return Draft(names, {name: make(template(name), vocabularies()) for name in names})

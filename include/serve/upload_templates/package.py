"""Writes a study as a package of upload templates, with a report of what the package does not say."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from include.serve.upload_templates.reading import FilledTable, StudyInTemplates, read_study
from include.serve.upload_templates.report import TemplateGap, as_table, gaps
from include.submission.templates.declarations import Template, Templates
from include.submission.templates.grid import Grid, write_text
from include.submission.templates.vocabularies import Vocabularies
from include.submission.templates.workbooks import write_workbook
from include.submission.templates.writer import filled_template
from include.submission.validate import validate

#: What a package may be written as.
FORMATS = ("tsv", "xlsx")
#: Within the folder: the package itself, what it does not say, what it was made of.
PACKAGE, REPORT, MANIFEST = "package", "report.tsv", "manifest.json"


class PlaceError(Exception):
    """The folder cannot be written: something is there, or it is not permitted."""


@dataclass(frozen=True)
class StudyPackage:
    """A package that was written.

    :ivar place: folder with the package, its report and its manifest.
    :ivar errors: errors that the validator has of it; each is in a required gap.
    """

    place: Path
    study: StudyInTemplates
    gaps: Sequence[TemplateGap]
    errors: int
    warnings: int

    @property
    def rows(self) -> int:
        return sum(len(one.rows) for one in self.study.tables)


def write_study(
    engine: sa.Engine,
    study: str,
    declarations: tuple[Templates, Vocabularies],
    place: Path,
    release: str | None = None,
    format_: str = "tsv",
) -> StudyPackage:
    """Write a study's public content as templates, check the package and report what it lacks.

    The folder appears whole or not at all.

    :param place: folder that is not there yet, or is empty.
    :param release: release of the star; the newest without it.
    :param format_: one of `FORMATS`.
    :raises StudyError: the study or the release is not there, or not open to the reader.
    :raises PlaceError: the folder cannot be written.
    """
    _require_free(place)
    templates, vocabularies = declarations
    rows = read_study(engine, study, templates, release)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as made:
            folder = Path(made, "made")
            written = _write(rows, templates, folder / PACKAGE, format_)
            validation = validate(folder / PACKAGE, templates, vocabularies)
            found = gaps(rows, validation.findings)
            about = {"study": study, "release": rows.release, "templates": validation.declaration}
            about |= {"errors": str(validation.errors)}
            (folder / REPORT).write_bytes(as_table(found))
            manifest = json.dumps({**about, "rows": written}, indent=2, ensure_ascii=False)
            (folder / MANIFEST).write_text(f"{manifest}\n", encoding="utf-8")
            _require_free(place)
            if place.is_dir():
                place.rmdir()
            shutil.move(folder, place)
    except OSError as error:
        raise PlaceError(f"{place} cannot be written: {error.strerror or error}") from error
    return StudyPackage(place, rows, found, validation.errors, validation.warnings)


def _require_free(place: Path) -> None:
    if place.is_dir() and not any(place.iterdir()):
        return
    if place.exists() or place.is_symlink():
        raise PlaceError(f"{place} is there already: nothing was written; name another folder, or move it")


def _write(study: StudyInTemplates, templates: Templates, folder: Path, format_: str) -> Mapping[str, int]:
    """Write the templates that have rows; by file, its rows."""
    folder.mkdir(parents=True)
    written = {}
    for template in templates:
        tables = [one for one in study.tables if one.origin.table.partition("/")[0] == template.name]
        if not tables:
            continue
        name = Path(template.file_name).stem + (
            ".xlsx" if format_ == "xlsx" else Path(template.file_name).suffix
        )
        (folder / name).write_bytes(_bytes(template, _grid(template, tables), format_))
        written[name] = sum(len(one.rows) for one in tables)
    return written


def _grid(template: Template, tables: Sequence[FilledTable]) -> Grid:
    return filled_template(template, {one.table.name: one.rows for one in tables})


def _bytes(template: Template, grid: Grid, format_: str) -> bytes:
    return write_workbook(grid, template.name) if format_ == "xlsx" else write_text(grid)

"""Checks a whole package as ImmPort would, and reports all findings at once, not the first."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from include.submission.checks.columns import check_columns, report_cells
from include.submission.checks.files import FileChecks
from include.submission.checks.records import KnownIds, collect
from include.submission.checks.references import ReferenceChecks
from include.submission.checks.relations import RelationChecks, assay_ids
from include.submission.checks.rows import TableChecks
from include.submission.checks.structure import check_structure
from include.submission.checks.values import ValueChecks
from include.submission.findings import Findings, ValidationFinding
from include.submission.package import MOST_TEMPLATE_BYTES, PackageFile, SubmissionPackage, open_package
from include.submission.templates.declarations import Templates
from include.submission.templates.grid import Grid, NotATextError, read_text
from include.submission.templates.layout import TemplateDocument, is_template, read_document
from include.submission.templates.vocabularies import Vocabularies
from include.submission.templates.workbooks import WorkbookError, read_workbook
from include.submission.zip_safety import READ_ERRORS

_WORKBOOKS = (".xlsx", ".xlsm")
_TEXTS = (".txt", ".tsv")


@dataclass(frozen=True)
class Validation:
    """What came of checking one package.

    :ivar findings: by file and line.
    :ivar templates: names of the templates that were checked, with their rows.
    :ivar declaration: what they were checked by: where it was read from, and its digest.
    """

    place: Path
    findings: list[ValidationFinding]
    templates: list[tuple[str, int]] = field(default_factory=list)
    declaration: str = ""

    @property
    def errors(self) -> int:
        return sum(finding.is_error for finding in self.findings)

    @property
    def warnings(self) -> int:
        return len(self.findings) - self.errors

    @property
    def rows(self) -> int:
        return sum(rows for _, rows in self.templates)


def validate(
    place: Path, templates: Templates, vocabularies: Vocabularies, known: KnownIds | None = None
) -> Validation:
    """Check a folder, a zip file or one template.

    :param known: identifiers that the workspace has.
    :raises PackageError: there is no package at the place.
    :raises DeclarationsError: a template names a vocabulary that is not there.
    """
    findings = Findings()
    with open_package(place, findings) as package:
        documents = [
            document for file in package.files for document in _documents(package, file, templates, findings)
        ]
        if not documents:
            message = (
                "the package holds no template: a file whose first line is its name and a schema version"
            )
            findings.of("", "").add("package_empty", message)
        _check_documents(documents, templates, vocabularies, known or KnownIds(), findings)
        if not place.is_file() or package.is_zip:
            templates_of = {document.file for document in documents}
            templates_of |= {file.path for file in package.files if _is_named(file, templates)}
            FileChecks(package, templates_of, findings).run(documents)
    counted = [(document.name, sum(len(rows.rows) for rows in document.tables)) for document in documents]
    declaration = f"{templates.source}, SHA-256 {templates.digest}"
    return Validation(place, findings.ordered(), counted, declaration)


def _documents(
    package: SubmissionPackage, file: PackageFile, templates: Templates, findings: Findings
) -> list[TemplateDocument]:
    """The templates in a file: none, one, or several pages of a workbook."""
    name = file.name.lower()
    if file.is_stray or not name.endswith(_WORKBOOKS + _TEXTS):
        return []
    report = findings.of(file.path, "")
    if file.size > MOST_TEMPLATE_BYTES:
        if _is_named(file, templates):
            message = f"{file.size:,} bytes; at most {MOST_TEMPLATE_BYTES:,} are read"
            report.add("file_too_large", message, fix="split it")
        return []
    try:
        data = package.read(file)
        grids = read_workbook(data) if name.endswith(_WORKBOOKS) else [read_text(data)]
    except (WorkbookError, NotATextError) as error:
        if _is_named(file, templates):
            report.add("not_a_template", str(error))
        return []
    except READ_ERRORS as error:
        message = f"{file.name} cannot be read whole: {error}"
        report.add("zip_damaged", message, fix="make the package anew")
        return []
    filled: list[Grid] = [grid for grid in grids if is_template(grid)]
    if not filled and _is_named(file, templates):
        message = "the first line is not the template's name and its schema version"
        report.add("not_a_template", message, line=1)
    return [read_document(grid, file.path, templates) for grid in filled]


def _is_named(file: PackageFile, templates: Templates) -> bool:
    """Whether a file has the name of a template, whatever is in it."""
    stem, _, ending = file.name.rpartition(".")
    return f".{ending.lower()}" in _WORKBOOKS + _TEXTS and templates.find(stem) is not None


def _check_documents(
    documents: list[TemplateDocument],
    templates: Templates,
    vocabularies: Vocabularies,
    known: KnownIds,
    findings: Findings,
) -> None:
    records = collect(documents, known)
    assays = assay_ids([rows for document in documents for rows in document.tables])
    values = ValueChecks(templates, vocabularies)
    for number, document in enumerate(documents):
        report = findings.of(document.file, document.template.name if document.template else document.name)
        check_structure(document, templates, report)
        report_cells(document.tables, document.grid, report)
        for at, rows in enumerate(document.tables):
            unusable = check_columns(rows, document.grid, values, report)
            TableChecks(rows, (number, at), records, vocabularies, report).run()
            ReferenceChecks(rows, (number, at), records, report, unusable).run()
            RelationChecks(rows, records, assays, report, unusable).run()

"""Checks a package and makes the zip file of it, so that what is sent is what was checked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.pipeline.submissions.errors import PackageChangedError, PackageRefusedError
from include.pipeline.submissions.ledger import CheckedPackage, Submission
from include.submission.checks.records import KnownIds
from include.submission.package import PackageError
from include.submission.service.answers import Workspace
from include.submission.service.assemble import AssembledPackage, assemble, sent_name
from include.submission.service.services import SubmissionService
from include.submission.templates.declarations import Templates
from include.submission.templates.vocabularies import Vocabularies
from include.submission.validate import Validation, validate

#: Findings that an error names.
_NAMED = 3


@dataclass(frozen=True)
class SubmissionOrder:
    """What a person wants to be sent.

    :param place: folder, zip file or template.
    :param is_offline: its files come to ImmPort on another way.
    """

    place: Path
    notes: str = ""
    is_offline: bool = False


def check_package(
    order: SubmissionOrder,
    declarations: tuple[Templates, Vocabularies],
    known: KnownIds,
    service: SubmissionService,
    workspace: Workspace,
) -> tuple[CheckedPackage, Validation]:
    """Check a package and digest it.

    :raises PackageError: there is no package.
    :raises PackageRefusedError: it has errors and cannot even be put together.
    """
    templates, vocabularies = declarations
    validation = validate(order.place, templates, vocabularies, known)
    try:
        with assembled(order.place, templates) as package:
            checked = CheckedPackage(
                service,
                workspace.workspace_id,
                workspace.name,
                package.digest,
                sent_name(order.place, package.digest),
                str(order.place),
                order.notes,
                order.is_offline,
                package.files,
                package.size,
                validation.rows,
                validation.errors,
                validation.warnings,
                validation.declaration,
            )
    except PackageError:
        if validation.errors:
            raise PackageRefusedError(in_words(validation)) from None
        raise
    return checked, validation


def in_words(validation: Validation) -> str:
    """What was found in a package, the first errors named."""
    counts = f"{validation.errors:,} errors, {validation.warnings:,} warnings"
    text = f"{validation.place.name}: {counts} in {validation.rows:,} rows"
    errors = [finding for finding in validation.findings if finding.is_error][:_NAMED]
    named = "; ".join(f"{item.file} line {item.line}: {item.message}" for item in errors)
    return f"{text}, such as {named}" if named else text


@contextmanager
def assembled(place: Path, templates: Templates) -> Iterator[AssembledPackage]:
    """The zip file of a package, for as long as it is needed.

    :raises PackageError: it cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="immport-submission-") as folder:
        yield assemble(place, templates, Path(folder))


@contextmanager
def as_checked(submission: Submission, templates: Templates) -> Iterator[Path]:
    """The zip file of a submission.

    :raises PackageChangedError: the package is not the one that was checked.
    """
    with assembled(Path(submission.place), templates) as package:
        if package.digest != submission.content_digest:
            raise PackageChangedError(
                f"{submission.place} is not what was checked: its content has another digest; start anew"
            )
        yield package.path

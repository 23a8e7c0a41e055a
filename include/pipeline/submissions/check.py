"""Checks a package and makes what is sent of it, so that what is sent is what was checked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.pipeline.submissions.errors import PackageChangedError, PackageRefusedError
from include.pipeline.submissions.ledger import CheckedPackage, Submission
from include.submission.changes.check import validate_changes
from include.submission.changes.outgoing import assemble_changes
from include.submission.checks.records import KnownIds
from include.submission.package import PackageError
from include.submission.service.answers import Workspace
from include.submission.service.assemble import AssembledPackage, assemble
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
    """Check a package of templates and digest it.

    :raises PackageError: no package lies there.
    :raises PackageRefusedError: it has errors and cannot even be put together.
    """
    templates, vocabularies = declarations
    validation = validate(order.place, templates, vocabularies, known)
    return _digested(order, validation, assembled(order.place, templates), service, workspace), validation


def check_changes(
    order: SubmissionOrder, service: SubmissionService, workspace: Workspace
) -> tuple[CheckedPackage, Validation]:
    """Check files of changes and digest them.

    :raises PackageError: there is nothing at the place.
    :raises PackageRefusedError: they have errors and cannot even be put together.
    """
    validation = validate_changes(order.place)
    return _digested(order, validation, assembled(order.place), service, workspace), validation


def _digested(
    order: SubmissionOrder,
    validation: Validation,
    assembling: AbstractContextManager[AssembledPackage],
    service: SubmissionService,
    workspace: Workspace,
) -> CheckedPackage:
    try:
        with assembling as package:
            return CheckedPackage(
                service,
                workspace.workspace_id,
                workspace.name,
                package.digest,
                package.name,
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


def in_words(validation: Validation) -> str:
    """What was found in a package, the first errors named."""
    counts = f"{validation.errors:,} errors, {validation.warnings:,} warnings"
    text = f"{validation.place.name}: {counts} in {validation.rows:,} rows"
    errors = [finding for finding in validation.findings if finding.is_error][:_NAMED]
    named = "; ".join(f"{item.file} line {item.line}: {item.message}" for item in errors)
    return f"{text}, such as {named}" if named else text


@contextmanager
def assembled(place: Path, templates: Templates | None = None) -> Iterator[AssembledPackage]:
    """What is sent of a package, for as long as it is needed.

    :param templates: of a package of templates; None for files of changes.
    :raises PackageError: it cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="immport-submission-") as folder:
        if templates is None:
            yield assemble_changes(place, Path(folder))
        else:
            yield assemble(place, templates, Path(folder))


@contextmanager
def as_checked(submission: Submission, templates: Templates | None = None) -> Iterator[Path]:
    """What is sent of a submission.

    :param templates: of a package of templates; None for files of changes.
    :raises PackageChangedError: it is not what was checked.
    """
    with assembled(Path(submission.place), templates) as package:
        if package.digest != submission.content_digest:
            raise PackageChangedError(
                f"{submission.place} is not what was checked: its content has another digest; start anew"
            )
        yield package.path

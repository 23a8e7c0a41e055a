"""Checks packages of ImmPort's upload templates: python -m include.submission validate PACKAGE."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from include.submission.checks.records import KnownIds, WorkspaceError, read_known_ids
from include.submission.declaration_files import offline_place, read_declarations
from include.submission.package import PackageError
from include.submission.page import validation_page
from include.submission.templates.declarations import DeclarationsError, Template, Templates, read_templates
from include.submission.templates.grid import Grid, NotATextError, read_text, write_text
from include.submission.templates.vocabularies import Vocabularies
from include.submission.templates.workbooks import WorkbookError, read_workbook, write_workbook
from include.submission.templates.writer import blank_template
from include.submission.validate import Validation, validate

#: Exit statuses, as of a compiler: nothing wrong but warnings, errors, not usable.
CLEAN, ERRORS, USAGE = 0, 1, 2
_EPILOG = """exit status: 0 without errors, 1 with errors, 2 when the package, the templates or the options
cannot be used. make validate FILE=... passes its variables on and gives 2 for 1, as make does."""


class _UsageError(Exception):
    """What the caller can put right; the message says what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except (_UsageError, DeclarationsError, PackageError, WorkspaceError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        # Whoever read the findings wants no more of them; Python must not flush the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERRORS
    return status


def _validate(options: argparse.Namespace) -> int:
    templates, vocabularies = _declarations(options)
    known = read_known_ids(_existing(options.workspace)) if options.workspace else KnownIds()
    validation = validate(_existing(_package(options)), templates, vocabularies, known)
    for finding in validation.findings:
        sys.stdout.write(f"{msgspec.json.encode(finding).decode()}\n")
    if options.page:
        _write(_placed(options.page), validation_page(validation).encode())
    print(_summary(validation), file=sys.stderr)
    return ERRORS if validation.errors else CLEAN


def _summary(validation: Validation) -> str:
    return (
        f"{validation.place.name}: {validation.errors:,} errors, {validation.warnings:,} warnings;"
        f" {len(validation.templates):,} templates, {validation.rows:,} rows"
    )


def _blank(options: argparse.Namespace) -> int:
    templates = read_templates(_templates_place(options))
    wanted = [_named(templates, name) for name in options.names] or list(templates)
    folder = _placed(options.to)
    for template in wanted:
        name = Path(template.file_name).stem
        grid = blank_template(template)
        data = write_workbook(grid, template.name) if options.xlsx else write_text(grid)
        _write(folder / f"{name}{'.xlsx' if options.xlsx else '.txt'}", data)
    print(f"{len(wanted)} templates written to {folder}", file=sys.stderr)
    return CLEAN


def _named(templates: Templates, name: str) -> Template:
    if found := templates.find(name):
        return found
    raise _UsageError(f"there is no template {name}")


def _convert(options: argparse.Namespace) -> int:
    source, target = _existing(options.source), _placed(options.target)
    grid = _grid(source)
    try:
        is_workbook = target.suffix.lower() == ".xlsx"
        data = write_workbook(grid, source.stem) if is_workbook else write_text(grid)
    except ValueError as error:
        raise _UsageError(f"{source} cannot be written as {target.suffix}: {error}") from error
    _write(target, data)
    return CLEAN


def _grid(source: Path) -> Grid:
    try:
        data = source.read_bytes()
        if source.suffix.lower() not in {".xlsx", ".xlsm"}:
            return read_text(data)
        grids = read_workbook(data)
    except (OSError, WorkbookError, NotATextError) as error:
        raise _UsageError(f"{source} cannot be read: {error}") from error
    if not grids:
        raise _UsageError(f"{source} has no visible page")
    return grids[0]


def _declarations(options: argparse.Namespace) -> tuple[Templates, Vocabularies]:
    place = _templates_place(options)
    return read_declarations(place, _existing(options.lookups) if options.lookups else None)


def _templates_place(options: argparse.Namespace) -> Path:
    if options.templates:
        return _existing(options.templates)
    return offline_place()


def _package(options: argparse.Namespace) -> str:
    if not options.package:
        raise _UsageError("no package: give FILE=package.zip, a folder, or one template")
    return str(options.package)


def _existing(path: str) -> Path:
    """An existing file or folder, relative to this folder or to the caller's (`make -C`)."""
    for base in dict.fromkeys((Path.cwd(), Path(os.environ.get("WAREHOUSE_CALLER") or ".").absolute())):
        candidate = base / Path(path).expanduser()
        if candidate.exists():
            return candidate
    raise _UsageError(f"{path} does not exist")


def _placed(path: str) -> Path:
    return Path(os.environ.get("WAREHOUSE_CALLER") or ".", Path(path).expanduser()).absolute()


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise _UsageError(f"{path} cannot be written: {error.strerror}") from error


def _variable(name: str) -> str | None:
    """A variable of the Makefile, None when it was not given."""
    return os.environ.get(f"WAREHOUSE_{name}") or None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.submission", description="Packages of ImmPort's upload templates."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    templates = argparse.ArgumentParser(add_help=False)
    about = "ImmPort's templates.json, or a folder or zip file with it (TEMPLATES)"
    templates.add_argument("--templates", metavar="PLACE", default=_variable("TEMPLATES"), help=about)

    check = commands.add_parser(
        "validate", parents=[templates], help="check a package", description=_validate_about, epilog=_EPILOG
    )
    check.add_argument(
        "package", nargs="?", default=_variable("FILE"), help="zip file, folder or template (FILE)"
    )
    about = "lkTables.json; without it the one beside the templates (LOOKUPS)"
    check.add_argument("--lookups", metavar="PLACE", default=_variable("LOOKUPS"), help=about)
    about = "identifiers that the workspace has: lines of kind, identifier and accession (WORKSPACE)"
    check.add_argument("--workspace", metavar="FILE", default=_variable("WORKSPACE"), help=about)
    about = "write the findings as one HTML page, too (PAGE)"
    check.add_argument("--page", metavar="FILE", default=_variable("PAGE"), help=about)
    check.set_defaults(run=_validate)

    blank = commands.add_parser("blank", parents=[templates], help="write empty templates")
    blank.add_argument("names", nargs="*", metavar="TEMPLATE", help="names or file names; all without any")
    blank.add_argument("--to", metavar="DIR", default=".", help="folder to write to")
    blank.add_argument("--xlsx", action="store_true", help="workbooks instead of tab-separated text")
    blank.set_defaults(run=_blank)

    convert = commands.add_parser(
        "convert", help="write a filled workbook as tab-separated text, or the reverse"
    )
    convert.add_argument("source", help="an .xlsx or .txt file")
    convert.add_argument("target", help="the other one, which is written anew")
    convert.set_defaults(run=_convert)
    return parser


_validate_about = (
    "Checks a package of templates as ImmPort would and prints a line of JSON per finding: template, line,"
    " column, value, rule, severity, message, fix, file. All findings at once, not the first."
)


if __name__ == "__main__":
    sys.exit(main())

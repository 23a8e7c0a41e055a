"""Writes a study's package for a command, and says what was written and what stays to be done."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from include.serve.upload_templates.package import (
    FORMATS,
    PACKAGE,
    REPORT,
    PlaceError,
    StudyPackage,
    write_study,
)
from include.serve.upload_templates.reading import StudyError
from include.submission.declaration_files import offline_place, read_declarations
from include.submission.templates.declarations import DeclarationsError
from include.warehouse.schema.engine import warehouse_engine
from include.warehouse.schema.revision import OutdatedWarehouseError, require_current


class TemplateError(Exception):
    """What the caller can put right; the message says what."""


def write_package(
    url: sa.URL,
    study: str,
    place: Path,
    *,
    release: str | None = None,
    format_: str | None = None,
    templates: Path | None = None,
    lookups: Path | None = None,
) -> None:
    """Write a package and print what it is.

    :param templates: where ImmPort's declarations are; without it those beside the real data of the tests.
    :raises TemplateError: the study, the release, the format, the templates or the place is wrong.
    """
    if format_ not in {None, *FORMATS}:
        raise TemplateError(f"FORMAT={format_} is not one of {', '.join(FORMATS)}")
    engine = warehouse_engine(url, poolclass=sa.NullPool)
    try:
        require_current(engine)
        declarations = read_declarations(templates or offline_place(), lookups)
        written = write_study(engine, study, declarations, place, release, format_ or FORMATS[0])
    except (StudyError, PlaceError, DeclarationsError, OutdatedWarehouseError) as error:
        raise TemplateError(str(error)) from error
    finally:
        engine.dispose()
    print(summary(written))


def summary(written: StudyPackage) -> str:
    """What was written, in lines for a person."""
    tables = {one.origin.table.partition("/")[0] for one in written.study.tables}
    required = [gap for gap in written.gaps if gap.is_required]
    lines = [
        f"{written.study.study} as of {written.study.release}: {len(tables)} templates, {written.rows:,} rows"
        f" in {written.place / PACKAGE}",
        f"{len(required)} columns stay to be filled before it can be sent ({written.errors:,} cells),"
        f" {len(written.gaps) - len(required)} notes: {written.place / REPORT}",
    ]
    lines += [
        f"  {gap.template}, {gap.column or 'as a whole'}: {gap.reason} ({gap.rows:,})" for gap in required
    ]
    return "\n".join(lines)

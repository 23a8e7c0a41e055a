"""Checking a package of all upload templates: what the validator costs."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.part import Part
from include.submission.checks.records import read_known_ids
from include.submission.declaration_files import read_declarations
from include.submission.templates.declarations import DeclarationsError
from include.submission.validate import Validation, validate
from tests.sandbox.data import DATA
from tests.submission.generated import write_package

#: Rows of the package by default. Blocks of a compound template have two rows at most.
ROWS = 100_000


class InvalidPackageError(RuntimeError):
    """The package that was made has findings: what is measured is not what was meant."""


def _validate(bench: Bench) -> None:
    try:
        templates, vocabularies = read_declarations(DATA / "immport" / "templates")
    except DeclarationsError as error:
        bench.results.left_out[bench.part] = str(error)
        return
    tables = [table for template in templates if not template.is_compound for table in template.tables]
    count = -(-(bench.sizes.rows or ROWS) // len(tables))
    written = write_package(bench.new_folder() / "package", list(templates), vocabularies, count=count)
    known = read_known_ids(written.known)
    seconds: list[float] = []
    found: Validation | None = None
    for _ in range(bench.sizes.rounds):
        began = time.process_time()
        found = validate(written.folder, templates, vocabularies, known)
        seconds.append(time.process_time() - began)
    if found is None or found.findings:
        raise InvalidPackageError(f"{found and found.findings[:3]}")
    size = sum(path.stat().st_size for path in Path(written.folder).iterdir())
    bench.say(f"  {len(found.templates)} templates, {found.rows:,} rows, {size / 1e6:,.1f} MB, no finding")
    bench.figure("validation of a package", "CPU s", seconds)
    bench.figure("rows of all templates a second", "rows", [found.rows / taken for taken in seconds])


PARTS = (Part("validate", "The validator on a package of all templates, every value of it right", _validate),)

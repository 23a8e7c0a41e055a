"""`make markers`: markers of panels and gating definitions, read with the names of a vocabulary."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from include.cytometry.marker_lines import KINDS, LineResult, read_lines
from include.cytometry.published_tables import read_tables
from include.cytometry.vocabulary import Vocabulary, VocabularyError
from include.local.options import LocalError, existing, given
from include.local.paths import ROOT, Paths
from include.local.postgres import EmbeddedPostgres
from include.warehouse.markers import vocabularies
from include.warehouse.schema.engine import warehouse_engine

#: Where the published tables lie, if they do: with the real data that tests use.
_PUBLISHED = Path(os.environ.get("IMMPORT_TEST_DATA") or ROOT.parent / "shared" / "data") / "markers"


def run_markers(paths: Paths) -> int:
    """Read KIND and FILE, print a line of JSON for each of FILE's; 1 when one of them could not be read.

    :raises LocalError: a variable is missing or wrong, or there is no vocabulary.
    """
    kind, name = given("KIND"), given("FILE")
    if kind not in KINDS or not name:
        raise LocalError(
            "make markers needs KIND=header or KIND=population, and FILE=in.jsonl (- is the input)"
        )
    with _opened(name) as lines:
        vocabulary = find_vocabulary(paths)
        print(f"vocabulary {vocabulary}", file=sys.stderr)
        return print_results(read_lines(kind, lines, vocabulary), sys.stdout.buffer)


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    file = existing(name)
    if file.is_dir():
        raise LocalError(f"FILE={name} is a folder")
    return file.open("rb")


def print_results(results: Iterable[LineResult], out: BinaryIO) -> int:
    """Print each result as it comes, errors and notes to standard error, too; 1 after an error."""
    errors = 0
    for result in results:
        out.write(result.json + b"\n")
        if result.error:
            errors += 1
            print(f"error: line {result.number}: {result.error}", file=sys.stderr)
        if result.note:
            print(f"line {result.number}: {result.note}", file=sys.stderr)
    out.flush()
    return int(errors > 0)


def find_vocabulary(paths: Paths) -> Vocabulary:
    """The names to look up: of the folder VOCABULARY or the warehouse DATABASE, else of the first that is
    there.

    First come the published tables beside the real data of the tests: they know every spelling that the rules
    were published with, the API's vocabularies in a warehouse do not. Then the warehouse last used.

    :raises LocalError: there are none, or they cannot be read.
    """
    folder, database = given("VOCABULARY"), given("DATABASE")
    if folder and database:
        raise LocalError("give VOCABULARY or DATABASE, not both")
    try:
        if folder:
            return read_tables(existing(folder))
        if database is None and _PUBLISHED.is_dir():
            return read_tables(_PUBLISHED)
        if name := database or paths.last_world():
            return _of_last_used(paths, name)
    except VocabularyError as error:
        raise LocalError(str(error)) from error
    raise LocalError(
        "there are no names of markers: give VOCABULARY=DIR, a folder of ImmPort's published tables (there is"
        f" no {_PUBLISHED}), or make a warehouse with make demo or make up"
    )


def _of_last_used(paths: Paths, database: str) -> Vocabulary:
    with EmbeddedPostgres(paths.postgres).running() as server:
        if database not in server.databases():
            raise LocalError(f"there is no warehouse {database}")
        engine = warehouse_engine(server.url(database), poolclass=sa.NullPool)
        return of_warehouse(engine, f"warehouse {database}")


def of_warehouse(engine: sa.Engine, source: str) -> Vocabulary:
    """The vocabulary that a warehouse reads markers with.

    :param source: what reports call it.
    :raises LocalError: it has none.
    """
    try:
        with engine.connect() as connection:
            return vocabularies.current(connection, source)
    except VocabularyError as error:
        how = "load them with the DAG immport_vocabularies, or give VOCABULARY=DIR"
        raise LocalError(f"{error}: {how}") from error

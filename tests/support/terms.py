"""Vocabularies for tests of harmonised terms, small and real ones, and a warehouse with proposals."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest

from include.sources.immport.vocabularies import VOCABULARIES
from include.warehouse.terms import proposals
from include.warehouse.terms.commands import run
from include.warehouse.terms.domains import DOMAIN
from include.warehouse.terms.match import Index, Term
from tests.sandbox.data import ARCHIVES
from tests.support.sources import body, load_scope
from tests.support.warehouse import Study, Warehouse, hai, small_study

START = datetime(2026, 5, 1, tzinfo=UTC)
STRAINS = ("A/California/7/2009", "A/Perth/16/2009", "B/Massachusetts/2/2012", "B/Massachusetts/02/2012")
REPORTED = ("A/California/7/2009", "A/California/07/2009", "A/California/04/09",
            "Control; A/California/04/09", "B/Massachusetts/002/2012",
            "P. pneumoniae Serotype 1 (1)")  # fmt: skip
#: Headers of lookup tables whose fields the API names otherwise.
_RENAMED = {"IMMUNOLOGY_GENE_SYMBOL": "immunologySymbol"}


def vocabulary(domain: str, *terms: str | dict[str, Any]) -> Index:
    """An index of terms given by name, or by `term` and fields."""
    made = []
    for item in terms:
        fields = {"term": item} if isinstance(item, str) else dict(item)
        term = fields.pop("term")
        made.append(Term(term, fields.pop("name", term), fields))
    return Index(DOMAIN[domain], made)


def real(domain: str, table: str, package: str = "SDY139-DR25_Tab.zip", key: str = "name") -> Index:
    """An index of a real lookup table. The test is skipped where the package is not at hand."""
    return Index(DOMAIN[domain], (Term(row[key], row.get("name"), row) for row in rows(table, package)))


def rows(table: str, package: str = "SDY139-DR25_Tab.zip") -> Iterable[dict[str, str]]:
    """Rows of a table of a real package, with the names of the API's fields."""
    path = ARCHIVES / package
    if not path.exists():
        pytest.skip(f"no {package} in {ARCHIVES} (IMMPORT_TEST_DATA)")
    with zipfile.ZipFile(path) as archive:
        name = next(item for item in archive.namelist() if item.endswith(f"/{table}.txt"))
        text = archive.read(name).decode()
    read = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [{_field(name): value for name, value in row.items()} for row in read]


def _field(header: str) -> str:
    first, *more = header.lower().split("_")
    return _RENAMED.get(header, first + "".join(word.title() for word in more))


def fetch(warehouse: Warehouse, day: int, name: str, *rows: str | dict[str, Any]) -> None:
    """Publish a vocabulary as of a day."""
    given = [{"name": row} if isinstance(row, str) else row for row in rows]
    load_scope(warehouse, VOCABULARIES, name, START + timedelta(days=day), term=body(given))


def propose(warehouse: Warehouse) -> int:
    with warehouse.engine.begin() as connection:
        return sum(proposals.propose(connection).values())


def study(*strains: str, name: str = "SDY1", **values: Any) -> Study:
    rows = [hai(n, study=name, virusStrainReported=strain, **values) for n, strain in enumerate(strains, 1)]
    return small_study(*rows, study=name)


def mapped(warehouse: Warehouse, domain: str = "virus_strain") -> dict[str, tuple[str, str | None]]:
    question = "select reported, status, term from star.term_mapping where domain = :domain"
    return {reported: (status, term) for reported, status, term in warehouse.rows(question, domain=domain)}


def everything(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows("select * from history.term_mapping order by term_id")


def marks(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """The transactions that wrote or locked each mapping."""
    return warehouse.rows("select term_id, xmin::text, xmax::text from history.term_mapping order by 1")


def command(warehouse: Warehouse, *arguments: str) -> None:
    address = warehouse.engine.url.render_as_string(hide_password=False)
    with mock.patch.dict(os.environ, {"WAREHOUSE_URL": address}):
        run(arguments)


@pytest.fixture
def reviewed(warehouse: Warehouse) -> Warehouse:
    """A study with strains of all kinds, and proposals for them."""
    warehouse.load(study(*REPORTED))
    fetch(warehouse, 0, "lkVirusStrain", *STRAINS)
    propose(warehouse)
    return warehouse

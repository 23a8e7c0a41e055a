"""Vocabularies for tests of harmonised terms: small ones, and the real ones of ImmPort's packages."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from include.warehouse.term_domains import DOMAIN
from include.warehouse.term_match import Index, Term

DATA = Path(os.environ.get("IMMPORT_TEST_DATA", "/nowhere"))
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
    path = DATA / "immport/archives" / package
    if not path.exists():
        pytest.skip(f"no real package: IMMPORT_TEST_DATA has no immport/archives/{package}")
    with zipfile.ZipFile(path) as archive:
        name = next(item for item in archive.namelist() if item.endswith(f"/{table}.txt"))
        text = archive.read(name).decode()
    read = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [{_field(name): value for name, value in row.items()} for row in read]


def _field(header: str) -> str:
    first, *more = header.lower().split("_")
    return _RENAMED.get(header, first + "".join(word.title() for word in more))

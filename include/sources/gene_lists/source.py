"""ImmPort's gene lists as a source: each list is a scope, whatever generation of files it comes from.

A list of the current generation has the id that the catalogue gives it. One of the older generation is a
category of the legacy table: `legacy:Cytokines`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from include.sources.client import ScopeClient
from include.sources.endpoint import Endpoint, Withholds, parse_fields
from include.sources.errors import MissingFileError
from include.sources.fetched.fetched_source import FetchedSource
from include.sources.fetched.offering import Offered, Offering, Validators
from include.sources.foreign import quoted, summary
from include.sources.gene_lists import files
from include.sources.gene_lists.files import PublicFile
from include.sources.gene_lists.gmt import read_gmt
from include.sources.gene_lists.json_forms import read_catalogue, read_list_json
from include.sources.gene_lists.tables import (
    read_annotations,
    read_category_file,
    read_legacy_table,
    read_list_text,
)
from include.sources.reader import cell
from include.sources.release import FetchLine
from include.sources.row_reader import Intake, RowReader
from include.sources.source import Scope

Row = dict[str, object]

#: What stands before the category of a legacy list.
LEGACY = "legacy:"

SCOPE = Scope("gene_list", "gene lists", "^[A-Za-z0-9][A-Za-z0-9:._-]{0,99}$")


def category_of(scope: str) -> str:
    """The category of a legacy list, the id of any other: what its files name it."""
    return scope.removeprefix(LEGACY)


@dataclass(frozen=True)
class FileEndpoint(Endpoint):
    """Rows that lie in public files.

    :param current: files that hold the rows of a list of the catalogue, by form; the first that is there
        counts.
    :param legacy: the same of a legacy list.
    """

    current: Mapping[str, PublicFile] = field(default_factory=dict)
    legacy: Mapping[str, PublicFile] = field(default_factory=dict)

    def forms_of(self, scope: str) -> tuple[str, ...]:
        """The forms of the files that may hold the rows of a list; none where no file does."""
        return tuple(self.legacy if scope.startswith(LEGACY) else self.current)

    def address(self, scope: str, form: str) -> str:
        """The address of the file of a form."""
        return {**self.current, **self.legacy}[form].address(category_of(scope))


def _text(value: object) -> str:
    return (cell(value) or "").strip()


def _listed(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """What the catalogue says of a list; of all, each once, without a scope."""
    for row in read_catalogue(chunks, scope, intake):
        count = row.pop("count", None)
        yield {"geneListId": _text(row.pop("id")), "geneCount": count, "generation": "current", **row}


def _listed_by(read: RowReader) -> RowReader:
    """What the rows of a legacy list show of it: that it is there."""

    def listed(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
        seen = set()
        for row in read(chunks, category_of(scope), Intake()):
            category = _text(row.get("category")) or category_of(scope)
            if category not in seen:
                seen.add(category)
                yield {"geneListId": LEGACY + category, "name": category, "generation": "legacy"}

    return listed


def _genes_by(read: RowReader) -> RowReader:
    """Genes under the names of the endpoint's fields; a symbol is matched without the blanks around it."""

    def genes(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
        for row in read(chunks, category_of(scope), intake):
            row.pop("category", None)
            sent = cell(row.pop("symbol"))
            yield {"geneSymbol": sent and sent.strip(), "geneSymbolSent": sent, **row}

    return genes


def _terms(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    for row in read_annotations(chunks, category_of(scope), intake):
        yield {"geneSymbol": _text(row.pop("symbol")), **row}


LIST = FileEndpoint(
    "geneList",
    files.CATALOGUE.path,
    parse_fields("geneListId name source link geneCount:int generation"),
    ("geneListId",),
    "a gene list",
    needs_key=False,
    required=True,
    readers={
        "json": _listed,
        "table": _listed_by(read_legacy_table),
        "category": _listed_by(read_category_file),
    },
    current={"json": files.CATALOGUE},
    legacy={"table": files.TABLE, "category": files.CATEGORY},
    quirks="The count is text. A name may end with a blank. A legacy list is a category of a table, without a"
    " count; where the files of that generation are is assumed.",
)

GENE = FileEndpoint(
    "listedGene",
    files.LIST_JSON.path,
    parse_fields("geneSymbol geneSymbolSent geneId geneName synonyms chromosome"),
    ("geneSymbol",),
    "a gene of a gene list",
    needs_key=False,
    withholds=Withholds.ITSELF,
    several=frozenset({"geneSymbolSent"}),
    counted_by=(LIST.name, "geneCount"),
    readers={
        "json": _genes_by(read_list_json),
        "text": _genes_by(read_list_text),
        "gmt": _genes_by(read_gmt),
        "table": _genes_by(read_legacy_table),
        "category": _genes_by(read_category_file),
    },
    current={"json": files.LIST_JSON, "text": files.LIST_TEXT, "gmt": files.GMT},
    legacy={"table": files.TABLE, "category": files.CATEGORY},
    quirks="Some lists of the catalogue have no file. Lists of the catalogue give symbols, legacy ones Entrez"
    " ids, too; the legacy table has rows twice.",
)

ANNOTATION = FileEndpoint(
    "geneAnnotation",
    files.ANNOTATIONS.path,
    parse_fields("geneSymbol geneId molecularFunction biologicalProcess cellularComponent category"),
    ("geneSymbol",),
    "a gene of a legacy list with its GO terms",
    needs_key=False,
    withholds=Withholds.ITSELF,
    readers={"table": _terms},
    legacy={"table": files.ANNOTATIONS},
    quirks="A cell holds all terms of an aspect: GO:0004888;receptor activity|GO:0005515;protein binding.",
)


def discover(client: ScopeClient) -> Offering:
    """The lists of the catalogue, and those of the legacy table.

    :raises ImmPortError: the catalogue, or the table for another reason than that it is not there.
    """
    catalogue = client.request(LIST, "", _all_rows(_listed), form="json")
    seen = {LIST.name: catalogue.validators}
    found: dict[str, Offered] = {}
    strange = []
    for row in catalogue.content:
        name = str(row["geneListId"])
        if not SCOPE.is_identifier(name) or name.startswith(LEGACY):
            strange.append(f"the catalogue has a list with the id {quoted(name)}, which none can have")
        else:
            found.setdefault(name, Offered(name, seen, _count(row["geneCount"])))
    doubts = {}
    try:
        found |= _legacy(client)
    except MissingFileError as error:
        doubts[LEGACY] = f"the table of legacy lists cannot be had: {error}"
    incomplete = None if catalogue.content else "the catalogue has no list"
    return Offering(tuple(found.values()), incomplete=incomplete, note=summary(strange), doubts=doubts)


def _legacy(client: ScopeClient) -> dict[str, Offered]:
    table = client.request(LIST, LEGACY, _all_rows(LIST.readers["table"]), form="table")
    seen: dict[str, Validators] = {LIST.name: table.validators, GENE.name: table.validators}
    names = (str(row["geneListId"]) for row in table.content)
    return {name: Offered(name, seen) for name in names if SCOPE.is_identifier(name)}


def _all_rows(read: RowReader) -> Callable[[Iterator[bytes]], list[Row]]:
    return lambda chunks: list(read(chunks, "", Intake()))


def _count(value: object) -> int:
    text = _text(value)
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0


GENE_LISTS = FetchedSource(
    name="gene_lists",
    title="ImmPort gene lists",
    scope=SCOPE,
    line=FetchLine(),
    endpoints={item.name: item for item in (LIST, GENE, ANNOTATION)},
    discovery=discover,
    client="public_files",
    about="Loads ImmPort's gene lists, which need no key: those of its catalogue, and those of the table that"
    " it had before.",
    schedule="0 3 * * 0",
)

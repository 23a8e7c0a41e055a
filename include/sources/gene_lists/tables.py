"""Forms with cells between tabs: the legacy table, its files by category, GO annotations, a list as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from include.sources.gene_lists.lines import NotInFileError, read_lines
from include.sources.gene_lists.spellings import OF_ANNOTATION, OF_GENE, Spellings, require
from include.sources.reader import NotDataError
from include.sources.row_reader import Intake

Row = dict[str, object]

#: What a cell holds that has no value; a symbol is never one.
_NONE = ("", "-")


class TableForm(NamedTuple):
    """How a table is read.

    :param name: what it is, for messages.
    :param spellings: its fields, and how its header spells them.
    :param needed: fields without which its rows say nothing.
    :param has_category: whether rows of several lists stand in it, each with the name of its list.
    :param may_be_bare: whether it may have no header, but a symbol in each line.
    """

    name: str
    spellings: Spellings
    needed: tuple[str, ...]
    has_category: bool = False
    may_be_bare: bool = False


LEGACY_TABLE = TableForm("a table of gene lists", OF_GENE, ("symbol", "category"), has_category=True)
ANNOTATIONS = TableForm("a table of GO terms", OF_ANNOTATION, ("symbol", "category"), has_category=True)
CATEGORY_FILE = TableForm("a table of genes", OF_GENE, ("symbol",))
LIST_TEXT = TableForm("the text of a gene list", OF_GENE, ("symbol",), may_be_bare=True)


def read_legacy_table(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """Genes of the table `GeneList.txt`: `Symbol ID Name Synonyms Chromosome Category`.

    :param scope: category whose rows are wanted; empty for all.
    :raises NotInFileError: it has no row of the category.
    :raises NotDataError: it is not that table.
    """
    return _read(chunks, LEGACY_TABLE, scope, intake)


def read_category_file(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """Genes of the file of one category: `ID Symbol Synonyms Chromosome`.

    :raises NotDataError: it is not that table.
    """
    return _read(chunks, CATEGORY_FILE, scope, intake)


def read_annotations(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """Genes with their GO terms, a cell per aspect as sent: `GO:id;term|GO:id;term`.

    :param scope: category whose rows are wanted; empty for all.
    :raises NotInFileError: it has no row of the category.
    :raises NotDataError: it is not that table.
    """
    return _read(chunks, ANNOTATIONS, scope, intake)


def read_list_text(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """Genes of the file `{id}.txt`: a table with a header, or a symbol in each line.

    :raises NotDataError: it is neither.
    """
    return _read(chunks, LIST_TEXT, scope, intake)


def _read(chunks: Iterable[bytes], form: TableForm, scope: str, intake: Intake) -> Iterator[Row]:
    lines = read_lines(chunks, form.name)
    number, line = next(lines)
    names = _cells(line)
    fields = form.spellings.fields_of(names)
    if form.may_be_bare and len(names) == 1 and fields == names:
        fields, lines = ["symbol"], chain([(number, line)], lines)
    require(fields, form.needed, f"line {number}: a header")
    unknown = form.spellings.unknown(fields)
    wanted, is_found = scope.strip(), False
    for at, text in lines:
        cells = _cells(text)
        if len(cells) != len(fields):
            raise NotDataError(f"line {at}: {len(cells)} cells, {len(fields)} in the header")
        row: Row = {
            field: cell if field == "symbol" or cell not in _NONE else None
            for field, cell in zip(fields, cells, strict=True)
        }
        if not form.has_category or not wanted or str(row["category"] or "").strip() == wanted:
            is_found = True
            intake.unknown.update(unknown)
            yield row
    if form.has_category and wanted and not is_found:
        raise NotInFileError(f"no row of the category {wanted!r}")


def _cells(line: str) -> list[str]:
    """The values of a line; quotes around a whole cell do not belong to it."""
    return [_unquoted(cell) for cell in line.split("\t")]


def _unquoted(cell: str) -> str:
    if len(cell) > 1 and cell.startswith('"') and cell.endswith('"'):
        return cell[1:-1].replace('""', '"')
    return cell

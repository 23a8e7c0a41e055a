"""GMT: a gene list in each line, its name, its link and its symbols between tabs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from include.sources.gene_lists.lines import NotInFileError, read_lines
from include.sources.row_reader import Intake

Row = dict[str, object]


@dataclass(frozen=True)
class GmtList:
    """One line.

    :param name: as sent.
    :param link: as sent; the list's id is its last part.
    :param symbols: as sent, without the empty ones.
    """

    name: str
    link: str
    symbols: tuple[str, ...]

    @property
    def list_id(self) -> str:
        """`GO:0002218` of `https://amigo.geneontology.org/amigo/term/GO:0002218`; empty if there is none."""
        return id_of(self.link)


def id_of(link: str) -> str:
    """The last part of a link's fragment, or else of its path: the id of a list."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:  # brackets that are not those of an address
        return ""
    path = parts.fragment if "/" in parts.fragment or not parts.path.strip("/") else parts.path
    return unquote(path.rstrip("/").rpartition("/")[2])


def read_lists(chunks: Iterable[bytes]) -> Iterator[GmtList]:
    """All lists of the file. A line without a tab is a list of no link and no symbol.

    :raises NotDataError: it is not GMT.
    """
    for _, line in read_lines(chunks, "GMT"):
        name, *rest = line.split("\t")
        link, *symbols = rest or [""]
        yield GmtList(name, link, tuple(symbol for symbol in symbols if symbol.strip()))


def read_gmt(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """The genes of one list, with its id as the category.

    :param scope: id of the list; empty for all lists.
    :raises NotInFileError: the list is not in it.
    :raises NotDataError: it is not GMT.
    """
    wanted, seen, bare = scope.strip(), 0, 0
    is_found = False
    for item in read_lists(chunks):
        seen += 1
        bare += not item.link
        if wanted and item.list_id != wanted:
            continue
        is_found = True
        for symbol in item.symbols:
            yield {"symbol": symbol, "category": item.list_id}
    if wanted and not is_found:
        without = f", {bare} of them without a link" if bare else ""
        raise NotInFileError(f"no line of the list {wanted!r} among {seen}{without}")

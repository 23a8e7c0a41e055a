"""The JSON forms: the catalogue of all lists, and the genes of one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from include.sources import reader
from include.sources.foreign import quoted
from include.sources.gene_lists.lines import NotInFileError
from include.sources.gene_lists.spellings import OF_GENE, OF_LIST, Spellings, plain, require, unique
from include.sources.reader import NotDataError, Numeral, cell
from include.sources.row_reader import Intake

Row = dict[str, object]

#: Spellings of the key of an object under which the genes, or the lists, stand.
_GENES, _LISTS = {"genes", "genelist", "members", "data"}, {"genelists", "lists", "data"}


def read_catalogue(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """Lists of `all_gene_lists.json`, their values as sent: a count is text, a name may end with a blank.

    :param scope: id of the list that is wanted; empty for all.
    :raises NotInFileError: it does not have the list.
    :raises NotDataError: it is not the catalogue.
    """
    elements, _ = _elements(_value(chunks), _LISTS, "lists", intake)
    wanted, is_found = scope.strip(), False
    for number, element in enumerate(elements, 1):
        if not isinstance(element, dict):
            raise NotDataError(f"list {number} is not an object")
        row = _named(element, OF_LIST)
        require(list(row), ("name", "id"), f"list {number}")
        if not wanted or str(cell(row["id"]) or "").strip() == wanted:
            is_found = True
            yield _reported(row, OF_LIST, intake)
    if wanted and not is_found:
        raise NotInFileError(f"no list {wanted!r} in the catalogue")


def read_list_json(chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[Row]:
    """Genes of `{id}.json`: `{"genes": [{"Symbol": ...}]}`, or the bare array, or symbols alone.

    :param scope: id of the list that was requested.
    :raises NotDataError: it is not a list of genes, or it says that it is another list.
    """
    elements, about = _elements(_value(chunks), _GENES, "genes", intake)
    stated = about.get("id")
    if scope and stated is not None and str(cell(stated)).strip() != scope.strip():
        raise NotDataError(f"the list {quoted(stated)} where {scope} was requested")
    for number, element in enumerate(elements, 1):
        gene = {"symbol": element} if type(element) is str else element
        if not isinstance(gene, dict):
            raise NotDataError(f"gene {number} is not an object")
        row = _named(gene, OF_GENE)
        require(list(row), ("symbol",), f"gene {number}")
        yield _reported(row, OF_GENE, intake)


def _named(element: Mapping[str, object], spellings: Spellings) -> Row:
    return dict(zip(spellings.fields_of(list(element)), element.values(), strict=True))


def _reported(row: Row, spellings: Spellings, intake: Intake) -> Row:
    """The row, once its keys that are not fields are counted."""
    intake.unknown.update(spellings.unknown(list(row)))
    return row


def _elements(value: Any, keys: set[str], what: str, intake: Intake) -> tuple[list[object], Row]:
    """The array, and what the object around it says of the list. Its other keys are counted once."""
    if isinstance(value, list):
        return value, {}
    if not isinstance(value, dict):
        raise NotDataError("text that is not a JSON array or object")
    holder = next((key for key in value if plain(key) in keys and isinstance(value[key], list)), None)
    if holder is None:
        raise NotDataError(f"a JSON object without {what}")
    about = _named({key: item for key, item in value.items() if key != holder}, OF_LIST)
    intake.unknown.update(OF_LIST.unknown(list(about)))
    return value[holder], about


def _value(chunks: Iterable[bytes]) -> Any:
    """The whole body as one value, numbers as the characters sent.

    :raises NotDataError: what it is instead, and where it breaks.
    """
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > reader.MAX_ROW:
            raise NotDataError(f"more than {reader.MAX_ROW >> 20} MB where a small answer was expected")
    try:
        text = b"".join(parts).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotDataError(f"text that is not UTF-8 at byte {error.start}") from None
    if not text.strip():
        raise NotDataError("an empty body")
    if text.lstrip().startswith("<"):
        raise NotDataError("an HTML or XML page instead of JSON")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=Numeral,
            parse_int=Numeral,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise NotDataError(f"broken JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise NotDataError("JSON nested deeper than can be read") from None


def _object(pairs: list[tuple[str, object]]) -> Row:
    """An object; a key that it has twice is in it twice, the second time as a key of another name."""
    found: Row = {}
    times: dict[str, int] = {}
    for key, value in pairs:
        found[unique(key, found, times)] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise NotDataError(f"broken JSON: {name} is not a JSON value")

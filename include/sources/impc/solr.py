"""What a Solr server sends: an envelope around documents, facets, and the marks of its pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from include.sources.fetched.page_json import read_page
from include.sources.foreign import clean, quoted
from include.sources.reader import NotDataError, Numeral, cell
from include.sources.row_reader import TOTAL, Intake

#: Where the next page begins, as the server says it.
MARK = "nextCursorMark"
#: The key of a core, by which its documents have an order.
UNIQUE_KEY = "id"
_SORT = f"{UNIQUE_KEY} asc"


@dataclass(frozen=True)
class SolrPaging:
    """Pages of a query in the order of the unique key: by cursor, or by the number of rows before."""

    def first(self, form: str, size: int) -> Mapping[str, str]:
        """See `Paging`. The form is `cursor` or `start`."""
        if not size:
            return {"rows": "0"}
        where = {"cursorMark": "*"} if form == "cursor" else {"start": "0"}
        return {"rows": str(size), "sort": _SORT, **where}

    def following(
        self, parameters: Mapping[str, str], about: Mapping[str, str], rows: int
    ) -> Mapping[str, str] | None:
        """See `Paging`. A server that ignores the cursor is read by the number of rows from then on."""
        if rows >= int(about[TOTAL]):
            return None
        same = {"rows": parameters["rows"], "sort": _SORT}
        mark = about.get(MARK)
        if "cursorMark" not in parameters or mark is None:
            return {**same, "start": str(rows)}
        # The mark of the last page is its own.
        return None if mark == parameters["cursorMark"] else {**same, "cursorMark": mark}


def read_documents(chunks: Iterable[bytes], intake: Intake) -> Iterator[dict[str, object]]:
    """Documents of an answer to a query, values as sent, arrays as JSON.

    Counts keys that a document has twice, and notes the number of all documents and the next mark.

    :raises NotDataError: it is not such an answer, or one about an error.
    """
    envelope = read_envelope(chunks, intake)
    response = envelope.get("response")
    documents = response.get("docs") if isinstance(response, dict) else None
    if not isinstance(documents, list):
        raise NotDataError(
            f"JSON without documents of a Solr response (keys {', '.join(map(quoted, envelope))})"
        )
    for number, document in enumerate(documents, 1):
        if not isinstance(document, dict):
            raise NotDataError(f"document {number} is not an object")
        yield {name: _flat(value) for name, value in document.items()}


def read_envelope(chunks: Iterable[bytes], intake: Intake) -> dict[str, Any]:
    """The whole answer, numbers as the characters sent; what it says of itself goes to the intake.

    :raises NotDataError: it is not the JSON of a Solr server, or says that it failed.
    """
    found = read_page(chunks, intake)
    if not isinstance(found, dict):
        raise NotDataError("JSON that is not the answer of a Solr server")
    error = found.get("error")
    if isinstance(error, dict):
        raise NotDataError(
            f"an error of the Solr server: {clean(cell(error.get('msg')) or 'none given', 300)}"
        )
    response = found.get("response")
    if isinstance(response, dict):
        total = response.get("numFound")
        if not isinstance(total, Numeral) or not total.isdecimal():
            raise NotDataError(f"numFound is not a number: {quoted(total)}")
        intake.about[TOTAL] = str(total)
    if isinstance(mark := found.get(MARK), str):
        intake.about[MARK] = str(mark)
    return found


def read_facet(envelope: Mapping[str, Any], field: str) -> dict[str | None, int]:
    """Number of documents by value of a field; None for those without one.

    :raises NotDataError: the answer does not have the facet, or not in one of its two forms.
    """
    counts = envelope.get("facet_counts")
    fields = counts.get("facet_fields") if isinstance(counts, dict) else None
    found = fields.get(field) if isinstance(fields, dict) else None
    if isinstance(found, dict):
        pairs = list(found.items())
    elif isinstance(found, list) and len(found) % 2 == 0:
        pairs = list(zip(found[::2], found[1::2], strict=True))
    else:
        raise NotDataError(f"no facet of {field}")
    values: dict[str | None, int] = {}
    for name, number in pairs:
        if not isinstance(number, Numeral) or not number.isdecimal():
            raise NotDataError(f"the facet of {field} has no number for {quoted(name)}: {quoted(number)}")
        label = None if name is None or name == "" else str(name)
        values[label] = values.get(label, 0) + int(number)
    return {name: number for name, number in values.items() if number}


def quoted_term(text: str) -> str:
    """A text as one term of a query: in quotes, whatever it holds."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _flat(value: object) -> object:
    """A value; an array of texts as JSON at once, which is ten times as fast as element by element."""
    if type(value) is list and all(type(item) is str for item in value):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value

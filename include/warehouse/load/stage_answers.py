"""Staging the answers of the API: their rows as text, by COPY; what Postgres cannot hold is quarantined."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import sqlalchemy as sa

from include.landing.files import describe
from include.landing.zone import Landed, Landing, LandingError, Manifest
from include.sources.endpoint import Endpoint, snake_case
from include.sources.reader import cell
from include.sources.tsv import Header
from include.warehouse.load import staging_tables
from include.warehouse.load.staging_tables import Filling, staging_table
from include.warehouse.schema.ops_tables import QUARANTINE

#: Rule of a row that no Postgres text can hold.
ENCODABLE = "text_encodable"
#: Its number, and the row as received.
Refused = tuple[int, dict[str, object]]
_BLOCK = 1 << 17
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def stage_answers(
    connection: sa.Connection,
    load_id: int,
    landing: Landing,
    manifest: Manifest,
    endpoints: Sequence[Endpoint],
) -> dict[str, dict[str, Any]]:
    """Stage what the API answered at endpoints. Returns what is recorded of each, by its name."""
    parts = {item.name: manifest.parts(item.name) for item in endpoints}
    filled = [item for item in endpoints if any(part.rows for part in parts[item.name])]
    fillings = _created(connection, load_id, filled, parts)
    rows = dict.fromkeys(parts, 0)
    for endpoint in endpoints:
        found = parts[endpoint.name]
        if endpoint.name in fillings:
            refused: list[Refused] = []
            filling = fillings[endpoint.name]
            rows[endpoint.name] = _copy(connection, filling, endpoint, landing, found, refused)
            quarantine_refused(connection, load_id, endpoint, manifest, refused)
        else:  # an empty answer must be the one that was received, too
            for part in found:
                deque(landing.rows(part, endpoint), maxlen=0)
    # Of a table without rows Postgres could hold none.
    staging_tables.drop(connection, load_id, [item for item in filled if not rows[item.name]])
    staged = [item for item in filled if rows[item.name]]
    staging_tables.analyze(connection, load_id, staged)  # first: then several processes prove many rows
    staging_tables.prove(connection, [fillings[item.name] for item in staged])
    return {name: _recorded(found, rows[name]) for name, found in parts.items()}


def _created(
    connection: sa.Connection,
    load_id: int,
    endpoints: Iterable[Endpoint],
    parts: Mapping[str, Sequence[Landed]],
) -> dict[str, Filling]:
    """Make the tables of endpoints; that of an answer that is ready for COPY numbers its rows."""
    made: dict[bool, list[Endpoint]] = {True: [], False: []}
    for item in endpoints:
        made[any(part.is_ready_for_copy for part in parts[item.name])].append(item)
    for are_numbered, items in made.items():
        staging_tables.create(connection, load_id, items, are_numbered=are_numbered)
    return {item.name: Filling(connection, staging_table(load_id, item)) for item in chain(*made.values())}


def _recorded(parts: Sequence[Landed], rows: int) -> dict[str, Any]:
    # A fetch from before the endpoint was declared does not provide it, nor does an answer that was refused.
    refused_with = next((part.refused for part in parts if part.refused), None)
    return {
        "rows_received": sum(part.rows for part in parts),
        "rows_staged": rows,
        "is_known": bool(parts) and refused_with is None,
        "refused": refused_with,
        "pieces": sum(1 for part in parts if part.path),
        "rows_expected": next((part.rows_expected for part in parts if part.expected_from), None),
        "expected_from": next((part.expected_from for part in parts if part.expected_from), None),
        "note": "; ".join(dict.fromkeys(part.note for part in parts if part.note)) or None,
    }


def _copy(
    connection: sa.Connection,
    filling: Filling,
    endpoint: Endpoint,
    landing: Landing,
    parts: Sequence[Landed],
    refused: list[Refused],
) -> int:
    """Copy all parts of an answer. Returns the rows, without those that Postgres cannot hold."""
    count, first = 0, 1
    for part in parts:
        numbers = range(first, first + part.rows)
        copied = _copy_lines(connection, filling, endpoint, landing, part, numbers)
        if copied is None:
            copied = _copy_rows(filling, endpoint, landing, part, numbers, refused)
        count += copied
        first += part.rows
    return count


def _copy_lines(
    connection: sa.Connection,
    filling: Filling,
    endpoint: Endpoint,
    landing: Landing,
    part: Landed,
    numbers: range,
) -> int | None:
    """Copy lines as they were landed and checked: no cell is looked at. None if they cannot be copied so."""
    if endpoint.readers:
        return None
    if part.form == "tsv":
        blocks = landing.lines(part, endpoint)
        header, first = next(blocks, (Header(""), b""))
        columns, form = header.columns, staging_tables.PLAIN
        if not set(columns) <= set(endpoint.columns):  # a column that nobody declared is not staged
            return None
        lines = _without_nul(chain([first], (block for _, block in blocks)))
    else:
        found = landing.lines_for_copy(part, endpoint)
        if found is None:
            return None
        lines, form = found, staging_tables.QUOTED
        columns = tuple(item.column for item in endpoint.fields)
    try:
        with connection.begin_nested():
            rows = filling.copy(columns, form, lines, numbers)
    except _NulError:
        return None
    if rows != part.rows:
        raise LandingError(f"{describe(part)}: {part.rows} rows landed, {rows} were copied")
    return rows


class _NulError(Exception):
    """A line holds what no Postgres text can."""


def _without_nul(blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        if b"\x00" in block:
            raise _NulError
        yield block


def _copy_rows(
    filling: Filling,
    endpoint: Endpoint,
    landing: Landing,
    part: Landed,
    numbers: range,
    refused: list[Refused],
) -> int:
    columns = ["row_number", *(item.column for item in endpoint.fields)]
    blocks = _lines(endpoint, landing.rows(part, endpoint), refused, numbers.start)
    return filling.copy(columns, staging_tables.ESCAPED, blocks, numbers)


def _lines(
    endpoint: Endpoint, rows: Iterable[dict[str, object]], refused: list[Refused], first: int
) -> Iterator[bytes]:
    """Rows in COPY's text form, about `_BLOCK` bytes at a time."""
    names = endpoint.names
    block: list[bytes] = []
    size = 0
    for number, row in enumerate(rows, start=first):
        cells = [cell(row.get(name)) for name in names]
        if _SPECIAL.search("".join(filter(None, cells))):  # rare: one look at a row, not one at each cell
            cells = [text if text is None else text.translate(_ESCAPES) for text in cells]
        line = "\t".join(["\\N" if text is None else text for text in cells])
        try:
            encoded = f"{number}\t{line}\n".encode()
        except UnicodeEncodeError:  # half of a surrogate pair
            refused.append((number, row))
            continue
        if b"\x00" in encoded:
            refused.append((number, row))
            continue
        block.append(encoded)
        size += len(encoded)
        if size >= _BLOCK:
            yield b"".join(block)
            block, size = [], 0
    yield b"".join(block)


def quarantine_refused(
    connection: sa.Connection,
    load_id: int,
    endpoint: Endpoint,
    manifest: Manifest,
    refused: list[Refused],
) -> None:
    """Record rows that cannot be staged, with what Postgres cannot hold written as an escape."""
    if not refused:
        return
    connection.execute(
        sa.insert(QUARANTINE),
        [
            {
                "load_id": load_id,
                "source": manifest.source_name,
                "scope": manifest.scope,
                "release_version": manifest.release,
                "endpoint": endpoint.name,
                "row_number": number,
                "rule": ENCODABLE,
                "row": {snake_case(name): _printable(cell(value)) for name, value in row.items()},
            }
            for number, row in refused
        ],
    )


def _printable(text: str | None) -> str | None:
    if text is None:
        return None
    return json.dumps(text)[1:-1] if "\x00" in text or not _is_encodable(text) else text


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

"""Staging: the landed answers of one load as text, one table per endpoint.

No value is altered here. What a value means is decided by the checks, never by a crash.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import sqlalchemy as sa

from include.landing import Landed, Landing, Manifest
from include.sources.immport import ENDPOINTS
from include.sources.model import Endpoint, snake_case
from include.sources.reader import cell
from include.warehouse.tables import LOAD, QUARANTINE, RESULT, STAGED

#: Rule of a row that no Postgres text can hold.
ENCODABLE = "text_encodable"
#: Its number, and the row as received.
Refused = tuple[int, dict[str, object]]
_BLOCK = 1 << 20
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def staging_table(load_id: int, endpoint: Endpoint) -> str:
    """Name of an endpoint's staging table: `staging.l12_elisa`."""
    return f"staging.l{load_id}_{endpoint.table}"


def stage(
    connection: sa.Connection,
    load_id: int,
    landing: Landing,
    manifest: Manifest,
) -> int:
    """Stage every answer of a fetch. A repeat starts anew. Returns the rows staged.

    The caller commits: a load is staged whole or not at all.

    :raises LandingError: landed bytes are missing or no longer those received.
    """
    connection.execute(sa.delete(STAGED).where(STAGED.c.load_id == load_id))
    # What was checked is no longer what is staged.
    connection.execute(sa.delete(RESULT).where(RESULT.c.load_id == load_id))
    held = (QUARANTINE.c.load_id == load_id) & (QUARANTINE.c.rule == ENCODABLE)
    connection.execute(sa.delete(QUARANTINE).where(held))
    total = 0
    for endpoint in ENDPOINTS.values():
        refused: list[Refused] = []
        pieces = manifest.pieces(endpoint.name)
        rows = _copy(connection, load_id, endpoint, landing, pieces, refused)
        set_aside(connection, load_id, endpoint, manifest, refused)
        connection.execute(
            sa.insert(STAGED).values(
                load_id=load_id,
                endpoint=endpoint.name,
                rows_received=sum(piece.rows for piece in pieces),
                rows_staged=rows,
                # A fetch of before the endpoint was declared says nothing of it.
                is_known=bool(pieces),
                pieces=sum(1 for piece in pieces if piece.path),
                rows_expected=next((p.rows_expected for p in pieces if p.expected_from), None),
                expected_from=next((p.expected_from for p in pieces if p.expected_from), None),
                note="; ".join(dict.fromkeys(piece.note for piece in pieces if piece.note)) or None,
            )
        )
        total += rows
    return total


def drop_staging(connection: sa.Connection, load_id: int) -> None:
    """Remove the staging tables of a load that is done with them."""
    for endpoint in ENDPOINTS.values():
        connection.exec_driver_sql(f"drop table if exists {staging_table(load_id, endpoint)}")


def drop_leftovers(connection: sa.Connection) -> None:
    """Remove the staging tables of loads that ended without publishing them.

    They are kept until the next run, for a person to look at.
    """
    ended = sa.select(LOAD.c.load_id).where(LOAD.c.state.in_(["published", "failed"]))
    left = sa.text(
        "select relname from pg_class where relnamespace = 'staging'::regnamespace and relkind = 'r'"
    )
    staged = {int(found[1]) for name in connection.scalars(left) if (found := re.match(r"l(\d+)_", name))}
    for load_id in sorted(staged & set(connection.scalars(ended))):
        drop_staging(connection, load_id)


def _copy(
    connection: sa.Connection,
    load_id: int,
    endpoint: Endpoint,
    landing: Landing,
    pieces: Iterable[Landed],
    refused: list[Refused],
) -> int:
    table = staging_table(load_id, endpoint)
    columns = ", ".join(f'"{name}" text' for name in endpoint.columns)
    connection.exec_driver_sql(f"drop table if exists {table}")
    # Not logged: a crash may empty it, so publish counts the rows again before it believes them.
    connection.exec_driver_sql(f"create unlogged table {table} (row_number bigint, {columns})")
    count, first = 0, 1
    for piece in pieces:
        copied = _copy_tsv if piece.form == "tsv" else _copy_rows
        count += copied(connection, table, endpoint, landing, piece, first, refused)
        first += piece.rows
    # Publishing joins on the keys: without their statistics it takes twice as long.
    connection.exec_driver_sql(f"analyze {table} (row_number, {', '.join(endpoint.key_columns)})")
    return count


def _copy_rows(
    connection: sa.Connection,
    table: str,
    endpoint: Endpoint,
    landing: Landing,
    piece: Landed,
    first: int,
    refused: list[Refused],
) -> int:
    names = ", ".join(f'"{item.column}"' for item in endpoint.fields)
    blocks = _lines(endpoint, landing.rows(piece, endpoint), refused, first)
    return _send(connection, f"copy {table} (row_number, {names}) from stdin", blocks)


def _copy_tsv(
    connection: sa.Connection,
    table: str,
    endpoint: Endpoint,
    landing: Landing,
    piece: Landed,
    first: int,
    refused: list[Refused],
) -> int:
    """Lines as they were landed and checked, each behind its number: no cell is looked at."""
    blocks = landing.lines(piece, endpoint)
    start = next(blocks, None)
    if start is None:
        return 0
    header, block = start
    known = [name for name in header.columns if name in endpoint.columns]
    if len(known) < len(header.columns):  # cells of a column that nobody declared are not staged
        return _copy_rows(connection, table, endpoint, landing, piece, first, refused)
    names = header.fields(endpoint)
    columns = ", ".join(f'"{name}"' for name in known)
    lines = _numbered(chain([block], (more for _, more in blocks)), names, refused, first)
    # A landed TSV holds no backslash: to COPY's text form every character of it is itself.
    return _send(connection, f"copy {table} (row_number, {columns}) from stdin (null '')", lines)


def _numbered(
    blocks: Iterable[bytes], names: tuple[str, ...], refused: list[Refused], first: int
) -> Iterator[bytes]:
    number = first
    for block in blocks:
        lines = block.split(b"\n")
        lines.pop()
        numbered = list(enumerate(lines, start=number))
        number += len(numbered)
        if b"\x00" in block:
            for at, line in numbered:
                if b"\x00" in line:
                    cells = (text or None for text in line.decode().split("\t"))
                    refused.append((at, dict(zip(names, cells, strict=True))))
            numbered = [pair for pair in numbered if b"\x00" not in pair[1]]
        yield b"".join([b"%d\t%b\n" % pair for pair in numbered])


def _send(connection: sa.Connection, statement: str, blocks: Iterator[bytes]) -> int:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, io.BufferedReader(_Blocks(blocks)) as stream:
        cursor.copy_expert(statement, stream, size=1 << 16)
        return int(cursor.rowcount)


def _lines(
    endpoint: Endpoint, rows: Iterable[dict[str, object]], refused: list[Refused], first: int
) -> Iterator[bytes]:
    """Rows in COPY's text form, about a megabyte at a time."""
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


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a readable stream, as COPY wants one."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = block
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def set_aside(
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
                "study_accession": manifest.study,
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

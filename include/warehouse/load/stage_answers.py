"""Staging: the landed answers of one load, or its package, as text, one table per endpoint.

No value is altered here. What a value means is decided by the checks, never by a crash.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import sqlalchemy as sa

from include.landing.zone import Landed, Landing, Manifest
from include.sources.endpoint import Endpoint, Route, snake_case
from include.sources.immport.endpoints import ENDPOINTS
from include.sources.reader import cell
from include.warehouse.load import carry_forward, staging_tables, unreported_columns
from include.warehouse.load.stage_package import unpack
from include.warehouse.load.staging_tables import staging_table
from include.warehouse.schema.engine import APPLICATION, LOADING
from include.warehouse.schema.ops_tables import LOAD, QUARANTINE, RESULT, STAGED

__all__ = ["ENCODABLE", "drop_leftovers", "drop_staging", "stage", "staging_table"]

#: Rule of a row that no Postgres text can hold.
ENCODABLE = "text_encodable"
#: Its number, and the row as received.
Refused = tuple[int, dict[str, object]]
_BLOCK = 1 << 20
#: Postgres' code of a lock that another session holds.
_LOCK_NOT_AVAILABLE = "55P03"
logger = logging.getLogger(__name__)
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def stage(
    connection: sa.Connection,
    load_id: int,
    landing: Landing,
    manifest: Manifest,
) -> int:
    """Stage every answer of a fetch. A repeat starts anew. Returns the rows staged.

    The caller commits: a load is staged whole or not at all.

    :raises LandingError: landed bytes are missing or no longer those received.
    :raises AlteredTextError: the server stored another text than was landed.
    """
    connection.execute(sa.delete(STAGED).where(STAGED.c.load_id == load_id))
    # What was checked is no longer what is staged.
    connection.execute(sa.delete(RESULT).where(RESULT.c.load_id == load_id))
    held = (QUARANTINE.c.load_id == load_id) & (QUARANTINE.c.rule == ENCODABLE)
    connection.execute(sa.delete(QUARANTINE).where(held))
    unreported_columns.forget(connection, load_id)
    packaged = _packaged(manifest)
    route = Route.PACKAGE if manifest.package else Route.API
    unpacked = unpack(connection, load_id, landing, manifest, packaged) if manifest.package else {}
    total = sum(unpacked.values())
    for endpoint in ENDPOINTS.values():
        if endpoint.name in unpacked:
            rows = unpacked[endpoint.name]
            counts = {"rows_received": rows, "rows_staged": rows, "is_known": True, "pieces": 0}
        else:
            counts = _stage_answer(connection, load_id, landing, manifest, endpoint)
            if counts["rows_staged"]:
                missing = unreported_columns.of_answer(endpoint, manifest.pieces(endpoint.name))
                unreported_columns.record(connection, load_id, endpoint, missing)
            total += counts["rows_staged"]
        connection.execute(sa.insert(STAGED).values(load_id=load_id, endpoint=endpoint.name, **counts))
    # At the end: the row of the load is not locked while the answers are copied.
    of_load = sa.update(LOAD).where(LOAD.c.load_id == load_id)
    connection.execute(of_load.values(route=route.value))
    # What is known depends on the route.
    connection.execute(of_load.values(lacks=carry_forward.knowledge(connection, [load_id]).lacks()))
    return total


def _packaged(manifest: Manifest) -> list[Endpoint]:
    """Endpoints that are made of the package: those that were not asked for beside it."""
    return [item for item in ENDPOINTS.values() if item.is_packaged and not manifest.pieces(item.name)]


def _stage_answer(
    connection: sa.Connection, load_id: int, landing: Landing, manifest: Manifest, endpoint: Endpoint
) -> dict[str, Any]:
    """Stage what the API answered at one endpoint. Returns what is recorded of it."""
    refused: list[Refused] = []
    pieces = manifest.pieces(endpoint.name)
    # A fetch of before the endpoint was declared says nothing of it, nor does an answer that was refused.
    refused_with = next((piece.refused for piece in pieces if piece.refused), None)
    is_known = bool(pieces) and refused_with is None
    rows = 0
    if staging_tables.has_table(endpoint, is_known=is_known):
        rows = _copy(connection, load_id, endpoint, landing, pieces, refused)
    set_aside(connection, load_id, endpoint, manifest, refused)
    return {
        "rows_received": sum(piece.rows for piece in pieces),
        "rows_staged": rows,
        "is_known": is_known,
        "refused": refused_with,
        "pieces": sum(1 for piece in pieces if piece.path),
        "rows_expected": next((piece.rows_expected for piece in pieces if piece.expected_from), None),
        "expected_from": next((piece.expected_from for piece in pieces if piece.expected_from), None),
        "note": "; ".join(dict.fromkeys(piece.note for piece in pieces if piece.note)) or None,
    }


def drop_staging(connection: sa.Connection, load_id: int) -> None:
    """Remove the staging tables of a load that is done with them."""
    tables = ", ".join(staging_table(load_id, endpoint) for endpoint in ENDPOINTS.values())
    connection.exec_driver_sql(f"drop table if exists {tables}")


def drop_leftovers(connection: sa.Connection) -> None:
    """Remove the staging tables of loads that ended without publishing them.

    They are kept until the next run, for a person to look at. Those that a session still has open are left to
    a later run.
    """
    _end_stopped(connection)
    ended = set(
        connection.scalars(sa.select(LOAD.c.load_id).where(LOAD.c.state.in_(["published", "failed"])))
    )
    left = sa.text(
        "select relname from pg_class where relnamespace = 'staging'::regnamespace and relkind = 'r'"
    )
    tables: dict[int, list[str]] = {}
    for name in connection.scalars(left):
        found = re.match(r"l(\d+)_", name)
        if found and int(found[1]) in ended:
            tables.setdefault(int(found[1]), []).append(f'staging."{name}"')
    for load_id, names in sorted(tables.items()):
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"lock table {', '.join(names)} in access exclusive mode nowait")
                connection.exec_driver_sql(f"drop table {', '.join(names)}")
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "pgcode", None) != _LOCK_NOT_AVAILABLE:
                raise
            logger.warning("staging tables of load %s stay: a session still has them open", load_id)


def _end_stopped(connection: sa.Connection) -> None:
    """End sessions that have been in one COPY for longer than a transaction may last.

    Within a COPY the server waits for its client without a limit: no timeout of its own ends that.
    """
    stopped = sa.text("""
        select a.pid, pg_terminate_backend(a.pid) from pg_stat_activity a
        where a.datname = current_database() and a.application_name = :name and a.pid <> pg_backend_pid()
            and a.state = 'active' and a.wait_event = 'ClientRead'
            and a.xact_start < now() - cast(:limit as interval)
            and pg_has_role(current_user, a.usesysid, 'usage')""")
    limit = {"name": APPLICATION, "limit": LOADING.transaction_timeout}
    for pid, _ in connection.execute(stopped, limit).all():
        logger.warning("ended session %s: it was in one COPY for more than %s", pid, limit["limit"])


def _copy(
    connection: sa.Connection,
    load_id: int,
    endpoint: Endpoint,
    landing: Landing,
    pieces: Iterable[Landed],
    refused: list[Refused],
) -> int:
    filling = staging_tables.Filling(connection, staging_tables.create(connection, load_id, endpoint))
    count, first = 0, 1
    for piece in pieces:
        copied = _copy_tsv if piece.form == "tsv" else _copy_rows
        count += copied(filling, endpoint, landing, piece, first, refused)
        first += piece.rows
    filling.prove()
    if count:
        staging_tables.analyze(connection, load_id, endpoint)
    return count


def _copy_rows(
    filling: staging_tables.Filling,
    endpoint: Endpoint,
    landing: Landing,
    piece: Landed,
    first: int,
    refused: list[Refused],
) -> int:
    columns = ["row_number", *(item.column for item in endpoint.fields)]
    blocks = _lines(endpoint, landing.rows(piece, endpoint), refused, first)
    return filling.copy(columns, staging_tables.ESCAPED, blocks, range(first, first + piece.rows))


def _copy_tsv(
    filling: staging_tables.Filling,
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
        return _copy_rows(filling, endpoint, landing, piece, first, refused)
    names = header.fields(endpoint)
    lines = _numbered(chain([block], (more for _, more in blocks)), names, refused, first)
    # A landed TSV holds no backslash: to COPY's text form every character of it is itself.
    numbers = range(first, first + piece.rows)
    return filling.copy(["row_number", *known], staging_tables.PLAIN, lines, numbers)


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

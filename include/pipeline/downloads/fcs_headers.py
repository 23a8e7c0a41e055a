"""Headers of the FCS files that a run brings: read in the same run, stored beside the star.

HEADER and TEXT alone are read, of a kept file as of one that stays at its source. A header belongs to the
bytes of a file, which have their UUID: it is stored once, whatever releases list the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.cytometry.fcs_header import FcsError, FcsHeader, read_headers
from include.warehouse.load import surrogate_keys
from include.warehouse.markers import readings
from include.warehouse.model.registry import IMMPORT_MODEL
from include.warehouse.schema.marker_tables import FCS_FILE_HEADER

#: Data sets of one file that are read: more are taken for a chain that leads nowhere.
MOST_DATA_SETS = 1000
_LARGEST = 2**63 - 1


class UnreadHeaderError(ValueError):
    """The header of an FCS file cannot be read; the message says why."""


def is_fcs(name: str) -> bool:
    """Whether a file is one of flow cytometry, by its name."""
    return name.lower().endswith(".fcs")


def is_known(engine: sa.Engine, study: str, file_uuid: str) -> str | None:
    """What is known of the header of a file, in words; None when it was not read yet."""
    table = FCS_FILE_HEADER.c
    with engine.connect() as connection:
        study_key = surrogate_keys.known_scope(connection, IMMPORT_MODEL, study)
        found = sa.select(sa.func.cardinality(table.pnn)).where(
            table.study_key == study_key, table.file_uuid == file_uuid
        )
        counts = connection.scalars(found.order_by(table.data_set)).all()
    return _described(counts) if counts else None


def read(engine: sa.Engine, study: str, file_uuid: str, file: BinaryIO, name: str) -> str:
    """Read the header of each data set of a file and store it. Returns what was found, in words.

    :raises UnreadHeaderError: one of them cannot be read: none is stored.
    :raises ImmPortError: the bytes cannot be had from the source of the file.
    """
    try:
        headers = list(islice(read_headers(file, name), MOST_DATA_SETS))
    except FcsError as error:
        raise UnreadHeaderError(str(error)) from None
    with engine.begin() as connection:
        study_key = surrogate_keys.known_scope(connection, IMMPORT_MODEL, study)
        if study_key is None:
            raise UnreadHeaderError(f"{name}: {study} is not in the warehouse")
        rows = [_row(study_key, file_uuid, header) for header in headers]
        connection.execute(upsert(FCS_FILE_HEADER).on_conflict_do_nothing(), rows)
    return _described([len(header.parameters) for header in headers])


def read_markers(engine: sa.Engine, study: str) -> int:
    """Read the markers in the names of the parameters that are new to a study. Returns how many were."""
    with engine.begin() as connection:
        return readings.read_missing(connection, study)


def _row(study_key: int, file_uuid: str, header: FcsHeader) -> dict[str, object]:
    events = header.events if header.events is not None and header.events <= _LARGEST else None
    return {
        "study_key": study_key,
        "file_uuid": file_uuid,
        "data_set": header.data_set,
        "fcs_version": header.version.removeprefix("FCS"),
        "number_of_events": events,
        "pnn": [item.pnn for item in header.parameters],
        "pns": [item.pns for item in header.parameters],
        "notes": list(header.notes),
    }


def _described(parameters: Sequence[int]) -> str:
    if len(parameters) == 1:
        return f"{parameters[0]} parameters"
    return f"{len(parameters)} data sets of {', '.join(map(str, parameters[:5]))} parameters"

"""One relation of the warehouse as a Parquet file: its types, its comments, and its rows batch by batch.

A `numeric` of Postgres has up to 131,072 digits before the point and no scale of its own: no decimal of
Arrow holds them all, and R and pandas compute with doubles anyway. So a numeric becomes the nearest double,
and a column `<name>_exact` beside it holds the number as text wherever the double is not that very number
(its shortest decimal differs). `coalesce(name_exact, name)` is lossless, and where all is exact the second
column costs some bytes per file. It is there whatever the values are, so that files of two releases agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from include.sql import identifier

#: Rows of a row group at most, and bytes from which on one is written: what a writer keeps in memory.
GROUP_ROWS, GROUP_BYTES = 100_000, 32 << 20
EXACT = "_exact"

_ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "numeric": pa.float64(),
    "double precision": pa.float64(),
    "real": pa.float32(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
    "timestamp without time zone": pa.timestamp("us"),
}


@dataclass(frozen=True)
class ParquetColumn:
    """A column as the catalogue has it.

    :param type: Postgres' name of the type, without its modifier.
    """

    name: str
    type: str
    comment: str

    @property
    def is_numeric(self) -> bool:
        return self.type == "numeric"

    @property
    def sql(self) -> str:
        """What to select: a type that Arrow has no like of comes as text (jsonb, uuid, arrays)."""
        quoted = identifier(self.name)
        return quoted if self.type in _ARROW else f"{quoted}::text"

    def fields(self) -> Iterator[pa.Field]:
        """Its fields in the file: two of a numeric."""
        about = {"comment": self.comment, "postgres_type": self.type}
        yield pa.field(self.name, _ARROW.get(self.type, pa.string()), metadata=about)
        if self.is_numeric:
            comment = f"{self.name} as text, digit by digit, where the double is not exactly that number"
            yield pa.field(self.name + EXACT, pa.string(), metadata={**about, "comment": comment})


@dataclass
class Written:
    """What a file holds.

    :param inexact: number of values that no double is, by column of type numeric.
    """

    rows: int = 0
    inexact: dict[str, int] = field(default_factory=dict)


def schema(columns: Sequence[ParquetColumn], about: Mapping[str, str]) -> pa.Schema:
    """The schema of a relation's file, with `about` as its metadata.

    :raises ValueError: two fields share a name.
    """
    fields = [one for column in columns for one in column.fields()]
    names = [one.name for one in fields]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two columns of one name: {', '.join(twice)}")
    return pa.schema(fields, metadata=dict(about))


def write(
    path: Path,
    columns: Sequence[ParquetColumn],
    rows: Iterable[Sequence[Sequence[Any]]],
    about: Mapping[str, str],
) -> Written:
    """Write batches of rows to a file. The same rows in the same order are the same bytes.

    :param rows: batches, each a sequence of rows with a value per column.
    :raises OSError: the file cannot be written.
    """
    shape, written = schema(columns, about), Written(inexact={c.name: 0 for c in columns if c.is_numeric})
    waiting: list[pa.RecordBatch] = []
    with pq.ParquetWriter(path, shape, compression="zstd", version="2.6") as writer:

        def flush() -> None:
            if waiting:
                writer.write_table(pa.Table.from_batches(waiting, shape), row_group_size=GROUP_ROWS)
                waiting.clear()

        for batch in rows:
            arrays = list(_arrays(columns, list(zip(*batch, strict=True)), written))
            made = [pa.array(values, one.type) for values, one in zip(arrays, shape, strict=True)]
            waiting.append(pa.record_batch(made, schema=shape))
            written.rows += len(batch)
            waiting_rows = sum(part.num_rows for part in waiting)
            if waiting_rows + len(batch) > GROUP_ROWS or sum(part.nbytes for part in waiting) > GROUP_BYTES:
                flush()
        flush()
    return written


def _arrays(
    columns: Sequence[ParquetColumn], values: Sequence[Sequence[Any]], written: Written
) -> Iterator[Sequence[Any]]:
    for column, found in zip(columns, values, strict=True):
        if not column.is_numeric:
            yield found
            continue
        pairs = [double(value) for value in found]
        yield [number for number, _ in pairs]
        exact = [text for _, text in pairs]
        written.inexact[column.name] += sum(text is not None for text in exact)
        yield exact


def double(value: Decimal | None) -> tuple[float | None, str | None]:
    """The double nearest to a number, and the number as text where the double is not that very number.

    Beyond the largest double there is no nearest one.
    """
    if value is None:
        return None, None
    number = float(value)
    if value.is_nan() or value.is_infinite():
        return number, None
    if math.isinf(number):
        return None, str(value)
    return number, None if Decimal(repr(number)) == value else str(value)

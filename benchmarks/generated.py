"""The rows that a source generated, read from its recorded answers without any code of the product.

They are what raw COPY, the rivals and the comparison with the star take: one file of COPY's text form per
endpoint.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from benchmarks.recorded import RecordedSource
from include.sources.endpoint import Endpoint, Kind
from include.sources.immport.endpoints import SERVED
from include.sql import identifier

_BLOCK = 1 << 20
#: What stands between two rows.
_BETWEEN = ", \t\r\n"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TYPES = {Kind.INTEGER: "bigint", Kind.NUMBER: "numeric", Kind.DATE: "date"}


@dataclass(frozen=True)
class Answer:
    """The rows of one endpoint of a study.

    :param text: file of COPY's text form, one line a row, one cell a field.
    :param json: the recorded answer.
    """

    endpoint: Endpoint
    rows: int
    text: Path
    json: Path

    @classmethod
    def none(cls, endpoint: Endpoint) -> Self:
        """No row of an endpoint."""
        return cls(endpoint, 0, Path(os.devnull), Path(os.devnull))

    @property
    def is_result(self) -> bool:
        """Whether its rows are results of an assay."""
        return self.endpoint.path.startswith("/result/")


def type_of(endpoint: Endpoint, column: str) -> str:
    """The type that a person would give a column: that of its field's kind."""
    kinds = {field.column: field.kind for field in endpoint.staged_fields}
    return _TYPES.get(kinds[column], "text")


def answers(source: RecordedSource, study: str) -> list[Answer]:
    """What the source answers of a study, endpoint by endpoint; those without a row left out."""
    found = (_answer(source, endpoint, study) for endpoint in SERVED.values())
    return [item for item in found if item.rows]


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a JSON answer, a megabyte of it at a time, decimal numbers as the characters sent."""
    decoder = json.JSONDecoder(parse_float=str)
    with path.open(encoding="utf-8") as file:
        text = file.read(_BLOCK).lstrip()
        if text.startswith("{"):
            yield json.loads(text + file.read(), parse_float=str)
            return
        at = 1
        while True:
            try:
                row, end = decoder.raw_decode(text, at)
            except ValueError:
                more = file.read(_BLOCK)
                if not more:
                    break
                text, at = (text[at:] + more).lstrip(_BETWEEN), 0
                continue
            yield row
            at = end
            while text[at : at + 1] and text[at] in _BETWEEN:
                at += 1
    if text[at:].strip() != "]":
        raise ValueError(f"{path}: no array of rows: {text[at : at + 80]!r}")


def create(connection: sa.Connection, schema: str, answer: Answer, *, typed: bool) -> str:
    """Make a table for the rows of an answer, all its columns text or of their types. Returns its name."""
    endpoint = answer.endpoint
    table = f"{schema}.{endpoint.table}"
    columns = ", ".join(
        f"{identifier(name)} {type_of(endpoint, name) if typed else 'text'}" for name in endpoint.columns
    )
    connection.exec_driver_sql(f"create schema if not exists {schema}")
    connection.exec_driver_sql(f"drop table if exists {table}")
    connection.exec_driver_sql(f"create table {table} ({columns})")
    return table


def copy(connection: sa.Connection, table: str, answer: Answer) -> None:
    """COPY the rows of an answer into a table."""
    names = ", ".join(identifier(field.column) for field in answer.endpoint.fields)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, answer.text.open("rb") as file:
        cursor.copy_expert(f"copy {table} ({names}) from stdin", file, size=1 << 16)


def _answer(source: RecordedSource, endpoint: Endpoint, study: str) -> Answer:
    target = source.target(endpoint, study)
    headers = {"authorization": f"Bearer {source.api_key}", "accept-encoding": "identity"}
    with source.client.stream("GET", target, headers=headers) as answer:
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass
    return read_answer(endpoint, source.recording.body(source.recording.key("GET", target)))


def read_answer(endpoint: Endpoint, body: Path) -> Answer:
    """The rows of a JSON answer, their text written beside it once."""
    text, count = body.with_suffix(".copy"), body.with_suffix(".rows")
    if not count.exists():
        count.write_text(str(_write(endpoint, body, text)))
    return Answer(endpoint, int(count.read_text()), text, body)


def _write(endpoint: Endpoint, body: Path, text: Path) -> int:
    fields = [(field.name, type_of(endpoint, field.column) != "text") for field in endpoint.fields]
    rows = 0
    with text.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows_of(body):
            cells = (_cell(row.get(name), typed) for name, typed in fields)
            file.write("\t".join(cells) + "\n")
            rows += 1
    return rows


def _cell(value: Any, typed: bool) -> str:
    if value is None:
        return "\\N"
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if typed and not value.strip():
        return "\\N"
    return value.translate(_ESCAPES)

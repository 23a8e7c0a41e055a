"""Cells of a package's tables as JSON has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from include.sandbox.row import Row
from include.sandbox.world import number, scaled
from include.sources.endpoint import Field, Kind

#: Columns with a scale of their own in ImmPort's database.
_SCALED = ("minSubjectAge", "maxSubjectAge", "studyTimeCollected", "minStartDay", "maxStartDay")


def typed(frame: pd.DataFrame, fields: Sequence[Field]) -> Iterator[Row]:
    """Rows of text as JSON has them: null for the empty text, numerals for numbers.

    Keys that the endpoint does not declare stay text; filters may use them.
    """
    kinds = {field.name: field for field in fields}
    readers = [(name, _reader(kinds.get(str(name), Field(str(name))))) for name in frame]
    columns = [frame[name] for name in frame]
    for values in zip(*columns, strict=True):
        yield {
            str(name): read(value) if value else None
            for (name, read), value in zip(readers, values, strict=True)
        }


def _reader(field: Field) -> Any:
    if field.name in _SCALED:
        return lambda text: text if (value := number(text)) is None else scaled(value)
    if field.kind is Kind.NUMBER:
        return lambda text: text if (value := number(text)) is None else value
    if field.kind is Kind.DATE:
        return lambda text: text[:10]
    if field.kind is Kind.TEXT:
        return str
    return lambda text: int(text) if text.lstrip("-").isdigit() else text

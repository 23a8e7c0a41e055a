"""Column types of the tables of operations: whatever is written passes the cleaner of foreign text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from include.sources.foreign import LONGEST_KEY, LONGEST_TEXT, clean, escaped

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class CleanText(sa.TypeDecorator[str]):
    """`text` that any value can be written to: unfit characters are escaped, what is too long is cut.

    :param longest: characters that are kept.
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self, longest: int = LONGEST_TEXT) -> None:
        super().__init__()
        self.longest = longest

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value, self.longest)


class CleanJson(sa.TypeDecorator[Any]):
    """`jsonb` that any row can be written to: texts stay whole but for unfit characters, names are cut."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return _fit(value)


def _fit(value: Any) -> Any:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {clean(str(name), LONGEST_KEY): _fit(item) for name, item in value.items()}
    return [_fit(item) for item in value] if isinstance(value, list | tuple) else value

"""How an answer becomes rows where it is not the array of JSON objects that ImmPort's API sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol


@dataclass
class Intake:
    """What was seen of an answer.

    :param missing: declared keys that rows did not have, with the number of such rows.
    :param unknown: keys that are not declared, with the number of such rows.
    :param repeated: keys that one object of a row has twice, with the number of such rows.
    """

    rows: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)


class RowReader(Protocol):
    """Reads the rows of a small answer in one of the forms that an endpoint is served in."""

    def __call__(self, chunks: Iterable[bytes], scope: str, intake: Intake) -> Iterator[dict[str, object]]:
        """Rows by the names of the endpoint's fields, values as sent.

        It is called when the answer is landed, to see whether it is one, and again when it is staged.

        :param chunks: the body, cut anywhere.
        :param scope: what it was requested of.
        :param intake: counts keys that are missing, unknown or repeated; the caller counts the rows.
        :raises NotDataError: it is not whole, or no such answer.
        """

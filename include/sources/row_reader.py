"""How an answer becomes rows where it is not the array of JSON objects of ImmPort's API; rows in pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass
class Intake:
    """What was seen of an answer.

    :param missing: declared keys that rows did not have, with the number of such rows.
    :param unknown: keys that are not declared, with the number of such rows.
    :param repeated: keys that one object of a row has twice, with the number of such rows.
    :param about: what an answer says of itself, beside its rows: where the next page begins.
    """

    rows: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)
    about: dict[str, str] = field(default_factory=dict)


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


#: What a page says of itself, by these names: the number of all rows that it is a page of.
TOTAL = "total"


class Paging(Protocol):
    """The pages of an endpoint. Its readers note in `Intake.about` what a page says of itself."""

    def first(self, form: str, size: int) -> Mapping[str, str]:
        """Query parameters of the first page.

        :param size: rows of a page; 0 requests the number of all rows alone.
        """

    def following(
        self, parameters: Mapping[str, str], about: Mapping[str, str], rows: int
    ) -> Mapping[str, str] | None:
        """Query parameters of the page after one; None after the last.

        :param parameters: of the page itself.
        :param about: what it says of itself, `TOTAL` among it.
        :param rows: how many rows came so far, those of the page included.
        """

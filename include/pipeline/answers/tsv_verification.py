"""Whether an endpoint says the same in TSV as in JSON: proven on a small answer, kept, doubted again.

TSV is a third of the size and is staged without looking into it. But how ImmPort writes it is documented
nowhere, so it is requested only where one answer was fetched both ways and every cell agreed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from include.landing.zone import Landed
from include.sources.endpoint import Endpoint, snake_case
from include.sources.errors import BadAnswerError, RequestError, RetriableError
from include.sources.reader import cell
from include.sources.tsv import NotTsvError, TsvBody
from include.warehouse.schema.ops_tables import FORMAT_VERDICT

#: Rows of an answer that is small enough to be fetched twice and kept in memory.
PROOF_ROWS = 2_000
#: Rows from which on an answer is requested as TSV, if that was proven. Below, JSON costs nothing.
BULK_ROWS = 5_000

#: Values that TSV cannot represent, or cannot distinguish from null.
_UNREPRESENTABLE = {"": "an empty text", "\t": "a tab", "\n": "a newline", "\r": "a carriage return"}
_LOG = logging.getLogger(__name__)

Row = dict[str, str | None]


@dataclass(frozen=True)
class Verdict:
    """What is known of the TSV of an endpoint.

    :param header: the header line of the answer that was compared.
    """

    is_equal: bool
    header: str


@dataclass(frozen=True)
class Sample:
    """A small answer in TSV: its header line, and its rows by staging column."""

    header: str
    rows: list[Row]


class Formats:
    """The verdicts on the endpoints of one source.

    :param source: host and port.
    """

    def __init__(self, engine: sa.Engine, source: str) -> None:
        self._engine = engine
        self._source = source
        self._proving = threading.Lock()

    def verdict(self, endpoint: Endpoint) -> Verdict | None:
        """The verdict; None before the first comparison, or since it became void."""
        found = sa.select(FORMAT_VERDICT.c.is_equal, FORMAT_VERDICT.c.header).where(*self._is(endpoint))
        with self._engine.connect() as connection:
            row = connection.execute(found).one_or_none()
        return Verdict(row.is_equal, row.header) if row else None

    def settle(
        self,
        endpoint: Endpoint,
        landed: Landed,
        rows: Callable[[], Iterator[dict[str, object]]],
        fetch: Callable[[], Sample],
    ) -> None:
        """Decide by a small JSON answer, if there is no verdict yet: fetch the same as TSV and compare.

        A source that fails meanwhile leaves the question open.

        :param rows: reads the landed answer.
        :param fetch: requests the same as TSV.
        """
        if landed.form != "json" or not 1 <= landed.rows <= PROOF_ROWS:
            return
        if not self._proving.acquire(blocking=False):  # another part is being compared
            return
        try:
            if self.verdict(endpoint) is None:
                self._prove(endpoint, landed.rows, rows, fetch)
        finally:
            self._proving.release()

    def _prove(
        self,
        endpoint: Endpoint,
        count: int,
        rows: Callable[[], Iterator[dict[str, object]]],
        fetch: Callable[[], Sample],
    ) -> None:
        header = ""
        try:
            sample = fetch()
            header = sample.header
            difference = compare(list(rows()), sample.rows, endpoint)
        except (NotTsvError, BadAnswerError, RequestError) as error:
            difference = f"{error}"
        except RetriableError as error:
            _LOG.warning("%s: TSV not compared: %s", endpoint.name, error)
            return
        _LOG.info("%s: TSV %s", endpoint.name, difference or f"is equal in {count} rows")
        statement = upsert(FORMAT_VERDICT).values(
            source=self._source,
            endpoint=endpoint.name,
            is_equal=difference is None,
            header=header,
            rows_compared=count,
            detail=difference,
        )
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_nothing())

    def withdraw(self, endpoint: Endpoint, why: str) -> None:
        """Reopen the question: the next small answer decides it anew."""
        _LOG.warning("%s: TSV is no longer used: %s", endpoint.name, why)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(FORMAT_VERDICT).where(*self._is(endpoint)))

    def _is(self, endpoint: Endpoint) -> tuple[sa.ColumnElement[bool], ...]:
        return FORMAT_VERDICT.c.source == self._source, FORMAT_VERDICT.c.endpoint == endpoint.name


def read_sample(chunks: Iterable[bytes], endpoint: Endpoint, most: int = PROOF_ROWS) -> Sample:
    """Read a small TSV answer, and one row more than there may be at most.

    :raises NotDataError: no TSV, or not whole.
    :raises NotTsvError: TSV of another kind.
    """
    body = TsvBody(chunks, endpoint)
    columns = body.header.columns
    lines = (line for block in body.blocks() for line in block.decode().split("\n")[:-1])
    rows = [
        dict(zip(columns, (text or None for text in line.split("\t")), strict=True))
        for line in islice(lines, most + 1)
    ]
    return Sample(body.header.line, rows)


def compare(sent: Sequence[dict[str, object]], tabbed: Sequence[Row], endpoint: Endpoint) -> str | None:
    """The first difference between an answer in JSON and the same in TSV; None if every cell agrees.

    Their order may differ: the source does not document it.
    """
    if len(sent) != len(tabbed):
        return f"{len(sent)} rows in JSON, {len(tabbed)} in TSV"
    plain: list[Row] = []
    for row in sent:
        texts = {snake_case(name): cell(value) for name, value in row.items()}
        for name, text in texts.items():
            if found := _unrepresentable(text):
                return f"{name} has {found}, which TSV cannot represent"
        plain.append(texts)

    def place(row: Row) -> tuple[str, ...]:
        names = (*endpoint.key_columns, *sorted(row))
        return tuple(row.get(name) or "" for name in names)

    for mine, theirs in zip(sorted(plain, key=place), sorted(tabbed, key=place), strict=True):
        if mine.keys() != theirs.keys():
            return f"fields of one form only: {', '.join(sorted(mine.keys() ^ theirs.keys()))}"
        for name, text in mine.items():
            if text != theirs[name]:
                key = ", ".join(str(mine[column]) for column in endpoint.key_columns)
                return f"{name} of {key}: {_short(text)} in JSON, {_short(theirs[name])} in TSV"
    return None


def _unrepresentable(text: str | None) -> str | None:
    if text is None:
        return None
    if not text:
        return _UNREPRESENTABLE[""]
    return next((what for mark, what in _UNREPRESENTABLE.items() if mark and mark in text), None)


def _short(text: str | None) -> str:
    return "null" if text is None else repr(text[:100])

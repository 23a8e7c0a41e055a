"""What an answer holds, seen while it arrives: rows, unexpected keys, and rows that were not requested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from include.sources.endpoint import Endpoint
from include.sources.foreign import LONGEST_KEY, clean
from include.sources.json_blocks import Block, read_blocks
from include.sources.row_reader import Intake, RowReader
from include.sources.tsv import NotTsvError, TsvBody

#: Value of a filter that requests rows without a value.
BLANK = ""


class FilterIgnoredError(RuntimeError):
    """The source sent rows that the filters exclude: parts of an answer would overlap."""


class Confined:
    """Checks that an answer holds only rows that its filters request.

    A filter that requests rows without a value is not documented, so the source may ignore it: that is noted.

    :param filters: field -> accepted values, separated by commas; `BLANK` for rows without one.
    :ivar ignored: fields whose `BLANK` was ignored.
    """

    def __init__(self, filters: Mapping[str, str]) -> None:
        self.fields = tuple(filters)
        # ImmPort matches without regard to case.
        self._accepted = [frozenset(text.casefold().split(",")) for text in filters.values()]
        self._seen: set[tuple[str | None, ...]] = set()
        self.ignored: set[str] = set()

    def see(self, values: tuple[str | None, ...]) -> None:
        """Look at a row's values of the filtered fields.

        :raises FilterIgnoredError: a value is not among those requested.
        """
        if values in self._seen:
            return
        for name, accepted, value in zip(self.fields, self._accepted, values, strict=True):
            if (value or "").casefold() in accepted:
                continue
            if accepted != {BLANK}:
                raise FilterIgnoredError(
                    f"{name}: a row of {clean(value or 'none', 100)} where it was not requested"
                )
            self.ignored.add(name)
        self._seen.add(values)


def take_json(
    chunks: Iterable[bytes],
    endpoint: Endpoint,
    confined: Confined | None = None,
    use: Callable[[Block], None] = lambda block: None,
) -> Intake:
    """Read a JSON answer to its end.

    :param use: gets its rows, block by block, in their order.
    :raises NotDataError: it is not whole, or no data.
    :raises FilterIgnoredError: it holds rows that were not requested.
    """
    declared, intake = frozenset(endpoint.names), Intake()
    for block in read_blocks(chunks, endpoint, intake.repeated):
        intake.rows += len(block)
        for keys, rows in block.key_sets():
            intake.missing.update(dict.fromkeys(declared - keys, rows))
            intake.unknown.update(dict.fromkeys({clean(name, LONGEST_KEY) for name in keys - declared}, rows))
        if confined:
            for values in block.values(confined.fields):
                confined.see(values)
        use(block)
    intake.repeated = Counter({clean(name, LONGEST_KEY): rows for name, rows in intake.repeated.items()})
    return intake


def take_tsv(
    chunks: Iterable[bytes], endpoint: Endpoint, header: str, confined: Confined | None = None
) -> Intake:
    """Read a TSV answer to its end; lines are looked into only where a filter must be seen to hold.

    :param header: the header line that was proven.
    :raises NotDataError: it is not whole, or no data.
    :raises NotTsvError: it is not the TSV that was proven.
    :raises FilterIgnoredError: it holds rows that were not requested.
    """
    body = TsvBody(chunks, endpoint, header)
    names = body.header.fields(endpoint)
    if confined and (lost := set(confined.fields).difference(names)):
        raise NotTsvError(f"a header without {', '.join(sorted(lost))}, which were requested")
    places = [names.index(name) for name in confined.fields] if confined else []
    for block in body.blocks():
        if not confined:
            continue
        for line in block.decode().split("\n")[:-1]:
            cells = line.split("\t")
            confined.see(tuple(cells[place] for place in places))
    if not body.rows:
        return Intake()
    missing = dict.fromkeys(set(endpoint.names).difference(names), body.rows)
    others = {clean(name, LONGEST_KEY) for name in set(names).difference(endpoint.names)}
    unknown = dict.fromkeys(others, body.rows)
    return Intake(body.rows, Counter(missing), Counter(unknown))


def take_rows(chunks: Iterable[bytes], reader: RowReader, scope: str) -> Intake:
    """Read an answer of another form to its end.

    :raises NotDataError: it is not whole, or no data.
    """
    intake = Intake()
    for _ in reader(chunks, scope, intake):
        intake.rows += 1
    for counted in (intake.missing, intake.unknown, intake.repeated):
        rows = {clean(name, LONGEST_KEY): number for name, number in counted.items()}
        counted.clear()
        counted.update(rows)
    return intake

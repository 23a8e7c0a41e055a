"""Faults that can be switched on per endpoint and study, and the record of requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from threading import Lock
from typing import Any

from include.sandbox.gene_lists.public_object import SERVED_FILES
from include.sandbox.row import Row
from include.sources.drs.endpoints import OPERATIONS

#: Faults that replace the answer, and those that bend a good one.
STATUSES = ("400", "401", "403", "404", "413", "429", "500", "502", "503", "504")
ANSWERS = (
    *STATUSES, "hang", "cut", "gzip_cut", "drip", "html", "broken", "duplicate", "missing_key", "new_key",
    "one_path",
)  # fmt: skip
#: Of result endpoints: how a filter is read.
FILTERS = ("blank_ignored",)
#: Of answers in TSV only.
TABLES = ("tsv_broken", "tsv_renamed")
#: Of the bytes of a file.
FILES = ("corrupt", "no_range", "changed", "expired", "lost")
#: Of the files of the public bucket: what they hold.
PUBLIC = ("half", "wrong_count", "no_bom", "blank_lines", "no_tab", "trailing_blanks")
#: Of IMPC's core of images: how its pages are served, and what becomes of it meanwhile.
CORES = ("no_cursor", "ignored_cursor", "rebuilt")
#: Of the DRS service: what it says of objects and addresses, and how it refuses.
DRS = ("pending", "bare", "wrong_md5", "wrong_size", "no_access", "inline", "unexpanded")
#: Of the FHIR server: how its searches and pages are answered, and resources that differ from Shared Data.
SEARCHES = (
    "pages_expired", "other_host", "no_total", "no_count", "circle", "unsorted", "outcome", "wrong_code",
    "altered", "lacking",
)  # fmt: skip
#: Of what is sent to the upload service: how fast it is taken.
UPLOADS = ("slow_upload",)
#: Those that strike whatever a request is about.
ALONE = (*ANSWERS, *FILES, *PUBLIC, *CORES, *DRS, *SEARCHES, *UPLOADS)
KINDS = (*ANSWERS, *FILTERS, *TABLES, *FILES, *PUBLIC, *CORES, *DRS, *SEARCHES, *UPLOADS)
#: Endpoints that send the bytes of a file: of a study, of an image.
OF_BYTES = ("download", "impcImageFile")
#: Endpoints whose requests name a file.
OF_FILES = ("download", "drsDownload", *OPERATIONS, *SERVED_FILES)

NEW_KEY = "newKey"


@dataclass
class Fault:
    """One fault, as a client requests it over HTTP.

    :param endpoint: name of an endpoint or of a public file, `token`, `download`, or `*` for all of them.
    :param study: the one study it strikes; None strikes every request.
    :param times: how often it still strikes; None is for ever.
    :param retry_after: the Retry-After header of a 429, 503 or 202 (`pending`): seconds or an HTTP date.
    :param differing: with `duplicate`, the copy carries another value under the same key.
    :param key: with `missing_key`, `new_key` and `tsv_renamed`, which key; None leaves the choice to the
        sandbox.
    :param after: with `cut` of a download, bytes that still come; half of them without it.
    :param seconds: with `drip`, between two bytes; with `slow_upload`, before each part of a body.
    :param above_rows: strikes only an answer that would hold more rows.
    :param file: the one file it strikes, by UUID or name; of `download`, DRS and public files.
    """

    endpoint: str
    fault: str
    study: str | None = None
    times: int | None = None
    retry_after: int | str | None = None
    differing: bool = False
    key: str | None = None
    after: int | None = None
    above_rows: int | None = None
    file: str | None = None
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.fault not in KINDS:
            raise ValueError(f"no such fault: {self.fault!r} (one of {', '.join(KINDS)})")
        if self.fault in FILES and self.endpoint not in (*OF_BYTES, "*"):
            raise ValueError(f"{self.fault} strikes the endpoints {' and '.join(OF_BYTES)}")
        if self.fault in PUBLIC and self.endpoint not in (*SERVED_FILES, "*"):
            raise ValueError(f"{self.fault} strikes a public file: one of {', '.join(SERVED_FILES)}")
        if self.fault in DRS and self.endpoint not in (*OPERATIONS, "*"):
            raise ValueError(f"{self.fault} strikes the DRS service: one of {', '.join(OPERATIONS)}")
        if self.file is not None and self.endpoint not in (*OF_FILES, "*"):
            raise ValueError("a file is of the endpoint 'download', of those of DRS, or a public file")
        if self.above_rows is not None and (self.fault not in ANSWERS or self.above_rows < 0):
            raise ValueError(f"above_rows is a number from 0 on, not for {self.fault}")


@dataclass(frozen=True)
class FaultTarget:
    """What a fault may be about: an endpoint, a study, a file by its UUID and name."""

    endpoint: str
    study: str | None = None
    file: Collection[str] = ()


class Faults:
    """The faults now switched on; of several of one kind that fit, the first still active one strikes."""

    def __init__(self) -> None:
        self._active: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        self._active.append(fault)

    def clear(self) -> None:
        """Switch all faults off."""
        self._active.clear()

    @property
    def of_files(self) -> bool:
        """Whether a fault that is switched on names a file."""
        return any(fault.file is not None for fault in self._active)

    def strike(self, target: FaultTarget, kinds: Collection[str] = ALONE) -> Fault | None:
        """The fault that strikes this request, counted as used; None if it goes well.

        Those that look at the number of rows do so in `strike_rows`.
        """
        return self._first(target, lambda fault: fault.fault in kinds and fault.above_rows is None)

    def strike_rows(self, target: FaultTarget, rows: Iterator[Row]) -> tuple[Fault | None, Iterator[Row]]:
        """The fault that strikes an answer of so many rows, and the rows, none lost and none made twice."""
        limits = [f.above_rows for f in self._active if f.above_rows is not None and _fits(f, target)]
        if not limits:
            return None, rows
        first_rows = deque(islice(rows, max(limits) + 1))
        fault = self._first(target, lambda f: f.above_rows is not None and f.above_rows < len(first_rows))
        return fault, _resumed(first_rows, rows)

    def _first(self, target: FaultTarget, strikes: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            for fault in self._active:
                if _fits(fault, target) and strikes(fault):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def list(self) -> list[dict[str, Any]]:
        """What is switched on, for the control page."""
        return [asdict(fault) for fault in self._active if fault.times != 0]


def _fits(fault: Fault, target: FaultTarget) -> bool:
    return (
        fault.endpoint in ("*", target.endpoint)
        and (fault.fault not in FILES or target.endpoint in OF_BYTES)
        and (fault.fault not in PUBLIC or target.endpoint in SERVED_FILES)
        and (fault.fault not in DRS or target.endpoint in OPERATIONS)
        and fault.study in (None, target.study)
        and (fault.file is None or fault.file in target.file)
        and fault.times != 0
    )


def _resumed(first_rows: deque[Row], rest: Iterator[Row]) -> Iterator[Row]:
    """Rows read ahead, let go one by one, and the rest."""
    while first_rows:
        yield first_rows.popleft()
    yield from rest


class Requests:
    """The latest requests, oldest first; a hanging one has no status."""

    def __init__(self, keep: int = 100_000) -> None:
        self._seen: deque[dict[str, Any]] = deque(maxlen=keep)

    def add(self, **request: Any) -> None:
        """Note one request."""
        self._seen.append(request)

    def list(self) -> list[dict[str, Any]]:
        """All requests since the last reset."""
        return list(self._seen)

    def clear(self) -> None:
        """Forget them."""
        self._seen.clear()


def bend_names(fault: Fault | None, names: Sequence[str], key: Sequence[str]) -> Sequence[str]:
    """The keys of an answer under `missing_key` and `new_key`."""
    if fault is None:
        return names
    if fault.fault == "missing_key":
        gone = fault.key or next(name for name in reversed(names) if name not in key)
        return [name for name in names if name != gone]
    if fault.fault == "new_key":
        return [*names, fault.key or NEW_KEY]
    return names


def bend_header(fault: Fault | None, names: Sequence[str], key: Sequence[str]) -> Sequence[str]:
    """The header line of a TSV under `tsv_renamed`."""
    if fault is None or fault.fault != "tsv_renamed":
        return names
    renamed = fault.key or next(name for name in reversed(names) if name not in key)
    return [f"{name}Renamed" if name == renamed else name for name in names]


def bend_rows(
    fault: Fault | None, rows: Iterable[Row], names: Sequence[str], key: Sequence[str]
) -> Iterator[Row]:
    """The rows of an answer under `duplicate` (the first one comes twice), `new_key` and `one_path`."""
    if fault is not None and fault.fault == "new_key":
        return ({**row, fault.key or NEW_KEY: "new"} for row in rows)
    if fault is not None and fault.fault == "one_path":
        return _of_one_path(rows)
    if fault is None or fault.fault != "duplicate":
        return iter(rows)
    rest = iter(rows)
    first = next(rest, None)
    if first is None:
        return iter(())
    again = dict(first)
    if fault.differing:
        altered = next(name for name in reversed(names) if name not in key and not name.endswith("Accession"))
        again[altered] = "altered" if again.get(altered) != "altered" else "altered twice"
    return chain([first, again], rest)


def _of_one_path(rows: Iterable[Row]) -> Iterator[Row]:
    """Files of a manifest: the result files of a study have one name and path, each with bytes of its own."""
    names = ("fileName", "path")
    first: dict[str, Any] = {}
    for row in rows:
        if row["fileType"] == "result_file":
            first = first or {name: row[name] for name in names}
            yield {**row, **first}
        else:
            yield row


def bend_body(fault: Fault | None, body: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of an answer under `broken`: complete, but closed with the wrong bracket."""
    if fault is None or fault.fault != "broken":
        yield from body
        return
    first_rows = b""
    for chunk in body:
        if first_rows:
            yield first_rows
        first_rows = chunk
    yield first_rows[:-1] + b"!"

"""Faults that can be switched on per endpoint and study, and the record of what was asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from include.sandbox.world import Row

#: Faults that replace the answer, and those that bend a good one.
STATUSES = ("401", "403", "429", "500", "502", "503", "504")
KINDS = (*STATUSES, "hang", "cut", "html", "broken", "duplicate", "missing_key", "new_key")

NEW_KEY = "newKey"


@dataclass
class Fault:
    """One fault, as it is asked for over HTTP.

    :param endpoint: name of an endpoint, `token`, `download`, or `*` for all of them.
    :param study: the one study it strikes; None strikes every request.
    :param times: how often it still strikes; None is for ever.
    :param retry_after: the Retry-After header of a 429 or 503: seconds or an HTTP date.
    :param differing: with `duplicate`, the copy carries another value under the same key.
    :param key: with `missing_key` and `new_key`, which key; None leaves the choice to the sandbox.
    :param after: with `cut` of a download, bytes that still come; half of them without it.
    """

    endpoint: str
    fault: str
    study: str | None = None
    times: int | None = None
    retry_after: int | str | None = None
    differing: bool = False
    key: str | None = None
    after: int | None = None

    def __post_init__(self) -> None:
        if self.fault not in KINDS:
            raise ValueError(f"no such fault: {self.fault!r} (one of {', '.join(KINDS)})")


class Faults:
    """The faults now switched on; of several that fit, the first still active one strikes."""

    def __init__(self) -> None:
        self._active: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        self._active.append(fault)

    def clear(self) -> None:
        """Switch all faults off."""
        self._active.clear()

    def strike(self, endpoint: str, study: str | None) -> Fault | None:
        """The fault that strikes this request, counted as used; None if it goes well."""
        for fault in self._active:
            if fault.endpoint not in ("*", endpoint) or fault.study not in (None, study) or fault.times == 0:
                continue
            if fault.times is not None:
                fault.times -= 1
            return fault
        return None

    def list(self) -> list[dict[str, Any]]:
        """What is switched on, for the control page."""
        return [asdict(fault) for fault in self._active if fault.times != 0]


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


def bend_rows(
    fault: Fault | None, rows: Iterable[Row], names: Sequence[str], key: Sequence[str]
) -> Iterator[Row]:
    """The rows of an answer under `duplicate` (the first one comes twice) and `new_key`."""
    if fault is not None and fault.fault == "new_key":
        return ({**row, fault.key or NEW_KEY: "new"} for row in rows)
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


def bend_body(fault: Fault | None, body: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of an answer under `broken`: complete, but closed with the wrong bracket."""
    if fault is None or fault.fault != "broken":
        yield from body
        return
    held = b""
    for chunk in body:
        if held:
            yield held
        held = chunk
    yield held[:-1] + b"!"

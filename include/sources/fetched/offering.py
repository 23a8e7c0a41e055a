"""What a source offers at one moment, scope by scope, and how it shows that an answer changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Validators:
    """What a source says of the version of an answer: as long as it says the same, the answer is the same.

    :param etag: `ETag` as sent.
    :param last_modified: `Last-Modified` as sent.
    """

    etag: str | None = None
    last_modified: str | None = None

    @property
    def are_known(self) -> bool:
        """Whether the source said anything: nothing can be compared with nothing."""
        return self.etag is not None or self.last_modified is not None

    def same_as(self, earlier: Validators) -> bool:
        """Whether they show the version that earlier ones showed; an ETag, where both have one, decides."""
        if self.etag is not None and earlier.etag is not None:
            return self.etag == earlier.etag
        return self.last_modified is not None and self.last_modified == earlier.last_modified

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.etag, self.last_modified)))


@dataclass(frozen=True)
class Offered:
    """One scope that the source offers.

    :param scope: its identifier.
    :param validators: what the source says of its answers now, by endpoint, where the offering states it;
        what is missing is requested of the client.
    :param expected_rows: rows that the source counts, a hint of the size; 0 without a count.
    """

    scope: str
    validators: Mapping[str, Validators] = field(default_factory=dict)
    expected_rows: int = 0


@dataclass(frozen=True)
class Offering:
    """All that a source offers now.

    :param release: name of the release that it offers; None for a source without releases of its own, which
        is dated by the run that fetches it.
    :param incomplete: why a scope that is not offered may be there all the same; None when it is not there.
    :param note: what a person should know of it.
    :param doubts: beginnings of identifiers, each with why a scope of such a name that is not offered may
        be there all the same: a part of the listing could not be had.
    """

    scopes: tuple[Offered, ...]
    release: str | None = None
    incomplete: str | None = None
    note: str | None = None
    doubts: Mapping[str, str] = field(default_factory=dict)

    def doubt_about(self, scope: str) -> str | None:
        """Why a scope that is not offered may be there all the same; None if it is not there."""
        return self.incomplete or next(
            (why for begin, why in self.doubts.items() if scope.startswith(begin)), None
        )

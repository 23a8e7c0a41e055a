"""What the pipeline requests from a source, whoever answers: the provider's hook, or another client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from include.sources.endpoint import Endpoint
from include.sources.errors import ImmPortError
from include.sources.listing import Accessions, Listing
from include.sources.remote_files import Downloaded, ListedFile, RemoteFile

T = TypeVar("T")

#: Takes the chunks of a body to the end, and returns what it made of them; called anew for every try.
Receive = Callable[[Iterator[bytes]], T]


class CallWatch(Protocol):
    """Somebody who must know of calls: it may forbid them, and learns which were answered."""

    def before(self, source: str) -> None:
        """A call to this host and port is about to be made. What it raises is raised instead."""

    def answered(self, source: str, endpoint: str) -> None:
        """An endpoint at this host and port gave a good answer."""

    def done_without(self, error: ImmPortError) -> None:
        """The caller goes on without what failed with this error."""


class ClientSettings(Protocol):
    """What the pipeline must know of a connection."""

    @property
    def base(self) -> str:
        """Scheme, host and port."""

    @property
    def source(self) -> str:
        """Host and port, for messages."""

    @property
    def calls_in_flight(self) -> int:
        """Calls that one task makes at once."""

    @property
    def split_above_rows(self) -> int:
        """The client requests a result that is known to have more rows in parts from the start."""

    @property
    def max_answer_bytes(self) -> int:
        """The client gives up an answer that grows larger, and requests it in parts."""


class SourceClient(Protocol):
    """A source of studies: their rows, their files, the vocabularies.

    Every method raises an `ImmPortError` that says what the caller can do about it.

    :ivar watch: called for every call; None for no callback.
    """

    watch: CallWatch | None

    @property
    def settings(self) -> ClientSettings:
        """The connection, read once."""

    def fetch(
        self,
        endpoint: Endpoint,
        study: str,
        receive: Receive[T],
        *,
        filters: Mapping[str, str] | None = None,
        form: str = "json",
        tries: int | None = None,
        divisible: bool = False,
    ) -> T:
        """Stream the answer of one endpoint for one study, or for a part of it."""

    def vocabulary(self, endpoint: Endpoint, receive: Receive[T]) -> T:
        """Stream the terms of one vocabulary."""

    def studies(self) -> Listing:
        """Every shared study."""

    def restricted_studies(self) -> Accessions:
        """Studies that are not open to everybody."""

    def release_files(self, study: str) -> tuple[ListedFile, ...]:
        """The release files of a study, by name."""

    def manifest(self, study: str, file_type: str = "all") -> list[ListedFile]:
        """Files that the source keeps of a study, each UUID once."""

    def download(
        self, file: RemoteFile, target: Path, *, progress: Callable[[int, int], None] | None = None
    ) -> Downloaded:
        """Bring a file to `target`, verified; what `target` holds of it already is not fetched again."""

"""What the pipeline requests from a source, whoever answers: the provider's hook, or another client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Generic, Protocol, Self, TypeVar

from include.sources.calls import CallCounts
from include.sources.endpoint import Endpoint
from include.sources.errors import ImmPortError
from include.sources.fetched.offering import Validators
from include.sources.immport.listing import Accessions, Listing
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


class HostSettings(Protocol):
    """What the pipeline must know of a connection to any source."""

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
    def page_size(self) -> int:
        """Rows of one page."""


class ClientSettings(HostSettings, Protocol):
    """What the pipeline must know of a connection to ImmPort."""

    @property
    def split_above_rows(self) -> int:
        """The client requests a result that is known to have more rows in parts from the start."""

    @property
    def max_answer_bytes(self) -> int:
        """The client gives up an answer that grows larger, and requests it in parts."""


@dataclass(frozen=True)
class Received(Generic[T]):
    """A good answer.

    :param content: what the receiver made of it.
    :param validators: what the source said of its version.
    """

    content: T
    validators: Validators


class WatchedClient(Protocol):
    """A client whose calls somebody may watch.

    :ivar watch: called for every call; None for no callback.
    """

    watch: CallWatch | None

    @property
    def settings(self) -> HostSettings:
        """The connection, read once."""


class CountedClient(Protocol):
    """A client that counts its calls.

    :ivar calls: counts of the requests that it sent.
    """

    calls: CallCounts


class ScopeClient(WatchedClient, CountedClient, Protocol):
    """A source that is requested endpoint by endpoint, for one scope at a time.

    It is a context manager: closed at the end, whatever was called. Several threads may call it. Every method
    raises an `ImmPortError` that says what the caller can do about it.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def request(
        self,
        endpoint: Endpoint,
        scope: str,
        receive: Receive[T],
        *,
        form: str = "json",
        page: Mapping[str, str] | None = None,
    ) -> Received[T]:
        """Stream the answer of one endpoint for one scope.

        :param scope: identifier of the scope; empty for an endpoint that is of no scope, such as a catalogue.
        :param receive: takes the body's chunks to the end; called anew for every try. A `NotDataError` of its
            counts as a bad answer.
        :param form: which of the endpoint's forms is requested.
        :param page: query parameters of one page of its rows; None for all that one answer has.
        """

    def probe(self, endpoint: Endpoint, scope: str, *, form: str = "json") -> Validators:
        """What the source says of the version that it has now, without the content. Unknown where it says
        nothing, or cannot be requested."""


class FileSource(Protocol):
    """A source of files."""

    def download(
        self, file: RemoteFile, target: Path, *, progress: Callable[[int, int], None] | None = None
    ) -> Downloaded:
        """Bring a file to `target`, verified; what `target` holds of it already is not fetched again."""

    def parts(
        self, file: RemoteFile, *, progress: Callable[[int, int], None] | None = None
    ) -> AbstractContextManager[BinaryIO]:
        """A file at its source as an open file to seek in: only what is read of it is fetched."""


class SourceClient(FileSource, Protocol):
    """A source of studies: their rows and their files.

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

    def studies(self) -> Listing:
        """Every shared study."""

    def restricted_studies(self) -> Accessions:
        """Studies that are not open to everybody."""

    def release_files(self, study: str) -> tuple[ListedFile, ...]:
        """The release files of a study, by name."""

    def manifest(self, study: str, file_type: str = "all") -> list[ListedFile]:
        """Files that the source keeps of a study, each UUID once."""

"""A client that fetches files by signed addresses: one HTTP client for all of them, which knows no key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from immport_provider.hooks.http_client import HttpClient
from include.sources.immport.endpoints import DRS_DOWNLOAD

if TYPE_CHECKING:
    import httpx

    from immport_provider.hooks.files.way import FileWay
    from include.sources.remote_files import Downloaded

Progress = Callable[[int, int], None]


class FileClient(HttpClient):
    """A connection whose service gives signed addresses. Parameters as of `HttpClient`."""

    def __init__(self, conn_id: str | None = None, **more: Any) -> None:
        super().__init__(conn_id, **more)
        self._file_client: httpx.Client | None = None

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        if self._file_client is not None:
            self._file_client.close()
        self._file_client = None

    def get_file_conn(self) -> httpx.Client:
        """The HTTP client of signed addresses: one for all files, as a new one reads all certificates."""
        from immport_provider.hooks.files.signed import open_client

        with self._making:
            if self._file_client is None:
                self._file_client = open_client(self.settings)
            return self._file_client

    def bring(self, way: FileWay, target: Path, progress: Progress | None = None) -> Downloaded:
        """Bring a file to `target`, verified; as `ImmPortHook.download`."""
        from immport_provider.hooks.files.downloads import Transfer
        from immport_provider.hooks.retries import BACKOFF, retrying

        tries = self.settings.max_retries + 1
        attempts = retrying(tries, self._wait or BACKOFF, self._sleep, self.log.warning)
        with self._announcing() as announce:
            transfer = Transfer(
                way,
                target,
                self.settings,
                self.get_file_conn(),
                calls=self.calls,
                clock=self._clock,
                log=self.log.warning,
                progress=progress,
                announce=announce,
            )
            with transfer:
                return transfer.bring(attempts, self._sleep)

    @contextmanager
    def opened(self, way: FileWay, progress: Progress | None = None) -> Iterator[BinaryIO]:
        """A file at its source as an open file; as `ImmPortHook.parts`."""
        from immport_provider.hooks.files.file_parts import FileParts
        from immport_provider.hooks.files.file_store import FileStore
        from immport_provider.hooks.retries import BACKOFF, retrying

        tries = self.settings.max_retries + 1
        with self._announcing() as announce:
            store = FileStore(
                way,
                self.settings,
                self.get_file_conn(),
                calls=self.calls,
                clock=self._clock,
                announce=announce,
            )
            wait, warn = self._wait or BACKOFF, self.log.warning
            parts = FileParts(way.file, store, lambda: retrying(tries, wait, self._sleep, warn), progress)
            yield cast("BinaryIO", parts)

    @contextmanager
    def _announcing(self) -> Iterator[Callable[[str], None]]:
        """What is called before the first request to a host of files; after all went well they answered."""
        hosts: set[str] = set()

        def announce(host: str) -> None:
            # The file store is a service of its own: it may be down while the API answers.
            if self.watch is not None:
                self.watch.before(host)
            hosts.add(host)

        yield announce
        for host in hosts:
            if self.watch is not None:
                self.watch.answered(host, DRS_DOWNLOAD.name)

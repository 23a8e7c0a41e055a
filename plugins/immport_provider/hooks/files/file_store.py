"""The store with the bytes of a file: its signed address, renewed as it expires, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from immport_provider.hooks.answers import Request, check, explained
from immport_provider.hooks.files.signed import FILE, Address, read_address, requesting
from immport_provider.hooks.files.way import FileWay
from immport_provider.hooks.settings import Settings
from include.sources.calls import CallCounts
from include.sources.errors import AccessError, BadAnswerError, MissingFileError

if TYPE_CHECKING:
    import httpx

#: ImmPort's two ways to a file. S3 does not say that a file is not there, the stream does.
S3, STREAM = "s3", "stream"
#: What is read of a refusal.
_REFUSAL = 1 << 16
#: Refusals of S3 that a new address overcomes.
_STALE = re.compile(r"Request has expired|ExpiredToken|token has expired|SignatureDoesNotMatch")


class FileStore:
    """Where the bytes of a file are requested.

    :param way: requests the addresses.
    :param client: of `signed.open_client`, which the caller closes.
    :param calls: counts the requests.
    :param announce: called with host and port of a new address before the first request to it; an error it
        raises prevents that request.
    :ivar requests: how often bytes were requested.
    """

    def __init__(
        self,
        way: FileWay,
        settings: Settings,
        client: httpx.Client,
        *,
        calls: CallCounts,
        clock: Callable[[], datetime],
        announce: Callable[[str], None] = lambda host: None,
    ) -> None:
        self.settings, self._client = settings, client
        self._request_address, self._calls = way.address, calls
        self._clock, self._announce = clock, announce
        self._method = S3
        self._address: Address | None = None
        self._is_fresh = True
        self._has_failed = False
        file = way.file
        self.request = Request(way.endpoint, "", {"file": file.name, "uuid": file.uuid}, file.study)
        self.requests = 0

    @property
    def source(self) -> str:
        """Host of the store; of DRS, before it gave an address."""
        return self._address.host if self._address else self.settings.source

    def forget(self) -> None:
        """Request a new address with the next bytes."""
        self._address = None

    def note_failure(self) -> None:
        """The next request is the first after a failure."""
        self._has_failed = True

    @contextmanager
    def answer(
        self, first: int = 0, etag: str | None = None, last: int | None = None
    ) -> Iterator[httpx.Response]:
        """What the store answers to one request for bytes, with a new address where it has none.

        :param first: the byte from which on they are requested.
        :param etag: the version that the bytes before are of.
        :param last: the last byte that is requested; all to the end when None.
        """
        self._is_fresh = self._address is None
        address = self._address = self._address or read_address(
            self._request_address(self._method, self._takes_up()), self.settings
        )
        if self._is_fresh:
            self._announce(address.host)
        self.requests += 1
        with (
            self._calls.call(address.host, FILE, is_retry=self._takes_up()) as call,
            explained(self.request, address.host),
            requesting(self._client, self.settings, call, address, first, etag, last) as answer,
        ):
            yield answer

    def _takes_up(self) -> bool:
        """Whether the next request is the first after a failure."""
        has_failed, self._has_failed = self._has_failed, False
        return has_failed

    def refused(self, answer: httpx.Response) -> None:
        """Anything but bytes. Returns when another address may help.

        :raises ImmPortError: what the answer means otherwise.
        """
        status = answer.status_code
        if status not in (400, 401, 403, 404):
            check(answer, "", self._clock())
        text = next(answer.iter_raw(_REFUSAL), b"").decode(errors="replace")
        if status == 404 and "NoSuchKey" in text:
            raise MissingFileError("ImmPort lists it, but does not have it", 404)
        if status in (400, 403) and _STALE.search(text):
            self._address = None
            if self._is_fresh:
                raise BadAnswerError("DRS gave an address that is not valid", status)
            return
        if status in (401, 403) and self._method == S3:
            self._method, self._address = STREAM, None
            return
        if status in (401, 403):
            raise AccessError(f"{status}; not open to this key", status)
        check(answer, "", self._clock())

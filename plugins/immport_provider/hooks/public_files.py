"""The hook of public files: without credentials, with validators that show whether a file changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import quote

from immport_provider.hooks.answers import Request, explained
from immport_provider.hooks.bodies import whole
from immport_provider.hooks.settings import PUBLIC_HOST
from immport_provider.hooks.source_hook import SourceHook
from include.sources.client import Received
from include.sources.endpoint import Endpoint, parse_fields
from include.sources.errors import MissingFileError, RequestError
from include.sources.fetched.offering import Validators
from include.sources.gene_lists.files import CATALOGUE
from include.sources.gene_lists.lines import NotInFileError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

#: An ETag that a request may send back: not one of characters that no header holds.
_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{0,1000}"')
#: A file that several scopes are in is kept up to this size, so that it is fetched once.
_MOST_KEPT = 8 << 20


@dataclass(frozen=True)
class NotModified:
    """The source still has the version that the caller has.

    :param validators: those that showed it.
    """

    validators: Validators


class PublicFilesHook(SourceHook):
    """Public files of ImmPort, such as its gene lists.

    A file that is not there, which S3 refuses as one that is not open, is a `MissingFileError`. Parameters as
    of `HttpClient`; the connection is of type `immport_public`.
    """

    default_conn_name: ClassVar[str] = "immport_public"
    conn_type: ClassVar[str] = "immport_public"
    hook_name: ClassVar[str] = "ImmPort public files"
    home: ClassVar[str] = PUBLIC_HOST
    needs_no_key: ClassVar[str] = "public files need no key"

    def __init__(self, conn_id: str | None = None, **more: Any) -> None:
        super().__init__(conn_id, **more)
        #: By address: what was fetched of files that several scopes are in.
        self._kept: dict[str, Received[bytes]] = {}

    def request(
        self,
        endpoint: Endpoint,
        scope: str,
        receive: Callable[[Iterator[bytes]], T],
        *,
        form: str = "json",
        page: Mapping[str, str] | None = None,
    ) -> Received[T]:
        """Stream the file that holds the rows of a scope.

        One that holds several scopes is fetched once, as long as the source says that it is the same.

        :param scope: identifier of the scope; empty for a file that is of none.
        :param receive: takes the chunks to the end; called anew for every try.
        :param page: a file has no pages.
        :raises MissingFileError: there is no such file.
        :raises RequestError: the source refuses the request otherwise.
        :raises RetriableError: still no good answer after all tries.
        """
        if page is not None:
            raise TypeError(f"{endpoint.name}: a file is not requested in pages")
        path = endpoint.address(scope, form)
        if endpoint.address("", form) != path:
            found = self.get(endpoint, path, receive, scope=scope, form=form)
            if isinstance(found, NotModified):
                raise TypeError("not modified, though no version was named")
            return found
        return self._shared(endpoint, path, receive, scope, form)

    def probe(self, endpoint: Endpoint, scope: str, *, form: str = "json") -> Validators:
        """Version of a file as the source has it now, without the file; unknown where it does not say it.

        :raises RetriableError: no good answer after all tries.
        """
        request = Request(
            endpoint, quote(endpoint.address(scope, form)), study=scope or None, form=form, method="HEAD"
        )

        def take(answer: httpx.Response) -> Validators:
            if answer.status_code == 501:  # not a failure of the server: it does not know HEAD
                return Validators()
            self.check_answer(request, answer)
            return read_validators(answer)

        try:
            return self._attempt(request, take)
        except RequestError:
            return Validators()

    def get(
        self,
        endpoint: Endpoint,
        path: str,
        receive: Callable[[Iterator[bytes]], T],
        validators: Validators | None = None,
        *,
        scope: str = "",
        form: str = "json",
    ) -> Received[T] | NotModified:
        """Stream a file, unless it is the version that the caller has.

        :param path: its address under that of the connection, not percent-encoded.
        :param validators: what the source said of the caller's version.
        :raises ImmPortError: as `request`.
        """
        conditions = _conditions(validators or Validators())
        request = Request(endpoint, quote(path), study=scope or None, form=form, conditions=conditions)

        def take(answer: httpx.Response) -> Received[T] | NotModified:
            found = read_validators(answer)
            if answer.status_code == 304 and conditions:
                return NotModified(found if found.are_known else validators or found)
            self.check_answer(request, answer)
            return Received(_taken(receive, whole(answer, is_self_ending=form == "json")), found)

        return self._attempt(request, take)

    def look(self) -> tuple[bool, str]:
        """The catalogue of gene lists."""
        catalogue = Endpoint(
            CATALOGUE.name, CATALOGUE.path, parse_fields("id"), ("id",), CATALOGUE.about, needs_key=False
        )
        size = self.get(catalogue, CATALOGUE.path, lambda chunks: sum(map(len, chunks)))
        if isinstance(size, Received) and size.content:
            return True, f"{self.settings.source} has the catalogue of gene lists."
        return False, f"{self.settings.source} answers, but the catalogue of gene lists is empty."

    def _shared(
        self,
        endpoint: Endpoint,
        path: str,
        receive: Callable[[Iterator[bytes]], T],
        scope: str,
        form: str,
    ) -> Received[T]:
        kept = self._kept.get(path)
        parts: list[bytes] = []

        def noted(chunks: Iterator[bytes]) -> Iterator[bytes]:
            parts.clear()
            size = 0
            for chunk in chunks:
                size += len(chunk)
                if size <= _MOST_KEPT:
                    parts.append(chunk)
                yield chunk
            if size > _MOST_KEPT:
                parts.clear()

        found = self.get(
            endpoint,
            path,
            lambda chunks: receive(noted(chunks)),
            kept.validators if kept else None,
            scope=scope,
            form=form,
        )
        if isinstance(found, Received):
            if parts and found.validators.are_known:
                self._kept[path] = Received(b"".join(parts), found.validators)
            return found
        if kept is None:
            raise TypeError("not modified, though no version was named")
        request = Request(endpoint, path, study=scope or None, form=form)
        with explained(request, self.settings.source):
            return Received(_taken(receive, iter([kept.content])), kept.validators)

    def check_answer(self, request: Request, answer: httpx.Response) -> None:
        """Let only a file pass.

        :raises MissingFileError: there is no such file.
        :raises ImmPortError: the kind that fits the status.
        """
        status = answer.status_code
        if status in (403, 404):
            raise MissingFileError(f"{status}; there is no such file, or it is not public", status)
        super().check_answer(request, answer)


def _taken(receive: Callable[[Iterator[bytes]], T], chunks: Iterator[bytes]) -> T:
    """What the receiver makes of a file.

    :raises MissingFileError: it has nothing of what was requested: to request it again would not help.
    """
    try:
        return receive(chunks)
    except NotInFileError as error:
        raise MissingFileError(str(error), 200) from None


def read_validators(answer: httpx.Response) -> Validators:
    """What an answer says of its version, as far as a later request can name it."""
    etag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
    return Validators(etag if _ETAG.fullmatch(etag) else None, modified if _is_time(modified) else None)


def _conditions(validators: Validators) -> dict[str, str]:
    headers = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in headers.items() if value is not None}


def _is_time(text: str) -> bool:
    """Whether a text is a time of HTTP, and nothing that a header cannot hold."""
    if not (text.isascii() and text.isprintable() and len(text) < 60):
        return False
    try:
        parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return False
    return True

"""Landing the rows of an endpoint page by page: whole, of one build of the source, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from include.landing.zone import Fetch, Landed, Landing
from include.sources.client import ScopeClient
from include.sources.endpoint import Endpoint
from include.sources.errors import BadAnswerError
from include.sources.row_reader import TOTAL, Intake, Paging

T = TypeVar("T")

#: Name in `Landed.about` of the build that a page is of.
BUILD = "build"
#: How the number of rows is known that all pages together must have.
COUNTED = "the number that every page states, and that was requested again after the last"


class ChangedWhileReadError(BadAnswerError):
    """The source changed while it was read: what came is of no one moment."""


@dataclass(frozen=True)
class PagedAnswer:
    """The pages of one endpoint for one scope.

    :param build: what identifies the data that the source holds; None where it cannot be known. Pages that an
        interrupted try landed belong to the same build, or are not used.
    :param progress: called with the number of rows after each page.
    """

    landing: Landing
    client: ScopeClient
    fetch: Fetch
    endpoint: Endpoint
    paging: Paging
    form: str
    build: str | None
    progress: Callable[[int], None]

    def land(self, landed: Sequence[Landed]) -> list[Landed]:
        """Land all pages that are missing. Returns all, in their order.

        :param landed: pages that were landed by an interrupted try.
        :raises ChangedWhileReadError: pages do not state the same number of rows, or do not have as many.
        :raises ImmPortError: a page could not be had.
        """
        pages = self._usable(landed)
        parameters = self._next(pages)
        while parameters is not None:
            pages.append(self._page(dict(parameters), len(pages) + 1))
            self._same_total(pages)
            self.progress(sum(page.rows for page in pages))
            parameters = self._next(pages)
        total = int(pages[0].about[TOTAL])
        rows, now = sum(page.rows for page in pages), self._count()
        if not rows == total == now:
            raise self._changed(f"{rows} rows in {len(pages)} pages, {total} stated by these and {now} after")
        known = {"rows_expected": total, "expected_from": COUNTED}
        return [self.landing.annotate(self.fetch, page, **known) for page in pages]

    def discard(self, pages: Sequence[Landed]) -> None:
        """Forget pages: they are not of what the source holds now."""
        for page in pages:
            self.landing.discard(self.fetch, page)

    def _usable(self, landed: Sequence[Landed]) -> list[Landed]:
        """The pages from the first on without a gap that are of the same build and form."""
        ordered = sorted(landed, key=lambda page: page.piece)
        usable = []
        for number, page in enumerate(ordered, start=1):
            is_same = (
                page.form == self.form and self.build is not None and page.about.get(BUILD) == self.build
            )
            if page.piece != number or not is_same:
                break
            usable.append(page)
        self.discard(ordered[len(usable) :])
        return usable

    def _next(self, pages: Sequence[Landed]) -> dict[str, str] | None:
        if not pages:
            return dict(self.paging.first(self.form, self.client.settings.page_size))
        last = pages[-1]
        rows = sum(page.rows for page in pages)
        found = self.paging.following(last.parameters, last.about, rows)
        if found is not None and not last.rows:
            raise self._changed(f"page {last.piece} has no rows, {rows} of {last.about[TOTAL]} came")
        return None if found is None else dict(found)

    def _page(self, parameters: dict[str, str], number: int) -> Landed:
        def receive(chunks: Iterator[bytes]) -> Landed:
            return self.landing.receive(
                self.fetch, self.endpoint, parameters, chunks, piece=number, form=self.form
            )

        page = self._request(parameters, receive)
        return self.landing.annotate(
            self.fetch, page, about={**page.about, **({BUILD: self.build} if self.build else {})}
        )

    def _count(self) -> int:
        """The number of rows as the source states it now."""
        reader = self.endpoint.readers[self.form]

        def receive(chunks: Iterator[bytes]) -> int:
            intake = Intake()
            for _ in reader(chunks, self.fetch.scope, intake):
                pass
            return int(intake.about[TOTAL])

        return self._request(dict(self.paging.first(self.form, 0)), receive)

    def _request(self, parameters: dict[str, str], receive: Callable[[Iterator[bytes]], T]) -> T:
        answer = self.client.request(
            self.endpoint, self.fetch.scope, receive, form=self.form, page=parameters
        )
        return answer.content

    def _same_total(self, pages: Sequence[Landed]) -> None:
        first, last = pages[0].about[TOTAL], pages[-1].about[TOTAL]
        if first != last:
            raise self._changed(f"page 1 states {first} rows, page {len(pages)} {last}")

    def _changed(self, how: str) -> ChangedWhileReadError:
        error = ChangedWhileReadError(f"changed while it was read: {how}", 200)
        error.source, error.endpoint = self.client.settings.source, self.endpoint.name
        error.study = self.fetch.scope
        return error

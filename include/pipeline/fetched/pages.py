"""Landing the rows of an endpoint page by page: whole, of one build of the source, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from include.landing.zone import Fetch, Landed, Landing
from include.sources.client import ScopeClient
from include.sources.endpoint import Endpoint
from include.sources.errors import BadAnswerError, PagesExpiredError
from include.sources.row_reader import TOTAL, Intake, Paging

T = TypeVar("T")

#: Name in `Landed.about` of the build that a page is of.
BUILD = "build"
#: How the number of rows is known that all pages together must have.
COUNTED = "the number that every page states, and that was requested again after the last"
COUNTED_AFTER = "the number that was requested after the last page"
LINKED = "the last page, which says that none follows; no number is stated"


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
        :raises ChangedWhileReadError: pages do not state the same number of rows, do not have as many, follow
            each other in a circle, or are no longer there.
        :raises ImmPortError: a page could not be had.
        """
        pages = self._usable(landed)
        parameters = self._next(pages)
        while parameters is not None:
            pages.append(self._page(dict(parameters), len(pages) + 1))
            self._same_total(pages)
            self.progress(sum(page.rows for page in pages))
            parameters = self._next(pages)
        stated = self._stated(pages)
        rows, now = sum(page.rows for page in pages), self._count()
        if any(total != rows for total in (stated, now) if total is not None):
            counts = f"{rows} rows in {len(pages)} pages, {stated} stated by these and {now} after"
            raise self._changed(counts)
        how = COUNTED if stated is not None else COUNTED_AFTER if now is not None else LINKED
        known = {"rows_expected": rows, "expected_from": how}
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
            total = last.about.get(TOTAL, "an unknown number")
            raise self._changed(f"page {last.piece} has no rows, {rows} of {total} came")
        if found is not None and any(dict(found) == page.parameters for page in pages):
            raise self._changed(f"after page {last.piece} comes one that was read before")
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

    def _count(self) -> int | None:
        """The number of rows as the source states it now; None where it states none."""
        reader = self.endpoint.readers[self.form]

        def receive(chunks: Iterator[bytes]) -> int | None:
            intake = Intake()
            for _ in reader(chunks, self.fetch.scope, intake):
                pass
            return int(intake.about[TOTAL]) if TOTAL in intake.about else None

        return self._request(dict(self.paging.first(self.form, 0)), receive)

    def _request(self, parameters: dict[str, str], receive: Callable[[Iterator[bytes]], T]) -> T:
        try:
            answer = self.client.request(
                self.endpoint, self.fetch.scope, receive, form=self.form, page=parameters
            )
        except PagesExpiredError as error:
            raise self._changed(error.what) from error
        return answer.content

    def _stated(self, pages: Sequence[Landed]) -> int | None:
        """The number of rows that the first page states that states one."""
        return next((int(page.about[TOTAL]) for page in pages if TOTAL in page.about), None)

    def _same_total(self, pages: Sequence[Landed]) -> None:
        first, last = self._stated(pages), self._stated(pages[-1:])
        if last is not None and first != last:
            raise self._changed(f"an earlier page states {first} rows, page {len(pages)} {last}")

    def _changed(self, how: str) -> ChangedWhileReadError:
        error = ChangedWhileReadError(f"changed while it was read: {how}", 200)
        error.source, error.endpoint = self.client.settings.source, self.endpoint.name
        error.study = self.fetch.scope
        return error

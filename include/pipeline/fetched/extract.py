"""Extract of one scope of a source whose declaration says all. It can be killed and run again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from include.landing.zone import Fetch, Landed, Landing
from include.pipeline import drift, run_ledger
from include.pipeline.batch_runner import StepContext
from include.pipeline.fetched import validators
from include.pipeline.fetched.pages import BUILD, ChangedWhileReadError, PagedAnswer
from include.pipeline.run_ledger import EXTRACTED, Load, Step
from include.pipeline.verdict import is_final, is_of_one_request
from include.sources.client import ScopeClient
from include.sources.endpoint import Endpoint, Withholds
from include.sources.errors import AccessError, CredentialError, ImmPortError, RequestError
from include.sources.fetched.fetched_source import FetchedSource, SourceBuild
from include.warehouse.load import fence


def extract(tools: StepContext, source: FetchedSource, client: ScopeClient, load: Load, step: Step) -> None:
    """Land a scope. What an interrupted try landed is not fetched again.

    :raises SupersededError: a newer attempt has taken the load; nothing that it landed is touched.
    :raises ImmPortError: an endpoint could not be had that the scope waits for.
    """
    landing = tools.landing.guarded(partial(fence.holding, tools.engine, load.load_id, load.fence))
    fetch = Fetch(load.scope, load.release, load.fetch_id, source)
    if not landing.is_complete(fetch):
        with landing.together() as together:
            _land(tools, together, source, client, fetch, step)
    manifest = landing.read_manifest(fetch)
    step.rows = manifest.rows
    size = sum(item.size_bytes for item in manifest.landed)
    step.message = f"{_summary(manifest.landed)}, {size / 1e6:.1f} MB"
    with run_ledger.writing(tools.engine, load) as connection:
        drift.note_drift(connection, load, manifest.landed)
        validators.record(connection, load, manifest.landed)
        run_ledger.set_state(connection, load, EXTRACTED)


#: How often a scope is read anew that changed while it was read.
_TIMES_ANEW = 3


class OtherReleaseError(RequestError):
    """The source holds another release than the one to be loaded: the next run finds that."""


def _land(
    tools: StepContext,
    landing: Landing,
    source: FetchedSource,
    client: ScopeClient,
    fetch: Fetch,
    step: Step,
) -> None:
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    if refused := run_ledger.refused_credentials(tools.engine, tools.run_id):
        raise CredentialError(f"no request sent, credentials were refused: {refused}")
    scope = _Scope(tools, landing, source, client, fetch, step)
    for time in range(1, _TIMES_ANEW + 1):
        try:
            landed = scope.land()
            break
        except ChangedWhileReadError:
            if time == _TIMES_ANEW:
                raise
            scope.discard()
    landing.write_manifest(fetch, landed, source=client.settings.base, release_date=None, started_at=started)


@dataclass(frozen=True)
class _Scope:
    """One scope of a source on its way into the landing zone."""

    tools: StepContext
    landing: Landing
    source: FetchedSource
    client: ScopeClient
    fetch: Fetch
    step: Step

    def land(self) -> list[Landed]:
        """Land what is missing. Returns all that is landed.

        :raises ChangedWhileReadError: the source changed meanwhile, or since an interrupted try.
        :raises OtherReleaseError: it holds another release.
        """
        state = self._state()
        landed = self.landing.partial(self.fetch)
        parts: dict[str, list[Landed]] = {}
        for item in landed.values():
            parts.setdefault(item.endpoint, []).append(item)
        if state and any(item.about.get(BUILD) != state.build for item in landed.values() if item.path):
            self.discard()
            parts.clear()
        for done, endpoint in enumerate(self.source.served.values(), start=1):
            if endpoint.paging or endpoint.name not in parts:
                parts[endpoint.name] = self._answer(endpoint, parts.get(endpoint.name, []), state)
            self._progress(parts, f"{endpoint.name}, {done} of {len(self.source.served)} endpoints")
        if state and (now := self._state()) != state:
            raise self._changed(f"changed while it was read: {state.build} -> {now.build if now else None}")
        return [item for items in parts.values() for item in items]

    def discard(self) -> None:
        """Forget all that was landed."""
        self.landing.settle()
        for item in self.landing.partial(self.fetch).values():
            self.landing.discard(self.fetch, item)

    def _progress(self, parts: dict[str, list[Landed]], message: str, rows: int = 0) -> None:
        landed = sum(item.rows for items in parts.values() for item in items)
        self.step.progress(landed + rows, message)

    def _state(self) -> SourceBuild | None:
        """What the source holds now.

        :raises OtherReleaseError: another release.
        """
        if self.source.state is None:
            return None
        found = self.source.state(self.client, self.fetch.release, self.fetch.scope)
        if found is None:
            return None
        if self.source.line.parse(found.release).key == self.source.line.parse(self.fetch.release).key:
            return found
        error = OtherReleaseError(f"it holds {found.release} now, {self.fetch.release} was to be loaded")
        error.source, error.endpoint = self.client.settings.source, "release"
        error.study = self.fetch.scope
        raise error

    def _changed(self, what: str) -> ChangedWhileReadError:
        error = ChangedWhileReadError(what, 200)
        error.source, error.endpoint = self.client.settings.source, "release"
        error.study = self.fetch.scope
        return error

    def _answer(self, endpoint: Endpoint, landed: list[Landed], state: SourceBuild | None) -> list[Landed]:
        """Land the answer of an endpoint, in the first of its forms that the source has.

        :param landed: pages of it that an interrupted try landed.
        :raises ImmPortError: the source has none of them, and the scope waits for the endpoint.
        """
        refusals: list[str] = []
        for form in (forms := endpoint.forms_of(self.fetch.scope)):
            try:
                parts = self._receive(endpoint, form, landed, state)
            except ImmPortError as error:
                is_needed = form == forms[-1] and (
                    endpoint.required or endpoint.withholds is not Withholds.ITSELF
                )
                if is_needed or not _is_refusal(self.tools, error):
                    raise
                why = run_ledger.brief(error)
                refusals.append(f"{form}: {why}" if len(forms) > 1 else why)
                landed = []
            else:
                note = f"read from {form}; {'; '.join(refusals)}" if refusals else None
                return [self._annotated(part, note=note) for part in parts] if note else parts
        if refusals:
            return [self.landing.leave_out(self.fetch, endpoint, refused="; ".join(refusals))]
        about = f"not served of this {self.fetch.source.scope.title}"
        return [self.landing.leave_out(self.fetch, endpoint, about)]

    def _receive(
        self, endpoint: Endpoint, form: str, landed: list[Landed], state: SourceBuild | None
    ) -> list[Landed]:
        if endpoint.paging is not None:
            return self._pages(endpoint, form, landed, state)
        parameters = endpoint.request(self.fetch.scope)[1]

        def receive(chunks: Iterator[bytes]) -> Landed:
            reader = form if endpoint.readers else None
            return self.landing.receive(self.fetch, endpoint, parameters, chunks, form=reader)

        answer = self.client.request(endpoint, self.fetch.scope, receive, form=form)
        said = answer.validators
        known = {"etag": said.etag, "last_modified": said.last_modified} if said.are_known else {}
        return [self._of_build(self._annotated(answer.content, **known), state)]

    def _pages(
        self, endpoint: Endpoint, form: str, landed: list[Landed], state: SourceBuild | None
    ) -> list[Landed]:
        """The pages of an endpoint; the first has the validator of them all."""
        if endpoint.paging is None:
            raise TypeError(f"{endpoint.name} has no pages")

        def progress(rows: int) -> None:
            self.step.progress(rows, f"{endpoint.name}, {rows} rows")

        build = state.build if state else None
        pages = PagedAnswer(
            self.landing, self.client, self.fetch, endpoint, endpoint.paging, form, build, progress
        )
        first, *others = pages.land(landed)
        return [self._of_build(first, state), *others]

    def _of_build(self, landed: Landed, state: SourceBuild | None) -> Landed:
        """What is landed, with the build that it is of: what the source holds is a validator, too."""
        if state is None:
            return landed
        return self._annotated(landed, etag=state.build, about={**landed.about, BUILD: state.build})

    def _annotated(self, landed: Landed, **known: Any) -> Landed:
        return self.landing.annotate(self.fetch, landed, **known) if known else landed


def _is_refusal(tools: StepContext, error: ImmPortError) -> bool:
    """Whether the source refuses this answer for good; an access error is about it alone here."""
    is_alone = is_of_one_request(error) or isinstance(error, AccessError)
    return is_alone and is_final(error, is_last_try=tools.is_last_try)


def _summary(landed: tuple[Landed, ...]) -> str:
    answered = [item.endpoint for item in landed if item.path]
    refused = sorted(item.endpoint for item in landed if item.refused)
    words = f"{len(answered)} endpoints"
    return words + (f", refused by the source: {', '.join(refused)}" if refused else "")

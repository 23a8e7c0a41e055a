"""Extract of one scope of a source whose declaration says all. It can be killed and run again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from include.landing.zone import Fetch, Landed, Landing
from include.pipeline import drift, run_ledger
from include.pipeline.batch_runner import StepContext
from include.pipeline.fetched import validators
from include.pipeline.run_ledger import EXTRACTED, Load, Step
from include.pipeline.verdict import is_final, is_of_one_request
from include.sources.client import ScopeClient
from include.sources.endpoint import Endpoint, Withholds
from include.sources.errors import AccessError, CredentialError, ImmPortError
from include.sources.fetched.fetched_source import FetchedSource
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
    landed = landing.partial(fetch)
    for done, endpoint in enumerate(source.served.values(), start=1):
        if endpoint.name not in landed:
            landed[endpoint.name] = _answer(tools, landing, client, fetch, endpoint)
        rows = sum(item.rows for item in landed.values())
        step.progress(rows, f"{endpoint.name}, {done} of {len(source.served)} endpoints")
    landing.write_manifest(
        fetch, landed.values(), source=client.settings.base, release_date=None, started_at=started
    )


def _answer(
    tools: StepContext, landing: Landing, client: ScopeClient, fetch: Fetch, endpoint: Endpoint
) -> Landed:
    """Land the answer of an endpoint, in the first of its forms that the source has.

    :raises ImmPortError: the source has none of them, and the scope waits for the endpoint.
    """
    refusals: list[str] = []
    for form in (forms := endpoint.forms_of(fetch.scope)):
        try:
            landed = _receive(landing, client, fetch, endpoint, form)
        except ImmPortError as error:
            is_needed = form == forms[-1] and endpoint.withholds is not Withholds.ITSELF
            if is_needed or not _is_refusal(tools, error):
                raise
            refusals.append(
                f"{form}: {run_ledger.brief(error)}" if len(forms) > 1 else run_ledger.brief(error)
            )
        else:
            note = f"read from {form}; {'; '.join(refusals)}" if refusals else None
            return landing.annotate(fetch, landed, note=note) if note else landed
    if refusals:
        return landing.leave_out(fetch, endpoint, refused="; ".join(refusals))
    return landing.leave_out(fetch, endpoint, f"not served of this {fetch.source.scope.title}")


def _receive(landing: Landing, client: ScopeClient, fetch: Fetch, endpoint: Endpoint, form: str) -> Landed:
    parameters = endpoint.request(fetch.scope)[1]

    def receive(chunks: Iterator[bytes]) -> Landed:
        return landing.receive(fetch, endpoint, parameters, chunks, form=form if endpoint.readers else None)

    answer = client.request(endpoint, fetch.scope, receive, form=form)
    said = answer.validators
    if not said.are_known:
        return answer.content
    return landing.annotate(fetch, answer.content, etag=said.etag, last_modified=said.last_modified)


def _is_refusal(tools: StepContext, error: ImmPortError) -> bool:
    """Whether the source refuses this answer for good; an access error is about it alone here."""
    is_alone = is_of_one_request(error) or isinstance(error, AccessError)
    return is_alone and is_final(error, is_last_try=tools.is_last_try)


def _summary(landed: tuple[Landed, ...]) -> str:
    answered = [item.endpoint for item in landed if item.path]
    refused = sorted(item.endpoint for item in landed if item.refused)
    words = f"{len(answered)} endpoints"
    return words + (f", refused by the source: {', '.join(refused)}" if refused else "")

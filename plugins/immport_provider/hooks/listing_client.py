"""The study search for an event loop: a trigger calls it while it waits; it needs no key."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook

from immport_provider.hooks.answers import Request, check, explained
from immport_provider.hooks.rate_limiter import RateLimiter
from immport_provider.hooks.settings import API, CONNECT_TIMEOUT, Settings, read_settings
from include.sources.errors import AnswerTimeoutError, ConfigurationError
from include.sources.immport.endpoints import SEARCH
from include.sources.immport.listing import Listing, Page, read_page, walking

if TYPE_CHECKING:
    import httpx


async def list_studies(immport_conn_id: str) -> Listing:
    """Every shared study, at the rate of the connection and within its limits; nothing is tried again.

    :raises ConfigurationError: a field of the connection is wrong.
    :raises ImmPortError: as `ImmPortHook.studies`.
    """
    import httpx

    try:
        settings = read_settings(await BaseHook.aget_connection(immport_conn_id))
    except ValueError as error:
        raise ConfigurationError(f"{error} (Airflow connection {immport_conn_id})") from None
    limiter = RateLimiter(
        settings.source, at_once=1, per_second=settings.calls_per_second, now=time.time, sleep=time.sleep
    )
    client = httpx.AsyncClient(
        base_url=settings.base,
        headers={"Accept": "application/json", "User-Agent": "immport-warehouse"},
        timeout=httpx.Timeout(settings.timeout, connect=CONNECT_TIMEOUT),
        follow_redirects=False,
        trust_env=not settings.is_loopback,
    )
    async with client:
        pages = walking()
        start = next(pages)
        while True:
            await limiter.wait()
            try:
                start = pages.send(await _page(client, settings, start))
            except StopIteration as end:
                listing: Listing = end.value
                return listing


async def _page(client: httpx.AsyncClient, settings: Settings, start: int) -> Page:
    parameters = {
        "fromRecord": str(start),
        "pageSize": str(settings.page_size),
        "sourceFields": ",".join(SEARCH.names),
    }
    request = Request(SEARCH, SEARCH.path, parameters)
    with explained(request, settings.source):
        try:
            async with asyncio.timeout(settings.max_answer_seconds):
                answer = await client.get(API + request.path, params=request.query)
        except TimeoutError:
            raise AnswerTimeoutError(f"not answered whole within {settings.max_answer_seconds:g} s") from None
        check(answer, "the study search needs no key", datetime.now(UTC))
        return read_page([answer.content])

"""Requests whose addresses are secrets (signed, or of a webhook): nothing is logged of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: httpx logs addresses, httpcore headers, Slack's client both.
_TALKATIVE = (
    "httpx",
    *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
    "slack_sdk.webhook.client",
    "slack_sdk.webhook.async_client",
)
_is_secret = ContextVar("is_secret", default=False)


class _Silence(logging.Filter):
    """Nothing is logged while a secret address is requested, at whatever level."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _is_secret.get()


_SILENCE = _Silence()


@contextmanager
def secret_traffic() -> Iterator[None]:
    """Request a secret address: nothing is logged of it in this thread or task until it is left."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_SILENCE)
    token = _is_secret.set(True)
    try:
        yield
    finally:
        _is_secret.reset(token)

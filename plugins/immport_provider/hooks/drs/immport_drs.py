"""The DRS service that an ImmPort connection names: its address, ImmPort's key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from immport_provider.hooks.drs.drs import DrsHook
from immport_provider.hooks.settings import DRS_HOST

if TYPE_CHECKING:
    from immport_provider.hooks.answers import Request
    from immport_provider.hooks.http_client import HttpClient


class ImmPortDrsHook(DrsHook):
    """A DRS service, with the credentials, the limits and the counts of an ImmPort connection.

    :param immport: the client of that connection; more as of `DrsHook`.
    """

    def __init__(self, immport: HttpClient, **more: Any) -> None:
        super().__init__(immport.conn_id, **more)
        self._immport = immport
        self._settings = replace(immport.settings, base=immport.settings.drs_base or DRS_HOST)
        self.calls = immport.calls

    def secret_headers(self, request: Request) -> Mapping[str, str]:
        """The key or a token of ImmPort."""
        return self._immport.secret_headers(request)

    def why_refused(self) -> str:
        """What a 401 means, and what to do about it."""
        return self._immport.why_refused()

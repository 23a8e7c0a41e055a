"""The clients that speak to sources, by the kind that a source's declaration names."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from immport_provider.pools import API, ServicePool

if TYPE_CHECKING:
    from include.sources.client import ScopeClient


@dataclass(frozen=True)
class ClientKind:
    """A kind of client.

    :param hook: module and class of its hook, imported when it is opened.
    :param connection: Airflow connection that it takes unless another is named.
    :param pool: the pool of tasks that make calls with it.
    """

    hook: str
    connection: str
    pool: ServicePool

    def open(self, connection: str | None = None) -> ScopeClient:
        """A client; nothing is connected to before its first call."""
        module, _, name = self.hook.partition(":")
        client: ScopeClient = getattr(importlib.import_module(module), name)(connection or self.connection)
        return client


CLIENTS: dict[str, ClientKind] = {
    "public_files": ClientKind("immport_provider.hooks.public_files:PublicFilesHook", "immport_public", API),
    "ortholog_table": ClientKind(
        "immport_provider.hooks.reference.ortholog_table:OrthologTableHook", "ortholog_table_default", API
    ),
    "fhir": ClientKind("immport_provider.hooks.fhir:FhirHook", "fhir_default", API),
    "impc": ClientKind("immport_provider.hooks.impc:ImpcHook", "impc_default", API),
    "immport": ClientKind("immport_provider.hooks.immport:ImmPortHook", "immport_default", API),
}
